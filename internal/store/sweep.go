package store

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// What selects that which is past its time at $1. Each condition is that of a partial
// index, so that looking costs as much as there is to do.
const (
	dueSignals    = `s.expires_at <= $1 AND s.state IN ('held', 'active', 'suspended')`
	fallenValues  = `s.updated_at < $1 AND s.state IN ('withdrawn', 'expired') AND s.value IS NOT NULL`
	oldTombstones = `p.changed_at < $1 AND p.value_id IS NULL AND (p.narrowed OR s.state IN ('withdrawn', 'expired', 'erased'))`
	lateAnswers   = `c.deadline_at <= $1 AND c.state = 'open'`
	oldSecrets    = `w.previous_until <= $1 AND w.previous IS NOT NULL`
	placedSignals = ` FROM placement p JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id WHERE `
)

// Due reads signals past their expiry that are still alive, oldest first.
func Due(ctx context.Context, tx *sqldb.Tx, now time.Time, limit int) ([]SignalRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+signalColumns+signalTables+`WHERE `+dueSignals+` ORDER BY s.expires_at LIMIT $2`, micros(now), limit)
	return all(rows, err, "expired signals", scanSignal)
}

// Fallen reads signals that ended before a time and still hold a sealed value.
func Fallen(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) ([]SignalRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+signalColumns+signalTables+`WHERE `+fallenValues+` ORDER BY s.updated_at LIMIT $2`, micros(before), limit)
	return all(rows, err, "fallen signals", scanSignal)
}

// LateChallenges reads open challenges whose sharer let the time to answer pass.
func LateChallenges(ctx context.Context, tx *sqldb.Tx, now time.Time, limit int) ([]ChallengeRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+challengeColumns+` FROM challenge c WHERE `+lateAnswers+` ORDER BY c.deadline_at, c.id LIMIT $2`, micros(now), limit)
	return all(rows, err, "late challenges", scanChallenge)
}

// PurgeTombstones drops feed entries of erased signals that fell before a time, and of
// placements that were narrowed before it, the oldest first, and reports the highest seq dropped in each program, which becomes its horizon.
func PurgeTombstones(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (n int, horizon map[lantern.ID]int64, err error) {
	if _, err := tx.Exec(ctx, `UPDATE placement SET value_id = NULL WHERE narrowed AND value_id IS NOT NULL AND changed_at < $1`, micros(before)); err != nil {
		return 0, nil, err
	}
	rows, err := tx.Query(ctx, `SELECT `+placementColumns+placedSignals+oldTombstones+
		` ORDER BY p.changed_at LIMIT $2`, micros(before), limit)
	list, err := all(rows, err, "old tombstones", scanPlacement)
	if err != nil {
		return 0, nil, err
	}
	horizon = map[lantern.ID]int64{}
	for _, p := range list {
		if _, err := tx.Exec(ctx, `DELETE FROM placement WHERE program_id = $1 AND signal_id = $2`, p.Program, p.Signal); err != nil {
			return 0, nil, err
		}
		horizon[p.Program] = max(horizon[p.Program], p.Seq)
	}
	return len(list), horizon, nil
}

// DropMarkers removes markers past their time, and reports how many.
func DropMarkers(ctx context.Context, tx *sqldb.Tx, now time.Time, limit int) (int, error) {
	return drop(ctx, tx, `DELETE FROM marker WHERE (type, mark) IN (SELECT m.type, m.mark FROM marker m WHERE m.expires_at <= $1 ORDER BY m.expires_at LIMIT $2)`, now, limit)
}

// ForgetAnswers drops answers older than a time.
func ForgetAnswers(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (int, error) {
	return drop(ctx, tx, `DELETE FROM idempotency WHERE (member_id, mark) IN (SELECT i.member_id, i.mark FROM idempotency i WHERE i.at < $1 ORDER BY i.at LIMIT $2)`, before, limit)
}

// DropSecrets forgets secrets of webhooks that were replaced and do not sign any more.
func DropSecrets(ctx context.Context, tx *sqldb.Tx, now time.Time, limit int) (int, error) {
	return drop(ctx, tx, `UPDATE webhook_endpoint SET previous = NULL WHERE (member_id, id) IN
		(SELECT w.member_id, w.id FROM webhook_endpoint w WHERE `+oldSecrets+` ORDER BY w.previous_until LIMIT $2)`, now, limit)
}

// PurgeEvents forgets events older than that, with their deliveries.
func PurgeEvents(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (int, error) {
	const old = `(SELECT e.member_id, e.id FROM webhook_event e WHERE e.at < $1 ORDER BY e.at, e.id LIMIT $2)`
	if _, err := drop(ctx, tx, `DELETE FROM webhook_delivery WHERE (member_id, event_id) IN `+old, before, limit); err != nil {
		return 0, err
	}
	return drop(ctx, tx, `DELETE FROM webhook_event WHERE (member_id, id) IN `+old, before, limit)
}

func drop(ctx context.Context, tx *sqldb.Tx, q string, before time.Time, limit int) (int, error) {
	n, err := tx.Exec(ctx, q, micros(before), limit)
	return int(n), err
}

// overdue says, by kind, where to look for what is past its time, and how long it is kept.
var overdue = []struct {
	kind, from string
	life       time.Duration
}{
	{"signals", ` FROM signal s WHERE ` + dueSignals, 0},
	{"values", ` FROM signal s WHERE ` + fallenValues, policy.TombstoneLife},
	{"tombstones", placedSignals + oldTombstones, policy.TombstoneLife},
	{"challenges", ` FROM challenge c WHERE ` + lateAnswers, 0},
	{"markers", ` FROM marker m WHERE m.expires_at <= $1`, 0},
	{"answers", ` FROM idempotency i WHERE i.at < $1`, policy.AnswerLife},
	{"events", ` FROM webhook_event e WHERE e.at < $1`, policy.EventLife},
	{"secrets", ` FROM webhook_endpoint w WHERE ` + oldSecrets, 0},
	{"scrubs", ` FROM scrub x WHERE x.name = 'keys' AND x.asked_at > x.done_at AND x.asked_at < $1`, 0},
}

// maxOverdue bounds a count: beyond it the number matters no more than that it is large.
const maxOverdue = 100_000

// Overdue counts what is past its time, by kind, up to a bound. Every kind is there.
func Overdue(ctx context.Context, tx *sqldb.Tx, now time.Time) (map[string]int, error) {
	counts := make(map[string]int, len(overdue))
	for _, o := range overdue {
		var n int
		err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1`+o.from+` LIMIT $2) past`, micros(now.Add(-o.life)), maxOverdue).Scan(&n)
		if err != nil {
			return nil, fmt.Errorf("counting overdue %s: %w", o.kind, err)
		}
		counts[o.kind] = n
	}
	return counts, nil
}
