package agentstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// ReplicaRow is what the replica holds of one signal.
type ReplicaRow struct {
	Signal  lantern.ID
	Member  lantern.ID
	Kind    lantern.SignalType
	State   lantern.SignalState // Active or Suspended, over all placements
	Expires time.Time
	Opinion string // JSON of the signal without value and note
	Sealed  []byte // empty while no value was sent
	Wrapped []byte // the wrapped key; empty with sealed

	// Of a row that was read: its arrival, 0 while it is not matchable.
	Arrival int64

	// Of a row that a page brings: what the order of its hits depends on.
	Imminent bool
	Incident lantern.ID
}

// LoadReplica returns the rows of those signals that are held.
func LoadReplica(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]*ReplicaRow, error) {
	held := make(map[lantern.ID]*ReplicaRow, len(ids))
	err := inChunks(ids, func(args []any) error {
		return queryReplica(ctx, tx, ` WHERE r.signal IN `+list(1, len(args)), args, func(r *ReplicaRow) error {
			held[r.Signal] = r
			return nil
		})
	})
	return held, err
}

// queryReplica calls each for the rows the condition selects.
func queryReplica(ctx context.Context, tx *sqldb.Tx, where string, args []any, each func(*ReplicaRow) error) error {
	rows, err := tx.Query(ctx, `SELECT r.signal, r.member, r.type, r.state, r.expires, r.opinion, r.sealed, s.wrapped, COALESCE(a.arrival, 0)
		FROM replica r LEFT JOIN secret s ON s.signal = r.signal LEFT JOIN arrivals a ON a.signal = r.signal`+where, args...)
	return eachRow(rows, err, func() error {
		var r ReplicaRow
		var expires int64
		if err := rows.Scan(&r.Signal, &r.Member, &r.Kind, &r.State, &expires, &r.Opinion, &r.Sealed, &r.Wrapped, &r.Arrival); err != nil {
			return err
		}
		r.Expires = FromMicros(expires)
		if err := each(&r); err != nil {
			return err
		}
		return nil
	})
}

// EachRow calls each for every signal that is held, as the engines are built.
func EachRow(ctx context.Context, tx *sqldb.Tx, each func(*ReplicaRow) error) error {
	return queryReplica(ctx, tx, "", nil, each)
}

// EachMasked calls each for every suspended signal.
func EachMasked(ctx context.Context, tx *sqldb.Tx, each func(*ReplicaRow) error) error {
	return queryReplica(ctx, tx, ` WHERE r.state <> 'active'`, nil, each)
}

// EachStanding calls each for the active signals of a type that have not expired at now.
func EachStanding(ctx context.Context, tx *sqldb.Tx, kind lantern.SignalType, now time.Time, each func(*ReplicaRow) error) error {
	return queryReplica(ctx, tx, ` WHERE r.type = $1 AND r.state = $2 AND (r.expires = 0 OR r.expires > $3)`,
		[]any{kind, lantern.Active, Micros(now)}, each)
}

// SaveReplica adds or replaces rows and their keys.
func SaveReplica(ctx context.Context, tx *sqldb.Tx, held []*ReplicaRow) error {
	var rows, keys [][]any
	for _, r := range held {
		rows = append(rows, []any{r.Signal, r.Member, r.Kind, r.State, Micros(r.Expires), r.Opinion, r.Sealed})
		if len(r.Wrapped) > 0 {
			keys = append(keys, []any{r.Signal, r.Wrapped})
		}
	}
	_, err := tx.InsertMany(ctx, "replica", []string{"signal", "member", "type", "state", "expires", "opinion", "sealed"},
		`ON CONFLICT (signal) DO UPDATE SET member = excluded.member, type = excluded.type, state = excluded.state,
		expires = excluded.expires, opinion = excluded.opinion, sealed = excluded.sealed`, rows)
	if err != nil {
		return err
	}
	_, err = tx.InsertMany(ctx, "secret", []string{"signal", "wrapped"},
		`ON CONFLICT (signal) DO UPDATE SET wrapped = excluded.wrapped`, keys)
	return err
}

// SetReplicaState changes the state of signals.
func SetReplicaState(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID, state lantern.SignalState) error {
	return inChunks(ids, func(args []any) error {
		_, err := tx.Exec(ctx, `UPDATE replica SET state = $1 WHERE signal IN `+list(2, len(args)), append([]any{state}, args...)...)
		return err
	})
}

// Destroy deletes signals with their values, keys and placements. What is known of programs
// that they were taken out of stays: a page read before that must not bring them back.
func Destroy(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) error {
	return inChunks(ids, func(args []any) error {
		for _, q := range []string{
			`DELETE FROM secret WHERE signal IN `,
			`DELETE FROM replica WHERE signal IN `,
			`DELETE FROM placement WHERE state <> 'narrowed' AND signal IN `,
		} {
			if _, err := tx.Exec(ctx, q+list(1, len(args)), args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// PlacementRow is one signal's place in one program. In the state Narrowed it is none: the
// signal was taken out of the program, and the row remembers at which place of the feed.
type PlacementRow struct {
	Program, Signal lantern.ID
	State           lantern.SignalState
	Seq, Generation int64
}

// SavePlacements adds or replaces placements.
func SavePlacements(ctx context.Context, tx *sqldb.Tx, all []PlacementRow) error {
	var rows [][]any
	for _, p := range all {
		rows = append(rows, []any{p.Program, p.Signal, p.State, p.Seq, p.Generation})
	}
	_, err := tx.InsertMany(ctx, "placement", []string{"program", "signal", "state", "seq", "generation"},
		`ON CONFLICT (program, signal) DO UPDATE SET state = excluded.state, seq = excluded.seq, generation = excluded.generation`, rows)
	return err
}

// LoadPlacements returns the rows of signals in all programs. A signal without one is not in
// the replica either.
func LoadPlacements(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID][]PlacementRow, error) {
	placed := make(map[lantern.ID][]PlacementRow)
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT program, signal, state, seq, generation FROM placement WHERE signal IN `+list(1, len(args)), args...)
		return eachRow(rows, err, func() error {
			var p PlacementRow
			if err := rows.Scan(&p.Program, &p.Signal, &p.State, &p.Seq, &p.Generation); err != nil {
				return err
			}
			placed[p.Signal] = append(placed[p.Signal], p)
			return nil
		})
	})
	return placed, err
}

// DropPlacements deletes the placements of a program older than a generation and returns
// their signals.
func DropPlacements(ctx context.Context, tx *sqldb.Tx, program lantern.ID, generation int64) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `DELETE FROM placement WHERE program = $1 AND generation < $2 RETURNING signal`, program, generation)
	return scanIDs(rows, err)
}

// Holds reports whether a signal stands in a program at a place of its feed up to seq, or at
// one that was read before the present reading of the feed began, which tells nothing.
func Holds(ctx context.Context, tx *sqldb.Tx, program, signal lantern.ID, seq int64) (bool, error) {
	var n int
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM placement p JOIN programs g ON g.program = p.program
		WHERE p.program = $1 AND p.signal = $2 AND p.state <> 'narrowed' AND (p.seq <= $3 OR p.generation < g.generation)`, program, signal, seq).Scan(&n)
	return n > 0, err
}

// LoadStandings returns, for those signals that are placed anywhere, whether they are
// active in every place: Active or Suspended.
func LoadStandings(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]lantern.SignalState, error) {
	standings := make(map[lantern.ID]lantern.SignalState, len(ids))
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT signal, SUM(CASE WHEN state = $1 THEN 0 ELSE 1 END) FROM placement
			WHERE state <> 'narrowed' AND signal IN `+list(2, len(args))+` GROUP BY signal`, append([]any{lantern.Active}, args...)...)
		return eachRow(rows, err, func() error {
			var id lantern.ID
			var masked int64
			if err := rows.Scan(&id, &masked); err != nil {
				return err
			}
			standings[id] = lantern.Active
			if masked > 0 {
				standings[id] = lantern.Suspended
			}
			return nil
		})
	})
	return standings, err
}

// LoadPlaces returns the programs each of the signals is placed in.
func LoadPlaces(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID][]lantern.ID, error) {
	places := make(map[lantern.ID][]lantern.ID, len(ids))
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT signal, program FROM placement WHERE state <> 'narrowed' AND signal IN `+list(1, len(args))+` ORDER BY program`, args...)
		return eachRow(rows, err, func() error {
			var signal, program lantern.ID
			if err := rows.Scan(&signal, &program); err != nil {
				return err
			}
			places[signal] = append(places[signal], program)
			return nil
		})
	})
	return places, err
}

// LoadFallen returns when those of the signals fell that did.
func LoadFallen(ctx context.Context, tx *sqldb.Tx, ids []lantern.ID) (map[lantern.ID]time.Time, error) {
	fell := make(map[lantern.ID]time.Time)
	if any, err := some(ctx, tx, `SELECT COUNT(*) FROM (SELECT 1 FROM fallen LIMIT 1) f`); err != nil || !any {
		return fell, err
	}
	err := inChunks(ids, func(args []any) error {
		rows, err := tx.Query(ctx, `SELECT signal, at FROM fallen WHERE signal IN `+list(1, len(args)), args...)
		return eachRow(rows, err, func() error {
			var id lantern.ID
			var at int64
			if err := rows.Scan(&id, &at); err != nil {
				return err
			}
			fell[id] = FromMicros(at)
			return nil
		})
	})
	return fell, err
}

// SaveFallen notes that a signal fell.
func SaveFallen(ctx context.Context, tx *sqldb.Tx, signal lantern.ID, at time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO fallen (signal, at) VALUES ($1, $2)
		ON CONFLICT (signal) DO UPDATE SET at = excluded.at`, signal, Micros(at))
	return err
}

// LoadExpired returns signals whose time ran out.
func LoadExpired(ctx context.Context, tx *sqldb.Tx, now time.Time) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT signal FROM replica WHERE expires > 0 AND expires <= $1`, Micros(now))
	return scanIDs(rows, err)
}

// collect reads every row of a result into a T; err is that of the query.
func collect[T any](rows *sql.Rows, err error, read func(*T) error) ([]T, error) {
	var all []T
	err = eachRow(rows, err, func() error {
		var v T
		if err := read(&v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// eachRow calls read for every row of a result; err is that of the query.
func eachRow(rows *sql.Rows, err error, read func() error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanIDs reads rows of one id each.
func scanIDs(rows *sql.Rows, err error) ([]lantern.ID, error) {
	return collect(rows, err, func(id *lantern.ID) error { return rows.Scan(id) })
}

// scanTexts reads rows of one text each.
func scanTexts(rows *sql.Rows, err error) ([]string, error) {
	return collect(rows, err, func(s *string) error { return rows.Scan(s) })
}

// absent reports that a row was not there, which for most callers is an answer.
func absent(err error) bool { return errors.Is(err, sql.ErrNoRows) }
