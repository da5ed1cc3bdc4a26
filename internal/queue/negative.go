package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// What is kept how long, and how the sweeper works.
const (
	refutedMonths = 12 // as on the exchange
	volumeDays    = 90
	sweepBatch    = 500           // hits deleted in one transaction
	sweepLate     = 2 * time.Hour // after which what is past its time counts as overdue
)

// dismissals are the decisions after which a hit is deleted: the account did nothing wrong.
var dismissals = []lantern.HitDecision{lantern.NotHere, lantern.WrongSignal}

// undismissed returns the hits that rest on evidence no person dismissed before.
func (q *Queue) undismissed(ctx context.Context, tx *sqldb.Tx, rows []*agentstore.HitRow) ([]*agentstore.HitRow, error) {
	if some, err := agentstore.AnyDismissed(ctx, tx); err != nil || !some {
		return rows, err
	}
	marks := make([][]byte, len(rows))
	for i, h := range rows {
		marks[i] = q.evidence(h)
	}
	dismissed, err := agentstore.LoadDismissed(ctx, tx, marks)
	if err != nil {
		return nil, err
	}
	var left []*agentstore.HitRow
	for i, h := range rows {
		if !dismissed[string(marks[i])] {
			left = append(left, h)
		}
	}
	return left, nil
}

// refutedMark is the keyed mark of a value.
func (q *Queue) refutedMark(v Value) []byte {
	sum := q.Sealer.Index("agent/refuted", string(v.Type), v.Canonical)
	return sum[:]
}

// Refute notes the mark of a value whose signal falls by a correction; suspended says that it
// was so here. The mark comes in force when the exchange, asked by the acknowledgement, says
// that a challenge made it fall.
func (q *Queue) Refute(ctx context.Context, tx *sqldb.Tx, c *lantern.Change, v Value, suspended bool, now time.Time) error {
	return agentstore.SaveRefuted(ctx, tx, q.refutedMark(v), c.Correction, suspended, c.Time, now.AddDate(0, refutedMonths, 0))
}

// Value is what a signal is about, as normalised.
type Value struct {
	Type      lantern.SignalType
	Canonical string
}

// Suspect quarantines signals that say again what fell to a challenge before, and were not
// reviewed since they were shared. The exchange holds such shares for a second person;
// this is for one that lost its mark. A review that is later lets them in. A signal from
// before the fall is another member's own opinion, and not meant.
func (q *Queue) Suspect(ctx context.Context, tx *sqldb.Tx, shared []*lantern.Signal, values map[lantern.ID]Value, now time.Time) error {
	if some, err := agentstore.AnyRefuted(ctx, tx, now); err != nil || !some {
		return err
	}
	var marks [][]byte
	var ids []lantern.ID
	of := make(map[lantern.ID]string)
	for id, v := range values {
		mark := q.refutedMark(v)
		of[id] = string(mark)
		marks, ids = append(marks, mark), append(ids, id)
	}
	fell, err := agentstore.LoadRefuted(ctx, tx, marks, now)
	if err != nil || len(fell) == 0 {
		return err
	}
	known, err := agentstore.LoadQuarantine(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, s := range shared {
		at, marked := fell[of[s.ID]]
		if !marked || !s.Created.After(at) {
			continue
		}
		in, reviewed := known[s.ID], s.Basis.At.After(s.Created)
		switch {
		case in == nil && !reviewed:
			if err := q.lock(ctx, tx, agentstore.QuarantineRow{Signal: s.ID, Cause: lantern.CauseFellBefore, Since: now}); err != nil {
				return err
			}
			continue
		case in.In() && in.Cause == lantern.CauseFellBefore && reviewed:
			in.Released = now
		default:
			continue
		}
		if err := agentstore.SaveQuarantine(ctx, tx, *in); err != nil {
			return err
		}
	}
	return nil
}

// Sweep deletes one batch of what is past its time: dismissed hits but for their marks, marks
// of values, old counts. more says that there is another batch, freed that bytes are to be
// overwritten.
func (q *Queue) Sweep(ctx context.Context, tx *sqldb.Tx, now time.Time) (more, freed bool, err error) {
	n := 0
	for _, d := range dismissals {
		old, err := agentstore.OldDismissed(ctx, tx, d, now.Add(-lantern.DismissedKept), sweepBatch-n)
		if err != nil {
			return false, false, err
		}
		for i := range old {
			if err := q.forget(ctx, tx, &old[i]); err != nil {
				return false, false, err
			}
		}
		n += len(old)
	}
	marks, err := agentstore.DropRefuted(ctx, tx, now)
	if err != nil {
		return false, false, err
	}
	return n == sweepBatch, n > 0 || marks > 0, agentstore.DropVolume(ctx, tx, agentstore.Day(now)-volumeDays)
}

// forget deletes a dismissed hit. Its mark stays while its signal does; of the entries of the
// agent's own log about it the part that names people and references goes.
func (q *Queue) forget(ctx context.Context, tx *sqldb.Tx, h *agentstore.HitRow) error {
	var mark []byte
	if h.State != lantern.HitVoid {
		mark = q.evidence(h)
	}
	if err := agentstore.DismissHit(ctx, tx, *h, mark); err != nil {
		return err
	}
	openings, err := agentstore.TakeEntries(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	for number, text := range openings {
		var opening audit.Opening
		if err := json.Unmarshal([]byte(text), &opening); err != nil {
			return fmt.Errorf("reading entry %d of the agent's own log: %w", number, err)
		}
		left, err := json.Marshal(opening.Forget())
		if err != nil {
			return fmt.Errorf("writing entry %d of the agent's own log: %w", number, err)
		}
		if err := agentstore.SaveOpening(ctx, tx, number, string(left)); err != nil {
			return err
		}
	}
	return nil
}

// Overdue counts what is past its time and still there.
func Overdue(ctx context.Context, tx *sqldb.Tx, now time.Time) (map[string]int, error) {
	late := now.Add(-sweepLate)
	counts := map[string]int{lantern.OverdueDismissed: 0}
	for _, d := range dismissals {
		n, err := agentstore.CountDismissed(ctx, tx, d, late.Add(-lantern.DismissedKept))
		if err != nil {
			return nil, err
		}
		counts[lantern.OverdueDismissed] += n
	}
	n, err := agentstore.CountRefuted(ctx, tx, late)
	counts[lantern.OverdueMarks] = n
	return counts, err
}
