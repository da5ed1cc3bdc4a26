package agentstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// InsertBulk keeps a preview of an act in bulk, with the words of what it would decide.
func InsertBulk(ctx context.Context, tx *sqldb.Tx, b lantern.Bulk, shown []string) error {
	var texts [3]string
	for i, part := range []any{b.Evidence, b.Sample, shown} {
		text, err := json.Marshal(part)
		if err != nil {
			return fmt.Errorf("writing a preview: %w", err)
		}
		texts[i] = string(text)
	}
	_, err := tx.Exec(ctx, `INSERT INTO bulks (id, person, decision, reason, evidence, sample, shown, seed, digest, count, opened, act)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)`,
		b.ID, b.Person, b.Decision, b.Reason, texts[0], texts[1], texts[2], b.Seed, b.Digest, b.Count, Micros(b.Opened))
	return err
}

// LoadShown returns the words of what a preview would decide, as a set.
func LoadShown(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (map[string]bool, error) {
	var text string
	if err := tx.QueryRow(ctx, `SELECT shown FROM bulks WHERE id = $1`, id).Scan(&text); err != nil {
		return nil, err
	}
	var words []string
	if err := json.Unmarshal([]byte(text), &words); err != nil {
		return nil, fmt.Errorf("reading a preview: %w", err)
	}
	shown := make(map[string]bool, len(words))
	for _, w := range words {
		shown[w] = true
	}
	return shown, nil
}

// LoadBulk returns a preview as it was made; what became of its sample is read anew.
func LoadBulk(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (b lantern.Bulk, found bool, err error) {
	var evidence, sample string
	var opened int64
	err = tx.QueryRow(ctx, `SELECT id, person, decision, reason, evidence, sample, seed, digest, count, opened, act FROM bulks WHERE id = $1`, id).
		Scan(&b.ID, &b.Person, &b.Decision, &b.Reason, &evidence, &sample, &b.Seed, &b.Digest, &b.Count, &opened, &b.Act)
	if absent(err) {
		return b, false, nil
	}
	if err != nil {
		return b, false, err
	}
	b.Opened = FromMicros(opened)
	b.Expires = b.Opened.Add(lantern.PreviewLife)
	if err := json.Unmarshal([]byte(evidence), &b.Evidence); err != nil {
		return b, false, fmt.Errorf("reading a preview: %w", err)
	}
	if err := json.Unmarshal([]byte(sample), &b.Sample); err != nil {
		return b, false, fmt.Errorf("reading a preview: %w", err)
	}
	return b, true, nil
}

// CommitBulk notes by which act a preview was committed, 0 when that act was undone.
func CommitBulk(ctx context.Context, tx *sqldb.Tx, id, act lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE bulks SET act = $1 WHERE id = $2`, act, id)
	return err
}

// ForgetBulks deletes previews from before a time: they name own accounts. What they came to
// stands in the acts.
func ForgetBulks(ctx context.Context, tx *sqldb.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `DELETE FROM bulks WHERE opened < $1`, Micros(before))
	return err
}

// HitsLike calls each for the open hits of a signal that were found in one way.
func HitsLike(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, how lantern.How, each func(HitRow)) error {
	rows, err := tx.Query(ctx, `SELECT `+hitColumns+` FROM hits WHERE signal = $1 AND how = $2 AND state = $3`, signal, how, lantern.HitOpen)
	return eachRow(rows, err, func() error {
		var h HitRow
		if err := h.scan(rows); err != nil {
			return err
		}
		each(h)
		return nil
	})
}

// LoadHits returns those hits that are there.
func LoadHits(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]HitRow, error) {
	found := make(map[lantern.ID]HitRow, len(ids))
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT `+hitColumns+` FROM hits WHERE id IN `+list(1, len(args)), args...)
		return eachRow(rows, err, func() error {
			var h HitRow
			if err := h.scan(rows); err != nil {
				return err
			}
			found[h.ID] = h
			return nil
		})
	})
	return found, err
}

// CandidatesLike returns the candidates that a round brought by one kind of link to one thing.
func CandidatesLike(ctx context.Context, tx *sqldb.Tx, e lantern.Evidence) (all []lantern.CaseAccount, err error) {
	rows, err := tx.Query(ctx, `SELECT `+candidateColumns+` FROM candidates WHERE case_id = $1`+standing+
		` AND round = $2 AND link = $3 AND via = $4`, e.Case, e.Round, e.Link, e.Via)
	if err != nil {
		return nil, err
	}
	err = scanCandidates(rows, func(c lantern.CaseAccount) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

// EvidenceOf returns the kinds of evidence of a case that more than a number of its
// candidates share, with how many and how many of them are decided, the largest first.
func EvidenceOf(ctx context.Context, tx *sqldb.Tx, id lantern.ID, more, limit int) ([]lantern.CaseEvidence, error) {
	rows, err := tx.Query(ctx, `SELECT round, link, via, COUNT(*), SUM(CASE WHEN decision <> '' THEN 1 ELSE 0 END) FROM candidates
		WHERE case_id = $1`+standing+` AND via <> '' GROUP BY round, link, via HAVING COUNT(*) > $2
		ORDER BY 4 DESC, round, link, via LIMIT $3`, id, more, limit)
	return collect(rows, err, func(e *lantern.CaseEvidence) error {
		e.Evidence.Case = id
		return rows.Scan(&e.Evidence.Round, &e.Evidence.Link, &e.Evidence.Via, &e.Accounts, &e.Decided)
	})
}
