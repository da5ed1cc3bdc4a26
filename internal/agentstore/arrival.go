package agentstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"lantern"
	"lantern/internal/sqldb"
)

// LoadArrival returns the highest arrival that was given, 0 before the first.
func LoadArrival(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	return loadNumber(ctx, tx, StateArrival)
}

// LoadDeparture returns the highest departure that was given, 0 before the first.
func LoadDeparture(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	return loadNumber(ctx, tx, StateDeparture)
}

func loadNumber(ctx context.Context, tx *sqldb.Tx, name string) (int64, error) {
	var text string
	err := tx.QueryRow(ctx, `SELECT value FROM state WHERE name = $1`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the newest %s: %w", name, err)
	}
	return n, nil
}

// Arrive gives the next arrival to those of the signals that have none, and returns the
// highest arrival that was given so far: the same as before if all had one.
func Arrive(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) (int64, error) {
	last, err := LoadArrival(ctx, tx)
	if err != nil || len(signals) == 0 {
		return last, err
	}
	rows := make([][]any, len(signals))
	for i, id := range signals {
		rows[i] = []any{id, last + 1}
	}
	// Never the highest that stands: a number that was taken back must not be given again.
	n, err := tx.InsertMany(ctx, "arrivals", []string{"signal", "arrival"}, "ON CONFLICT (signal) DO NOTHING", rows)
	if err != nil || n == 0 {
		return last, err
	}
	return last + 1, SaveState(ctx, tx, StateArrival, strconv.FormatInt(last+1, 10))
}

// Depart takes the arrivals of signals back: they are not matchable any more. It notes those
// that had one, for the engine's files, and returns the highest departure given so far.
func Depart(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) (int64, error) {
	last, err := LoadDeparture(ctx, tx)
	if err != nil {
		return 0, err
	}
	var rows [][]any
	err = inChunks(signals, func(args []any) error {
		gone, err := tx.Query(ctx, `DELETE FROM arrivals WHERE signal IN `+list(1, len(args))+` RETURNING signal`, args...)
		ids, err := scanIDs(gone, err)
		for _, id := range ids {
			rows = append(rows, []any{last + 1, id})
		}
		return err
	})
	if err != nil || len(rows) == 0 {
		return last, err
	}
	if _, err := tx.InsertMany(ctx, "departures", []string{"number", "signal"}, "ON CONFLICT (number, signal) DO NOTHING", rows); err != nil {
		return 0, err
	}
	return last + 1, SaveState(ctx, tx, StateDeparture, strconv.FormatInt(last+1, 10))
}

// DepartedAfter returns the signals that departed after a departure and did not arrive again.
func DepartedAfter(ctx context.Context, tx *sqldb.Tx, after int64) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT d.signal FROM departures d LEFT JOIN arrivals a ON a.signal = d.signal
		WHERE d.number > $1 AND a.signal IS NULL`, after)
	return scanIDs(rows, err)
}

// DropDepartures forgets departures that the engine's files know of. Older files are of no
// use from then on.
func DropDepartures(ctx context.Context, tx *sqldb.Tx, upTo int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM departures WHERE number <= $1`, upTo); err != nil {
		return err
	}
	return SaveState(ctx, tx, StateForgotten, strconv.FormatInt(upTo, 10))
}

// LoadForgotten returns the highest departure that was forgotten.
func LoadForgotten(ctx context.Context, tx *sqldb.Tx) (int64, error) {
	return loadNumber(ctx, tx, StateForgotten)
}

// SetUnread notes which of some signals cannot be read by this version, and which can.
func SetUnread(ctx context.Context, tx *sqldb.Tx, unread, others []lantern.ID) error {
	err := inChunks(others, func(args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM unread WHERE signal IN `+list(1, len(args)), args...)
		return err
	})
	if err != nil || len(unread) == 0 {
		return err
	}
	rows := make([][]any, len(unread))
	for i, id := range unread {
		rows[i] = []any{id}
	}
	_, err = tx.InsertMany(ctx, "unread", []string{"signal"}, "ON CONFLICT (signal) DO NOTHING", rows)
	return err
}

// LoadUnread returns the signals that cannot be read.
func LoadUnread(ctx context.Context, tx *sqldb.Tx) ([]lantern.ID, error) {
	rows, err := tx.Query(ctx, `SELECT signal FROM unread`)
	return scanIDs(rows, err)
}

// DropUnread forgets all of them.
func DropUnread(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM unread`)
	return err
}

// ForgetArrivals takes all arrivals back, so that every hunt is behind with every file. Numbers
// that were given are not given again, even if the newest cannot be read any more.
func ForgetArrivals(ctx context.Context, tx *sqldb.Tx) error {
	last, err := LoadArrival(ctx, tx)
	if err != nil {
		return err
	}
	for _, q := range []string{
		`SELECT COALESCE(MAX(arrival), 0) FROM arrivals`, `SELECT COALESCE(MAX(looked), 0) FROM hunted`, `SELECT COALESCE(MAX(looked), 0) FROM hunted_pieces`,
	} {
		var seen int64
		if err := tx.QueryRow(ctx, q).Scan(&seen); err != nil {
			return err
		}
		last = max(last, seen)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM arrivals`); err != nil {
		return err
	}
	return SaveState(ctx, tx, StateArrival, strconv.FormatInt(last, 10))
}

// CountArrived returns how many of the matchable signals arrived after an arrival.
func CountArrived(ctx context.Context, tx *sqldb.Tx, after int64) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM arrivals WHERE arrival > $1`, after).Scan(&n)
	return n, err
}

// EachArrived calls each for every matchable signal that arrived after an arrival.
func EachArrived(ctx context.Context, tx *sqldb.Tx, after int64, each func(*ReplicaRow) error) error {
	return queryReplica(ctx, tx, ` WHERE r.state = $1 AND r.signal IN (SELECT signal FROM arrivals WHERE arrival > $2)`,
		[]any{lantern.Active, after}, each)
}
