package agentstore

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// EventRow is an event as stored. Seq is given when it is written.
type EventRow struct {
	lantern.Event
	Seq int64
}

const eventColumns = `e.seq, e.id, e.type, e.object, e.signal, e.at`

func (e *EventRow) scan(row interface{ Scan(...any) error }, more ...any) error {
	var at int64
	err := row.Scan(append([]any{&e.Seq, &e.ID, &e.Type, &e.Data.Object, &e.Data.Signal, &at}, more...)...)
	e.At = FromMicros(at)
	return err
}

// InsertEvents writes events in their order behind all others. Writers wait for each other,
// so that the order of numbers is that of commits: who read up to one has read all before.
func InsertEvents(ctx context.Context, tx *sqldb.Tx, list []lantern.Event) error {
	if len(list) == 0 {
		return nil
	}
	seq, err := EventHead(ctx, tx)
	if err != nil {
		return err
	}
	rows := make([][]any, len(list))
	for i, e := range list {
		rows[i] = []any{seq + int64(i) + 1, e.ID, string(e.Type), boolInt(e.Type.Urgent()), e.Data.Object, e.Data.Signal, Micros(e.At)}
	}
	_, err = tx.InsertMany(ctx, "events", []string{"seq", "id", "type", "urgent", "object", "signal", "at"}, "", rows)
	return err
}

// EventHead is the number of the last event, 0 if there was none.
func EventHead(ctx context.Context, tx *sqldb.Tx) (seq int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(seq), 0) FROM events`).Scan(&seq)
	return seq, err
}

// LastBefore is the number of the last event from before a time, 0 if there was none.
func LastBefore(ctx context.Context, tx *sqldb.Tx, at time.Time) (seq int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COALESCE(MAX(seq), 0) FROM events WHERE at < $1`, Micros(at)).Scan(&seq)
	return seq, err
}

// EventsAfter reads events behind a number, in their order.
func EventsAfter(ctx context.Context, tx *sqldb.Tx, seq int64, limit int) ([]EventRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM events e WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`, seq, limit)
	return collect(rows, err, func(e *EventRow) error { return e.scan(rows) })
}

// LaneAfter reads of the urgent events, or of all others, those behind a number.
func LaneAfter(ctx context.Context, tx *sqldb.Tx, urgent bool, seq int64, limit int) ([]EventRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM events e WHERE e.urgent = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3`,
		boolInt(urgent), seq, limit)
	return collect(rows, err, func(e *EventRow) error { return e.scan(rows) })
}

// EventsSince reads events since a time, oldest first; with an id that one alone.
func EventsSince(ctx context.Context, tx *sqldb.Tx, id lantern.ID, since time.Time, limit int) ([]EventRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+eventColumns+` FROM events e WHERE e.at >= $1 AND (e.id = $2 OR $2 = 0) ORDER BY e.seq LIMIT $3`,
		Micros(since), id, limit)
	return collect(rows, err, func(e *EventRow) error { return e.scan(rows) })
}

// DropEvents deletes events from before a time, and their deliveries, but for those of hits
// that still wait, and the last: the numbers must go on from it.
func DropEvents(ctx context.Context, tx *sqldb.Tx, before time.Time) error {
	const old = `e.at < $1 AND e.seq < (SELECT MAX(l.seq) FROM events l) AND NOT EXISTS (SELECT 1 FROM hits h WHERE h.id = e.object AND h.state IN ('open', 'held'))`
	if _, err := tx.Exec(ctx, `DELETE FROM deliveries WHERE event IN (SELECT e.id FROM events e WHERE `+old+`)`, Micros(before)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM events WHERE seq IN (SELECT e.seq FROM events e WHERE `+old+`)`, Micros(before))
	return err
}

// StandingHits returns those of the hits that are stored under these ids, with their urgency.
func StandingHits(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) ([]HitRow, error) {
	return hitsWhere(ctx, tx, "id", ids)
}

// HitsOf returns the hits of signals, whatever their state.
func HitsOf(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) ([]HitRow, error) {
	return hitsWhere(ctx, tx, "signal", signals)
}

func hitsWhere(ctx context.Context, tx *sqldb.Tx, column string, ids []lantern.ID) (found []HitRow, err error) {
	err = inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT `+hitColumns+` FROM hits WHERE `+column+` IN `+list(1, len(args))+` ORDER BY found, id`, args...)
		part, err := collect(rows, err, func(h *HitRow) error { return h.scan(rows) })
		found = append(found, part...)
		return err
	})
	return found, err
}

// boolInt is how a truth value stands in a column that orders.
func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
