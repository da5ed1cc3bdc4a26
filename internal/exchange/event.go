package exchange

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/store"
	"lantern/internal/webhook"
)

// happening is something that members are told of, before it is known which.
type happening struct {
	kind    lantern.EventType
	signal  lantern.ID   // if it concerns one
	owner   lantern.ID   // the signal's sharer, who knows of an imminent one
	object  lantern.ID   // what it is about
	places  []lantern.ID // programs of the signal; nil: all it is in
	members []lantern.ID // whom it concerns; unused of an imminent signal and of a member, which may concern anyone

	officers []lantern.ID // set: it concerns those too who may decide as third parties, and these are no third parties
	urgent   bool         // it cannot wait behind other events
}

// tell says that something happened. Who is told is decided, and the events written, at
// the end of the transaction and in it: an act and its events are committed together or
// not at all.
func (t *txn) tell(h happening) {
	t.wrote = true
	t.events = append(t.events, h)
}

// tellImminent tells of a signal on a child at risk that became active in programs.
func (t *txn) tellImminent(row store.SignalRow, programs []lantern.ID) {
	if row.Imminent && row.State == lantern.Active {
		t.tell(happening{kind: lantern.SignalImminent, signal: row.ID, owner: row.Member, object: row.ID, places: programs, urgent: true})
	}
}

// announce writes an event for each member concerned that has a webhook which wants it,
// and a delivery for each such webhook.
func (t *txn) announce(ctx context.Context) error {
	if len(t.events) == 0 {
		return nil
	}
	subscriptions, err := store.Subscriptions(ctx, t.Tx)
	if err != nil || len(subscriptions) == 0 {
		return err
	}
	a := &audience{t: t, ctx: ctx, present: map[lantern.ID][]store.Membership{}}
	for _, h := range t.events {
		if err := a.place(&h); err != nil {
			return err
		}
		for rest := subscriptions; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].Member == rest[0].Member {
				n++
			}
			if err := a.add(h, rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
	}
	return t.deliver(a.events, a.deliveries)
}

// deliver writes events and their deliveries, to be sent after the commit.
func (t *txn) deliver(events []store.EventRow, deliveries []store.DeliveryRow) error {
	t.told = t.told || len(deliveries) > 0
	if err := store.InsertEvents(t.ctx, t.writing(), events); err != nil {
		return fmt.Errorf("storing events: %w", err)
	}
	if err := store.InsertDeliveries(t.ctx, t.writing(), deliveries); err != nil {
		return fmt.Errorf("storing deliveries: %w", err)
	}
	return nil
}

// audience finds out who is told.
type audience struct {
	t          *txn
	ctx        context.Context
	present    map[lantern.ID][]store.Membership // of the programs that were asked for
	events     []store.EventRow
	deliveries []store.DeliveryRow
}

// place fills in what a happening leaves open and reads the members of its programs.
func (a *audience) place(h *happening) error {
	if h.signal != 0 && h.places == nil {
		places, err := store.PlacementsOf(a.ctx, a.t.Tx, h.signal)
		if err != nil {
			return err
		}
		for _, p := range places {
			h.places = append(h.places, p.Program)
		}
	}
	if h.kind == lantern.OutcomeReceived {
		row, ok, err := store.ReadSignal(a.ctx, a.t.Tx, h.signal)
		if err != nil {
			return err
		}
		if h.members = nil; ok {
			h.members = []lantern.ID{row.Member}
		}
	}
	for _, p := range h.places {
		if _, known := a.present[p]; !known {
			list, err := store.Memberships(a.ctx, a.t.Tx, p)
			if err != nil {
				return err
			}
			a.present[p] = list
		}
	}
	return nil
}

// add tells one member, by those of its webhooks that want it. A disabled webhook gets a
// dead delivery, so that it shows what was missed.
func (a *audience) add(h happening, hooks []store.Subscription) error {
	hooks = slices.DeleteFunc(slices.Clone(hooks), func(s store.Subscription) bool { return !s.Wants(h.kind) })
	if len(hooks) == 0 {
		return nil
	}
	program, concerned := a.concerns(h, hooks[0])
	if !concerned {
		return nil
	}
	id, err := a.t.x.newID()
	if err != nil {
		return err
	}
	now := a.t.now
	e := lantern.Event{ID: id, Type: h.kind, At: now, Data: lantern.EventData{Program: program, Object: h.object}}
	if h.signal != h.object {
		e.Data.Signal = h.signal
	}
	a.events = append(a.events, store.EventRow{Event: e, Member: hooks[0].Member})
	for _, s := range hooks {
		d := delivery(s.Member, s.Webhook, e, now)
		d.Urgent = d.Urgent || h.urgent
		if s.State == lantern.WebhookDisabled {
			d.State, d.Settled, d.Failure = lantern.DeliveryDead, now, string(webhook.Disabled)
		}
		a.deliveries = append(a.deliveries, d)
	}
	return nil
}

// delivery is one that is due now.
func delivery(member, webhook lantern.ID, e lantern.Event, now time.Time) store.DeliveryRow {
	return store.DeliveryRow{Member: member, Webhook: webhook, Event: e.ID, Urgent: e.Type == lantern.SignalImminent,
		State: lantern.DeliveryPending, First: now, Due: now}
}

// concerns reports whether a member is told, and names a program it shares with what
// happened.
func (a *audience) concerns(h happening, s store.Subscription) (program lantern.ID, ok bool) {
	if !policy.Told(h.kind, s.MemberKind, s.MemberState, s.Member == h.object) {
		return 0, false
	}
	shared, seen := a.programs(h, s)
	switch h.kind {
	case lantern.SignalImminent:
		return seen, seen != 0 && s.Member != h.owner
	case lantern.MemberChanged:
		return 0, true
	}
	third := h.officers != nil && shared != 0 && !slices.Contains(h.officers, s.Member) && policy.Decides(s.MemberKind, s.MemberState)
	return shared, slices.Contains(h.members, s.Member) || third
}

// programs returns the first program of what happened in which the member is, and the
// first through which it sees the whole of a signal that is active; 0 for none.
func (a *audience) programs(h happening, s store.Subscription) (shared, seen lantern.ID) {
	for _, p := range h.places {
		i := slices.IndexFunc(a.present[p], func(m store.Membership) bool { return m.Member == s.Member })
		if i < 0 {
			continue
		}
		if shared == 0 {
			shared = p
		}
		sight := policy.See(policy.Viewed{Reader: s.Member, Reads: policy.MemberReads(s.MemberState), Joined: true, Direction: a.present[p][i].Direction,
			Owner: h.owner, Signal: lantern.Active})
		if seen == 0 && sight == policy.Whole {
			seen = p
		}
	}
	return shared, seen
}
