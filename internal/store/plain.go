package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"lantern"
	"lantern/internal/sqldb"
)

// PlainRows reads the rest of what [FeedRows] reads with Special: entries of active signals
// that were never moved and stand alone. A snapshot is nearly all made of them, so this is
// the fast way. Ids rise with the places of a feed, so signals and keys of what stands side by
// side lie side by side too: instead of looking up each in its tree, it reads a stretch of each
// table and joins them. It belongs to one goroutine and is memory that is
// used again.
type PlainRows struct {
	rows []FeedRow
	kept []byte // what was sealed, of all rows
}

// How close ids must lie for their stretch of a table to be read whole. A process gives every
// id in two or three and may write for other programs meanwhile; a row that is read for
// nothing costs a third of a look-up.
const (
	stretchGap  = 32 // between two ids
	stretchRows = 16 // at least, or look-ups are as good
	stretchIDs  = 8  // for each row, over the whole stretch
)

// Read reads the entries of a range in the order of their places. They are good until the
// next Read. It heeds neither Special, nor Sent, nor Limit.
func (p *PlainRows) Read(ctx context.Context, tx *sqldb.Tx, f FeedRange) ([]FeedRow, error) {
	p.rows, p.kept = p.rows[:0], p.kept[:0]
	if !f.Reads {
		return nil, nil
	}
	if err := p.places(ctx, tx, f); err != nil {
		return nil, fmt.Errorf("reading a part of a feed: %w", err)
	}
	byID := func(a, b FeedRow) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(p.rows, byID) {
		slices.SortFunc(p.rows, byID)
	}
	for rest := p.rows; len(rest) > 0; {
		n, dense := stretch(rest)
		if err := p.fill(ctx, tx, rest[:n], dense); err != nil {
			return nil, fmt.Errorf("reading a part of a feed: %w", err)
		}
		rest = rest[n:]
	}
	// What is not active, or lost its key, has not got all of its parts.
	p.rows = slices.DeleteFunc(p.rows, func(r FeedRow) bool {
		return r.State != lantern.Active || r.Wrapped == nil || f.Direction == lantern.ContributeOnly && r.Member != f.Reader
	})
	bySeq := func(a, b FeedRow) int { return cmp.Compare(a.Seq, b.Seq) }
	if !slices.IsSortedFunc(p.rows, bySeq) {
		slices.SortFunc(p.rows, bySeq)
	}
	return p.rows, nil
}

// places reads what stands at the places of a range that are not special.
func (p *PlainRows) places(ctx context.Context, tx *sqldb.Tx, f FeedRange) error {
	var seq, id, changed any
	var valueID sql.RawBytes
	return scanEach(ctx, tx, `SELECT seq, signal_id, value_id, changed_at FROM placement
		WHERE program_id = $1 AND seq > $2 AND seq <= $3 AND NOT special ORDER BY seq`, []any{f.Program, f.After, f.Upto},
		[]any{&seq, &id, &valueID, &changed}, func() {
			p.rows = append(p.rows, FeedRow{Seq: whole(seq), SignalRow: SignalRow{ID: lantern.ID(whole(id))},
				ValueID: fromValueKey(valueID), Changed: fromMicros(whole(changed))})
		})
}

// stretch returns how many of the rows, which are in the order of their ids, are read at once,
// and whether their ids lie so close that everything between them is.
func stretch(rows []FeedRow) (n int, dense bool) {
	for start := 0; start < len(rows); start = n {
		for n = start + 1; n < len(rows) && rows[n].ID-rows[n-1].ID <= stretchGap; n++ {
		}
		dense = n-start >= stretchRows && rows[n-1].ID-rows[start].ID <= lantern.ID(stretchIDs*(n-start))
		switch {
		case dense && start == 0:
			return n, true
		case dense || start >= insertRows:
			return start, false
		}
	}
	return len(rows), false
}

// fill reads signals and keys of rows, which are in the order of their ids.
func (p *PlainRows) fill(ctx context.Context, tx *sqldb.Tx, rows []FeedRow, dense bool) error {
	if !dense && len(rows) > insertRows {
		for chunk := range slices.Chunk(rows, insertRows) {
			if err := p.fill(ctx, tx, chunk, false); err != nil {
				return err
			}
		}
		return nil
	}
	which, ids := between, []any{rows[0].ID, rows[len(rows)-1].ID}
	if !dense {
		list := places(1, len(rows))
		which, ids = func(id string) string { return id + " IN (" + list + ")" }, ids[:0]
		for i := range rows {
			ids = append(ids, rows[i].ID)
		}
	}
	signals, secrets := partsOf(which)
	// Scanning into any and RawBytes copies nothing.
	var v [5]any
	var value, note, wrapped sql.RawBytes
	err := along(ctx, tx, rows, signals, ids, []any{nil, &v[0], &v[1], &v[2], &value, &note, &v[3], &v[4]}, func(r *FeedRow) {
		r.Member, r.Type, r.State, r.Opinion = lantern.ID(whole(v[0])), lantern.SignalType(chars(v[1])), lantern.Active, chars(v[2])
		r.Value, r.Note, r.Expires, r.Created = p.keep(value), p.keep(note), fromMicros(whole(v[3])), fromMicros(whole(v[4]))
		r.Updated = r.Created
	})
	if err != nil {
		return err
	}
	return along(ctx, tx, rows, secrets, ids, []any{nil, &wrapped}, func(r *FeedRow) { r.Wrapped = p.keep(wrapped) })
}

// between selects a stretch of ids, from $1 to $2.
func between(id string) string { return id + " >= $1 AND " + id + " <= $2" }

// partsOf returns the statements that read signals and their keys in the order of ids, given
// how the ids are selected.
func partsOf(which func(id string) string) (signals, secrets string) {
	return `SELECT id, member_id, type, opinion, value, note, expires_at, created_at FROM signal WHERE ` + which("id") + ` AND state = 'active' ORDER BY id`,
		`SELECT signal_id, wrapped FROM secret WHERE ` + which("signal_id") + ` ORDER BY signal_id`
}

// keep copies what is good only until the next row.
func (p *PlainRows) keep(b []byte) []byte {
	if b == nil {
		return nil
	}
	start := len(p.kept)
	p.kept = append(p.kept, b...)
	return p.kept[start:len(p.kept):len(p.kept)]
}

// along runs a statement whose rows come in the order of ids, which are in the first column,
// and calls fill for each of them that is among the given ones, which are in the same order.
func along(ctx context.Context, tx *sqldb.Tx, rows []FeedRow, query string, args, into []any, fill func(*FeedRow)) error {
	var id any
	into[0] = &id
	return scanEach(ctx, tx, query, args, into, func() {
		at := lantern.ID(whole(id))
		for len(rows) > 0 && rows[0].ID < at {
			rows = rows[1:]
		}
		if len(rows) > 0 && rows[0].ID == at {
			fill(&rows[0])
		}
	})
}

// scanEach runs a statement and calls fn after each of its rows was scanned into the same places.
func scanEach(ctx context.Context, tx *sqldb.Tx, query string, args, into []any, fn func()) error {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		fn()
	}
	return rows.Err()
}

// whole and chars read what a driver gives for a number and a text.
func whole(v any) int64 { i, _ := v.(int64); return i }

func chars(v any) string { s, _ := v.(string); return s }
