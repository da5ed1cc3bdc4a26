package agentstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"lantern"
	"lantern/internal/sqldb"
)

// InsertCase adds a case and its seeds.
func InsertCase(ctx context.Context, tx *sqldb.Tx, c lantern.Case, person lantern.ID) error {
	_, err := tx.Exec(ctx, `INSERT INTO cases (id, title, program, person, accounts, opened, closed, owner, ended)
		VALUES ($1, $2, $3, $4, 0, $5, 0, $4, '')`, c.ID, c.Title, c.Program, person, Micros(c.Opened))
	if err != nil {
		return err
	}
	rows := make([][]any, len(c.Signals))
	for i, id := range c.Signals {
		rows[i] = []any{c.ID, id}
	}
	_, err = tx.InsertMany(ctx, "case_signals", []string{"case_id", "signal"}, "ON CONFLICT DO NOTHING", rows)
	return err
}

// LoadCaseIDs returns all cases, the newest first.
func LoadCaseIDs(ctx context.Context, tx *sqldb.Tx) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT id FROM cases ORDER BY opened DESC, id`)
	return scanIDs(rows, err)
}

// LoadCase returns one case with its rounds, counts, outcomes and shared signals.
func LoadCase(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (c lantern.Case, found bool, err error) {
	var opened, closed int64
	err = tx.QueryRow(ctx, `SELECT id, title, program, accounts, opened, closed, owner, ended FROM cases WHERE id = $1`, id).
		Scan(&c.ID, &c.Title, &c.Program, &c.Accounts, &opened, &closed, &c.Owner, &c.Ended)
	if absent(err) {
		return c, false, nil
	}
	if err != nil {
		return c, false, err
	}
	c.Opened, c.Closed = FromMicros(opened), FromMicros(closed)
	if c.Signals, err = idsOf(ctx, tx, `SELECT signal FROM case_signals WHERE case_id = $1 ORDER BY signal`, id); err != nil {
		return c, false, err
	}
	if c.Rounds, err = loadRounds(ctx, tx, id); err != nil {
		return c, false, err
	}
	if c.Decided, err = countDecided(ctx, tx, id); err != nil {
		return c, false, err
	}
	if c.Notes, c.Tasks, err = countTexts(ctx, tx, id); err != nil {
		return c, false, err
	}
	if c.Outcomes, err = idsOf(ctx, tx, `SELECT sent FROM outcomes WHERE case_id = $1 AND sent > 0 ORDER BY at, id`, id); err != nil {
		return c, false, err
	}
	c.Shared, err = idsOf(ctx, tx, `SELECT signal FROM shared WHERE case_id = $1 ORDER BY signal`, id)
	return c, err == nil, err
}

// idsOf runs a query that returns one id a row.
func idsOf(ctx context.Context, tx *sqldb.Tx, query string, args ...any) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, query, args...)
	return scanIDs(rows, err)
}

func loadRounds(ctx context.Context, tx *sqldb.Tx, id lantern.ID) ([]lantern.Round, error) {
	rows, err := tx.Query(ctx, `SELECT number, links, added, total, warning, at FROM rounds WHERE case_id = $1 ORDER BY number`, id)
	all := []lantern.Round{}
	err = eachRow(rows, err, func() error {
		var r lantern.Round
		var links string
		var at int64
		if err := rows.Scan(&r.Number, &links, &r.Added, &r.Total, &r.Warning, &at); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(links), &r.Links); err != nil {
			return fmt.Errorf("reading a round: %w", err)
		}
		r.At = FromMicros(at)
		all = append(all, r)
		return nil
	})
	return all, err
}

// InsertRound makes a round and its candidates stand.
func InsertRound(ctx context.Context, tx *sqldb.Tx, id lantern.ID, r lantern.Round) error {
	links, err := json.Marshal(r.Links)
	if err != nil {
		return fmt.Errorf("writing a round: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO rounds (case_id, number, links, added, total, warning, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, r.Number, string(links), r.Added, r.Total, r.Warning, Micros(r.At))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE cases SET accounts = $1 WHERE id = $2`, r.Total, id)
	return err
}

// DropLeftovers deletes the candidates of rounds that never came to stand.
func DropLeftovers(ctx context.Context, tx *sqldb.Tx, id lantern.ID, from int) error {
	_, err := tx.Exec(ctx, `DELETE FROM candidates WHERE case_id = $1 AND round >= $2`, id, from)
	return err
}

const candidateColumns = `account, link, via, round, decision, reason, bulk, person, decided`

// InsertCandidates adds those accounts a case does not have and returns how many that were.
//
// acts says which act decided an account that comes decided.
func InsertCandidates(ctx context.Context, tx *sqldb.Tx, id lantern.ID, all []lantern.CaseAccount, acts map[string]lantern.ID) (int, error) {
	rows := make([][]any, len(all))
	for i, c := range all {
		rows[i] = []any{id, c.Account, c.Link, c.Via, c.Round, c.Decision, c.Reason, c.Bulk, c.Person, Micros(c.Decided), acts[c.Account]}
	}
	n, err := tx.InsertMany(ctx, "candidates",
		[]string{"case_id", "account", "link", "via", "round", "decision", "reason", "bulk", "person", "decided", "act"},
		"ON CONFLICT (case_id, account) DO NOTHING", rows)
	return int(n), err
}

// standing is the condition that a candidate's round stands.
const standing = ` AND round <= (SELECT COALESCE(MAX(number), -1) FROM rounds WHERE case_id = $1)`

func scanCandidates(rows *sql.Rows, each func(lantern.CaseAccount) error) error {
	defer rows.Close()
	for rows.Next() {
		var c lantern.CaseAccount
		var decided int64
		if err := rows.Scan(&c.Account, &c.Link, &c.Via, &c.Round, &c.Decision, &c.Reason, &c.Bulk, &c.Person, &decided); err != nil {
			return err
		}
		c.Decided = FromMicros(decided)
		if err := each(c); err != nil {
			return err
		}
	}
	return rows.Err()
}

// EachCandidate calls each for every candidate of a case, in the order of their accounts.
func EachCandidate(ctx context.Context, tx *sqldb.Tx, id lantern.ID, each func(lantern.CaseAccount) error) error {
	rows, err := tx.Query(ctx, `SELECT `+candidateColumns+` FROM candidates WHERE case_id = $1`+standing+` ORDER BY account`, id)
	if err != nil {
		return err
	}
	return scanCandidates(rows, each)
}

// CandidatesAfter returns a page of candidates in the order of round and account.
func CandidatesAfter(ctx context.Context, tx *sqldb.Tx, id lantern.ID, round int, account string, limit int) ([]lantern.CaseAccount, error) {
	rows, err := tx.Query(ctx, `SELECT `+candidateColumns+` FROM candidates WHERE case_id = $1`+standing+
		` AND (round, account) > ($2, $3) ORDER BY round, account LIMIT $4`, id, round, account, limit)
	if err != nil {
		return nil, err
	}
	var all []lantern.CaseAccount
	err = scanCandidates(rows, func(c lantern.CaseAccount) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

// KnownAccounts returns those of the accounts that the case has.
func KnownAccounts(ctx context.Context, tx *sqldb.Tx, id lantern.ID, accounts []string) (map[string]lantern.CaseAccount, error) {
	known := make(map[string]lantern.CaseAccount, len(accounts))
	err := inChunks(accounts, func(args []any) error {
		// The sum keeps SQLite from looking through the rounds for what the primary key finds.
		rows, err := tx.Query(ctx, `SELECT `+candidateColumns+` FROM candidates WHERE case_id = $1
			AND round + 0 <= (SELECT COALESCE(MAX(number), -1) FROM rounds WHERE case_id = $1)
			AND account IN `+list(2, len(args)), append([]any{id}, args...)...)
		if err != nil {
			return err
		}
		return scanCandidates(rows, func(c lantern.CaseAccount) error {
			known[c.Account] = c
			return nil
		})
	})
	return known, err
}

// countDecided counts the candidates of a case by decision; those without one are not in it.
func countDecided(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (map[lantern.HitDecision]int, error) {
	rows, err := tx.Query(ctx, `SELECT decision, COUNT(*) FROM candidates WHERE case_id = $1`+standing+
		` AND decision <> '' GROUP BY decision`, id)
	counts := make(map[lantern.HitDecision]int)
	err = eachRow(rows, err, func() error {
		var d lantern.HitDecision
		var n int
		if err := rows.Scan(&d, &n); err != nil {
			return err
		}
		counts[d] = n
		return nil
	})
	return counts, err
}

// SeedHits calls each for every visible hit of the seeds that names an account.
func SeedHits(ctx context.Context, tx *sqldb.Tx, seeds []lantern.ID, each func(HitRow)) error {
	return inChunks(seeds, func(args []any) error {
		n := len(args)
		rows, err := tx.Query(ctx, `SELECT `+hitColumns+` FROM hits WHERE signal IN `+list(1, n)+
			` AND account <> '' AND (state = `+place(n+1)+` OR decision = `+place(n+2)+` AND state = `+place(n+3)+`)
			ORDER BY account, found, id`, append(args, lantern.HitOpen, lantern.Confirmed, lantern.HitDecided)...)
		return eachRow(rows, err, func() error {
			var h HitRow
			if err := h.scan(rows); err != nil {
				return err
			}
			each(h)
			return nil
		})
	})
}

// ClaimHits puts the visible hits of the seeds, unless another case has them, into a case.
func ClaimHits(ctx context.Context, tx *sqldb.Tx, id lantern.ID, seeds []lantern.ID) error {
	return inChunks(seeds, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET case_id = $1 WHERE case_id = 0 AND state IN ($2, $3) AND signal IN `+list(4, len(args)),
			append([]any{id, lantern.HitOpen, lantern.HitDecided}, args...)...)
		return err
	})
}

// ProductiveSeeds returns the standing seeds of a case, those with the most confirmed
// hits in it first, with their number.
func ProductiveSeeds(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (seeds []lantern.ID, confirmed map[lantern.ID]int, err error) {
	rows, err := tx.Query(ctx, `SELECT s.signal, COUNT(h.id) FROM case_signals s
		JOIN replica r ON r.signal = s.signal AND r.state = $1
		LEFT JOIN hits h ON h.signal = s.signal AND h.case_id = s.case_id AND h.decision = $2
		WHERE s.case_id = $3 GROUP BY s.signal ORDER BY 2 DESC, 1`, lantern.Active, lantern.Confirmed, id)
	confirmed = make(map[lantern.ID]int)
	err = eachRow(rows, err, func() error {
		var signal lantern.ID
		var n int
		if err := rows.Scan(&signal, &n); err != nil {
			return err
		}
		seeds = append(seeds, signal)
		confirmed[signal] = n
		return nil
	})
	return seeds, confirmed, err
}

// InsertShared notes derived signals that were shared back.
func InsertShared(ctx context.Context, tx *sqldb.Tx, id lantern.ID, signals []lantern.ID) error {
	rows := make([][]any, len(signals))
	for i, s := range signals {
		rows[i] = []any{id, s}
	}
	_, err := tx.InsertMany(ctx, "shared", []string{"case_id", "signal"}, "ON CONFLICT DO NOTHING", rows)
	return err
}
