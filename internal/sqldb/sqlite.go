package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"lantern"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteDB is the SQLite engine: one connection that writes and a few that read. The
// connections are held here and not in database/sql's pool, so that each keeps its
// prepared statements and a waiting writer can be cancelled.
type sqliteDB struct {
	pool    *sql.DB
	extra   []pragma
	writer  chan *sqliteConn // holds the one writing connection, or nil if it must be opened
	readers chan *sqliteConn // the same for readers
	ending  sync.Once
	ended   chan struct{} // closed when no connection may be taken any more
}

// pragma is one setting of a SQLite connection.
type pragma struct{ name, value string }

// The settings every connection starts with. A URL may change them, but not below what
// promised demands.
var sqliteSettings = []pragma{
	{"busy_timeout", "5000"},
	{"journal_mode", "WAL"},
	{"synchronous", "FULL"},
	{"foreign_keys", "ON"},
	{"secure_delete", "ON"},
	{"temp_store", "MEMORY"},
	{"trusted_schema", "OFF"},
	{"cache_size", "-65536"},
	// A page that is changed again before it is moved into the file is moved once. Erasures
	// empty the log by themselves.
	{"wal_autocheckpoint", "8000"},
}

// promise is a setting read back from SQLite after connecting.
type promise struct {
	name   string
	wants  string   // for the error
	kept   []string // what satisfies it
	reason string
}

// The promises: what must hold whatever the URL says.
var sqlitePromises = []promise{
	{"journal_mode", "wal", []string{"wal"}, "readers must not stop the writer"},
	{"synchronous", "2 (FULL)", []string{"2", "3"}, "an acknowledged write must survive a power cut"},
	{"foreign_keys", "1 (ON)", []string{"1"}, "rows must not refer to nothing"},
	{"secure_delete", "1 (ON)", []string{"1"}, "erased bytes must not stay in free pages"},
	{"temp_store", "2 (MEMORY)", []string{"2"}, "values must not reach temporary files"},
}

// writerBusy is how long the engine itself waits for a writer of another process. It is
// short because the wait inside SQLite cannot be cancelled; attempt waits further.
const writerBusy = 500 * time.Millisecond

// openSQLite makes the file if missing; first must follow.
func openSQLite(path, query string) (*sqliteDB, error) {
	if path == "" || strings.Contains(path, ":memory:") || strings.HasPrefix(path, "file:") {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "not a path to a database file",
			Fix: "give sqlite:/path/file.db; a database in memory keeps nothing"}
	}
	extra, err := parsePragmas(query)
	if err != nil {
		return nil, err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("finding the database file: %w", err)
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	pool, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	pool.SetMaxIdleConns(-1)
	n := max(4, 2*runtime.GOMAXPROCS(0))
	b := &sqliteDB{pool: pool, extra: extra, writer: make(chan *sqliteConn, 1), readers: make(chan *sqliteConn, n),
		ended: make(chan struct{})}
	for range n {
		b.readers <- nil
	}
	return b, nil
}

// first opens the writing connection, so that wrong settings are found at start.
func (b *sqliteDB) first(ctx context.Context) error {
	c, err := b.connect(ctx, true)
	if err == nil {
		b.writer <- c
	}
	return err
}

// createFile makes an empty database file that only its owner may read, and syncs the
// folder, so that the file itself survives a power cut. SQLite gives its other files
// the same mode.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("creating the database file: %w", err)
	}
	f.Close()
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("opening the database folder: %w", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("syncing the database folder: %w", err)
	}
	return nil
}

// The pragmas a URL may set.
var sqliteAllowed = []string{"busy_timeout", "cache_size", "foreign_keys", "journal_mode", "journal_size_limit",
	"max_page_count", "mmap_size", "secure_delete", "synchronous", "temp_store", "wal_autocheckpoint"}

// parsePragmas reads the query part of a sqlite: URL.
func parsePragmas(query string) ([]pragma, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "malformed parameters in the database URL"}
	}
	var out []pragma
	for _, name := range sqliteAllowed {
		for _, v := range values[name] {
			if v == "" || strings.Trim(v, "-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "malformed value of " + name + " in the database URL"}
			}
			out = append(out, pragma{name, v})
		}
		delete(values, name)
	}
	for name := range values {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: fmt.Sprintf("unknown parameter %q in the database URL", name),
			Fix: "use one of " + strings.Join(sqliteAllowed, ", ")}
	}
	return out, nil
}

// connect opens one connection, sets it up and holds it to the promises.
func (b *sqliteDB) connect(ctx context.Context, write bool) (*sqliteConn, error) {
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	c := &sqliteConn{conn: conn, stmts: make(map[string]*sqliteStmt), inserts: make(map[insertKey]driver.Stmt)}
	if err := b.setUp(ctx, c, write); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

// setUp applies the settings and reads the promised ones back.
func (b *sqliteDB) setUp(ctx context.Context, c *sqliteConn, write bool) error {
	settings := append(sqliteSettings[:len(sqliteSettings):len(sqliteSettings)], b.extra...)
	if !write {
		settings = append(settings, pragma{"query_only", "ON"})
	}
	for _, p := range settings {
		if _, err := c.conn.ExecContext(ctx, "PRAGMA "+p.name+"="+p.value); err != nil {
			return fmt.Errorf("setting %s: %w", p.name, err)
		}
	}
	for _, p := range sqlitePromises {
		var found string
		if err := c.conn.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&found); err != nil {
			return fmt.Errorf("reading %s back: %w", p.name, err)
		}
		if !p.keeps(found) {
			return &lantern.Error{Kind: lantern.Unsupported,
				Reason: fmt.Sprintf("sqlite setting %s is %s, needed is %s: %s", p.name, found, p.wants, p.reason),
				Fix:    "leave " + p.name + " out of the database URL, and keep the file on a local disk"}
		}
	}
	if write {
		_, err := c.conn.ExecContext(ctx, "PRAGMA busy_timeout="+strconv.FormatInt(writerBusy.Milliseconds(), 10))
		return err
	}
	return nil
}

// keeps says whether the value found satisfies p.
func (p promise) keeps(found string) bool {
	for _, k := range p.kept {
		if strings.EqualFold(k, found) {
			return true
		}
	}
	return false
}

// begin takes a connection and starts a transaction on it.
func (b *sqliteDB) begin(ctx context.Context, write bool) (session, error) {
	home, start := b.readers, "BEGIN"
	if write {
		home, start = b.writer, "BEGIN IMMEDIATE"
	}
	c, err := b.take(ctx, home, write)
	if err != nil {
		return nil, err
	}
	c.trim()
	t := &sqliteTx{sqliteConn: c, home: home}
	if _, err := c.exec(ctx, start, nil); err != nil {
		// A context that ends just then makes the driver report a failure of what was done.
		t.rollback()
		return nil, err
	}
	return t, nil
}

// take waits for a connection of home, and opens it if need be.
func (b *sqliteDB) take(ctx context.Context, home chan *sqliteConn, write bool) (*sqliteConn, error) {
	select {
	case c := <-home:
		if c != nil {
			return c, nil
		}
	case <-b.ended:
		return nil, lantern.Errorf(lantern.Unavailable, "the database is closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := b.connect(ctx, write)
	if err != nil {
		home <- nil
	}
	return c, err
}

// close waits for every connection to come home and closes it.
func (b *sqliteDB) close() (err error) {
	b.ending.Do(func() {
		close(b.ended)
		for range cap(b.readers) {
			if c := <-b.readers; c != nil {
				c.close()
			}
		}
		if c := <-b.writer; c != nil {
			c.close()
		}
		err = b.pool.Close()
	})
	return err
}

// fault reads SQLite's error codes. Its messages name tables and columns, never content.
func (b *sqliteDB) fault(err error) *fault {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return nil
	}
	f := &fault{text: "sqlite: " + e.Error()}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		f.retry = true
	case sqlite3.SQLITE_FULL:
		f.down = downFull
	case sqlite3.SQLITE_NOMEM:
		f.down = downMemory
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR:
		f.down = downFiles
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		f.down = downDamaged
	}
	return f
}
