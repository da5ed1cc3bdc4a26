package sqldb

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"lantern"
	"lantern/internal/sqltext"
)

// Version is one migration as the table schema_version remembers it.
type Version struct {
	Number   int64  `json:"number"`
	Name     string `json:"name"`
	Checksum string `json:"checksum"` // SHA-256 of its text, in hexadecimal
}

// Table is a table as migrations made it.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
	Key     []string `json:"-"` // its primary key
}

// Column is a column with its portable type: BIGINT, TEXT, BYTEA, BOOLEAN or DOUBLE.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Versions lists the migrations that fsys holds, in order.
func Versions(fsys fs.FS) ([]Version, error) {
	steps, err := readMigrations(fsys)
	list := make([]Version, len(steps))
	for i, m := range steps {
		list[i] = Version{m.version, m.name, m.checksum}
	}
	return list, err
}

// Tables reads off the first n migrations which tables they leave, in the order in which
// they were made, so that each refers to earlier ones only.
func Tables(fsys fs.FS, n int) ([]Table, error) {
	steps, err := readMigrations(fsys)
	if err != nil {
		return nil, err
	}
	var list []Table
	for _, m := range steps[:min(n, len(steps))] {
		for _, s := range m.statements {
			if list, err = alter(list, sqltext.Significant(s)); err != nil {
				return nil, fmt.Errorf("migration %s: %w", m.name, err)
			}
		}
	}
	return list, nil
}

// alter carries one statement out on the list.
func alter(list []Table, code []sqltext.Token) ([]Table, error) {
	if i := sqltext.After(code, "CREATE", "TABLE"); i >= 0 {
		return append(list, newTable(code[i].Text, sqltext.Parts(code[i+1:]))), nil
	}
	if i := sqltext.After(code, "DROP", "TABLE"); i >= 0 {
		return slices.DeleteFunc(list, func(t Table) bool { return strings.EqualFold(t.Name, code[i].Text) }), nil
	}
	i := sqltext.After(code, "ALTER", "TABLE")
	if i < 0 {
		return list, nil // indexes and rows
	}
	at := slices.IndexFunc(list, func(t Table) bool { return strings.EqualFold(t.Name, code[i].Text) })
	rest := code[i+1:]
	if at >= 0 && len(rest) >= 3 && sqltext.IsAny("RENAME")(rest[0]) && sqltext.IsAny("TO")(rest[1]) {
		list[at].Name = strings.ToLower(rest[2].Text)
		return list, nil
	}
	if at < 0 || len(rest) < 3 || !sqltext.IsAny("COLUMN")(rest[1]) {
		return nil, fmt.Errorf("%s: not understood", sqltext.Head(code))
	}
	name := strings.ToLower(rest[2].Text)
	switch {
	case sqltext.IsAny("ADD")(rest[0]) && len(rest) > 3:
		list[at].Columns = append(list[at].Columns, Column{name, strings.ToUpper(rest[3].Text)})
	case sqltext.IsAny("DROP")(rest[0]):
		list[at].Columns = slices.DeleteFunc(list[at].Columns, func(c Column) bool { return c.Name == name })
	default:
		return nil, fmt.Errorf("%s: not understood", sqltext.Head(code))
	}
	return list, nil
}

// newTable reads the definitions of a table.
func newTable(name string, defs [][]sqltext.Token) Table {
	t := Table{Name: strings.ToLower(name)}
	for _, def := range defs {
		if len(def) > 2 && sqltext.IsAny("CONSTRAINT")(def[0]) {
			def = def[2:]
		}
		primary := slices.ContainsFunc(def, sqltext.IsAny("PRIMARY"))
		if sqltext.IsAny("PRIMARY", "UNIQUE", "FOREIGN", "CHECK")(def[0]) {
			if primary {
				t.Key = sqltext.List(def)
			}
			continue
		}
		c := Column{Name: strings.ToLower(def[0].Text), Type: strings.ToUpper(def[1].Text)}
		if t.Columns = append(t.Columns, c); primary {
			t.Key = []string{c.Name}
		}
	}
	return t
}

// Applied returns how many of fsys's migrations the database holds. It fails like Migrate
// if the database holds others.
func (tx *Tx) Applied(ctx context.Context, fsys fs.FS) (int, error) {
	steps, err := readMigrations(fsys)
	if err != nil {
		return 0, err
	}
	return checkApplied(ctx, tx, steps)
}

// MigrateEmpty applies the first n migrations, all in this transaction, to a database that
// holds none. On another it returns a Conflict.
func (tx *Tx) MigrateEmpty(ctx context.Context, fsys fs.FS, n int) error {
	steps, err := readMigrations(fsys)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, tx.db.backend.ddl(schemaVersion)); err != nil {
		return fmt.Errorf("creating schema_version: %w", err)
	}
	var have int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM schema_version").Scan(&have); err != nil {
		return err
	}
	if have > 0 {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the database is not empty", Fix: "give a fresh one"}
	}
	for _, m := range steps[:min(n, len(steps))] {
		if err := m.apply(ctx, tx); err != nil {
			return err
		}
	}
	return tx.db.backend.migrated(ctx, tx)
}
