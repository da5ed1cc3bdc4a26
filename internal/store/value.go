package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// last keeps of the places of one value in a program only the newest. Held signals have
// none: nobody knows of them. Every other change of a signal moves it to the end, so a value
// that changed for anybody is behind every place read before. Only special places have
// others beside them; see the schema.
const last = ` AND p.value_id IS NOT NULL AND NOT (p.special AND EXISTS (SELECT 1 FROM placement q
	JOIN signal o ON o.member_id = q.member_id AND o.id = q.signal_id
	WHERE q.program_id = p.program_id AND q.value_id = p.value_id AND q.special AND q.seq > p.seq AND o.state <> 'held'))`

// ValuePlace is the newest place of a value in a program.
type ValuePlace struct {
	Value   lantern.ID
	Seq     int64
	Changed time.Time
	Special bool
}

// ValuePlaces reads the newest place of each value of these types in a range of a feed,
// whoever may see what stands there. Limit bounds them.
func ValuePlaces(ctx context.Context, tx *sqldb.Tx, f FeedRange, types []lantern.SignalType) ([]ValuePlace, error) {
	if len(types) == 0 {
		return nil, nil
	}
	args := []any{f.Program, f.After, f.Upto, f.Limit}
	for _, t := range types {
		args = append(args, string(t))
	}
	rows, err := tx.Query(ctx, `SELECT p.value_id, p.seq, p.changed_at, p.special FROM placement p JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 AND s.state <> 'held' AND s.type IN (`+places(5, len(types))+`)`+last+`
		ORDER BY p.seq LIMIT $4`, args...)
	return all(rows, err, "values", func(s scanner) (v ValuePlace, err error) {
		var value []byte
		var changed int64
		err = s.Scan(&value, &v.Seq, &changed, &v.Special)
		v.Value, v.Changed = fromValueKey(value), fromMicros(changed)
		return v, err
	})
}

// ValueRows reads what the reader of f may see of these values, wherever in the feed it
// stands, oldest place first.
func ValueRows(ctx context.Context, tx *sqldb.Tx, f FeedRange, values []ValuePlace) ([]FeedRow, error) {
	var found []FeedRow
	read := func(where string, list []any) error {
		for chunk := range slices.Chunk(list, insertRows) {
			args := append([]any{f.Program, f.Reader, int64(0), f.Upto, string(f.Direction), flag(f.Reads), flag(f.Sent)}, chunk...)
			rows, err := tx.Query(ctx, feedRows+where+` IN (`+places(8, len(chunk))+`)`, args...)
			got, err := all(rows, err, "the signals on values", scanFeedRow)
			if err != nil {
				return err
			}
			found = append(found, got...)
		}
		return nil
	}
	var alone, shared []any
	for _, v := range values {
		if v.Special {
			shared = append(shared, valueKey(v.Value))
		} else {
			alone = append(alone, v.Seq)
		}
	}
	if err := read(` AND p.seq`, alone); err != nil {
		return nil, err
	}
	if err := read(` AND p.special AND p.value_id`, shared); err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b FeedRow) int { return int(a.Seq - b.Seq) })
	return found, nil
}

// ValuesToldAs reads where values that were told under this id stand: in one program, unless
// two digests are equal by chance.
func ValuesToldAs(ctx context.Context, tx *sqldb.Tx, value lantern.ID) ([]Placement, error) {
	rows, err := tx.Query(ctx, `SELECT `+placementColumns+` FROM placement p
		WHERE p.value_id = $1 AND p.told AND NOT p.narrowed ORDER BY p.seq`, valueKey(value))
	return all(rows, err, "places of a value", scanPlacement)
}

// OnValue reads the places of a program where others than a signal stand on a value, but for
// tombstones of narrowed placements, which keep their places.
func OnValue(ctx context.Context, tx *sqldb.Tx, at Placement) ([]Placement, error) {
	rows, err := tx.Query(ctx, `SELECT `+placementColumns+` FROM placement p
		WHERE p.program_id = $1 AND p.value_id = $2 AND p.special AND p.signal_id <> $3 AND NOT p.narrowed ORDER BY p.seq`, at.Program, valueKey(at.Value), at.Signal)
	return all(rows, err, "places of a value", scanPlacement)
}

// PlaceBefore returns the last place of a feed, up to upto, that is older than a time; 0 if
// there is none. Times rise along the places, so it is found by halving.
func PlaceBefore(ctx context.Context, tx *sqldb.Tx, program lantern.ID, upto int64, at time.Time) (int64, error) {
	low, high := int64(0), upto // all up to low are older, none above high is
	for low < high {
		middle := low + (high-low+1)/2
		seq, changed, err := firstFrom(ctx, tx, program, middle, high)
		switch {
		case err != nil:
			return 0, err
		case seq == 0 || changed >= micros(at):
			high = middle - 1
		default:
			low = seq
		}
	}
	return low, nil
}

// firstFrom reads the first place in [from, upto] and its time; seq is 0 if there is none.
func firstFrom(ctx context.Context, tx *sqldb.Tx, program lantern.ID, from, upto int64) (seq, changed int64, err error) {
	type found struct{ seq, changed int64 }
	f, _, err := one(tx.QueryRow(ctx, `SELECT p.seq, p.changed_at FROM placement p WHERE p.program_id = $1 AND p.seq >= $2 AND p.seq <= $3
		ORDER BY p.seq LIMIT 1`, program, from, upto), "a place", func(s scanner) (f found, err error) { return f, s.Scan(&f.seq, &f.changed) })
	return f.seq, f.changed, err
}

// MarkTold enters that a member was handed signals under the ids of their values: it must
// be told a value once its signal falls. The time of a first sending stays. The member's own
// signals are found by their values' ids from then on and are not entered.
func MarkTold(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID, others, all []lantern.ID, at time.Time) error {
	rows := make([][]any, len(others))
	for i, s := range others {
		rows[i] = []any{s, member, micros(at), true}
	}
	if _, err := tx.InsertMany(ctx, "recipient", []string{"signal_id", "member_id", "sent_at", "told"},
		"ON CONFLICT (signal_id, member_id) DO UPDATE SET told = TRUE WHERE NOT recipient.told", rows); err != nil {
		return err
	}
	for chunk := range slices.Chunk(all, insertRows) {
		if _, err := tx.Exec(ctx, `UPDATE placement SET told = TRUE WHERE NOT told AND program_id = $1 AND signal_id IN (`+places(2, len(chunk))+`)`,
			append([]any{program}, identities(chunk)...)...); err != nil {
			return err
		}
	}
	return nil
}

// Told reports which of the signals a member was handed under their values' ids.
func Told(ctx context.Context, tx *sqldb.Tx, member lantern.ID, signals []lantern.ID) (map[lantern.ID]bool, error) {
	told := map[lantern.ID]bool{}
	for chunk := range slices.Chunk(signals, insertRows) {
		rows, err := tx.Query(ctx, `SELECT r.signal_id FROM recipient r WHERE r.member_id = $1 AND r.told AND r.signal_id IN (`+places(2, len(chunk))+`)`,
			append([]any{member}, identities(chunk)...)...)
		list, err := all(rows, err, "what was told", scanID)
		if err != nil {
			return nil, err
		}
		for _, id := range list {
			told[id] = true
		}
	}
	return told, nil
}

// ValueReader is since when a member reads a program by value, in an epoch of its rights.
type ValueReader struct {
	Epoch int64
	Since time.Time // zero in the first
}

// ReadValueReader reads it.
func ReadValueReader(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID) (ValueReader, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT epoch, since_at FROM value_reader WHERE program_id = $1 AND member_id = $2`, program, member), "a reader by value",
		func(s scanner) (r ValueReader, err error) {
			var since int64
			err = s.Scan(&r.Epoch, &since)
			r.Since = fromMicros(since)
			return r, err
		})
}

// PutValueReader writes it.
func PutValueReader(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID, r ValueReader) error {
	_, err := tx.Exec(ctx, `INSERT INTO value_reader (program_id, member_id, epoch, since_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (program_id, member_id) DO UPDATE SET epoch = excluded.epoch, since_at = excluded.since_at`, program, member, r.Epoch, micros(r.Since))
	if err != nil {
		return fmt.Errorf("entering a reader by value: %w", err)
	}
	return nil
}

// FeedbackOn reads the reactions to signals, oldest first.
func FeedbackOn(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) (map[lantern.ID][]lantern.Feedback, error) {
	found := map[lantern.ID][]lantern.Feedback{}
	for chunk := range slices.Chunk(signals, insertRows) {
		rows, err := tx.Query(ctx, feedbackColumns+` WHERE signal_id IN (`+places(1, len(chunk))+`) ORDER BY at, id`, identities(chunk)...)
		list, err := all(rows, err, "feedback", scanFeedback)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			found[f.Signal] = append(found[f.Signal], f)
		}
	}
	return found, nil
}
