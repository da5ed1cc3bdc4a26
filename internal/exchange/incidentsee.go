package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// Incidents lists the actor's member's own incidents, a page at a time by rising id,
// without their signals.
func (x *Exchange) Incidents(ctx context.Context, a policy.Actor, after lantern.ID, limit int) (list []lantern.Incident, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return nil, err
	}
	if limit <= 0 || limit > maxList {
		limit = maxList
	}
	err = x.read(ctx, func(tx *sqldb.Tx) (err error) {
		list, err = store.Incidents(ctx, tx, a.Member, after, limit)
		return err
	})
	return list, err
}

// Incident returns an incident with its signals, as the actor may see them under one
// check: what is active whole, what fell or is suspended as tombstones if the member was
// ever sent it, what is held not at all. Reading another member's is one disclosure, with
// its recipients entered, before the answer.
func (x *Exchange) Incident(ctx context.Context, a policy.Actor, id lantern.ID) (i lantern.Incident, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return i, err
	}
	var rows []store.SignalRow
	var sights []policy.Sight
	look := func(ctx context.Context, tx *sqldb.Tx) error {
		var place policy.Viewed
		if i, place, err = x.seenThrough(ctx, tx, a, id); err != nil {
			return err
		}
		rows, sights, err = signalsThrough(ctx, tx, i, place)
		return err
	}
	if err := x.read(ctx, func(tx *sqldb.Tx) error { return look(ctx, tx) }); err != nil {
		return i, err
	}
	if i.Member != a.Member && slices.Contains(sights, policy.Whole) {
		if err := x.within(a.Member, fair.DiscloseUse); err != nil {
			return i, err
		}
		x.used(a.Member, fair.DiscloseUse, len(rows))
		err = x.writeFor(ctx, a.Member, len(rows), func(t *txn) error {
			if err := look(t.ctx, t.Tx); err != nil {
				return err
			}
			return discloseIncident(t, a, i, rows, sights)
		})
		if err != nil {
			return i, err
		}
	}
	err = x.read(ctx, func(tx *sqldb.Tx) error { return x.showIncident(ctx, tx, a.Member, &i, rows, sights) })
	return i, err
}

// seenThrough reads an incident and the place through which the actor sees it: NotFound
// if there is none. The owner sees it through itself; others learn of no program that
// they are not in.
func (x *Exchange) seenThrough(ctx context.Context, tx *sqldb.Tx, a policy.Actor, id lantern.ID) (lantern.Incident, policy.Viewed, error) {
	i, ok, err := store.ReadIncident(ctx, tx, id)
	if err != nil {
		return i, policy.Viewed{}, err
	}
	var places []policy.Viewed
	var joinedIn []lantern.ID
	for _, p := range i.Programs {
		m, joined, err := store.ReadMembership(ctx, tx, p, a.Member)
		if err != nil {
			return i, policy.Viewed{}, err
		}
		if joined && m.Left.IsZero() {
			joinedIn = append(joinedIn, p)
		}
		reads, err := x.readsIn(ctx, tx, a, p)
		if err != nil {
			return i, policy.Viewed{}, err
		}
		places = append(places, policy.Viewed{Reader: a.Member, Reads: reads, Joined: joined && m.Left.IsZero(), Direction: m.Direction, Owner: i.Member})
	}
	best := policy.Best(places)
	if best.Reader = a.Member; i.Member != a.Member {
		i.Programs = joinedIn
	}
	if !ok || !best.Joined && i.Member != a.Member {
		return i, best, errMissing("incident")
	}
	return i, best, nil
}

// signalsThrough reads the signals of an incident that are seen through a place, with how
// much of each: NotFound if that is none. The owner sees all of its own.
func signalsThrough(ctx context.Context, tx *sqldb.Tx, i lantern.Incident, place policy.Viewed) (rows []store.SignalRow, sights []policy.Sight, err error) {
	list, err := store.IncidentSignals(ctx, tx, i)
	if err != nil {
		return nil, nil, err
	}
	sent, err := store.SentOf(ctx, tx, i, place.Reader)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range list {
		place.Signal, place.Sent = r.State, sent[r.ID]
		sight := policy.See(place)
		if i.Member == place.Reader {
			sight = policy.Whole
		}
		if sight != policy.Nothing {
			rows, sights = append(rows, r), append(sights, sight)
		}
	}
	if len(rows) == 0 {
		err = errMissing("incident")
	}
	return rows, sights, err
}

// discloseIncident enters who is sent what, and records it as one disclosure.
func discloseIncident(t *txn, a policy.Actor, i lantern.Incident, rows []store.SignalRow, sights []policy.Sight) error {
	digest := sha256.New()
	var sent []lantern.ID
	for n, r := range rows {
		fmt.Fprintf(digest, "%d\n", r.ID)
		if sights[n] == policy.Whole {
			sent = append(sent, r.ID)
		}
	}
	if err := store.AddRecipients(t.ctx, t.writing(), a.Member, sent, t.now); err != nil {
		return fmt.Errorf("entering recipients: %w", err)
	}
	_, err := t.record(entry{kind: audit.Disclose, by: a, facts: facts{Object: i.ID, Owner: i.Member, Count: len(rows), Digest: hex.EncodeToString(digest.Sum(nil))}})
	return err
}

// showIncident turns rows into what goes over the wire.
func (x *Exchange) showIncident(ctx context.Context, tx *sqldb.Tx, reader lantern.ID, i *lantern.Incident, rows []store.SignalRow, sights []policy.Sight) error {
	i.States, i.Signals = map[lantern.SignalState]int{}, make([]lantern.Signal, len(rows))
	for n, r := range rows {
		i.States[r.State]++
		i.Signals[n] = tombstone(r)
		if sights[n] == policy.Whole {
			s, err := x.whole(ctx, tx, r)
			if err == nil && i.Member != reader {
				err = narrow(ctx, tx, reader, *i, rows, &s)
			}
			if err != nil {
				return err
			}
			i.Signals[n] = s
		}
		i.Signals[n].Incident = i.ID
	}
	return nil
}

// narrow takes from a signal what tells of programs and signals elsewhere.
func narrow(ctx context.Context, tx *sqldb.Tx, reader lantern.ID, i lantern.Incident, rows []store.SignalRow, s *lantern.Signal) (err error) {
	s.Programs = slices.DeleteFunc(s.Programs, func(p lantern.ID) bool { return !slices.Contains(i.Programs, p) })
	s.Links = slices.DeleteFunc(s.Links, func(l lantern.Link) bool {
		if err != nil || slices.ContainsFunc(rows, func(r store.SignalRow) bool { return r.ID == l.Signal }) {
			return false
		}
		var sent bool
		sent, err = store.WasSent(ctx, tx, l.Signal, reader)
		return !sent
	})
	return err
}
