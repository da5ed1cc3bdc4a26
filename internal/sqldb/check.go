package sqldb

import (
	"context"
	"fmt"

	"lantern"
)

// Check reads a SQLite database through and reports damage as an error of kind Unavailable
// that says nothing of what is stored. PostgreSQL looks after its own files: there it only
// asks whether the server answers. It takes as long as reading the whole file and stops no
// writer.
func (db *DB) Check(ctx context.Context) error {
	if db.engine != SQLite {
		return db.Ping(ctx)
	}
	found := ""
	err := db.Read(ctx, func(tx *Tx) error {
		return tx.QueryRow(ctx, `PRAGMA quick_check(1)`).Scan(&found)
	})
	if err != nil {
		return fmt.Errorf("checking the database: %w", err)
	}
	if found != "ok" {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: "the database file is damaged"}
	}
	return nil
}
