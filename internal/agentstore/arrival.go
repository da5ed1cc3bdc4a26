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
	var text string
	err := tx.QueryRow(ctx, `SELECT value FROM state WHERE name = $1`, StateArrival).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading the newest arrival: %w", err)
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

// Depart takes the arrivals of signals back: they are not matchable any more.
func Depart(ctx context.Context, tx *sqldb.Tx, signals []lantern.ID) error {
	return inChunks(signals, func(args []any) error {
		_, err := tx.Exec(ctx, `DELETE FROM arrivals WHERE signal IN `+list(1, len(args)), args...)
		return err
	})
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
