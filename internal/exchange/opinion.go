package exchange

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// Opinions returns those of the signals that the actor may see whole, in the order asked
// for, for clients of foreign protocols: active ones of others, of types that the program lets
// such clients have, and the member's own that have not ended. What it may not see is left
// out. Others' signals are a disclosure and are logged before the answer.
func (x *Exchange) Opinions(ctx context.Context, a policy.Actor, ids []lantern.ID) (list []Opinion, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return nil, err
	}
	if len(ids) > lantern.MaxPage {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Reason: "too many ids", Fix: fmt.Sprintf("at most %d at a time", lantern.MaxPage)}
	}
	if err := x.within(a.Member, fair.DiscloseUse); err != nil {
		return nil, err
	}
	var others int
	err = x.writeFor(ctx, a.Member, 1, func(t *txn) error {
		w := &watcher{x: x, t: t, a: a, programs: map[lantern.ID]placeIn{}}
		list = list[:0]
		for _, id := range ids {
			if err := w.add(id); err != nil {
				return err
			}
		}
		list, others = w.list, w.others
		return w.disclose()
	})
	if err != nil {
		return nil, err
	}
	x.used(a.Member, fair.DiscloseUse, others)
	return list, nil
}

// watcher gathers opinions for one reader in one transaction.
type watcher struct {
	x        *Exchange
	t        *txn
	a        policy.Actor
	programs map[lantern.ID]placeIn
	list     []Opinion
	told     []toldAt
	others   int
}

// toldAt is a signal handed out through a program.
type toldAt struct {
	program, signal lantern.ID
	own             bool
}

// add puts a signal on the list, if the reader may see it.
func (w *watcher) add(id lantern.ID) error {
	row, ok, err := store.ReadSignal(w.t.ctx, w.t.Tx, id)
	if err != nil || !ok {
		return err
	}
	kind, known := signal.Lookup(row.Type)
	own := row.Member == w.a.Member
	if !known || kind.Compare == signal.None || own && !alive(row.State) || !own && row.State != lantern.Active {
		return nil
	}
	places, err := store.PlacementsOf(w.t.ctx, w.t.Tx, id)
	if err != nil {
		return err
	}
	var seen []lantern.ID
	for _, p := range places {
		in, err := w.in(p.Program)
		if err != nil {
			return err
		}
		shown := in.err == nil && policy.OnForeign(in.program.Policy, kind.Personal) && (own ||
			policy.See(policy.Viewed{Reader: w.a.Member, Reads: policy.Reads(w.a, in.program.Policy, w.t.now), Joined: true, Direction: in.membership.Direction,
				Owner: row.Member, Signal: row.State}) == policy.Whole)
		if shown {
			seen = append(seen, p.Program)
			w.told = append(w.told, toldAt{p.Program, id, own})
		}
	}
	if len(seen) == 0 {
		return nil
	}
	o, err := w.x.shownOpinion(w.t.ctx, row)
	if err != nil {
		return err
	}
	o.Programs = seen
	if !own {
		w.others++
	}
	if o.Feedback, err = store.Feedbacks(w.t.ctx, w.t.Tx, id); err != nil {
		return err
	}
	w.list = append(w.list, o)
	return nil
}

// in reads a program and the reader's place in it, once.
func (w *watcher) in(id lantern.ID) (placeIn, error) {
	if p, ok := w.programs[id]; ok {
		return p, nil
	}
	p, err := (&world{t: w.t, a: w.a}).in(id)
	if err == nil {
		w.programs[id] = p
	}
	return p, err
}

// disclose enters what is on the list as handed out. Reading only what is one's own leaves no
// trace.
func (w *watcher) disclose() error {
	if w.others == 0 {
		return nil
	}
	by := map[lantern.ID][2][]lantern.ID{}
	var programs []lantern.ID
	for _, at := range w.told {
		lists, known := by[at.program]
		if !known {
			programs = append(programs, at.program)
		}
		if lists[1] = append(lists[1], at.signal); !at.own {
			lists[0] = append(lists[0], at.signal)
		}
		by[at.program] = lists
	}
	slices.Sort(programs)
	for _, p := range programs {
		if err := store.MarkTold(w.t.ctx, w.t.writing(), p, w.a.Member, by[p][0], by[p][1], w.t.now); err != nil {
			return fmt.Errorf("entering a recipient: %w", err)
		}
	}
	f := facts{Programs: programs, Count: w.others, Reason: "by value"}
	if len(w.list) == 1 {
		f.Signal, f.Owner = w.list[0].ID, w.list[0].Member
	}
	_, err := w.t.record(entry{kind: audit.Disclose, by: w.a, facts: f})
	return err
}

// OpinionsOn returns what the actor may see on one value, however it is written, in any of
// its programs; see [Exchange.Opinions]. An unknown value and one it may not see are alike.
func (x *Exchange) OpinionsOn(ctx context.Context, a policy.Actor, t lantern.SignalType, value string) ([]Opinion, error) {
	kind, ok := signal.Lookup(t)
	if !ok || kind.Compare == signal.None {
		return nil, nil
	}
	v, err := kind.Normalize(value)
	if err != nil {
		return nil, err
	}
	sum := x.Sealer.Index("signal", string(t), v.Canonical)
	var ids []lantern.ID
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		found, err := store.Opinions(ctx, tx, [][]byte{sum[:16]})
		for _, o := range found {
			ids = append(ids, o.Signal)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return x.Opinions(ctx, a, ids)
}

// Value returns what the actor may see on a value by its id, which [Exchange.Values] told.
// It is NotFound if that is nothing.
func (x *Exchange) Value(ctx context.Context, a policy.Actor, id lantern.ID) (v ValueState, err error) {
	var places []store.Placement
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		places, err = store.ValuesToldAs(ctx, tx, id)
		return err
	})
	if err != nil {
		return v, err
	}
	ids := make([]lantern.ID, len(places))
	for i, p := range places {
		ids[i] = p.Signal
		if p.Changed.After(v.Changed) {
			v.Changed = p.Changed
		}
	}
	list, err := x.Opinions(ctx, a, ids)
	if err != nil {
		return v, err
	}
	for _, o := range list {
		in := func(p store.Placement) bool { return p.Signal == o.ID && slices.Contains(o.Programs, p.Program) }
		if i := slices.IndexFunc(places, in); i >= 0 && o.State == lantern.Active {
			o.Programs = []lantern.ID{places[i].Program}
			v.ID, v.Type, v.Value, v.Opinions = id, o.Type, o.Value, append(v.Opinions, o)
			if v.Created.IsZero() || o.Created.Before(v.Created) {
				v.Created = o.Created
			}
		}
	}
	if v.ID == 0 {
		return ValueState{}, errMissing("value")
	}
	return v, nil
}

// ValueIDs names the values of an opinion in the programs through which it was seen.
func (x *Exchange) ValueIDs(o Opinion) []lantern.ID {
	sum := x.Sealer.Index("signal", string(o.Type), o.Value)
	ids := make([]lantern.ID, len(o.Programs))
	for i, program := range o.Programs {
		ids[i] = x.newDesk(1).valueIDs([]lantern.ID{program}, sum[:16])[0]
	}
	return ids
}
