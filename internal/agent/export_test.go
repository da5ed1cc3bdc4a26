package agent

import (
	"context"

	"lantern/internal/sqldb"
)

// Fill lets the database not grow any more, as on a full disk; with room it may again.
func (a *Agent) Fill(ctx context.Context, room bool) error {
	return a.db.Write(ctx, func(tx *sqldb.Tx) error {
		pages := "PRAGMA max_page_count = 1" // SQLite takes what the file has
		if room {
			pages = "PRAGMA max_page_count = 1000000"
		}
		_, err := tx.Exec(ctx, pages)
		return err
	})
}
