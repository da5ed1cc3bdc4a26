package agentstore

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// Deciding is what an act writes under each hit or candidate it decides.
type Deciding struct {
	Act      lantern.ID
	Person   lantern.ID
	Decision lantern.HitDecision
	Reason   lantern.DecisionReason
	Bulk     bool
	At       time.Time
}

// ActRow is an act as stored.
type ActRow struct {
	lantern.Act
	Challenge lantern.ID // that it opened; then it cannot be undone
	Salt      []byte     // of its digest
}

// olderActColumns are those that an agent's database had before it kept salts.
const (
	olderActColumns = `id, person, case_id, bulk, decision, reason, count, challenge, at, undone, undone_by`
	actColumns      = olderActColumns + `, salt`
)

func (a *ActRow) scan(row interface{ Scan(...any) error }) error {
	var at, undone int64
	err := row.Scan(&a.ID, &a.Person, &a.Case, &a.Bulk, &a.Decision, &a.Reason, &a.Count, &a.Challenge, &at, &undone, &a.UndoneBy, &a.Salt)
	a.At, a.Undone = FromMicros(at), FromMicros(undone)
	a.Until = a.At.Add(lantern.UndoWindow)
	return err
}

// Digest binds the act as it is stored, in every column, and says nothing of it to whoever lacks
// the salt. It is part of the format of the agent's own log.
func (a *ActRow) Digest() []byte {
	sum := hmac.New(sha256.New, a.Salt)
	sum.Write([]byte("lantern-act-v1\x00"))
	var buf []byte
	for _, n := range []int64{int64(a.ID), int64(a.Person), int64(a.Case), int64(a.Bulk), int64(a.Count), int64(a.Challenge),
		Micros(a.At), Micros(a.Undone), int64(a.UndoneBy)} {
		buf = binary.BigEndian.AppendUint64(buf, uint64(n))
	}
	for _, s := range []string{string(a.Decision), string(a.Reason)} {
		buf = append(binary.BigEndian.AppendUint64(buf, uint64(len(s))), s...)
	}
	sum.Write(buf)
	return sum.Sum(nil)
}

// PutAct adds an act, or adds to the count of one that is there, which keeps its salt. An act
// whose parts differ has no decision of its own.
func PutAct(ctx context.Context, tx *sqldb.Tx, a ActRow) error {
	_, err := tx.Exec(ctx, `INSERT INTO acts (`+actColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, $10)
		ON CONFLICT (id) DO UPDATE SET count = acts.count + excluded.count,
		decision = CASE WHEN acts.decision = excluded.decision THEN acts.decision ELSE '' END,
		reason = CASE WHEN acts.reason = excluded.reason THEN acts.reason ELSE '' END`,
		a.ID, a.Person, a.Case, a.Bulk, a.Decision, a.Reason, a.Count, a.Challenge, Micros(a.At), a.Salt)
	return err
}

// LoadAct returns one act.
func LoadAct(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (a ActRow, found bool, err error) {
	err = a.scan(tx.QueryRow(ctx, `SELECT `+actColumns+` FROM acts WHERE id = $1`, id))
	if absent(err) {
		return a, false, nil
	}
	return a, err == nil, err
}

// LoadActs returns the acts since a time, the newest first.
func LoadActs(ctx context.Context, tx *sqldb.Tx, since time.Time, limit int) ([]ActRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+actColumns+` FROM acts WHERE at >= $1 ORDER BY at DESC, id LIMIT $2`, Micros(since), limit)
	return collect(rows, err, func(a *ActRow) error { return a.scan(rows) })
}

// EachAct calls each for every act there ever was, of a database that was not migrated yet too.
func EachAct(ctx context.Context, tx *sqldb.Tx, each func(*ActRow) error) error {
	var salted int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM pragma_table_info('acts') WHERE name = 'salt'`).Scan(&salted)
	if err != nil {
		return err
	}
	columns := actColumns
	if salted == 0 {
		columns = olderActColumns + `, x''`
	}
	rows, err := tx.Query(ctx, `SELECT `+columns+` FROM acts`)
	return eachRow(rows, err, func() error {
		var a ActRow
		if err := a.scan(rows); err != nil {
			return err
		}
		return each(&a)
	})
}

// unlikeAct is what a decision on a hit or candidate, d, cannot be like beside its act, a. The parts
// of an act on hits are alike; rulings in a case may differ, and then the act has none of its own.
const unlikeAct = ` d.person <> a.person OR d.decision <> a.decision AND (a.decision <> '' OR a.case_id = 0)
	OR d.reason <> a.reason AND (a.reason <> '' OR a.case_id = 0)
	OR a.case_id = 0 AND (d.decided <> a.at OR d.bulk <> (a.bulk <> 0))`

// Decided is a decision that a hit, or else a candidate of a case, shows.
type Decided struct {
	Hit, Case, Act lantern.ID
}

// DecidedOtherwise returns decisions that hits and candidates show and that are not those of their
// acts, at most one of each sort: of an act that is there; of one that was undone; of one that is
// not there; of none, although there were acts by then; of an act that decided fewer.
func DecidedOtherwise(ctx context.Context, tx *sqldb.Tx) (unlike, undone, lost []Decided, err error) {
	const hits, candidates = `SELECT d.id, 0, d.act FROM hits d LEFT JOIN acts a ON a.id = d.act WHERE `, `SELECT 0, d.case_id, d.act FROM candidates d LEFT JOIN acts a ON a.id = d.act WHERE `
	for _, q := range []struct {
		into *[]Decided
		text string
	}{
		{&unlike, `d.act <> 0 AND (` + unlikeAct + `) LIMIT 1`},
		{&unlike, `d.act = 0 AND (d.decision <> '' OR d.person <> 0) AND d.decided > (SELECT MIN(at) FROM acts) LIMIT 1`},
		{&undone, `a.undone <> 0 LIMIT 1`},
		{&lost, `d.act <> 0 AND a.id IS NULL LIMIT 1`},
	} {
		for _, from := range []string{hits, candidates} {
			rows, err := tx.Query(ctx, from+q.text)
			found, err := collect(rows, err, func(d *Decided) error { return rows.Scan(&d.Hit, &d.Case, &d.Act) })
			if err != nil {
				return nil, nil, nil, err
			}
			*q.into = append(*q.into, found...)
		}
	}
	rows, err := tx.Query(ctx, `SELECT MIN(d.id), 0, a.id FROM hits d JOIN acts a ON a.id = d.act WHERE a.case_id = 0 GROUP BY a.id, a.count HAVING COUNT(*) > a.count LIMIT 1`)
	more, err := collect(rows, err, func(d *Decided) error { return rows.Scan(&d.Hit, &d.Case, &d.Act) })
	return append(unlike, more...), undone, lost, err
}

// EachHitsAct calls each for every hit with the act that decided it, 0 if it waits or none did, and
// whether it shows a decision.
func EachHitsAct(ctx context.Context, tx *sqldb.Tx, each func(hit, act lantern.ID, decided bool) error) error {
	rows, err := tx.Query(ctx, `SELECT id, act, decision <> '' OR person <> 0 FROM hits`)
	return eachRow(rows, err, func() error {
		var hit, act lantern.ID
		var decided bool
		if err := rows.Scan(&hit, &act, &decided); err != nil {
			return err
		}
		return each(hit, act, decided)
	})
}

// ForgetBefore deletes what was before acts of before a time, which cannot be undone any
// more. The acts stay.
func ForgetBefore(ctx context.Context, tx *sqldb.Tx, at time.Time) error {
	for _, q := range []string{
		`DELETE FROM act_hits WHERE EXISTS (SELECT 1 FROM acts a WHERE a.id = act_hits.act AND a.at < $1)`,
		`DELETE FROM act_candidates WHERE EXISTS (SELECT 1 FROM acts a WHERE a.id = act_candidates.act AND a.at < $1)`,
	} {
		if _, err := tx.Exec(ctx, q, Micros(at)); err != nil {
			return err
		}
	}
	return nil
}

// ActIncidents returns the incidents of the hits an act decided.
func ActIncidents(ctx context.Context, tx *sqldb.Tx, act lantern.ID) ([]lantern.ID, error) {
	return idsOf(ctx, tx, `SELECT DISTINCT h.incident FROM act_hits p JOIN hits h ON h.id = p.hit WHERE p.act = $1 AND h.incident <> 0`, act)
}

// ActSignals returns the signals of whose hits an act decided.
func ActSignals(ctx context.Context, tx *sqldb.Tx, act lantern.ID) ([]lantern.ID, error) {
	return idsOf(ctx, tx, `SELECT DISTINCT h.signal FROM act_hits p JOIN hits h ON h.id = p.hit WHERE p.act = $1`, act)
}

// hitsBefore copies what is before an act decides hits; a condition follows.
const hitsBefore = `INSERT INTO act_hits (act, hit, state, decision, reason, bulk, person, decided, prior)
	SELECT $1, id, state, decision, reason, bulk, person, decided, act FROM hits WHERE `

// DecideHits records an act's decision on hits, keeping what was before.
func DecideHits(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID, d Deciding) error {
	return inChunks(ids, func(args []any) error {
		_, err := tx.Exec(ctx, hitsBefore+`id IN `+list(2, len(args))+` ON CONFLICT (act, hit) DO NOTHING`, append([]any{d.Act}, args...)...)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE hits SET state = $1, decision = $2, reason = $3, bulk = $4, person = $5, decided = $6, act = $7
			WHERE id IN `+list(8, len(args)), append([]any{lantern.HitDecided, d.Decision, d.Reason, d.Bulk, d.Person, Micros(d.At), d.Act}, args...)...)
		return err
	})
}

// DecideCaseHits gives the case's hits of those accounts the same decision, keeping what
// was before, and returns the signals they rest on.
func DecideCaseHits(ctx context.Context, tx *sqldb.Tx, id lantern.ID, accounts []string, d Deciding) ([]lantern.ID, error) {
	var signals []lantern.ID
	err := inChunks(accounts, func(args []any) error {
		_, err := tx.Exec(ctx, hitsBefore+`case_id = $2 AND state IN ($3, $4) AND account IN `+list(5, len(args))+` ON CONFLICT (act, hit) DO NOTHING`,
			append([]any{d.Act, id, lantern.HitOpen, lantern.HitDecided}, args...)...)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `UPDATE hits SET state = $1, decision = $2, reason = $3, bulk = $4, person = $5, decided = $6, act = $7
			WHERE case_id = $8 AND state IN ($9, $1) AND account IN `+list(10, len(args))+` RETURNING signal`,
			append([]any{lantern.HitDecided, d.Decision, d.Reason, d.Bulk, d.Person, Micros(d.At), d.Act, id, lantern.HitOpen}, args...)...)
		ids, err := scanIDs(rows, err)
		signals = append(signals, ids...)
		return err
	})
	return signals, err
}

// RuleCandidates records an act's rulings on accounts the case is known to have, keeping
// what was before. Decision, reason and bulk are those of each ruling.
func RuleCandidates(ctx context.Context, tx *sqldb.Tx, id lantern.ID, rulings []lantern.Ruling, d Deciding) error {
	accounts := make([]string, len(rulings))
	rows := make([][]any, len(rulings))
	for i, r := range rulings {
		accounts[i] = r.Account
		rows[i] = []any{id, r.Account, "", "", 0, r.Decision, r.Reason, r.Bulk, d.Person, Micros(d.At), d.Act}
	}
	err := inChunks(accounts, func(args []any) error {
		_, err := tx.Exec(ctx, `INSERT INTO act_candidates (act, account, decision, reason, bulk, person, decided, prior)
			SELECT $1, account, decision, reason, bulk, person, decided, act FROM candidates WHERE case_id = $2 AND account IN `+list(3, len(args))+
			` ON CONFLICT (act, account) DO NOTHING`, append([]any{d.Act, id}, args...)...)
		return err
	})
	if err != nil {
		return err
	}
	_, err = tx.InsertMany(ctx, "candidates",
		[]string{"case_id", "account", "link", "via", "round", "decision", "reason", "bulk", "person", "decided", "act"},
		`ON CONFLICT (case_id, account) DO UPDATE SET decision = excluded.decision, reason = excluded.reason, bulk = excluded.bulk,
		person = excluded.person, decided = excluded.decided, act = excluded.act`, rows)
	return err
}

// DecidedAgain returns how many hits and candidates of an act a later act decided, and how
// many accounts of its an outcome counted: both stand in the way of its being undone.
func DecidedAgain(ctx context.Context, tx *sqldb.Tx, a ActRow) (later, counted int, err error) {
	var hits, candidates int
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM act_hits p JOIN hits h ON h.id = p.hit WHERE p.act = $1 AND h.act <> $1`, a.ID).Scan(&hits)
	if err != nil {
		return 0, 0, err
	}
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM act_candidates p JOIN candidates c ON c.case_id = $2 AND c.account = p.account
		WHERE p.act = $1 AND c.act <> $1`, a.ID, a.Case).Scan(&candidates)
	if err != nil {
		return 0, 0, err
	}
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM counted n JOIN candidates c ON c.case_id = n.case_id AND c.account = n.account
		WHERE c.act = $1 AND c.case_id IN `+casesOfAct, a.ID, a.Case).Scan(&counted)
	return hits + candidates, counted, err
}

// casesOfAct are the cases in which an act ($1) decided, by itself ($2) or through hits
// that were decided before a case took them.
const casesOfAct = `(SELECT h.case_id FROM act_hits p JOIN hits h ON h.id = p.hit WHERE p.act = $1 AND h.case_id <> 0
	UNION SELECT $2)`

// UndoAct puts back what was before an act. A hit whose signal is suspended comes back
// held, one that was held and whose signal was restored meanwhile open, one whose signal fell
// stays void, and one that lay in quarantine lies there
// again unless a person released it.
func UndoAct(ctx context.Context, tx *sqldb.Tx, a ActRow, person lantern.ID, at time.Time) error {
	before := func(table, key, column string) string {
		return column + ` = (SELECT p.` + column + ` FROM ` + table + ` p WHERE p.act = $1 AND p.` + key + `)`
	}
	hit := func(column string) string { return before("act_hits", "hit = hits.id", column) }
	candidate := func(column string) string {
		return before("act_candidates", "account = candidates.account", column)
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{`UPDATE candidates SET decision = '', reason = '', bulk = FALSE, person = 0, decided = 0, act = 0
			WHERE act = $1 AND case_id IN ` + casesOfAct + ` AND account NOT IN (SELECT account FROM act_candidates WHERE act = $1)`, []any{a.ID, a.Case}},
		{`UPDATE candidates SET ` + candidate("decision") + `, ` + candidate("reason") + `, ` + candidate("bulk") + `, ` + candidate("person") + `, ` +
			candidate("decided") + `, act = (SELECT p.prior FROM act_candidates p WHERE p.act = $1 AND p.account = candidates.account)
			WHERE case_id = $2 AND account IN (SELECT account FROM act_candidates WHERE act = $1)`, []any{a.ID, a.Case}},
		{`UPDATE hits SET state = CASE WHEN state <> $2 THEN state
				WHEN (SELECT p.state FROM act_hits p WHERE p.act = $1 AND p.hit = hits.id) NOT IN ($3, $5, $6) THEN state
				WHEN EXISTS (SELECT 1 FROM replica r WHERE r.signal = hits.signal AND r.state = $4) THEN $5
				WHEN (SELECT p.state FROM act_hits p WHERE p.act = $1 AND p.hit = hits.id) = $6
					AND EXISTS (SELECT 1 FROM quarantine q WHERE q.signal = hits.signal AND q.released = 0) THEN $6 ELSE $3 END, ` +
			hit("decision") + `, ` + hit("reason") + `, ` + hit("bulk") + `, ` + hit("person") + `, ` + hit("decided") + `,
			act = (SELECT p.prior FROM act_hits p WHERE p.act = $1 AND p.hit = hits.id)
			WHERE id IN (SELECT hit FROM act_hits WHERE act = $1)`, []any{a.ID, lantern.HitDecided, lantern.HitOpen, lantern.Suspended, lantern.HitHeld, lantern.HitQuarantined}},
		{`UPDATE acts SET undone = $2, undone_by = $3 WHERE id = $1`, []any{a.ID, Micros(at), person}},
	} {
		if _, err := tx.Exec(ctx, q.text, q.args...); err != nil {
			return err
		}
	}
	return nil
}

// DropBefore deletes what was kept of an act that is undone.
func DropBefore(ctx context.Context, tx *sqldb.Tx, act lantern.ID) error {
	for _, q := range []string{`DELETE FROM act_hits WHERE act = $1`, `DELETE FROM act_candidates WHERE act = $1`} {
		if _, err := tx.Exec(ctx, q, act); err != nil {
			return err
		}
	}
	return nil
}
