package store

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// The ledger of who was sent what has two tables. recipient names a signal and a member,
// for good. reading names a range of places of one feed: its member was handed all that is
// active there, other members' signals only, in an unfiltered read. Since whatever changes gets
// another place, and its readers are then entered in recipient, a range never speaks of
// what is not there any more; nor of a narrowed placement, which is a tombstone. docs/design/013-reads.md tells why.

// sent is the one definition of "was ever sent": of a signal s to the member that the
// placeholder stands for. One's own signals are never sent to oneself.
func sent(member string) string {
	return `(EXISTS (SELECT 1 FROM recipient r WHERE r.signal_id = s.id AND r.member_id = ` + member + `)
		OR (s.state = 'active' AND s.member_id <> ` + member + ` AND EXISTS (SELECT 1 FROM placement h
			WHERE h.signal_id = s.id AND NOT h.narrowed AND h.seq > (SELECT g.after_seq FROM reading g WHERE g.program_id = h.program_id
				AND g.member_id = ` + member + ` AND g.upto >= h.seq ORDER BY g.upto LIMIT 1))))`
}

// handed is the same as rows: placement h of an active signal s, with the reading g that
// covers it. Memberships, past ones too, are the way into the index.
const handed = ` FROM placement h
	JOIN signal s ON s.member_id = h.member_id AND s.id = h.signal_id
	JOIN membership m ON m.program_id = h.program_id AND m.member_id <> h.member_id
	JOIN reading g ON g.program_id = h.program_id AND g.member_id = m.member_id AND g.after_seq < h.seq
		AND g.upto = (SELECT MIN(n.upto) FROM reading n WHERE n.program_id = h.program_id AND n.member_id = m.member_id AND n.upto >= h.seq)
	WHERE s.state = 'active' AND NOT h.narrowed AND `

// sentAt is when a row of handed was: a range is older than what came while it grew, and
// nobody was sent a signal before it was there.
const sentAt = `CASE WHEN g.sent_at < s.created_at THEN s.created_at ELSE g.sent_at END`

// AddRecipients enters who was sent which signals; a first sending is never overwritten.
func AddRecipients(ctx context.Context, tx *sqldb.Tx, member lantern.ID, signals []lantern.ID, at time.Time) error {
	rows := make([][]any, len(signals))
	for i, s := range signals {
		rows[i] = []any{s, member, micros(at)}
	}
	_, err := tx.InsertMany(ctx, "recipient", []string{"signal_id", "member_id", "sent_at"}, "ON CONFLICT DO NOTHING", rows)
	return err
}

// spellOut enters the readers of active signals one by one, as far as ranges tell of them.
// It must run before a signal changes its state or its place.
func spellOut(ctx context.Context, tx *sqldb.Tx, signals ...lantern.ID) error {
	for start := 0; start < len(signals); start += insertRows {
		chunk := signals[start:min(start+insertRows, len(signals))]
		_, err := tx.Exec(ctx, `INSERT INTO recipient (signal_id, member_id, sent_at)
			SELECT h.signal_id, m.member_id, MIN(`+sentAt+`)`+handed+`h.signal_id IN (`+places(1, len(chunk))+`)
			GROUP BY h.signal_id, m.member_id ON CONFLICT (signal_id, member_id) DO NOTHING`, identities(chunk)...)
		if err != nil {
			return err
		}
	}
	return nil
}

func identities(list []lantern.ID) []any {
	args := make([]any, len(list))
	for i, id := range list {
		args[i] = id
	}
	return args
}

// Recipient is a member that was sent a signal.
type Recipient struct {
	Member lantern.ID
	Sent   time.Time
}

// Recipients reads everyone ever sent a signal.
func Recipients(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]Recipient, error) {
	rows, err := tx.Query(ctx, `SELECT member_id, MIN(sent_at) FROM (
			SELECT r.member_id, r.sent_at FROM recipient r WHERE r.signal_id = $1
			UNION ALL SELECT m.member_id, `+sentAt+` AS sent_at`+handed+`h.signal_id = $1) everyone
		GROUP BY member_id ORDER BY member_id`, signal)
	return all(rows, err, "recipients", func(s scanner) (r Recipient, err error) {
		var at int64
		err = s.Scan(&r.Member, &at)
		r.Sent = fromMicros(at)
		return r, err
	})
}

// WasSent reports whether a member was ever sent a signal.
func WasSent(ctx context.Context, tx *sqldb.Tx, signal, member lantern.ID) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM signal s WHERE s.id = $1 AND `+sent("$2"), signal, member).Scan(&n)
	return n > 0, err
}

// readingLife is how long a range grows with the pages that follow. Its time is that of its
// first page, so the time of a sending is exact to this.
const readingLife = time.Minute

// reading is a range of places.
type reading struct{ after, upto, at int64 }

// AddReading enters that a member was handed all that is active in a feed above after and
// up to upto. What earlier ranges cover keeps their time.
func AddReading(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID, after, upto int64, at time.Time) error {
	// Nearly always the range is the next of one who follows the feed.
	grown, err := tx.Exec(ctx, `UPDATE reading SET upto = $4 WHERE program_id = $1 AND member_id = $2 AND upto = $3 AND sent_at > $5
		AND NOT EXISTS (SELECT 1 FROM reading n WHERE n.program_id = $1 AND n.member_id = $2 AND n.upto > $3)`,
		program, member, after, upto, micros(at.Add(-readingLife)))
	if err != nil || grown > 0 {
		return err
	}
	rows, err := tx.Query(ctx, `SELECT after_seq, upto, sent_at FROM reading WHERE program_id = $1 AND member_id = $2 AND upto >= $3
		AND upto <= COALESCE((SELECT MIN(n.upto) FROM reading n WHERE n.program_id = $1 AND n.member_id = $2 AND n.upto >= $4), $4)
		ORDER BY upto`, program, member, after, upto)
	have, err := all(rows, err, "readings", func(s scanner) (r reading, err error) { return r, s.Scan(&r.after, &r.upto, &r.at) })
	if err != nil {
		return err
	}
	from, before := after, reading{upto: -1}
	for _, r := range append(have, reading{after: upto, upto: upto}) {
		if end := min(r.after, upto); end > from {
			if err := putReading(ctx, tx, program, member, before, reading{from, end, micros(at)}); err != nil {
				return err
			}
		}
		from, before = max(from, r.upto), r
	}
	return nil
}

// putReading lets the range before grow by r if they touch and it is young, or else enters r.
func putReading(ctx context.Context, tx *sqldb.Tx, program, member lantern.ID, before, r reading) error {
	if before.upto == r.after && r.at-before.at < readingLife.Microseconds() {
		_, err := tx.Exec(ctx, `UPDATE reading SET upto = $4 WHERE program_id = $1 AND member_id = $2 AND upto = $3`,
			program, member, before.upto, r.upto)
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO reading (program_id, member_id, after_seq, upto, sent_at) VALUES ($1, $2, $3, $4, $5)`,
		program, member, r.after, r.upto, r.at)
	return err
}
