package mend

import (
	"fmt"
	"path/filepath"

	"lantern"
	"lantern/internal/sqldb"
)

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
