package taxii

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/format/stix"
	"lantern/internal/web"
)

// addition is an envelope on its way into a program.
type addition struct {
	*programs
	program lantern.ID
	status  status
	held    []lantern.ID // the signals that the pendings became, in their order
	plain   bool         // an object has an id that cannot be repeated
	drafts  []lantern.Draft
	of      []detail // of each draft
	shared  bool     // something was committed
}

// add shares each indicator as a signal of the caller's member, or changes the one it has on the
// value; a revoked one that is the member's own is withdrawn. What lacks a basis is held: nobody
// else sees it until it has one. One bad object never harms its neighbours.
func (d *programs) add(ctx context.Context, at place, objects []jsontext.Value) (any, error) {
	now := d.x.Clock()
	s, err := newStatus(d.x.Random, now, len(objects))
	if err != nil {
		return nil, err
	}
	a := &addition{programs: d, program: at.root.program, status: s}
	for _, raw := range objects {
		if err := a.take(ctx, raw, now); err != nil {
			return nil, err
		}
	}
	if err := a.share(ctx); err != nil {
		return nil, err
	}
	if a.plain {
		a.status.Failures = nil
	}
	if a.status.PendingCount > 0 {
		a.status.Status = "pending"
	}
	return a.status, d.keep(ctx, a.status, a.held)
}

// take reads one object. It is refused, withdrawn at once or put among the drafts.
func (a *addition) take(ctx context.Context, raw jsontext.Value, now time.Time) error {
	p, err := stix.Read(raw)
	d := detail{ID: p.ID, Version: p.ObjectVersion()}
	if d.Version == "" {
		d.Version = stix.Stamp(now)
	}
	if err != nil {
		return a.refuse(d, err)
	}
	if p.Revoked {
		return a.revoke(ctx, d)
	}
	draft, err := p.Draft(a.program)
	if err != nil {
		return a.refuse(d, err)
	}
	a.drafts, a.of = append(a.drafts, draft), append(a.of, d)
	if len(a.drafts) == lantern.MaxBatch {
		return a.share(ctx)
	}
	return nil
}

// refuse notes why an object was not taken. Only an error that a caller can act on is told.
func (a *addition) refuse(d detail, err error) error {
	p, ok := err.(*lantern.Error) //nolint:errorlint // stix and the exchange return it as it is
	if !ok {
		return err
	}
	if !stix.Well(d.ID) {
		a.plain = true
	}
	d.Message = p.Error()
	a.status.FailureCount++
	a.status.Failures = append(a.status.Failures, d)
	return nil
}

func (a *addition) accept(d detail, message string) {
	d.Message = message
	a.status.SuccessCount++
	a.status.Successes = append(a.status.Successes, d)
	a.shared = true
}

// wait notes an object whose signal is held.
func (a *addition) wait(d detail, signal lantern.ID) {
	d.Message = "held as " + stix.ID("indicator", a.program, signal) + ": nobody else sees it until a basis completes it, or a second person does"
	a.status.PendingCount++
	a.status.Pendings = append(a.status.Pendings, d)
	a.held, a.shared = append(a.held, signal), true
}

// revoke withdraws a signal of the member's own that came back revoked.
func (a *addition) revoke(ctx context.Context, d detail) error {
	if err := a.withdraw(ctx, a.program, d.ID, filter{}); err != nil {
		return a.refuse(d, err)
	}
	a.accept(d, "withdrawn")
	return nil
}

// share shares the drafts there are. What refuses all of them is the answer to the request,
// unless something was committed before.
func (a *addition) share(ctx context.Context) error {
	drafts, of, err := a.own(ctx)
	if a.drafts, a.of = nil, nil; err != nil || len(drafts) == 0 {
		return err
	}
	results, err := a.x.ShareUnfoundedBatch(ctx, a.actor, drafts)
	if err != nil && !a.shared {
		return err
	}
	for i, d := range of {
		if err == nil {
			if p := results[i].Problem; p != nil {
				if err := a.refuse(d, &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}); err != nil {
					return err
				}
			} else if err := a.settle(ctx, d, results[i]); err != nil {
				return err
			}
		} else if err := a.refuse(d, err); err != nil {
			return err
		}
	}
	return nil
}

// own leaves out and refuses what came back from here and is not the member's own: pushed by a
// client that keeps two servers alike, it would become this member's word too.
func (a *addition) own(ctx context.Context) (drafts []lantern.Draft, of []detail, err error) {
	named := make(map[int]lantern.ID)
	for i, d := range a.of {
		if id, ok := stix.ParseID(a.program, d.ID); ok {
			named[i] = id
		}
	}
	states, err := a.x.StatesOf(ctx, a.actor, slices.Collect(maps.Values(named))...)
	if err != nil {
		return nil, nil, err
	}
	for i, d := range a.of {
		id, ours := named[i]
		if _, own := states[id]; ours && !own {
			err := a.refuse(d, &lantern.Error{Kind: lantern.Conflict, Field: "/id", Reason: "the object is of this collection, and not one of the member's own",
				Fix: "to say the same of the value, send an object of your own with another id"})
			if err != nil {
				return nil, nil, err
			}
			continue
		}
		drafts, of = append(drafts, a.drafts[i]), append(of, d)
	}
	return drafts, of, nil
}

// settle notes what became of a draft that was taken. A change to a signal that is held may leave
// it so.
func (a *addition) settle(ctx context.Context, d detail, r lantern.ShareResult) error {
	held := r.Status == lantern.HeldBack
	if r.Status == lantern.Updated {
		states, err := a.x.StatesOf(ctx, a.actor, r.Signal)
		if err != nil {
			return err
		}
		held = states[r.Signal] == lantern.Held
	}
	if held {
		a.wait(d, r.Signal)
	} else {
		a.accept(d, string(r.Status)+" as "+stix.ID("indicator", a.program, r.Signal))
	}
	return nil
}

// kept is what the exchange remembers of a status.
type kept struct {
	Status status       `json:"status"`
	Held   []lantern.ID `json:"held,omitempty"` // the signals behind what was pending
}

// statusName names a status among the answers that the exchange remembers for a day.
func statusName(id string) string { return "taxii-status " + id }

// keep has the exchange remember a status. Ids that were made from values stay out of what is
// stored: whoever has the database could test guesses against them.
func (d *programs) keep(ctx context.Context, s status, held []lantern.ID) error {
	random := func(list []detail) []detail {
		for _, d := range list {
			if _, uuid, _ := strings.Cut(d.ID, "--"); len(uuid) < 15 || uuid[14] != '4' {
				return nil
			}
		}
		return list
	}
	s.Successes, s.Failures, s.Pendings = random(s.Successes), random(s.Failures), random(s.Pendings)
	body, err := web.Encode(kept{s, held})
	if err != nil {
		return err
	}
	return d.x.SaveIdempotent(ctx, d.actor, statusName(s.ID), [32]byte{}, 200, body)
}

// status tells of what was pending how it stands today.
func (d *programs) status(ctx context.Context, at root, id string) (any, error) {
	body, _, found, err := d.x.Idempotent(ctx, d.actor, statusName(id), [32]byte{})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNone("status")
	}
	var k kept
	if err := json.Unmarshal(body, &k); err != nil {
		return nil, err
	}
	s := k.Status
	pendings := s.Pendings
	s.Pendings, s.PendingCount = nil, 0
	states, err := d.x.StatesOf(ctx, d.actor, k.Held...)
	if err != nil {
		return nil, err
	}
	for i, signal := range k.Held {
		var of detail
		if i < len(pendings) {
			of = pendings[i]
		}
		s.move(of, states[signal], stix.ID("indicator", at.program, signal))
	}
	if s.Status = "complete"; s.PendingCount > 0 {
		s.Status = "pending"
	}
	return s, nil
}

// move counts what was pending under what it is, and lists it there if that list has all there are.
func (s *status) move(d detail, now lantern.SignalState, id string) {
	add := func(count *int, list *[]detail, message string) {
		if message != "" {
			d.Message = message
		}
		if len(*list) == *count && d.ID != "" {
			*list = append(*list, d)
		} else {
			*list = nil
		}
		*count++
	}
	switch now {
	case lantern.Held:
		add(&s.PendingCount, &s.Pendings, "")
	case lantern.Active, lantern.Suspended:
		add(&s.SuccessCount, &s.Successes, "completed as "+id)
	default:
		add(&s.FailureCount, &s.Failures, "taken back before it was completed")
	}
}

// remove withdraws a signal of the caller's own: from this collection and everywhere.
func (d *programs) remove(ctx context.Context, at place, object string, f filter) error {
	return d.withdraw(ctx, at.root.program, object, f)
}

// withdraw withdraws the signal behind a STIX id. What is held is in no feed, and the member's own
// all the same.
func (d *programs) withdraw(ctx context.Context, program lantern.ID, object string, f filter) error {
	id, ok := stix.ParseID(program, object)
	if !ok {
		return errNone("object")
	}
	got, err := d.x.ForeignFeed(ctx, d.actor, program, exchange.ForeignQuery{Signals: []lantern.ID{id}, Limit: 1}, "")
	if err != nil {
		return err
	}
	if len(got.Changes) == 0 {
		return d.withdrawHeld(ctx, id)
	}
	if !f.passes(stix.Signal(program, &got.Changes[0])) {
		return errNone("object")
	}
	if got.Changes[0].Signal.Member != d.actor.Member {
		return &lantern.Error{Kind: lantern.Forbidden, Reason: "the object is another member's", Fix: "say that it is wrong: open a challenge at the exchange's own API"}
	}
	_, err = d.x.Withdraw(ctx, d.actor, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
	return err
}

// withdrawHeld withdraws a signal of the caller's own that is held.
func (d *programs) withdrawHeld(ctx context.Context, id lantern.ID) error {
	states, err := d.x.StatesOf(ctx, d.actor, id)
	if err != nil {
		return err
	}
	if states[id] != lantern.Held {
		return errNone("object")
	}
	_, err = d.x.Withdraw(ctx, d.actor, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
	return err
}
