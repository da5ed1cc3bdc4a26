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
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// Share takes one draft. See [Exchange.ShareBatch]; a refusal is an error.
func (x *Exchange) Share(ctx context.Context, a policy.Actor, d lantern.Draft) (lantern.ShareResult, error) {
	results, err := x.ShareBatch(ctx, a, []lantern.Draft{d})
	if err != nil {
		return lantern.ShareResult{}, err
	}
	if p := results[0].Problem; p != nil {
		return results[0], &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}
	}
	return results[0], nil
}

// ShareBatch takes up to MaxBatch drafts and answers each by itself: a refused one harms no
// other. They go in one transaction, or in several while other members act; after an error
// some may be shared. Sharing the same draft again changes nothing, not even
// the expiry; another opinion on the same value amends the member's signal. The answer
// comes when everything is committed and in the log.
func (x *Exchange) ShareBatch(ctx context.Context, a policy.Actor, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
	return x.shareBatch(ctx, a, drafts, false)
}

// shareBatch is ShareBatch; lenient lets drafts pass whose basis is not whole.
func (x *Exchange) shareBatch(ctx context.Context, a policy.Actor, drafts []lantern.Draft, lenient bool) ([]lantern.ShareResult, error) {
	if n := len(drafts); n == 0 || n > lantern.MaxBatch {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Field: "/items", Reason: "none, or too many", Fix: fmt.Sprintf("1 to %d drafts", lantern.MaxBatch)}
	}
	if err := policy.Can(a, policy.Share, x.Clock()); err != nil {
		return nil, err
	}
	if err := x.within(a.Member, fair.ShareUse); err != nil {
		return nil, err
	}
	x.used(a.Member, fair.ShareUse, len(drafts))
	ready, refused, err := x.prepareAll(ctx, a, drafts, lenient)
	if err != nil {
		return nil, err
	}
	results := make([]lantern.ShareResult, len(drafts))
	for i, e := range refused {
		if e != nil {
			results[i] = refusal(e)
		}
	}
	for len(ready) > 0 {
		n := len(ready)
		if x.queue.Crowded(a.Member) {
			n = min(n, crowdedPart)
		}
		part := ready[:n]
		if err := x.writeFor(ctx, a.Member, n, func(t *txn) error { return x.share(t, a, part, results) }); err != nil {
			return nil, err
		}
		ready = ready[n:]
		a.Request = policy.Request{} // its one happening has begun
	}
	return results, nil
}

// crowdedPart is how many drafts of a batch go in one transaction while other members act.
const crowdedPart = 16

// prepareAll prepares drafts in a slot of the member. refused has an error at the place of
// each that cannot be taken.
func (x *Exchange) prepareAll(ctx context.Context, a policy.Actor, drafts []lantern.Draft, lenient bool) (ready []*prepared, refused []*lantern.Error, err error) {
	leave, err := x.slots.Enter(ctx, a.Member)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	refused = make([]*lantern.Error, len(drafts))
	desk := x.newDesk(len(drafts))
	desk.lenient = lenient
	for i := range drafts {
		p, err := x.prepare(ctx, a, &drafts[i], desk)
		if err != nil {
			if !errors.As(err, &refused[i]) {
				return nil, nil, err
			}
			continue
		}
		p.at = i
		ready = append(ready, p)
	}
	return ready, refused, nil
}

func refusal(e *lantern.Error) lantern.ShareResult {
	return lantern.ShareResult{Status: lantern.Refused, Problem: e.Problem()}
}

// share checks a batch against what the database says and leaves what passes to the end of
// the transaction, where it is written together with that of other callers.
func (x *Exchange) share(t *txn, a policy.Actor, ready []*prepared, results []lantern.ShareResult) error {
	w := newWorld(t, a)
	var good []*prepared
	for _, p := range ready {
		err := w.check(p)
		var e *lantern.Error
		switch {
		case errors.As(err, &e):
			results[p.at] = refusal(e)
		case err != nil:
			return err
		default:
			good = append(good, p)
		}
	}
	if len(good) == 0 {
		return nil
	}
	if err := t.claim(a); err != nil {
		return err
	}
	t.shares = append(t.shares, batch{a, good, results})
	return nil
}

// batch is what one caller shares: drafts that passed every check, and where the answers go.
type batch struct {
	by      policy.Actor
	drafts  []*prepared
	results []lantern.ShareResult
}

// owned names a value in a member's hands, of which there is one signal at most.
type owned struct {
	member lantern.ID
	key    string
}

// shareAll writes batches: the rows of all of them in few statements.
func (x *Exchange) shareAll(t *txn, batches []batch) error {
	if err := x.holdMarked(t, batches); err != nil {
		return err
	}
	keys := make([][]byte, 0, len(batches))
	for _, b := range batches {
		for _, p := range b.drafts {
			keys = append(keys, p.row.Key)
		}
	}
	// Whoever writes holds the log's head, so what is not there does not come meanwhile.
	opinions, err := store.Opinions(t.ctx, t.Tx, keys)
	if err != nil {
		return err
	}
	siblings, err := store.Siblings(t.ctx, t.Tx, opinions)
	if err != nil {
		return err
	}
	taken, known := make(map[owned]bool, len(keys)), make(map[string]bool, len(opinions))
	for _, o := range opinions {
		taken[owned{o.Member, o.Key}], known[o.Key] = true, true
	}
	rows, in := make([]store.SignalRow, 0, len(keys)), make(map[lantern.ID]bool, len(keys))
	for _, b := range batches {
		for _, p := range b.drafts {
			p.row.Created, p.row.Updated = t.now, t.now
			if at := (owned{p.row.Member, string(p.row.Key)}); !taken[at] {
				taken[at], in[p.row.ID] = true, true
				rows = append(rows, p.row)
			}
		}
	}
	s := &sharing{x: x, t: t, siblings: siblings, known: known}
	if err := s.enter(rows, batches, in); err != nil {
		return err
	}
	if err := s.flush(); err != nil {
		return err
	}
	for _, b := range batches {
		for _, p := range b.drafts {
			if in[p.row.ID] {
				continue
			}
			if b.results[p.at], err = x.reshare(t, b.by, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// shareEarlier writes what a transaction holds back of a member's shares, for an act that
// goes by what the member has shared.
func (x *Exchange) shareEarlier(t *txn, member lantern.ID) error {
	if !slices.ContainsFunc(t.shares, func(b batch) bool { return b.by.Member == member }) {
		return nil
	}
	earlier := t.shares
	t.shares = nil
	return x.shareAll(t, earlier)
}

// enter writes the rows of new signals and, meanwhile, gives them places and entries in the
// log: the one is the database's work, the other is digests and sealing.
func (s *sharing) enter(rows []store.SignalRow, batches []batch, in map[lantern.ID]bool) (err error) {
	for _, b := range batches {
		for _, p := range b.drafts {
			for _, program := range p.draft.Programs {
				if _, err := s.t.head(program); err != nil { // read while the database is free
					return err
				}
			}
		}
	}
	s.t.leaves, s.t.slab.size = slices.Grow(s.t.leaves, len(rows)), min(len(rows)*leafRoom, maxSlab)
	if err := s.t.allInForce(rows); err != nil {
		return err
	}
	stored := make(chan error, 1)
	go func(tx *sqldb.Tx) { stored <- store.InsertSignals(s.t.ctx, tx, rows) }(s.t.writing())
	for _, b := range batches {
		for _, p := range b.drafts {
			if in[p.row.ID] && err == nil {
				b.results[p.at], err = s.place(b.by, p, p.draft.Programs, audit.Share)
			}
		}
	}
	if e := <-stored; e != nil {
		return fmt.Errorf("storing signals: %w", e)
	}
	return err
}

// world is what checking a batch reads, each thing once.
type world struct {
	t         *txn
	a         policy.Actor
	targets   map[lantern.ID]target           // of links
	incidents map[lantern.ID]lantern.Incident // by the ids that drafts name; zero if it is not the member's
}

func newWorld(t *txn, a policy.Actor) *world {
	return &world{t: t, a: a, targets: map[lantern.ID]target{}, incidents: map[lantern.ID]lantern.Incident{}}
}

// target is what a link points to.
type target struct {
	known bool // the member may know of it
	alive bool
}

// placeIn is a program and the member's place in it; err says why there is none.
type placeIn struct {
	program    lantern.Program
	membership lantern.Membership
	err        error
}

// seat names a member's place in a program.
type seat struct{ program, member lantern.ID }

// in reads the member's place in a program, once for the acts of a transaction that
// change nothing in between.
func (w *world) in(id lantern.ID) (placeIn, error) {
	at := seat{id, w.a.Member}
	if p, ok := w.t.seats[at]; ok {
		return p, nil
	}
	var p placeIn
	m, err := inProgram(w.t.ctx, w.t.Tx, id, w.a.Member)
	if lantern.KindOf(err) != "" {
		p.err = err
	} else if err != nil {
		return p, err
	}
	p.membership = m.Membership
	if p.err == nil {
		if p.program, _, err = store.Program(w.t.ctx, w.t.Tx, id); err != nil {
			return p, err
		}
	}
	if w.t.seats == nil {
		w.t.seats = map[seat]placeIn{}
	}
	w.t.seats[at] = p
	return p, nil
}

// check applies the policy to one draft and fixes its expiry.
func (w *world) check(p *prepared) error {
	p.rules = p.rules[:0]
	for i, id := range p.draft.Programs {
		in, err := w.in(id)
		if err != nil {
			return err
		}
		if in.err != nil {
			return &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/programs/%d", i), Reason: "no such program", Fix: "GET /v1/programs lists yours"}
		}
		if err := policy.MayShare(w.a, in.program, in.membership, &p.draft, w.t.now); err != nil {
			return err
		}
		p.rules = append(p.rules, in.program)
	}
	var err error
	if p.row.Expires, err = policy.Expiry(typed(p.kind), p.rules, p.expires, w.t.now); err != nil {
		return err
	}
	if err := w.checkIncident(&p.draft); err != nil {
		return err
	}
	return w.checkLinks(p.draft.Links)
}

func typed(k *signal.Type) policy.Typed {
	return policy.Typed{Name: k.Name, Retention: k.Retention, MaxRetention: k.MaxRetention}
}

// checkLinks refuses links to signals the member does not own and was never sent, and
// signals derived from one that ended.
func (w *world) checkLinks(links []lantern.Link) error {
	for i, l := range links {
		to, ok := w.targets[l.Signal]
		if !ok {
			row, found, err := store.ReadSignal(w.t.ctx, w.t.Tx, l.Signal)
			if err != nil {
				return err
			}
			to = target{found && row.Member == w.a.Member, alive(row.State)}
			if found && !to.known {
				if to.known, err = store.WasSent(w.t.ctx, w.t.Tx, l.Signal, w.a.Member); err != nil {
					return err
				}
			}
			w.targets[l.Signal] = to
		}
		at := fmt.Sprintf("/links/%d/signal", i)
		if !to.known {
			return &lantern.Error{Kind: lantern.NotFound, Field: at, Reason: "no such signal"}
		}
		if l.Kind == lantern.DerivedFrom && !to.alive {
			return &lantern.Error{Kind: lantern.Conflict, Field: at, Reason: "the signal it is derived from ended",
				Fix: "share it on evidence of your own, without the link; renew it if it was shared before"}
		}
	}
	return nil
}

// holdMarked holds back drafts on values that fell to an upheld challenge, and those without
// a whole basis.
func (x *Exchange) holdMarked(t *txn, batches []batch) error {
	var marks [][]byte
	some, err := store.AnyMarker(t.ctx, t.Tx, t.now)
	if err != nil {
		return err
	}
	for _, b := range batches {
		for _, p := range b.drafts {
			p.marked = false // an earlier run of this transaction may have found it so
			p.row.State = p.begins()
			if some {
				p.mark = x.mark(p.draft.Type, p.draft.Value)
				marks = append(marks, p.mark)
			}
		}
	}
	marked, err := store.Marked(t.ctx, t.Tx, marks, t.now)
	if err != nil || len(marked) == 0 {
		return err
	}
	for _, b := range batches {
		for _, p := range b.drafts {
			if marked[string(p.mark)] {
				p.marked = true
				p.row.State = p.begins()
			}
		}
	}
	return nil
}
