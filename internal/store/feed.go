package store

import (
	"context"
	"encoding/json"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// Reader is what decides what a member sees of a feed, and how far the feed goes.
type Reader struct {
	Membership Membership
	Head       Head
	State      lantern.MemberState
	Policy     lantern.Policy // of the program
	Key        Standing
	HasKey     bool
	Trained    time.Time // until when the person's training is valid whose key it is
}

// ReadReader reads it, in one statement: each page asks twice.
func ReadReader(ctx context.Context, tx *sqldb.Tx, program, member, key lantern.ID) (Reader, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+membershipColumns+`, h.program_id, h.seq, h.last_at, h.horizon, m.state,
			COALESCE(c.id, 0), COALESCE(c.revoked_at, 0), COALESCE(c.expires_at, 0), COALESCE(pe.trained_until, 0), g.policy
		FROM membership b JOIN program_head h ON h.program_id = b.program_id JOIN member m ON m.id = b.member_id
		JOIN program g ON g.id = b.program_id
		LEFT JOIN credential c ON c.id = $3 AND c.member_id = b.member_id
		LEFT JOIN person pe ON pe.id = c.person_id
		WHERE b.program_id = $1 AND b.member_id = $2`, program, member, key), "a reader", func(s scanner) (r Reader, err error) {
		var last, revoked, expires, trained int64
		var rules string
		var id lantern.ID
		r.Membership, err = scanMembership(extra{s, []any{&r.Head.Program, &r.Head.Seq, &last, &r.Head.Horizon, &r.State, &id, &revoked, &expires, &trained, &rules}})
		if err != nil {
			return r, err
		}
		r.Head.Last, r.HasKey, r.Trained = fromMicros(last), id != 0, fromMicros(trained)
		r.Key = Standing{Revoked: fromMicros(revoked), Expires: fromMicros(expires), State: r.State}
		return r, json.Unmarshal([]byte(rules), &r.Policy)
	})
}

// FeedRow is one entry of a feed as its reader may see it. Of the signal it holds what a
// change tells: neither the keyed digests nor what the opinion repeats.
type FeedRow struct {
	SignalRow
	ValueID    lantern.ID
	Seq        int64
	Changed    time.Time
	Correction lantern.ID
	Special    bool
	Sent       bool // to the reader; told of active signals that changed or that others have an opinion on, if asked for
}

// visible is the feed's copy of policy.See, in SQL. $2 is the reader, $5 the reader's
// direction, $6 whether it may read active signals.
var visible = `CASE
	WHEN s.state = 'held' THEN 0
	WHEN s.state <> 'active' OR p.narrowed THEN CASE WHEN s.member_id = $2 THEN 1
		WHEN $5 = 'contribute-only' AND s.state = 'suspended' AND NOT p.narrowed THEN 0 WHEN ` + sent("$2") + ` THEN 1 ELSE 0 END
	WHEN $6 = 0 THEN 0
	WHEN s.member_id = $2 THEN 1
	WHEN $5 = 'contribute-only' THEN 0
	ELSE 1 END = 1`

// shown is policy.Shown, in SQL.
const shown = `CASE WHEN p.narrowed AND s.state IN ('active', 'suspended') THEN 'narrowed' ELSE s.state END`

// owedFor is the correction that an entry of a feed tells its reader, $2, of: the newest of a
// signal that fell; of a narrowed placement the one that followed, if the reader lost it.
const owedFor = `CASE WHEN s.state IN ('withdrawn', 'erased') THEN COALESCE((SELECT MAX(c.id) FROM correction c
		WHERE c.signal_id = s.id AND c.kind <> 'narrowed' AND c.opened_at = (SELECT MAX(d.opened_at) FROM correction d
			WHERE d.signal_id = s.id AND d.kind <> 'narrowed')), 0)
	WHEN p.narrowed THEN COALESCE((SELECT MAX(c.id) FROM correction c JOIN receivership v ON v.correction_id = c.id AND v.member_id = $2
		WHERE c.signal_id = s.id AND c.program_id = p.program_id AND c.seq = p.seq), 0) ELSE 0 END`

var feedRows = `SELECT s.id, s.member_id, s.type, ` + shown + `, s.opinion, s.value, s.note, k.wrapped,
	s.expires_at, s.created_at, s.updated_at, p.value_id, p.seq, p.changed_at, p.special,
	` + owedFor + `,
	CASE WHEN $7 = 0 OR s.state <> 'active' OR p.narrowed OR s.updated_at = s.created_at AND NOT p.special THEN 0 WHEN ` + sent("$2") + ` THEN 1 ELSE 0 END
	FROM placement p
	JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id
	LEFT JOIN secret k ON k.member_id = s.member_id AND k.signal_id = s.id
	WHERE p.program_id = $1 AND p.seq > $3 AND p.seq <= $4 AND ` + visible

func scanFeedRow(s scanner) (r FeedRow, err error) {
	var expires, created, updated, changed int64
	var sent int
	var value []byte
	err = s.Scan(&r.ID, &r.Member, &r.Type, &r.State, &r.Opinion, &r.Value, &r.Note, &r.Wrapped, &expires, &created, &updated,
		&value, &r.Seq, &changed, &r.Special, &r.Correction, &sent)
	r.Expires, r.Created, r.Updated, r.Changed = fromMicros(expires), fromMicros(created), fromMicros(updated), fromMicros(changed)
	r.ValueID, r.Sent = fromValueKey(value), sent != 0
	return r, err
}

// FeedRange says which entries of a feed are read, and for whom. The reader's membership
// itself is checked by the caller.
type FeedRange struct {
	Program, Reader lantern.ID
	Direction       lantern.Direction // of the reader
	Reads           bool              // the reader's state lets it have active signals
	After, Upto     int64
	Special         bool // only entries marked so
	Sent            bool // tell which of them the reader was sent
	Newest          bool // newest entries first
	Limit           int
}

// flag is a boolean that is compared in a statement.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FeedRows reads a part of a program's feed as the reader may see it.
func FeedRows(ctx context.Context, tx *sqldb.Tx, f FeedRange) ([]FeedRow, error) {
	query := feedRows
	if f.Special {
		query += ` AND p.special`
	}
	order := ` ORDER BY p.seq LIMIT $8`
	if f.Newest {
		order = ` ORDER BY p.seq DESC LIMIT $8`
	}
	rows, err := tx.Query(ctx, query+order, f.Program, f.Reader, f.After, f.Upto, string(f.Direction),
		flag(f.Reads), flag(f.Sent), f.Limit)
	return all(rows, err, "a feed page", scanFeedRow)
}

// PlaceAfter returns the place n entries after the beginning of a range, or the end of the
// range if there are fewer.
func PlaceAfter(ctx context.Context, tx *sqldb.Tx, f FeedRange, n int64) (seq int64, err error) {
	query := `SELECT p.seq FROM placement p WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3`
	if f.Special {
		query += ` AND p.special`
	}
	seq, ok, err := one(tx.QueryRow(ctx, query+` ORDER BY p.seq LIMIT 1 OFFSET $4`, f.Program, f.After, f.Upto, n-1), "a place",
		func(s scanner) (seq int64, err error) { return seq, s.Scan(&seq) })
	if !ok {
		seq = f.Upto
	}
	return seq, err
}

// StillPlaced reports which places of a feed are still taken. What stood at the others moved on.
func StillPlaced(ctx context.Context, tx *sqldb.Tx, program lantern.ID, seqs []int64) (map[int64]bool, error) {
	still := make(map[int64]bool, len(seqs))
	for start := 0; start < len(seqs); start += insertRows {
		chunk := seqs[start:min(start+insertRows, len(seqs))]
		args := []any{program}
		for _, seq := range chunk {
			args = append(args, seq)
		}
		rows, err := tx.Query(ctx, `SELECT seq FROM placement WHERE program_id = $1 AND seq IN (`+places(2, len(chunk))+`)`, args...)
		list, err := all(rows, err, "places", func(s scanner) (seq int64, err error) { return seq, s.Scan(&seq) })
		if err != nil {
			return nil, err
		}
		for _, seq := range list {
			still[seq] = true
		}
	}
	return still, nil
}

// ReactionCount is how many members reacted so to a signal.
type ReactionCount struct {
	Signal   lantern.ID
	Reaction lantern.Reaction
	Members  int
}

// ReactionsBetween counts the reactions to signals placed in (after, upTo] of a feed. A
// reaction moves its signal, so only special places have any.
func ReactionsBetween(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upTo int64) ([]ReactionCount, error) {
	rows, err := tx.Query(ctx, `SELECT f.signal_id, f.reaction, COUNT(*) FROM placement p JOIN feedback f ON f.signal_id = p.signal_id
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 AND p.special GROUP BY f.signal_id, f.reaction`, program, after, upTo)
	return all(rows, err, "reactions", scanReactions)
}

// LinksBetween reads the links that signals placed in (after, upTo] of a feed carry to
// active signals of the same program: a link must not tell of one elsewhere, nor of one
// that is suspended or fell before the reader came.
func LinksBetween(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upTo int64) ([]LinkRow, error) {
	rows, err := tx.Query(ctx, `SELECT l.member_id, l.signal_id, l.kind, l.target_id FROM placement p
		JOIN link l ON l.member_id = p.member_id AND l.signal_id = p.signal_id
		JOIN placement g ON g.program_id = p.program_id AND g.signal_id = l.target_id AND NOT g.narrowed
		JOIN signal r ON r.member_id = g.member_id AND r.id = g.signal_id AND r.state = 'active'
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 AND p.special ORDER BY l.signal_id, l.kind, l.target_id`, program, after, upTo)
	return all(rows, err, "links", scanLink)
}

// Beside is another active signal on the value of a signal in the same program.
type Beside struct {
	Signal lantern.ID
	Own    lantern.Status
	Other  lantern.ID
	Status lantern.Status // of the other
}

// BesideBetween reads which other active signals stand on the values placed in (after,
// upTo] of a feed.
func BesideBetween(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upTo int64) ([]Beside, error) {
	rows, err := tx.Query(ctx, `SELECT p.signal_id, s.status, q.signal_id, o.status FROM placement p
		JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id AND s.state = 'active'
		JOIN signal o ON o.skey = s.skey AND o.id <> s.id
		JOIN placement q ON q.program_id = p.program_id AND q.signal_id = o.id AND NOT q.narrowed
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 AND p.special AND NOT p.narrowed AND o.state = 'active'`, program, after, upTo)
	return all(rows, err, "signals on the same values", func(s scanner) (b Beside, err error) {
		return b, s.Scan(&b.Signal, &b.Own, &b.Other, &b.Status)
	})
}

// Origins reads what signals say they were derived from.
func Origins(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) (map[lantern.ID][]lantern.ID, error) {
	found := map[lantern.ID][]lantern.ID{}
	for start := 0; start < len(signals); start += insertRows {
		chunk := signals[start:min(start+insertRows, len(signals))]
		rows, err := tx.Query(ctx, `SELECT l.member_id, l.signal_id, l.kind, l.target_id FROM signal s
			JOIN link l ON l.member_id = s.member_id AND l.signal_id = s.id AND l.kind = 'derived-from'
			WHERE s.id IN (`+places(1, len(chunk))+`)`, identities(chunk)...)
		list, err := all(rows, err, "origins", scanLink)
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			found[l.Signal] = append(found[l.Signal], l.Link.Signal)
		}
	}
	return found, nil
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

// CorrectionAhead reports whether a feed holds, after a seq, a signal that is suspended, fell or
// left the program and had been sent to the reader, or is its own. Such a one has moved, so
// it is special.
func CorrectionAhead(ctx context.Context, tx *sqldb.Tx, program, reader lantern.ID, after int64) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 FROM placement p
		JOIN signal s ON s.member_id = p.member_id AND s.id = p.signal_id
		WHERE p.program_id = $1 AND p.seq > $2 AND p.special AND (p.narrowed OR s.state IN ('suspended', 'withdrawn', 'erased'))
		AND (s.member_id = $3 OR `+sent("$3")+`) LIMIT 1) ahead`,
		program, after, reader).Scan(&n)
	return n > 0, err
}
