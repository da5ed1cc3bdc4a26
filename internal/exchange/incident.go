package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/store"
)

// ShareIncident takes signals that belong together: all of them in one transaction, or
// none. A refusal names everything that is wrong, by pointers into the signals.
//
// An incident is known by its signals. A draft that holds every living signal of one of
// the member's incidents is that incident: shared identically it changes nothing, and what
// else the draft holds is added. A signal the member shared before joins. A draft that
// takes only a part of another incident is a Conflict. A value that an upheld challenge
// marks is held, the others go out, and its result says so.
func (x *Exchange) ShareIncident(ctx context.Context, a policy.Actor, d lantern.IncidentDraft) (r lantern.IncidentResult, err error) {
	if err := policy.Can(a, policy.Share, x.Clock()); err != nil {
		return r, err
	}
	if err := d.Validate(); err != nil {
		return r, err
	}
	if err := x.within(a.Member, fair.ShareUse); err != nil {
		return r, err
	}
	x.used(a.Member, fair.ShareUse, len(d.Signals))
	drafts := slices.Clone(d.Signals)
	for i := range drafts {
		drafts[i].Programs = slices.Clone(d.Programs)
	}
	ready, refused, err := x.prepareAll(ctx, a, drafts, false)
	if err != nil {
		return r, err
	}
	in := &incident{x: x, a: a, draft: d, ready: ready}
	for i, e := range refused {
		in.bad(i, e)
	}
	in.repeated()
	if err := in.refusal(); err != nil {
		return r, err
	}
	if in.id, err = x.newID(); err != nil {
		return r, err
	}
	for _, p := range ready {
		in.links = append(in.links, p.draft.Links)
	}
	err = x.writeFor(ctx, a.Member, len(drafts), func(t *txn) (err error) { r, err = in.share(t); return err })
	return r, err
}

// incident is an incident draft on its way in.
type incident struct {
	x     *Exchange
	a     policy.Actor
	draft lantern.IncidentDraft
	ready []*prepared      // one for each signal, once nothing is refused
	links [][]lantern.Link // those that each draft carries itself
	id    lantern.ID       // what it is called if it is made
	errs  []*lantern.Error
}

// bad notes a complaint about a signal.
func (in *incident) bad(i int, e *lantern.Error) {
	if e != nil {
		in.errs = append(in.errs, e.At(fmt.Sprintf("/signals/%d", i)))
	}
}

// refusal folds the complaints into one error.
func (in *incident) refusal() error {
	if len(in.errs) == 0 {
		return nil
	}
	first := *in.errs[0]
	for _, e := range in.errs[1:] {
		first.Also = append(append(first.Also, e), e.Also...)
	}
	return &first
}

// repeated refuses a value that stands in the draft twice.
func (in *incident) repeated() {
	seen := map[string]int{}
	for _, p := range in.ready {
		if first, ok := seen[string(p.row.Key)]; ok {
			in.bad(p.at, &lantern.Error{Kind: lantern.Invalid, Field: "/value", Reason: fmt.Sprintf("the same value as /signals/%d", first), Fix: "give each value once"})
		} else {
			seen[string(p.row.Key)] = p.at
		}
	}
}

// share is the transaction. It checks everything before it writes anything.
func (in *incident) share(t *txn) (r lantern.IncidentResult, err error) {
	in.errs = nil
	if err := in.x.shareEarlier(t, in.a.Member); err != nil {
		return r, err
	}
	w := newWorld(t, in.a)
	keys := make([][]byte, len(in.ready))
	for i, p := range in.ready {
		p.draft.Incident, p.draft.Links = 0, in.links[i]
		var e *lantern.Error
		if err := w.check(p); errors.As(err, &e) {
			in.bad(i, e)
		} else if err != nil {
			return r, err
		}
		keys[i] = p.row.Key
	}
	known, err := store.KnownValues(t.ctx, t.Tx, in.a.Member, keys)
	if err != nil {
		return r, err
	}
	standing := map[string]store.KnownValue{} // by key
	for _, k := range known {
		if alive(k.State) {
			standing[string(k.Key)] = k
		}
	}
	i, err := in.find(t, standing)
	if err != nil {
		return r, err
	}
	if err := in.refusal(); err != nil {
		return r, err
	}
	in.join(i, standing)
	if r.Leaf, err = in.enter(t, i); err != nil {
		return r, err
	}
	r.Results = make([]lantern.ShareResult, len(in.ready))
	if err := in.x.shareAll(t, []batch{{in.a, in.ready, r.Results}}); err != nil {
		return r, err
	}
	for n := range r.Results {
		if p := r.Results[n].Problem; p != nil {
			in.bad(n, &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix})
		}
	}
	if err := in.refusal(); err != nil {
		return r, err // what was written is rolled back
	}
	r.Incident, r.Status = i.ID, lantern.Unchanged
	changed := func(s lantern.ShareResult) bool { return s.Status != lantern.Unchanged && s.Leaf != 0 }
	switch {
	case i.ID == in.id:
		r.Status = lantern.Created
	case slices.ContainsFunc(r.Results, changed):
		r.Status = lantern.Updated
		r.Leaf, err = in.record(t, i, lantern.Updated)
	}
	return r, err
}

// find tells which incident the draft is: one of the member's whose living signals it all
// holds, or else one that is to be made.
func (in *incident) find(t *txn, standing map[string]store.KnownValue) (i lantern.Incident, err error) {
	i = lantern.Incident{ID: in.id, Member: in.a.Member, Programs: in.draft.Programs, Created: t.now}
	held := map[lantern.ID]int{} // incident → how many of its signals the draft holds
	for _, k := range standing {
		if k.Incident != 0 {
			held[k.Incident]++
		}
	}
	for id := range held {
		there, _, err := store.ReadIncident(t.ctx, t.Tx, id)
		if err != nil {
			return i, err
		}
		rows, err := store.IncidentSignals(t.ctx, t.Tx, there)
		if err != nil {
			return i, err
		}
		living := len(slices.DeleteFunc(rows, func(r store.SignalRow) bool { return !alive(r.State) }))
		if len(held) == 1 && living == held[id] {
			slices.Sort(i.Programs)
			if i.Programs = slices.Compact(i.Programs); !slices.Equal(i.Programs, there.Programs) {
				in.errs = append(in.errs, &lantern.Error{Kind: lantern.Conflict, Field: "/programs", Reason: "the incident is shared to other programs", Fix: "name the programs it is shared to"})
			}
			return there, nil
		}
	}
	for n, p := range in.ready {
		if standing[string(p.row.Key)].Incident != 0 {
			in.bad(n, &lantern.Error{Kind: lantern.Conflict, Field: "/value", Reason: "the signal on it is part of another incident",
				Fix: "leave it out, or add the others to that incident by drafts that name it"})
		}
	}
	return i, nil
}

// join makes every signal part of the incident and turns the links between places into
// links between signals.
func (in *incident) join(i lantern.Incident, standing map[string]store.KnownValue) {
	ids := make([]lantern.ID, len(in.ready))
	for n, p := range in.ready {
		if ids[n] = p.row.ID; standing[string(p.row.Key)].Signal != 0 {
			ids[n] = standing[string(p.row.Key)].Signal
		}
		p.draft.Incident = i.ID
		p.draft.Links = slices.Clone(in.links[n])
	}
	for _, l := range in.draft.Links {
		p := in.ready[l.From]
		p.draft.Links = append(p.draft.Links, lantern.Link{Kind: l.Kind, Signal: ids[l.To]})
	}
}

// enter stores an incident that is to be made.
func (in *incident) enter(t *txn, i lantern.Incident) (leaf int64, err error) {
	if i.ID != in.id {
		return 0, nil
	}
	slices.Sort(i.Programs)
	i.Programs = slices.Compact(i.Programs)
	if err := store.InsertIncident(t.ctx, t.writing(), i); err != nil {
		return 0, fmt.Errorf("storing an incident: %w", err)
	}
	return in.record(t, i, lantern.Created)
}

func (in *incident) record(t *txn, i lantern.Incident, did lantern.ShareStatus) (int64, error) {
	return t.record(entry{kind: audit.Incident, by: in.a, facts: facts{Object: i.ID, Owner: i.Member, Programs: i.Programs, Count: len(in.ready), State: string(did)}})
}

// checkIncident refuses an incident that is not the member's to add to, and a draft that
// would hide from some who see it. It is one read for each incident that drafts name.
func (w *world) checkIncident(d *lantern.Draft) error {
	if d.Incident == 0 {
		return nil
	}
	i, known := w.incidents[d.Incident]
	if !known {
		var ok bool
		var err error
		if i, ok, err = store.ReadIncident(w.t.ctx, w.t.Tx, d.Incident); err != nil {
			return err
		}
		if !ok || i.Member != w.a.Member {
			i = lantern.Incident{}
		}
		w.incidents[d.Incident] = i
	}
	switch {
	case i.ID == 0:
		return &lantern.Error{Kind: lantern.NotFound, Field: "/incident", Reason: "no such incident"}
	case !i.Withdrawn.IsZero():
		return &lantern.Error{Kind: lantern.Conflict, Field: "/incident", Reason: "the incident was withdrawn", Fix: "share another"}
	}
	for _, p := range i.Programs {
		if !slices.Contains(d.Programs, p) {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/programs", Reason: "not all programs of the incident", Fix: "name every program the incident is shared to"}
		}
	}
	return nil
}

// joinsIncident reports whether a draft makes a signal that is there part of an incident.
func joinsIncident(t *txn, p *prepared, row store.SignalRow) (bool, error) {
	if p.draft.Incident == 0 {
		return false, nil
	}
	have, err := store.IncidentOf(t.ctx, t.Tx, row)
	if err == nil && have != 0 && have != p.draft.Incident {
		err = &lantern.Error{Kind: lantern.Conflict, Field: "/incident", Reason: "the signal is part of another incident"}
	}
	return have == 0, err
}

// WithdrawIncident takes every signal of an own incident back in one transaction, with a
// correction for each. With Erase it also erases those that fell before. An incident of
// which nothing is left to take back is a Conflict.
func (x *Exchange) WithdrawIncident(ctx context.Context, a policy.Actor, id lantern.ID, w lantern.Withdrawal) (r lantern.IncidentWithdrawal, err error) {
	if err := w.Validate(); err != nil {
		return r, err
	}
	if err := policy.Can(a, policy.Withdraw, x.Clock()); err != nil {
		return r, err
	}
	err = x.write(ctx, func(t *txn) error {
		r = lantern.IncidentWithdrawal{Incident: id, Corrections: []lantern.Correction{}}
		if err := x.shareEarlier(t, a.Member); err != nil {
			return err
		}
		i, ok, err := store.ReadIncident(t.ctx, t.Tx, id)
		if err != nil {
			return err
		}
		if !ok || i.Member != a.Member {
			return errMissing("incident")
		}
		rows, err := store.IncidentSignals(t.ctx, t.Tx, i)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(s store.SignalRow) bool { return !takesBack(s.State, w.Erase) })
		if len(rows) == 0 {
			return lantern.Errorf(lantern.Conflict, "nothing of the incident is left to take back")
		}
		for _, s := range rows {
			// Read anew: the fall of one may have suspended another that was derived from it.
			c, err := x.withdraw(t, a, s.ID, w)
			if err != nil {
				return err
			}
			r.Corrections = append(r.Corrections, c)
		}
		if i.Withdrawn.IsZero() {
			if err := store.EndIncident(t.ctx, t.writing(), i, t.now); err != nil {
				return fmt.Errorf("ending an incident: %w", err)
			}
		}
		r.Leaf, err = t.record(entry{kind: audit.Incident, by: a, facts: facts{Object: i.ID, Owner: i.Member, Programs: i.Programs, Count: len(rows), State: string(lantern.Withdrawn), Reason: string(w.Reason)}})
		return err
	})
	return r, err
}
