// Package store holds the SQL of the exchange: each statement once, in the portable
// subset that both engines take (package sqldb), in the file of the noun it serves. It
// knows rows and columns and no rule: what may be written, by whom and when is decided
// by packages policy and exchange above it, and every write runs in a transaction that
// exchange opened and that also appends a leaf to the log.
//
// Functions take the transaction they run in. Those that find nothing return ok=false
// rather than an error.
package store

import (
	"embed"
	"io/fs"
	"strings"
	"time"
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

// micros is a time as a column holds it; 0 is the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros reads what micros wrote.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// words packs a list of words without spaces into one column.
func words[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, w := range list {
		parts[i] = string(w)
	}
	return strings.Join(parts, " ")
}

// fromWords reads what words wrote.
func fromWords[T ~string](s string) []T {
	var list []T
	for _, w := range strings.Fields(s) {
		list = append(list, T(w))
	}
	return list
}
