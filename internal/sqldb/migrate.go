package sqldb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"lantern"
	"lantern/internal/sqltext"

	"github.com/jackc/pgx/v5"
)

// migration is one step of a schema.
type migration struct {
	version    int64
	name       string
	checksum   string
	statements [][]sqltext.Token
}

// schemaVersion is the table that remembers what was applied.
const schemaVersion = `CREATE TABLE IF NOT EXISTS schema_version (
	version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`

// migrate applies what is missing.
func migrate(ctx context.Context, db *DB, fsys fs.FS) error {
	steps, err := readMigrations(fsys)
	if err != nil {
		return err
	}
	if err := makeSchemaVersion(ctx, db); err != nil {
		return err
	}
	for {
		var done bool
		err := db.Write(ctx, func(tx *Tx) error {
			var err error
			done, err = migrateOne(ctx, tx, steps)
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// makeSchemaVersion creates the table. Two processes that start at once may both try:
// IF NOT EXISTS does not keep PostgreSQL from failing one of them, so it looks again.
func makeSchemaVersion(ctx context.Context, db *DB) error {
	var err error
	for range 3 {
		err = db.Write(ctx, func(tx *Tx) error {
			_, err := tx.Exec(ctx, db.backend.ddl(schemaVersion))
			return err
		})
		if err == nil || lantern.KindOf(err) == lantern.Unavailable {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("creating schema_version: %w", err)
	}
	return nil
}

// migrateOne applies the first missing step and reports whether none is missing.
func migrateOne(ctx context.Context, tx *Tx, steps []migration) (done bool, err error) {
	if err := tx.db.backend.migration(ctx, tx); err != nil {
		return false, fmt.Errorf("locking schema_version: %w", err)
	}
	applied, err := checkApplied(ctx, tx, steps)
	if err != nil {
		return false, err
	}
	if applied == len(steps) {
		return true, tx.db.backend.migrated(ctx, tx)
	}
	return false, steps[applied].apply(ctx, tx)
}

// apply runs one step and remembers it.
func (m migration) apply(ctx context.Context, tx *Tx) error {
	for i, s := range m.statements {
		if _, err := tx.Exec(ctx, tx.db.backend.ddl(sqltext.Text(s))); err != nil {
			return fmt.Errorf("migration %s, statement %d: %w", m.name, i+1, err)
		}
	}
	_, err := tx.Exec(ctx, "INSERT INTO schema_version (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)",
		m.version, m.name, m.checksum, time.Now().UnixMicro())
	return err
}

// checkApplied returns how many steps were applied, or why they are not ours.
func checkApplied(ctx context.Context, tx *Tx, steps []migration) (int, error) {
	rows, err := tx.Query(ctx, "SELECT version, name, checksum FROM schema_version ORDER BY version")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var version int64
		var name, checksum string
		if err := rows.Scan(&version, &name, &checksum); err != nil {
			return 0, err
		}
		if n >= len(steps) || version != steps[n].version {
			return 0, &lantern.Error{Kind: lantern.Unsupported,
				Reason: fmt.Sprintf("the database holds schema version %d (%s), which this binary does not know", version, name),
				Fix:    "run the newer binary that wrote it"}
		}
		if checksum != steps[n].checksum {
			return 0, &lantern.Error{Kind: lantern.Unsupported,
				Reason: fmt.Sprintf("schema version %d (%s) was applied with another text", version, name),
				Fix:    "run the binary that wrote it; an applied migration must never be edited"}
		}
	}
	return n, rows.Err()
}

// readMigrations reads and orders the *.sql files of fsys.
func readMigrations(fsys fs.FS) ([]migration, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, fmt.Errorf("listing migrations: %w", err)
	}
	var out []migration
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("reading migration %s: %w", name, err)
		}
		digits, _, _ := strings.Cut(path.Base(name), "_")
		version, err := strconv.ParseInt(strings.TrimSuffix(digits, ".sql"), 10, 64)
		if err != nil || version <= 0 {
			return nil, fmt.Errorf("migration %s: its name must start with a number", name)
		}
		if len(out) > 0 && version <= out[len(out)-1].version {
			return nil, fmt.Errorf("migration %s: its number does not follow the one before", name)
		}
		sum := sha256.Sum256(b)
		out = append(out, migration{version, name, hex.EncodeToString(sum[:]), sqltext.Statements(string(b))})
	}
	return out, nil
}

// migration locks nothing on SQLite: there is one writer.
func (b *sqliteDB) migration(context.Context, *Tx) error { return nil }

// migrated has nothing to add: SQLite keeps no sample of stored values.
func (b *sqliteDB) migrated(context.Context, *Tx) error { return nil }

// ddl gives a portable statement SQLite's types, and makes its tables STRICT so that it
// refuses what PostgreSQL refuses. A table whose primary key has the comment "clustered"
// lies in the index of that key.
func (b *sqliteDB) ddl(statement string) string {
	var out strings.Builder
	var words []string
	skip, clustered := false, false
	for _, t := range sqltext.Scan(statement) {
		clustered = clustered || t.Kind == sqltext.Comment && strings.Trim(t.Text, "- ") == "clustered"
		if t.Kind == sqltext.Word {
			w := strings.ToUpper(t.Text)
			if skip = w == "PRECISION"; skip {
				continue
			}
			if len(words) < 2 {
				words = append(words, w)
			}
			if native, ok := sqliteTypes[w]; ok {
				t.Text = native
			}
		}
		out.WriteString(t.Text)
	}
	if len(words) == 2 && words[0] == "CREATE" && words[1] == "TABLE" {
		// On a line of its own, as the statement may end in a comment.
		out.WriteString("\nSTRICT")
		if clustered {
			out.WriteString(", WITHOUT ROWID")
		}
	}
	return out.String()
}

// sqliteTypes are SQLite's names of the portable types.
var sqliteTypes = map[string]string{"BIGINT": "INTEGER", "BYTEA": "BLOB", "BOOLEAN": "INTEGER", "DOUBLE": "REAL"}

// migration makes other processes that migrate wait.
func (b *postgresDB) migration(ctx context.Context, tx *Tx) error {
	_, err := tx.Exec(ctx, "LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE")
	return err
}

// unsampled lists the BYTEA columns that ANALYZE would sample.
const unsampled = `SELECT c.relname, a.attname
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND a.atttypid = 'bytea'::regtype AND coalesce(a.attstattarget, -1) <> 0`

// migrated keeps sealed columns out of pg_statistic: a sample of wrapped keys kept there
// would outlive their rows, out of reach of a scrub. The planner loses little: keyed
// digests are all different.
func (b *postgresDB) migrated(ctx context.Context, tx *Tx) error {
	rows, err := tx.Query(ctx, unsampled)
	if err != nil {
		return err
	}
	var alter []string
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			return err
		}
		alter = append(alter, fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s SET STATISTICS 0",
			pgx.Identifier{table}.Sanitize(), pgx.Identifier{column}.Sanitize()))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, a := range alter {
		if _, err := tx.Exec(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// ddl is the identity: the portable subset is written in PostgreSQL's words.
func (b *postgresDB) ddl(statement string) string { return statement }
