package store

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

const incidentColumns = `i.id, i.member_id, i.created_at, i.withdrawn_at`

func scanIncident(s scanner) (i lantern.Incident, err error) {
	var created, withdrawn int64
	err = s.Scan(&i.ID, &i.Member, &created, &withdrawn)
	i.Created, i.Withdrawn = fromMicros(created), fromMicros(withdrawn)
	return i, err
}

// InsertIncident stores an incident with its programs.
func InsertIncident(ctx context.Context, tx *sqldb.Tx, i lantern.Incident) error {
	if _, err := tx.Exec(ctx, `INSERT INTO incident (member_id, id, created_at, withdrawn_at) VALUES ($1, $2, $3, 0)`,
		i.Member, i.ID, micros(i.Created)); err != nil {
		return err
	}
	rows := make([][]any, len(i.Programs))
	for n, p := range i.Programs {
		rows[n] = []any{i.Member, i.ID, p}
	}
	_, err := tx.InsertMany(ctx, "incident_program", []string{"member_id", "incident_id", "program_id"}, "", rows)
	return err
}

// EndIncident notes that an incident was taken back as one.
func EndIncident(ctx context.Context, tx *sqldb.Tx, i lantern.Incident, at time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE incident SET withdrawn_at = $3 WHERE member_id = $1 AND id = $2`, i.Member, i.ID, micros(at))
	return err
}

// ReadIncident reads an incident with its programs, without its signals.
func ReadIncident(ctx context.Context, tx *sqldb.Tx, id lantern.ID) (lantern.Incident, bool, error) {
	i, ok, err := one(tx.QueryRow(ctx, `SELECT `+incidentColumns+` FROM incident i WHERE i.id = $1`, id), "an incident", scanIncident)
	if ok && err == nil {
		err = fillIncident(ctx, tx, &i)
	}
	return i, ok, err
}

// fillIncident reads an incident's programs.
func fillIncident(ctx context.Context, tx *sqldb.Tx, i *lantern.Incident) error {
	rows, err := tx.Query(ctx, `SELECT program_id FROM incident_program WHERE member_id = $1 AND incident_id = $2 ORDER BY program_id`, i.Member, i.ID)
	i.Programs, err = all(rows, err, "an incident's programs", scanID)
	return err
}

// Incidents reads a page of a member's own incidents by rising id, with their programs and
// how many of their signals are in each state.
func Incidents(ctx context.Context, tx *sqldb.Tx, member, after lantern.ID, limit int) ([]lantern.Incident, error) {
	rows, err := tx.Query(ctx, `SELECT `+incidentColumns+` FROM incident i WHERE i.member_id = $1 AND i.id > $2 ORDER BY i.id LIMIT $3`, member, after, limit)
	list, err := all(rows, err, "incidents", scanIncident)
	for n := range list {
		if err == nil {
			err = fillIncident(ctx, tx, &list[n])
		}
		if err == nil {
			list[n].States, err = incidentStates(ctx, tx, list[n])
		}
	}
	return list, err
}

func incidentStates(ctx context.Context, tx *sqldb.Tx, i lantern.Incident) (map[lantern.SignalState]int, error) {
	type count struct {
		state lantern.SignalState
		n     int
	}
	rows, err := tx.Query(ctx, `SELECT s.state, COUNT(*) FROM incident_signal x JOIN signal s ON s.member_id = x.member_id AND s.id = x.signal_id
		WHERE x.member_id = $1 AND x.incident_id = $2 GROUP BY s.state`, i.Member, i.ID)
	counts, err := all(rows, err, "an incident's states", func(s scanner) (c count, err error) { return c, s.Scan(&c.state, &c.n) })
	states := map[lantern.SignalState]int{}
	for _, c := range counts {
		states[c.state] = c.n
	}
	return states, err
}

// IncidentSignals reads the signals of an incident in the order of their ids.
func IncidentSignals(ctx context.Context, tx *sqldb.Tx, i lantern.Incident) ([]SignalRow, error) {
	rows, err := tx.Query(ctx, `SELECT `+signalColumns+` FROM incident_signal x
		JOIN signal s ON s.member_id = x.member_id AND s.id = x.signal_id
		LEFT JOIN secret k ON k.member_id = s.member_id AND k.signal_id = s.id
		WHERE x.member_id = $1 AND x.incident_id = $2 ORDER BY s.id`, i.Member, i.ID)
	return all(rows, err, "an incident's signals", scanSignal)
}

// SentOf reads which signals of an incident a member was ever sent.
func SentOf(ctx context.Context, tx *sqldb.Tx, i lantern.Incident, member lantern.ID) (map[lantern.ID]bool, error) {
	rows, err := tx.Query(ctx, `SELECT s.id FROM incident_signal x JOIN signal s ON s.member_id = x.member_id AND s.id = x.signal_id
		WHERE x.member_id = $1 AND x.incident_id = $2 AND `+sent("$3"), i.Member, i.ID, member)
	ids, err := all(rows, err, "recipients", scanID)
	found := map[lantern.ID]bool{}
	for _, id := range ids {
		found[id] = true
	}
	return found, err
}

// AddToIncident makes signals part of incidents; rows are member, signal, incident. One
// that is part of an incident stays there. Their places in feeds become special.
func AddToIncident(ctx context.Context, tx *sqldb.Tx, rows [][]any) error {
	if _, err := tx.InsertMany(ctx, "incident_signal", []string{"member_id", "signal_id", "incident_id"}, "ON CONFLICT DO NOTHING", rows); err != nil {
		return err
	}
	return markCarriers(ctx, tx, rows)
}

// IncidentOf reads which incident a signal is part of; 0 for none.
func IncidentOf(ctx context.Context, tx *sqldb.Tx, r SignalRow) (lantern.ID, error) {
	id, _, err := one(tx.QueryRow(ctx, `SELECT incident_id FROM incident_signal WHERE member_id = $1 AND signal_id = $2`, r.Member, r.ID),
		"a signal's incident", scanID)
	return id, err
}

// KnownValue is what a member said before on a value of an incident draft.
type KnownValue struct {
	Key      []byte
	Signal   lantern.ID
	State    lantern.SignalState
	Incident lantern.ID // 0: none, or one that was withdrawn
}

// KnownValues reads a member's signals on the values of those keys.
func KnownValues(ctx context.Context, tx *sqldb.Tx, member lantern.ID, keys [][]byte) ([]KnownValue, error) {
	list := []any{member}
	for _, k := range keys {
		list = append(list, k)
	}
	rows, err := tx.Query(ctx, `SELECT s.skey, s.id, s.state, COALESCE(i.id, 0) FROM signal s
		LEFT JOIN incident_signal x ON x.member_id = s.member_id AND x.signal_id = s.id
		LEFT JOIN incident i ON i.member_id = x.member_id AND i.id = x.incident_id AND i.withdrawn_at = 0
		WHERE s.member_id = $1 AND s.skey IN (`+places(2, len(keys))+`)`, list...)
	return all(rows, err, "known values", func(s scanner) (k KnownValue, err error) {
		return k, s.Scan(&k.Key, &k.Signal, &k.State, &k.Incident)
	})
}

// IncidentsBetween reads which incidents the signals placed in (after, upTo] of a feed are
// part of, signal → incident, if the incident is shared to the same program: a feed must
// not tell of one elsewhere.
func IncidentsBetween(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upTo int64) (map[lantern.ID]lantern.ID, error) {
	type part struct{ signal, incident lantern.ID }
	rows, err := tx.Query(ctx, `SELECT x.signal_id, x.incident_id FROM placement p
		JOIN incident_signal x ON x.member_id = p.member_id AND x.signal_id = p.signal_id
		JOIN incident_program g ON g.member_id = x.member_id AND g.incident_id = x.incident_id AND g.program_id = p.program_id
		WHERE p.program_id = $1 AND p.seq > $2 AND p.seq <= $3 AND p.special`, program, after, upTo)
	list, err := all(rows, err, "incidents", func(s scanner) (x part, err error) { return x, s.Scan(&x.signal, &x.incident) })
	found := map[lantern.ID]lantern.ID{}
	for _, x := range list {
		found[x.signal] = x.incident
	}
	return found, err
}
