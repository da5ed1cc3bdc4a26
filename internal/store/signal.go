package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// SignalRow is a signal as stored. Value and Note are sealed under the key that Wrapped
// holds; Opinion is the draft's open part as JSON; Content is a keyed digest of the whole
// draft, by which an identical re-share is known.
type SignalRow struct {
	ID       lantern.ID
	Member   lantern.ID
	Type     lantern.SignalType
	Key      []byte // keyed index of (type, canonical value); nil once erased
	State    lantern.SignalState
	Status   lantern.Status
	Imminent bool
	Opinion  string
	Content  []byte
	Value    []byte
	Note     []byte
	Wrapped  []byte // from table secret; nil once the key is gone
	Expires  time.Time
	Created  time.Time
	Updated  time.Time
}

const signalColumns = `s.id, s.member_id, s.type, s.skey, s.state, s.status, s.imminent, s.opinion, s.content,
	s.value, s.note, k.wrapped, s.expires_at, s.created_at, s.updated_at`

const signalTables = ` FROM signal s LEFT JOIN secret k ON k.member_id = s.member_id AND k.signal_id = s.id `

func scanSignal(s scanner) (r SignalRow, err error) {
	var expires, created, updated int64
	err = s.Scan(&r.ID, &r.Member, &r.Type, &r.Key, &r.State, &r.Status, &r.Imminent, &r.Opinion, &r.Content,
		&r.Value, &r.Note, &r.Wrapped, &expires, &created, &updated)
	r.Expires, r.Created, r.Updated = fromMicros(expires), fromMicros(created), fromMicros(updated)
	return r, err
}

// insertRows is how many values a list in a statement holds.
const insertRows = 100

var (
	signalInsert = strings.Fields("member_id id type skey state status imminent opinion content value note expires_at created_at updated_at")
	secretInsert = strings.Fields("member_id signal_id wrapped")
)

// InsertSignals stores new signals with their wrapped keys. None may be on a value on which
// its member has one.
func InsertSignals(ctx context.Context, tx *sqldb.Tx, rows []SignalRow) error {
	list, secrets := make([][]any, len(rows)), make([][]any, len(rows))
	for i, r := range rows {
		list[i] = []any{int64(r.Member), int64(r.ID), string(r.Type), r.Key, string(r.State), string(r.Status), r.Imminent,
			r.Opinion, r.Content, r.Value, r.Note, micros(r.Expires), micros(r.Created), micros(r.Updated)}
		secrets[i] = []any{int64(r.Member), int64(r.ID), r.Wrapped}
	}
	if _, err := tx.InsertMany(ctx, "signal", signalInsert, "", list); err != nil {
		return err
	}
	_, err := tx.InsertMany(ctx, "secret", secretInsert, "", secrets)
	return err
}

// ReadSignal reads one signal by id.
func ReadSignal(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (SignalRow, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+signalColumns+signalTables+`WHERE s.id = $1`, id), "a signal", scanSignal)
}

// SignalByKey reads a member's signal on a value.
func SignalByKey(ctx context.Context, tx *sqldb.Tx, member lantern.ID, key []byte) (SignalRow, bool, error) {
	return one(tx.QueryRow(ctx, `SELECT `+signalColumns+signalTables+`WHERE s.skey = $1 AND s.member_id = $2`,
		key, member), "a signal", scanSignal)
}

// SignalFilter selects among a member's own signals.
type SignalFilter struct {
	State lantern.SignalState // "" for all
	Type  lantern.SignalType  // "" for all
	After lantern.ID          // page on from this id
	Limit int
}

// Signals reads a member's own signals in the order of their ids.
func Signals(ctx context.Context, tx *sqldb.Tx, member lantern.ID, f SignalFilter) ([]SignalRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+signalColumns+signalTables+`
		WHERE s.member_id = $1 AND s.id > $2 AND ($3 = '' OR s.state = $3) AND ($4 = '' OR s.type = $4)
		ORDER BY s.id LIMIT $5`, member, f.After, string(f.State), string(f.Type), f.Limit)
	return all(rows, err, "signals", scanSignal)
}

// UpdateSignal writes the parts of a signal that change in its life, after entering who was
// sent it as it was. One that becomes active must get its new places before: at the old
// ones it would count as sent to whoever read past it.
func UpdateSignal(ctx context.Context, tx *sqldb.Tx, r SignalRow) error {
	if err := spellOut(ctx, tx, r.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE signal SET state = $3, status = $4, imminent = $5, opinion = $6, content = $7, value = $8, note = $9,
		expires_at = $10, updated_at = $11 WHERE member_id = $1 AND id = $2`,
		r.Member, r.ID, string(r.State), string(r.Status), r.Imminent, r.Opinion, r.Content, r.Value, r.Note,
		micros(r.Expires), micros(r.Updated))
	return err
}

// SetStates moves signals to a state. As with [UpdateSignal], who was sent them must have been
// entered: their places must have been moved before.
func SetStates(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, state lantern.SignalState, at time.Time) error {
	for chunk := range slices.Chunk(signals, insertRows) {
		_, err := tx.Exec(ctx, `UPDATE signal SET state = $1, updated_at = $2 WHERE id IN (`+places(3, len(chunk))+`)`,
			append([]any{string(state), micros(at)}, identities(chunk)...)...)
		if err != nil {
			return err
		}
	}
	return nil
}

// EraseSignal destroys a signal's key, sealed bytes and index entry, its links, the notes
// of challenges of it, and the person part of every log record about it. The row stays as a tombstone.
func EraseSignal(ctx context.Context, tx *sqldb.Tx, r SignalRow) error {
	_, err := tx.Exec(ctx, `UPDATE signal SET skey = NULL, value = NULL, note = NULL, opinion = '{}', content = $3
		WHERE member_id = $1 AND id = $2`, r.Member, r.ID, []byte{})
	if err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM secret WHERE member_id = $1 AND signal_id = $2`,
		`UPDATE placement SET value_id = NULL WHERE member_id = $1 AND signal_id = $2`,
		`UPDATE challenge SET note = NULL, answer = NULL WHERE owner_id = $1 AND signal_id = $2`,
		`DELETE FROM link WHERE member_id = $1 AND signal_id = $2`,
		`UPDATE leaf SET person = NULL, person_salt = NULL WHERE owner_id = $1 AND signal_id = $2`,
	} {
		if _, err := tx.Exec(ctx, q, r.Member, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// InsertLinks stores a signal's links; those it has are left alone. Their places in feeds,
// which must exist, become special.
func InsertLinks(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	if _, err := tx.InsertMany(ctx, "link", []string{"member_id", "signal_id", "kind", "target_id"}, "ON CONFLICT DO NOTHING", rows); err != nil {
		return err
	}
	return markCarriers(ctx, tx, rows)
}

// markCarriers marks the places of the signals that rows, of a member and a signal first, are about.
func markCarriers(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	var carriers []lantern.ID
	for _, r := range rows {
		if id, ok := r[1].(lantern.ID); ok && (len(carriers) == 0 || carriers[len(carriers)-1] != id) {
			carriers = append(carriers, id)
		}
	}
	return MarkSpecial(ctx, tx, carriers)
}

// LinkRow is one link.
type LinkRow struct {
	Member, Signal lantern.ID
	lantern.Link   // its Signal is the target
}

func scanLink(s scanner) (l LinkRow, err error) {
	return l, s.Scan(&l.Member, &l.Signal, &l.Kind, &l.Link.Signal)
}

// LinksOf reads the links a signal carries.
func LinksOf(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) ([]LinkRow, error) {
	rows, err := tx.Query(ctx, `SELECT l.member_id, l.signal_id, l.kind, l.target_id FROM link l JOIN signal s
		ON s.member_id = l.member_id AND s.id = l.signal_id WHERE s.id = $1 ORDER BY l.kind, l.target_id`, signal)
	return all(rows, err, "links", scanLink)
}

// DropLink removes a link; one that is not there is left alone.
func DropLink(ctx context.Context, tx *sqldb.Tx, l LinkRow) error {
	_, err := tx.Exec(ctx, `DELETE FROM link WHERE member_id = $1 AND signal_id = $2 AND kind = $3 AND target_id = $4`,
		l.Member, l.Signal, string(l.Kind), l.Link.Signal)
	return err
}

// LinkedTo reads signals whose links point to a signal, at most so many.
func LinkedTo(ctx context.Context, tx *sqldb.Tx, target lantern.ID, limit int) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT signal_id FROM link WHERE target_id = $1 GROUP BY signal_id ORDER BY signal_id LIMIT $2`, target, limit)
	return all(rows, err, "linked signals", scanID)
}

// Derived reads the signals derived from any of some signals, each once.
func Derived(ctx context.Context, tx *sqldb.Tx, roots []lantern.ID) (list []lantern.ID, err error) {
	for chunk := range slices.Chunk(roots, insertRows) {
		rows, err := tx.Query(ctx, `SELECT signal_id FROM link WHERE kind = $1 AND target_id IN (`+places(2, len(chunk))+`)`,
			append([]any{string(lantern.DerivedFrom)}, identities(chunk)...)...)
		part, err := all(rows, err, "derived signals", scanID)
		if err != nil {
			return nil, err
		}
		list = append(list, part...)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// Orphaned reports whether a signal is derived from others, all of which fell.
func Orphaned(ctx context.Context, tx *sqldb.Tx, signal lantern.ID) (bool, error) {
	var roots, standing int
	err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN r.state IN ('active', 'suspended') THEN 1 ELSE 0 END), 0)
		FROM link l JOIN signal r ON r.id = l.target_id WHERE l.signal_id = $1 AND l.kind = $2`, signal, string(lantern.DerivedFrom)).Scan(&roots, &standing)
	return roots > 0 && standing == 0, err
}

// DropFallenRoots removes what a signal of a member was derived from and has ended: its
// owner vouches for it alone.
func DropFallenRoots(ctx context.Context, tx *sqldb.Tx, member, signal lantern.ID) error {
	_, err := tx.Exec(ctx, `DELETE FROM link WHERE member_id = $1 AND signal_id = $2 AND kind = $3
		AND target_id IN (SELECT r.id FROM signal r WHERE r.state IN ('withdrawn', 'expired', 'erased'))`, member, signal, string(lantern.DerivedFrom))
	return err
}

func scanID(s scanner) (id lantern.ID, err error) { return id, s.Scan(&id) }

// ReleaseKey frees a signal's value for a later signal of the same member; the row stays
// as a tombstone.
func ReleaseKey(ctx context.Context, tx *sqldb.Tx, r SignalRow) error {
	_, err := tx.Exec(ctx, `UPDATE signal SET skey = NULL WHERE member_id = $1 AND id = $2`, r.Member, r.ID)
	return err
}
