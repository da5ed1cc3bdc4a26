package exchange

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/store"
)

// Narrow takes one of the member's own signals out of a program while it stands in another.
// Nothing is said against the signal, and whoever receives it through another of its programs
// keeps it. The others in that program lose it: their feed shows a tombstone of it, and they
// acknowledge, as after a correction, that it is masked and purged.
//
// NotFound if the signal is not in the program, so also the second time. Conflict if it is
// nowhere else, since that would be a withdrawal; while it is challenged, since the
// dispute officers are those of its programs; and if it is part of an incident that is
// shared to the program, since an incident is read as one. Sharing the signal to the program
// again is an ordinary share.
func (x *Exchange) Narrow(ctx context.Context, a policy.Actor, id lantern.ID, n lantern.Narrowing) (c lantern.Correction, err error) {
	if err := n.Validate(); err != nil {
		return c, err
	}
	if err := policy.Can(a, policy.Withdraw, x.Clock()); err != nil {
		return c, err
	}
	err = x.write(ctx, func(t *txn) error {
		row, err := x.ownSignal(t, a, id)
		if err != nil {
			return err
		}
		if !alive(row.State) {
			return lantern.Errorf(lantern.Conflict, "the signal is %s", row.State)
		}
		out, rest, err := narrowable(t, row, n.Program)
		if err != nil {
			return err
		}
		c, err = x.narrowTo(t, a, row, out, rest)
		return err
	})
	return c, err
}

// narrowable finds the placement to end and those that are left, or says why it may not end.
func narrowable(t *txn, row store.SignalRow, program lantern.ID) (out store.Placement, rest []store.Placement, err error) {
	places, err := store.PlacementsOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return out, nil, err
	}
	i := slices.IndexFunc(places, func(p store.Placement) bool { return p.Program == program })
	if i < 0 {
		return out, nil, &lantern.Error{Kind: lantern.NotFound, Field: "/program", Reason: "the signal is not in that program", Fix: "GET /v1/signals/{id} lists its programs"}
	}
	if out = places[i]; len(places) == 1 {
		return out, nil, &lantern.Error{Kind: lantern.Conflict, Field: "/program", Reason: "the signal is in no other program", Fix: "withdraw it"}
	}
	pending, err := store.Undecided(t.ctx, t.Tx, row.ID)
	if err != nil {
		return out, nil, err
	}
	if len(pending) > 0 {
		return out, nil, &lantern.Error{Kind: lantern.Conflict, Reason: "the signal is challenged", Fix: "answer the challenge"}
	}
	incident, err := store.IncidentOf(t.ctx, t.Tx, row)
	if err != nil || incident == 0 {
		return out, slices.Delete(places, i, i+1), err
	}
	of, _, err := store.ReadIncident(t.ctx, t.Tx, incident)
	if err == nil && slices.Contains(of.Programs, program) {
		err = &lantern.Error{Kind: lantern.Conflict, Field: "/program", Reason: "the signal is part of an incident that is shared to the program", Fix: "withdraw the signal, or the incident"}
	}
	return out, slices.Delete(places, i, i+1), err
}

// narrowTo ends one placement of a signal: a tombstone in that feed, the duties of those who
// lose it, and the entry in the log. What others say of the value there may be less
// disputed, or less corroborated, than before.
func (x *Exchange) narrowTo(t *txn, a policy.Actor, row store.SignalRow, out store.Placement, rest []store.Placement) (c lantern.Correction, err error) {
	lost, err := losers(t, row, out, rest)
	if err != nil {
		return c, err
	}
	if err := moveBeside(t, out); err != nil {
		return c, err
	}
	if out.Seq, out.Changed, err = t.next(out.Program); err != nil {
		return c, err
	}
	if err := store.NarrowPlacement(t.ctx, t.writing(), out); err != nil {
		return c, fmt.Errorf("narrowing a signal: %w", err)
	}
	c, err = x.openCorrection(t, row, lantern.Correction{Kind: lantern.CorrectionNarrowed, Program: out.Program, Seq: out.Seq}, lost)
	if err != nil {
		return c, err
	}
	if row.State == lantern.Active {
		if err := settleSiblings(t, []store.SignalRow{row}, []store.Placement{out}); err != nil {
			return c, err
		}
	}
	_, err = t.record(entry{kind: audit.Narrow, by: a, facts: facts{Object: c.ID, Signal: row.ID, Owner: row.Member, Type: row.Type, Programs: []lantern.ID{out.Program}}})
	return c, err
}

// losers lists those who were sent a signal and lose it when one placement ends.
func losers(t *txn, row store.SignalRow, out store.Placement, rest []store.Placement) ([]store.Recipient, error) {
	sent, err := store.Recipients(t.ctx, t.Tx, row.ID)
	if err != nil || len(sent) == 0 {
		return nil, err
	}
	views := map[seat]policy.Viewed{}
	for _, p := range append([]store.Placement{out}, rest...) {
		list, err := store.Memberships(t.ctx, t.Tx, p.Program)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			views[seat{p.Program, m.Member}] = policy.Viewed{Reader: m.Member, Joined: true, Direction: m.Direction, Owner: row.Member}
		}
	}
	return slices.DeleteFunc(sent, func(r store.Recipient) bool {
		var others []policy.Viewed
		for _, p := range rest {
			others = append(others, views[seat{p.Program, r.Member}])
		}
		return !policy.Loses(views[seat{out.Program, r.Member}], others)
	}), nil
}
