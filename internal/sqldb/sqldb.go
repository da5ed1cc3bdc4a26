package sqldb

import (
	"context"
	"database/sql"
	"io/fs"
	"strings"

	"lantern"
)

// Engine names a database engine.
type Engine string

// The engines.
const (
	SQLite     Engine = "sqlite"
	PostgreSQL Engine = "postgres"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	engine  Engine
	backend backend
	rewrite rewriter
	damaged func(error)
}

// Watch has damaged called with every error of a transaction that tells of damage, as [Damaged]
// does, before the transaction's caller gets it. It must be called before others use the database.
func (db *DB) Watch(damaged func(error)) { db.damaged = damaged }

// told tells who watches of an error, and returns it.
func (db *DB) told(err error) error {
	if db.damaged != nil && Damaged(err) {
		db.damaged(err)
	}
	return err
}

// backend is what the two engines do differently.
type backend interface {
	begin(ctx context.Context, write bool) (session, error)
	migration(ctx context.Context, tx *Tx) error
	ddl(statement string) string
	migrated(ctx context.Context, tx *Tx) error
	scrub(ctx context.Context, tables []string) error
	fault(err error) *fault
	close() error
}

// session is one transaction of an engine. Statements arrive in the engine's own form.
type session interface {
	exec(ctx context.Context, query string, args []any) (int64, error)
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
	queryRow(ctx context.Context, query string, args []any) *sql.Row
	insert(ctx context.Context, in insertion) (n int64, err error)
	commit() error
	rollback()
}

// Open opens the database at url: "sqlite:/path/file.db" or a bare path for SQLite, made
// if missing with mode 0600 in a folder that must exist; "postgres://…" for PostgreSQL.
// It reads the settings that durability and erasure rest on back from the engine and
// returns an error that names setting, found, needed and fix if one is weaker than
// promised; the same check runs on every later connection.
//
// A sqlite: URL may set pragmas (?cache_size=-65536&mmap_size=268435456); a postgres: URL
// may hold what libpq documents, and pool_max_conns.
func Open(ctx context.Context, url string) (*DB, error) {
	scheme, rest, found := strings.Cut(url, ":")
	switch {
	case url == "":
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "no database given",
			Fix: "give sqlite:/path/file.db or postgres://…"}
	case found && (scheme == "postgres" || scheme == "postgresql"):
		return openPostgresDB(ctx, url)
	case found && scheme == "sqlite":
		path, query, _ := strings.Cut(rest, "?")
		return openSQLiteDB(ctx, path, query)
	case found && strings.HasPrefix(rest, "//"):
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "unknown kind of database URL",
			Fix: "give sqlite:/path/file.db or postgres://…"}
	}
	return openSQLiteDB(ctx, url, "")
}

// openPostgresDB connects once, so that wrong settings are found at start.
func openPostgresDB(ctx context.Context, url string) (*DB, error) {
	b, err := openPostgres(url)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: PostgreSQL, backend: b}
	if err := b.pool.PingContext(ctx); err != nil {
		b.pool.Close() //nolint:errcheck // the error that matters is at hand
		return nil, db.clean(ctx, err)
	}
	return db, nil
}

// openSQLiteDB opens the SQLite file at path with extra pragmas from query.
func openSQLiteDB(ctx context.Context, path, query string) (*DB, error) {
	b, err := openSQLite(path, query)
	if err != nil {
		return nil, err
	}
	db := &DB{engine: SQLite, backend: b, rewrite: rewriter{on: true}}
	// Another process that opens the same fresh file may be in the way.
	if err := again(ctx, func() error { return db.clean(ctx, b.first(ctx)) }); err != nil {
		b.pool.Close() //nolint:errcheck // the error that matters is at hand
		return nil, err
	}
	return db, nil
}

// Engine says which engine serves db.
func (db *DB) Engine() Engine { return db.engine }

// Close waits for running transactions and closes every connection. On SQLite the last
// connection to close moves the write-ahead log into the database file.
func (db *DB) Close() error { return db.backend.close() }

// Ping checks that the engine answers a query. An error of kind Unavailable means it can
// not be reached.
func (db *DB) Ping(ctx context.Context) error {
	return db.Read(ctx, func(tx *Tx) error {
		var one int64
		return tx.QueryRow(ctx, "SELECT 1").Scan(&one)
	})
}

// Migrate brings the schema to what fsys holds: *.sql files in its root, each named
// NNNN_words.sql, applied in the order of their numbers, each in a transaction of its
// own. One text serves both engines. What was applied is kept in the table
// schema_version with a checksum. Migrate may run in two processes at once: one applies,
// the other waits and finds it done. It refuses a database that holds a migration fsys
// does not have (written by a newer binary), and one whose applied text differs.
func (db *DB) Migrate(ctx context.Context, fsys fs.FS) error {
	return migrate(ctx, db, fsys)
}

// Scrub makes deleted rows unrecoverable from the database's files; docs/operate/erasure.md
// states the bound. Call it after the deleting transactions committed; it may run beside
// other work and waits for older transactions to end. Without tables it empties the
// write-ahead log of deleted content; with tables it also rewrites these (on SQLite the
// whole file), which locks them meanwhile. Running it twice does no harm. An error means
// that the bytes may still be there.
func (db *DB) Scrub(ctx context.Context, tables ...string) error {
	return db.told(again(ctx, func() error { return db.clean(ctx, db.backend.scrub(ctx, tables)) }))
}
