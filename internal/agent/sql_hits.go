package agent

import (
	"context"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// hitRow is a hit as stored.
type hitRow struct {
	id, signal lantern.ID
	kind       lantern.SignalType
	ref        string
	account    string
	how        lantern.How
	state      lantern.HitState
	incident   lantern.ID
	urgency    int64
	leads      int64     // the urgency by which its incident stands in the queue
	leadFound  time.Time // and the time; both its own if it has no incident
	place      string    // JSON of the match without what the signal says; "" once void
	caseID     lantern.ID
	decision   lantern.HitDecision
	person     lantern.ID
	found      time.Time
	decided    time.Time
}

const hitColumns = `id, signal, type, ref, account, how, state, incident, urgency, lead_urgency, lead_found, place, case_id, decision, person, found, decided`

func (h *hitRow) scan(row interface{ Scan(...any) error }) error {
	var leadFound, found, decided int64
	err := row.Scan(&h.id, &h.signal, &h.kind, &h.ref, &h.account, &h.how, &h.state, &h.incident, &h.urgency, &h.leads, &leadFound, &h.place,
		&h.caseID, &h.decision, &h.person, &found, &decided)
	h.leadFound, h.found, h.decided = fromMicros(leadFound), fromMicros(found), fromMicros(decided)
	return err
}

// insertHits adds hits. One that is there already stays as it is, unless it was void: then
// the signal came back and the match counts anew.
func insertHits(ctx context.Context, tx *sqldb.Tx, hits []*hitRow) error {
	rows := make([][]any, len(hits))
	for i, h := range hits {
		rows[i] = []any{h.id, h.signal, h.kind, h.ref, h.account, h.how, h.state, h.incident, h.urgency, h.urgency, micros(h.found), h.place,
			h.caseID, h.decision, h.person, micros(h.found), micros(h.decided)}
	}
	_, err := tx.InsertMany(ctx, "hits", strings.Split(hitColumns, ", "),
		`ON CONFLICT (signal, ref, how) DO UPDATE SET id = excluded.id, state = excluded.state, account = excluded.account,
		incident = excluded.incident, urgency = excluded.urgency, lead_urgency = excluded.lead_urgency, lead_found = excluded.lead_found, place = excluded.place, case_id = 0, decision = '', person = 0,
		found = excluded.found, decided = 0 WHERE hits.state = 'void'`, rows)
	return err
}

// setHitStates moves the hits of signals from one state to another.
func setHitStates(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, from, to lantern.HitState) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET state = $1 WHERE state = $2 AND signal IN `+list(3, len(args)),
			append([]any{to, from}, args...)...)
		return err
	})
}

// voidHits takes the match detail from the hits of signals that are gone. Hits nobody
// could see are deleted; of the others the member's own reference, account and decision stay.
func voidHits(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM hits WHERE state = $1 AND signal IN `+list(2, len(args)),
			append([]any{lantern.HitHeld}, args...)...)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE hits SET state = $1, place = '' WHERE signal IN `+list(2, len(args)),
			append([]any{lantern.HitVoid}, args...)...)
		return err
	})
}

// loadHit returns one hit.
func loadHit(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (h hitRow, found bool, err error) {
	err = h.scan(tx.QueryRow(ctx, `SELECT `+hitColumns+` FROM hits WHERE id = $1`, id))
	if absent(err) {
		return h, false, nil
	}
	return h, err == nil, err
}

// hitOrder is the order of the queue.
const hitOrder = `lead_urgency, lead_found, incident, urgency, found, id`

// leadIncidents lets the hits of incidents that wait stand where the gravest and then the
// first of them belongs.
func leadIncidents(ctx context.Context, tx *sqldb.Tx, incidents []lantern.ID) error {
	return inChunks(incidents, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET
			lead_urgency = (SELECT MIN(o.urgency) FROM hits o WHERE o.incident = hits.incident AND o.state = 'open'),
			lead_found = (SELECT MIN(o.found) FROM hits o WHERE o.incident = hits.incident AND o.state = 'open')
			WHERE state = 'open' AND incident IN `+list(1, len(args)), args...)
		return err
	})
}

// raiseHits lets the hits of signals stand among what is imminent.
func raiseHits(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET urgency = CASE WHEN urgency > 6 THEN 1 ELSE 0 END,
			lead_urgency = CASE WHEN urgency > 6 THEN 1 ELSE 0 END
			WHERE urgency > 1 AND signal IN `+list(1, len(args)), args...)
		return err
	})
}

// tellIncident notes the incident of signals whose hits were found before it was known.
func tellIncident(ctx context.Context, tx *sqldb.Tx, signal, incident lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE hits SET incident = $1 WHERE signal = $2 AND incident <> $1`, incident, signal)
	return err
}

// listHits returns a page of the queue in its order, after the hit given unless it is nil.
func listHits(ctx context.Context, tx *sqldb.Tx, f HitFilter, after *hitRow) ([]hitRow, error) {
	q := `SELECT ` + hitColumns + ` FROM hits WHERE state = $1`
	args := []any{f.State}
	if f.Account != "" {
		args = append(args, f.Account)
		q += ` AND account = ` + place(len(args))
	}
	if f.Incident != 0 {
		args = append(args, f.Incident)
		q += ` AND incident = ` + place(len(args))
	}
	if after != nil {
		q += ` AND (` + hitOrder + `) > ` + list(len(args)+1, 6)
		args = append(args, after.leads, micros(after.leadFound), after.incident, after.urgency, micros(after.found), after.id)
	}
	args = append(args, f.Limit)
	q += ` ORDER BY ` + hitOrder + ` LIMIT ` + place(len(args))
	rows, err := tx.Query(ctx, q, args...)
	return collect(rows, err, func(h *hitRow) error { return h.scan(rows) })
}

// decideHit records a person's decision.
func decideHit(ctx context.Context, tx *sqldb.Tx, id lantern.ID, d lantern.HitDecision, person lantern.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE hits SET state = $1, decision = $2, person = $3, decided = $4 WHERE id = $5`,
		lantern.HitDecided, d, person, micros(at), id)
	return err
}

// countHits returns how many hits are in each state anybody may see.
func countHits(ctx context.Context, tx *sqldb.Tx) (map[lantern.HitState]int, error) {
	rows, err := tx.Query(ctx, `SELECT state, COUNT(*) FROM hits WHERE state <> $1 GROUP BY state`, lantern.HitHeld)
	counts := make(map[lantern.HitState]int)
	err = eachRow(rows, err, func() error {
		var s lantern.HitState
		var n int
		if err := rows.Scan(&s, &n); err != nil {
			return err
		}
		counts[s] = n
		return nil
	})
	return counts, err
}

// oweReaction notes a reaction that follows from a ruling, once per signal. One that was
// sent before is not owed again.
func oweReaction(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, r lantern.Reaction) error {
	_, err := tx.Exec(ctx, `INSERT INTO reactions (signal, reaction, sent) VALUES ($1, $2, FALSE)
		ON CONFLICT (signal, reaction) DO NOTHING`, signal, r)
	return err
}

// owedReaction is a reaction not yet sent.
type owedReaction struct {
	signal   lantern.ID
	reaction lantern.Reaction
}

// loadOwedReactions returns what is owed for signals that stand; who fell needs none.
func loadOwedReactions(ctx context.Context, tx *sqldb.Tx) ([]owedReaction, error) {
	rows, err := tx.Query(ctx, `SELECT o.signal, o.reaction FROM reactions o JOIN replica r ON r.signal = o.signal
		WHERE NOT o.sent ORDER BY o.signal, o.reaction`)
	return collect(rows, err, func(o *owedReaction) error { return rows.Scan(&o.signal, &o.reaction) })
}

// settleReaction notes that a reaction was sent.
func settleReaction(ctx context.Context, tx *sqldb.Tx, o owedReaction) error {
	_, err := tx.Exec(ctx, `UPDATE reactions SET sent = TRUE WHERE signal = $1 AND reaction = $2`, o.signal, o.reaction)
	return err
}

// place writes one placeholder.
func place(n int) string { return strings.Trim(list(n, 1), "()") }
