package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"lantern"
)

// fault is an engine's failure, stripped of anything that could repeat an argument.
type fault struct {
	text  string // engine, code and what is safe to log; may name files of the engine's
	retry bool   // another transaction was in the way
	down  string // why the engine cannot serve at all, fit for everybody; "" if it can
}

// Why an engine cannot serve.
const (
	downLost    = "the database cannot be reached"
	downFull    = "the database's disk is full"
	downMemory  = "the database is out of memory"
	downBusy    = "the database takes no more connections"
	downFiles   = "the database cannot read or write its files"
	downDamaged = "the database's file is damaged"
	downEnding  = "the database is starting or shutting down"
	downReader  = "the database is read-only"
)

// Error returns the safe text.
func (f *fault) Error() string { return f.text }

// retryable says whether err comes from a transaction that may simply run again.
func retryable(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.retry
}

// clean turns a failure met in a transaction into what a caller may see. Errors of the
// caller's own function pass unchanged, unless they wrap an engine's error.
func (db *DB) clean(ctx context.Context, err error) error {
	var known *fault
	var typed *lantern.Error
	if err == nil || errors.As(err, &known) || errors.As(err, &typed) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if s := err.Error(); strings.Contains(s, "converting driver.Value type") || strings.Contains(s, "unsupported Scan") {
		// database/sql quotes the stored value in these.
		return errors.New("reading a column: its content does not fit the Go type")
	}
	f := db.backend.fault(err)
	if f == nil {
		return err
	}
	if f.down != "" {
		// The cause is for the log: a caller is told the reason alone.
		fix := "retry later; nothing may be read into the missing answer"
		switch f.down {
		case downFull:
			fix = "free space on that disk, then repeat; nothing may be read into the missing answer"
		case downDamaged:
			fix = "retrying does not help: stop the agent and start it, also if it was started just now: that start mends its database; or bring the exchange's backup back"
		}
		return fmt.Errorf("%w: %w", &lantern.Error{Kind: lantern.Unavailable, Reason: f.down, Fix: fix}, f)
	}
	return f
}

// Damaged reports whether err comes of a database file that holds what the engine did not
// write: a page that a disk or a person broke. Trying again does not help.
func Damaged(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.down == downDamaged
}
