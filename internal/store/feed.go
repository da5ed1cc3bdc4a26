package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// Placement is where a signal is shared and its entry in that program's feed.
type Placement struct {
	Program lantern.ID
	Signal  lantern.ID
	Member  lantern.ID
	Value   lantern.ID
	Seq     int64
	Changed time.Time
}

func scanPlacement(s scanner) (p Placement, err error) {
	var changed int64
	var value []byte
	err = s.Scan(&p.Program, &p.Signal, &p.Member, &value, &p.Seq, &changed)
	p.Value, p.Changed = fromValueKey(value), fromMicros(changed)
	return p, err
}

// valueKey is a value's id as a column holds it, nil for none. It is a keyed digest, and the
// engines keep samples of numbers, but not of bytes, outside the table.
func valueKey(id lantern.ID) []byte {
	if id == 0 {
		return nil
	}
	return binary.BigEndian.AppendUint64(nil, uint64(id))
}

// fromValueKey reads what valueKey wrote.
func fromValueKey(b []byte) lantern.ID {
	if len(b) != 8 {
		return 0
	}
	return lantern.ID(binary.BigEndian.Uint64(b))
}

// InsertPlacements stores new placements.
func InsertPlacements(ctx context.Context, tx *sqldb.Tx, list []Placement) error {
	rows := make([][]any, len(list))
	for i, p := range list {
		rows[i] = []any{int64(p.Program), int64(p.Signal), int64(p.Member), valueKey(p.Value), p.Seq, micros(p.Changed)}
	}
	_, err := tx.InsertMany(ctx, "placement", []string{"program_id", "signal_id", "member_id", "value_id", "seq", "changed_at"}, "", rows)
	return err
}

// PlacementsOf reads where a signal is shared.
func PlacementsOf(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]Placement, error) {
	rows, err := tx.Query(ctx, `SELECT program_id, signal_id, member_id, value_id, seq, changed_at FROM placement
		WHERE signal_id = $1 ORDER BY program_id`, signal)
	return all(rows, err, "placements", scanPlacement)
}

// MovePlacement gives a placement a new place at the end of its feed.
func MovePlacement(ctx context.Context, tx *sqldb.Tx, p Placement) error {
	_, err := tx.Exec(ctx, `UPDATE placement SET seq = $3, changed_at = $4, value_id = $5 WHERE program_id = $1 AND signal_id = $2`,
		p.Program, p.Signal, p.Seq, micros(p.Changed), valueKey(p.Value))
	return err
}

// Sibling is an active placement of a signal on a value that others have an opinion on too.
type Sibling struct {
	Placement
	Key    string // keyed index of the value
	Status lantern.Status
}

// Siblings reads where the active signals on any of the values, named by their keyed
// index, are placed, in whichever programs.
func Siblings(ctx context.Context, tx *sqldb.Tx, keys [][]byte) ([]Sibling, error) {
	var found []Sibling
	for start := 0; start < len(keys); start += insertRows {
		chunk := keys[start:min(start+insertRows, len(keys))]
		list := make([]any, len(chunk))
		for i, k := range chunk {
			list[i] = k
		}
		rows, err := tx.Query(ctx, `SELECT p.program_id, p.signal_id, p.member_id, p.value_id, p.seq, p.changed_at, s.skey, s.status
			FROM signal s JOIN placement p ON p.signal_id = s.id
			WHERE s.skey IN (`+places(1, len(chunk))+`) AND s.state = 'active'`, list...)
		got, err := all(rows, err, "siblings", func(s scanner) (b Sibling, err error) {
			var key []byte
			b.Placement, err = scanPlacement(extra{s, []any{&key, &b.Status}})
			b.Key = string(key)
			return b, err
		})
		if err != nil {
			return nil, err
		}
		found = append(found, got...)
	}
	return found, nil
}

// opposed is true for a placement p of signal s if another active signal on the same
// value in the same program says the opposite.
const opposed = `EXISTS (SELECT 1 FROM signal o JOIN placement q ON q.program_id = p.program_id AND q.signal_id = o.id
	WHERE o.skey = s.skey AND o.state = 'active'
	AND ((o.status = 'non-violating' AND s.status <> 'non-violating') OR (o.status <> 'non-violating' AND s.status = 'non-violating')))`

// places writes n placeholders from number first on.
func places(first, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", first+i)
	}
	return b.String()
}

// FeedRow is one entry of a feed as its reader may see it.
type FeedRow struct {
	SignalRow
	ValueID    lantern.ID
	Seq        int64
	Changed    time.Time
	Disputed   bool
	Correction lantern.ID
}

// visible is the feed's copy of policy.See, in SQL. $2 is the reader, $5 the reader's
// direction, $6 whether the reader's state lets it read active signals.
const visible = `CASE
	WHEN s.state = 'held' THEN 0
	WHEN s.state <> 'active' THEN CASE
		WHEN s.member_id = $2 THEN 1
		WHEN EXISTS (SELECT 1 FROM recipient r WHERE r.signal_id = s.id AND r.member_id = $2) THEN 1
		ELSE 0 END
	WHEN $6 = 0 THEN 0
	WHEN s.member_id = $2 THEN 1
	WHEN $5 = 'contribute-only' THEN 0
	ELSE 1 END = 1`

// FeedRows reads a page of a program's feed after a seq, as a reader with that direction
// may see it; reads says whether the reader's state lets it have active signals. The
// reader's membership itself is checked by the caller in the same transaction. imminent
// leaves out what is active and not imminent.
func FeedRows(ctx context.Context, tx *sqldb.Tx, program, reader lantern.ID, after int64, limit int, d lantern.Direction, reads, imminent bool) ([]FeedRow, error) {
	flag, lane := 0, 0
	if reads {
		flag = 1
	}
	if imminent {
		lane = 1
	}
	rows, err := tx.Query(ctx, `SELECT `+signalColumns+`, p.value_id, p.seq, p.changed_at,
		CASE WHEN s.state = 'active' AND `+opposed+` THEN 1 ELSE 0 END,
		COALESCE((SELECT MAX(c.id) FROM correction c WHERE c.signal_id = s.id AND s.state IN ('withdrawn', 'erased')
			AND c.opened_at = (SELECT MAX(d.opened_at) FROM correction d WHERE d.signal_id = s.id)), 0)
		FROM placement p
		JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id
		LEFT JOIN secret k ON k.member_id = s.member_id AND k.signal_id = s.id
		WHERE p.program_id = $1 AND p.seq > $3 AND ($7 = 0 OR s.imminent OR s.state <> 'active') AND `+visible+`
		ORDER BY p.seq LIMIT $4`, program, reader, after, limit, string(d), flag, lane)
	return all(rows, err, "a feed page", func(s scanner) (r FeedRow, err error) {
		var changed int64
		var disputed int
		var value []byte
		r.SignalRow, err = scanSignal(extra{s, []any{&value, &r.Seq, &changed, &disputed, &r.Correction}})
		r.ValueID, r.Changed, r.Disputed = fromValueKey(value), fromMicros(changed), disputed != 0
		return r, err
	})
}

// ReactionCount is how many members reacted so to a signal.
type ReactionCount struct {
	Signal   lantern.ID
	Reaction lantern.Reaction
	Members  int
}

// ReactionsBetween counts the reactions to signals placed in (after, upTo] of a feed.
func ReactionsBetween(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upTo int64) ([]ReactionCount, error) {
	rows, err := tx.Query(ctx, `SELECT f.signal_id, f.reaction, COUNT(*) FROM placement p JOIN feedback f ON f.signal_id = p.signal_id
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 GROUP BY f.signal_id, f.reaction`, program, after, upTo)
	return all(rows, err, "reactions", scanReactions)
}

// LinksBetween reads the links that signals placed in (after, upTo] of a feed carry to
// active signals of the same program: a link must not tell of one elsewhere, nor of one
// that is suspended or fell before the reader came.
func LinksBetween(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upTo int64) ([]LinkRow, error) {
	rows, err := tx.Query(ctx, `SELECT l.member_id, l.signal_id, l.kind, l.target_id FROM placement p
		JOIN link l ON l.member_id = p.member_id AND l.signal_id = p.signal_id
		JOIN placement g ON g.program_id = p.program_id AND g.signal_id = l.target_id
		JOIN signal r ON r.member_id = g.member_id AND r.id = g.signal_id AND r.state = 'active'
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 ORDER BY l.signal_id, l.kind, l.target_id`, program, after, upTo)
	return all(rows, err, "links", scanLink)
}

// ReactionsTo counts the reactions to one signal.
func ReactionsTo(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]ReactionCount, error) {
	rows, err := tx.Query(ctx, `SELECT f.signal_id, f.reaction, COUNT(*) FROM feedback f WHERE f.signal_id = $1
		GROUP BY f.signal_id, f.reaction`, signal)
	return all(rows, err, "reactions", scanReactions)
}

func scanReactions(s scanner) (c ReactionCount, err error) {
	return c, s.Scan(&c.Signal, &c.Reaction, &c.Members)
}

// AddRecipients enters who was sent which signals; a first sending is never overwritten.
func AddRecipients(ctx context.Context, tx *sqldb.Tx, member lantern.ID, signals []lantern.ID, at time.Time) error {
	rows := make([][]any, len(signals))
	for i, s := range signals {
		rows[i] = []any{s, member, micros(at)}
	}
	_, err := tx.InsertMany(ctx, "recipient", []string{"signal_id", "member_id", "sent_at"}, "ON CONFLICT DO NOTHING", rows)
	return err
}

// Recipient is a member that was sent a signal.
type Recipient struct {
	Member lantern.ID
	Sent   time.Time
}

// Recipients reads everyone ever sent a signal.
func Recipients(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]Recipient, error) {
	rows, err := tx.Query(ctx, `SELECT member_id, sent_at FROM recipient WHERE signal_id = $1 ORDER BY member_id`, signal)
	return all(rows, err, "recipients", func(s scanner) (r Recipient, err error) {
		var sent int64
		err = s.Scan(&r.Member, &sent)
		r.Sent = fromMicros(sent)
		return r, err
	})
}

// WasSent reports whether a member was ever sent a signal.
func WasSent(ctx context.Context, tx *sqldb.Tx, signal, member lantern.ID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM recipient WHERE signal_id = $1 AND member_id = $2`, signal, member).Scan(&n)
	return n > 0, err
}

// CorrectionAhead reports whether a feed holds, after a seq, a signal that is suspended or
// fell and had been sent to the reader, or is its own.
func CorrectionAhead(ctx context.Context, tx *sqldb.Tx, program, reader lantern.ID, after int64) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM placement p
		JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id
		WHERE p.program_id = $1 AND p.seq > $2 AND s.state IN ('suspended', 'withdrawn', 'erased')
		AND (s.member_id = $3 OR EXISTS (SELECT 1 FROM recipient r WHERE r.signal_id = s.id AND r.member_id = $3)) LIMIT 1) ahead`,
		program, after, reader).Scan(&n)
	return n > 0, err
}
