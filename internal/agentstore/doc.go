// Package agentstore holds the SQL of the agent, as package store holds the exchange's: each
// statement once, in the file of the noun it serves. It knows rows and columns and no rule:
// what a page of a feed, a decision or a correction does to them is decided by package agent
// above it, which also opens every transaction.
//
// The words. A replica row is what the agent keeps of one signal, its value and note sealed. A
// placement says through which program the signal came and what that program's feed said
// of it. A fallen signal is one a feed declared gone; it is remembered so that an older page
// cannot bring it back. A barred one is held back after the exchange returned from a backup.
//
// Functions take the transaction they run in. Lists of ids may have any length: they are
// cut into statements of bounded size.
package agentstore

import (
	"embed"
	"io/fs"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations is the schema's history, for [sqldb.DB.Migrate].
func Migrations() fs.FS {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	return sub
}
