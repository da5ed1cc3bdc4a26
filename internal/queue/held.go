package queue

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/guard"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
)

// heldMatch is what is sealed of a match of a suspended signal: all of it.
type heldMatch struct {
	Kind    lantern.SignalType `json:"type"`
	Ref     string             `json:"ref"`
	Account string             `json:"account,omitempty"`
	How     lantern.How        `json:"how"`
	Place   string             `json:"place"`
	Found   time.Time          `json:"found"`
}

// evidence is the keyed mark of what a hit rests on: the signal, the member's reference and
// the way of matching.
func (q *Queue) evidence(h *agentstore.HitRow) []byte {
	sum := q.Sealer.Index("agent/evidence", h.Signal.String(), h.Ref, string(h.How))
	return sum[:]
}

// heldKey is the key of one signal's held matches, open.
type heldKey struct {
	record seal.Record
	n      int // matches that are kept
}

// openHeld returns the key of a signal's held matches, made if there is none.
func (q *Queue) openHeld(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (*heldKey, error) {
	k := &heldKey{}
	row, found, err := agentstore.LoadHeldKey(ctx, tx, signal)
	if err != nil {
		return nil, err
	}
	if found {
		if k.record, err = q.Sealer.OpenRecord(ctx, row.Wrapped); err != nil {
			return nil, fmt.Errorf("opening the held matches of signal %s: %w", signal, err)
		}
		k.n, err = agentstore.CountHeld(ctx, tx, signal)
		return k, err
	}
	record, wrapped, err := q.Sealer.NewRecord(ctx, q.Random)
	if err != nil {
		return nil, fmt.Errorf("making a key for held matches: %w", err)
	}
	k.record = record
	return k, agentstore.SaveHeldKey(ctx, tx, signal, wrapped)
}

// hold seals matches of suspended signals. Beyond the bound of a signal they are counted and
// not kept: then a person is told when the signal is restored.
func (q *Queue) hold(ctx context.Context, tx *sqldb.Tx, rows []*agentstore.HitRow) error {
	keys := make(map[lantern.ID]*heldKey)
	for _, h := range rows {
		k := keys[h.Signal]
		if k == nil {
			var err error
			if k, err = q.openHeld(ctx, tx, h.Signal); err != nil {
				return err
			}
			keys[h.Signal] = k
		}
		if k.n >= q.Flood.Keeps() {
			if err := agentstore.MissHeld(ctx, tx, h.Signal); err != nil {
				return err
			}
			continue
		}
		text, err := json.Marshal(heldMatch{h.Kind, h.Ref, h.Account, h.How, h.Place, h.Found})
		if err != nil {
			return fmt.Errorf("writing a held match: %w", err)
		}
		row := agentstore.HeldRow{Signal: h.Signal, Mark: q.evidence(h)}
		if row.Sealed, err = k.record.Seal(q.Random, heldPlace(&row), text); err != nil {
			return fmt.Errorf("sealing a held match: %w", err)
		}
		if err := agentstore.InsertHeld(ctx, tx, row); err != nil {
			return err
		}
		k.n++ // or it was there: the bound may be met a little early in this batch
	}
	return nil
}

// heldPlace binds a sealed match to its row.
func heldPlace(h *agentstore.HeldRow) string {
	return "held/" + h.Signal.String() + "/" + hex.EncodeToString(h.Mark)
}

// Mask hides the hits of signals that are suspended.
func Mask(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) error {
	for _, shown := range []lantern.HitState{lantern.HitOpen, lantern.HitQuarantined} {
		if err := agentstore.SetHitStates(ctx, tx, ids, shown, lantern.HitHeld); err != nil {
			return err
		}
	}
	return nil
}

// Restore shows the hits of restored signals again, where they were, and makes hits of what
// was held meanwhile. These go through the flood guard as one burst: what came in the
// busiest hour of the suspension. freed says that held rows and their keys were deleted.
func (q *Queue) Restore(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID, replica map[lantern.ID]*agentstore.ReplicaRow, now time.Time) (freed bool, err error) {
	if err := quarantineAgain(ctx, tx, ids, replica); err != nil {
		return false, err
	}
	if err := agentstore.SetHitStates(ctx, tx, ids, lantern.HitHeld, lantern.HitOpen); err != nil {
		return false, err
	}
	var hits []*agentstore.HitRow
	for _, id := range ids {
		key, found, err := agentstore.LoadHeldKey(ctx, tx, id)
		if err != nil {
			return false, err
		}
		if !found {
			continue
		}
		of, err := q.unhold(ctx, tx, id, key)
		if err != nil {
			return false, err
		}
		hits = append(hits, of...)
		if err := q.guardHeld(ctx, tx, replica[id], of, key.Missed, now); err != nil {
			return false, err
		}
	}
	n, err := agentstore.DropHeld(ctx, tx, ids)
	if err != nil {
		return false, err
	}
	return n > 0, q.admit(ctx, tx, hits, replica, now)
}

// Drop deletes what belongs to signals that are gone: what nobody could see, and what waited
// in quarantine. Of other hits the match detail goes; the member's own reference, account and
// decision stay, because somebody must look at them again.
func Drop(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) error {
	for _, drop := range []func(context.Context, *sqldb.Tx, []lantern.ID) error{
		agentstore.DropQuarantined, agentstore.DropQuarantine, agentstore.DropDismissed, agentstore.VoidHits,
	} {
		if err := drop(ctx, tx, ids); err != nil {
			return err
		}
	}
	_, err := agentstore.DropHeld(ctx, tx, ids)
	return err
}

// unhold opens the held matches of a signal.
func (q *Queue) unhold(ctx context.Context, tx *sqldb.Tx, id lantern.ID, key agentstore.HeldKey) ([]*agentstore.HitRow, error) {
	rows, err := agentstore.LoadHeld(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	record, err := q.Sealer.OpenRecord(ctx, key.Wrapped)
	if err != nil {
		// The feed must go on. Nothing can open them any more, so they are gone.
		q.Log.Error("matches held while a signal was suspended cannot be opened and are lost", "signal", id.String(), "matches", len(rows))
		return nil, nil
	}
	var hits []*agentstore.HitRow
	for i := range rows {
		var m heldMatch
		text, err := record.Open(heldPlace(&rows[i]), rows[i].Sealed)
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		if err != nil {
			q.Log.Error("a match held while a signal was suspended cannot be read and is lost", "signal", id.String())
			continue
		}
		hit, err := lantern.NewID(q.Random)
		if err != nil {
			return nil, err
		}
		hits = append(hits, &agentstore.HitRow{ID: hit, Signal: id, Kind: m.Kind, Ref: m.Ref, Account: m.Account, How: m.How,
			State: lantern.HitOpen, Urgency: Later, Place: m.Place, Found: m.Found})
	}
	return hits, nil
}

// guardHeld puts a restored signal into quarantine if what it matched meanwhile was a flood,
// or more than was kept.
func (q *Queue) guardHeld(ctx context.Context, tx *sqldb.Tx, row *agentstore.ReplicaRow, hits []*agentstore.HitRow, missed int, now time.Time) error {
	found := make([]time.Time, len(hits))
	for i, h := range hits {
		found[i] = h.Found
	}
	known, err := agentstore.LoadQuarantine(ctx, tx, []lantern.ID{row.Signal})
	if err != nil {
		return err
	}
	was := known[row.Signal]
	c := guard.Count{Hour: guard.Peak(found)}
	if was != nil {
		c.Allowed = was.Hourly
	}
	switch {
	case was.In() && missed > 0:
		was.Matches, was.Missed = was.Matches+missed, was.Missed+missed
		return agentstore.SaveQuarantine(ctx, tx, *was)
	case !was.In() && (missed > 0 || q.Flood.Trips(row.Kind, c)):
		return q.lock(ctx, tx, agentstore.QuarantineRow{Signal: row.Signal, Cause: lantern.CauseFlood, Since: now,
			Matches: missed, Missed: missed, Hourly: c.Hour})
	}
	return nil
}
