package mend

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// lossShown is how long the status names what was lost.
const lossShown = 30 * 24 * time.Hour

// LossText says what a damage took, if that is not long ago: recorded is a time and the tables.
func LossText(recorded string, now time.Time) string {
	at, tables, found := strings.Cut(recorded, " ")
	t, err := time.Parse(time.RFC3339, at)
	if !found || err != nil || now.Sub(t) > lossShown {
		return ""
	}
	return "the agent's database was damaged and mended on " + t.Format(time.DateOnly) + "; not everything could be read of: " + tables
}

// Beyond says of an error met while a database is opened or mended what is left to do if
// it is damage: nothing can be read of the file at path. Other errors stay as they are.
func Beyond(path string, err error) error {
	if !sqldb.Damaged(err) {
		return err
	}
	name := filepath.Base(path)
	return fmt.Errorf("%w: %w", &lantern.Error{Kind: lantern.Unavailable, Reason: "the database is damaged where it says what it holds: nothing can be read of it",
		Fix: "move " + name + ", " + name + "-wal and " + name + "-shm away, and bring your backup of the folder back or start without one: the feeds are loaded anew, hits, cases and decisions are not"}, err)
}
