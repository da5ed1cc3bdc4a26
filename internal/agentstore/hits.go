package agentstore

import (
	"context"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// HitRow is a hit as stored.
type HitRow struct {
	ID, Signal lantern.ID
	Kind       lantern.SignalType
	Ref        string
	Account    string
	How        lantern.How
	State      lantern.HitState
	Incident   lantern.ID
	Urgency    int64
	Leads      int64     // the urgency by which its incident stands in the queue
	LeadFound  time.Time // and the time; both its own if it has no incident
	Place      string    // JSON of the match without what the signal says; "" once void
	CaseID     lantern.ID
	Decision   lantern.HitDecision
	Reason     lantern.DecisionReason
	Bulk       bool
	Person     lantern.ID
	Found      time.Time
	Decided    time.Time
	Act        lantern.ID // by which it was decided
}

const hitColumns = `id, signal, type, ref, account, how, state, incident, urgency, lead_urgency, lead_found, place, case_id, decision, reason, bulk, person, found, decided, act`

func (h *HitRow) scan(row interface{ Scan(...any) error }) error {
	var leadFound, found, decided int64
	err := row.Scan(&h.ID, &h.Signal, &h.Kind, &h.Ref, &h.Account, &h.How, &h.State, &h.Incident, &h.Urgency, &h.Leads, &leadFound, &h.Place,
		&h.CaseID, &h.Decision, &h.Reason, &h.Bulk, &h.Person, &found, &decided, &h.Act)
	h.LeadFound, h.Found, h.Decided = FromMicros(leadFound), FromMicros(found), FromMicros(decided)
	return err
}

// InsertHits adds hits and returns how many. One that is there already stays as it is, unless it was void: then
// the signal came back and the match counts anew.
func InsertHits(ctx context.Context, tx *sqldb.Tx, hits []*HitRow) (added int, err error) {
	rows := make([][]any, len(hits))
	for i, h := range hits {
		rows[i] = []any{h.ID, h.Signal, h.Kind, h.Ref, h.Account, h.How, h.State, h.Incident, h.Urgency, h.Urgency, Micros(h.Found), h.Place,
			h.CaseID, h.Decision, h.Reason, h.Bulk, h.Person, Micros(h.Found), Micros(h.Decided), h.Act}
	}
	n, err := tx.InsertMany(ctx, "hits", strings.Split(hitColumns, ", "),
		`ON CONFLICT (signal, ref, how) DO UPDATE SET id = excluded.id, state = excluded.state, account = excluded.account,
		incident = excluded.incident, urgency = excluded.urgency, lead_urgency = excluded.lead_urgency, lead_found = excluded.lead_found, place = excluded.place, case_id = 0, decision = '', reason = '', bulk = FALSE, act = 0, person = 0,
		found = excluded.found, decided = 0 WHERE hits.state = 'void'`, rows)
	return int(n), err
}

// SetHitStates moves the hits of signals from one state to another.
func SetHitStates(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID, from, to lantern.HitState) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET state = $1 WHERE state = $2 AND signal IN `+list(3, len(args)),
			append([]any{to, from}, args...)...)
		return err
	})
}

// VoidHits takes the match detail from the hits of signals that are gone. Hits nobody
// could see are deleted; of the others the member's own reference, account and decision stay.
func VoidHits(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
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

// LoadHit returns one hit.
func LoadHit(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (h HitRow, found bool, err error) {
	err = h.scan(tx.QueryRow(ctx, `SELECT `+hitColumns+` FROM hits WHERE id = $1`, id))
	if absent(err) {
		return h, false, nil
	}
	return h, err == nil, err
}

// hitOrder is the order of the queue.
const hitOrder = `lead_urgency, lead_found, incident, urgency, found, id`

// LeadIncidents lets the hits of incidents that wait stand where the gravest and then the
// first of them belongs.
func LeadIncidents(ctx context.Context, tx *sqldb.Tx, incidents []lantern.ID) error {
	return inChunks(incidents, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET
			lead_urgency = (SELECT MIN(o.urgency) FROM hits o WHERE o.incident = hits.incident AND o.state = 'open'),
			lead_found = (SELECT MIN(o.found) FROM hits o WHERE o.incident = hits.incident AND o.state = 'open')
			WHERE state = 'open' AND incident IN `+list(1, len(args)), args...)
		return err
	})
}

// RaiseHits lets the hits of signals stand among what is imminent.
func RaiseHits(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE hits SET urgency = CASE WHEN urgency > 6 THEN 1 ELSE 0 END,
			lead_urgency = CASE WHEN urgency > 6 THEN 1 ELSE 0 END
			WHERE urgency > 1 AND signal IN `+list(1, len(args)), args...)
		return err
	})
}

// TellIncident notes the incident of signals whose hits were found before it was known.
func TellIncident(ctx context.Context, tx *sqldb.Tx, signal, incident lantern.ID) error {
	_, err := tx.Exec(ctx, `UPDATE hits SET incident = $1 WHERE signal = $2 AND incident <> $1`, incident, signal)
	return err
}

// HitFilter chooses hits. The zero filter asks for the first open ones.
type HitFilter struct {
	State    lantern.HitState // "": open; held hits cannot be asked for
	Account  string           // "": any
	Incident lantern.ID       // 0: any
	After    lantern.ID       // the last hit of the page before
	Limit    int              // 0: 100; at most MaxHits
}

// ListHits returns a page of the queue in its order, after the hit given unless it is nil.
func ListHits(ctx context.Context, tx *sqldb.Tx, f HitFilter, after *HitRow) ([]HitRow, error) {
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
		args = append(args, after.Leads, Micros(after.LeadFound), after.Incident, after.Urgency, Micros(after.Found), after.ID)
	}
	args = append(args, f.Limit)
	q += ` ORDER BY ` + hitOrder + ` LIMIT ` + place(len(args))
	rows, err := tx.Query(ctx, q, args...)
	return collect(rows, err, func(h *HitRow) error { return h.scan(rows) })
}

// CountHits returns how many hits are in each state anybody may see.
func CountHits(ctx context.Context, tx *sqldb.Tx) (map[lantern.HitState]int, error) {
	rows, err := tx.Query(ctx, `SELECT state, COUNT(*) FROM hits WHERE state <> $1 GROUP BY state`, lantern.HitHeld)
	return countBy[lantern.HitState](rows, err)
}

// place writes one placeholder.
func place(n int) string { return strings.Trim(list(n, 1), "()") }

// CountConfirmed counts the hits of the signals that people can see, and how many of these a
// person confirmed.
func CountConfirmed(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) (hits, confirmed int, err error) {
	err = inChunks(signals, func(args []any) error {
		n := len(args)
		var seen, yes int
		err := tx.QueryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(CASE WHEN decision = `+place(n+1)+` THEN 1 ELSE 0 END), 0) FROM hits
			WHERE state IN (`+place(n+2)+`, `+place(n+3)+`, `+place(n+4)+`) AND signal IN `+list(1, n),
			append(args, lantern.Confirmed, lantern.HitOpen, lantern.HitQuarantined, lantern.HitDecided)...).Scan(&seen, &yes)
		hits, confirmed = hits+seen, confirmed+yes
		return err
	})
	return hits, confirmed, err
}
