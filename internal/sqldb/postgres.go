package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgresDB is the PostgreSQL engine.
type postgresDB struct {
	pool  *sql.DB
	conns int // how many the pool may hold
}

// defaultConns bounds the connections to PostgreSQL unless pool_max_conns says otherwise.
const defaultConns = 16

// commitWait bounds how long a commit may take before its outcome is given up as unknown.
const commitWait = 30 * time.Second

// openPostgres reads the URL; nothing connects yet.
func openPostgres(url string) (*postgresDB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's message repeats the URL, which may hold a password.
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "malformed postgres:// URL",
			Fix: "give postgres://user@host:port/database?sslmode=…"}
	}
	conns := defaultConns
	if s, ok := config.RuntimeParams["pool_max_conns"]; ok {
		delete(config.RuntimeParams, "pool_max_conns")
		if conns, err = strconv.Atoi(s); err != nil || conns < 2 || conns > 1000 {
			return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "pool_max_conns is not a number from 2 to 1000"}
		}
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "lantern"
	}
	for name, value := range planner {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	b := &postgresDB{pool: stdlib.OpenDB(*config, stdlib.OptionAfterConnect(checkPostgres)), conns: conns}
	b.pool.SetMaxOpenConns(conns)
	b.pool.SetMaxIdleConns(conns)
	b.pool.SetConnMaxIdleTime(5 * time.Minute)
	return b, nil
}

// planner keeps PostgreSQL to the indexes our statements are written for. Keyed digests
// have no statistics (see migrated), so it would take a list of a hundred of them for half
// of the table and read all of it. A scan of a table that has no fitting index still runs;
// it is reckoned so dear, though, that the server would compile it first, for 100 ms.
var planner = map[string]string{"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}

// postgresPromises are the settings an acknowledged write rests on, and what the
// portable subset needs.
var postgresPromises = []promise{
	{"fsync", "on", []string{"on"}, "an acknowledged write must survive a power cut"},
	{"full_page_writes", "on", []string{"on"}, "a page torn by a power cut must be mended"},
	{"synchronous_commit", "on", []string{"on", "local", "remote_write", "remote_apply"}, "a write may be acknowledged only when it is on disk"},
	{"server_encoding", "UTF8", []string{"UTF8"}, "text is UTF-8"},
	{"standard_conforming_strings", "on", []string{"on"}, "statements are written in standard SQL"},
}

// checkPostgres reads the promised settings back on a fresh connection.
func checkPostgres(ctx context.Context, conn *pgx.Conn) error {
	for _, p := range postgresPromises {
		var found string
		// SHOW takes no parameter; the names are program text.
		if err := conn.QueryRow(ctx, "SHOW "+p.name, pgx.QueryExecModeSimpleProtocol).Scan(&found); err != nil {
			return err
		}
		if !slices.Contains(p.kept, found) {
			return &lantern.Error{Kind: lantern.Unsupported,
				Reason: fmt.Sprintf("postgres setting %s is %s, needed is %s: %s", p.name, found, p.wants, p.reason),
				Fix:    postgresFix(p)}
		}
	}
	return nil
}

// postgresFix says how to put a setting right.
func postgresFix(p promise) string {
	if p.name == "server_encoding" {
		return "create the database with ENCODING 'UTF8' TEMPLATE template0"
	}
	return fmt.Sprintf("ALTER SYSTEM SET %s = %s; SELECT pg_reload_conf(); and look for it in the URL, ALTER ROLE and ALTER DATABASE", p.name, p.wants)
}

// begin starts a transaction. A pooled connection may have died since its last use, with
// a restart of the server for example; nothing was done on it yet, so the next one is
// tried until a fresh one is refused too.
func (b *postgresDB) begin(ctx context.Context, write bool) (session, error) {
	for tries := 1; ; tries++ {
		conn, err := b.pool.Conn(ctx)
		if err != nil {
			return nil, err
		}
		s, err := beginOn(ctx, conn, write)
		if err == nil {
			return s, nil
		}
		closed := conn.Raw(func(c any) error {
			if c.(*stdlib.Conn).Conn().IsClosed() {
				return driver.ErrBadConn
			}
			return nil
		})
		conn.Close() //nolint:errcheck // it goes back to the pool, or is dead
		if closed == nil || ctx.Err() != nil || tries > b.conns {
			return nil, err
		}
	}
}

// beginOn starts a transaction on conn. Its context is not the caller's: database/sql
// would roll back in the middle of a commit when that ends, and leave its outcome unknown.
func beginOn(ctx context.Context, conn *sql.Conn, write bool) (session, error) {
	options := &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	if !write {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	tx, err := conn.BeginTx(inner, options)
	if !stop() && err == nil {
		tx.Rollback() //nolint:errcheck // ctx ended, which is the error
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	return &postgresTx{conn: conn, tx: tx, cancel: cancel}, nil
}

// postgresTx is a transaction on PostgreSQL.
type postgresTx struct {
	conn   *sql.Conn
	tx     *sql.Tx
	cancel context.CancelFunc
}

func (t *postgresTx) exec(ctx context.Context, query string, args []any) (int64, error) {
	r, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (t *postgresTx) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, query, args...)
}

func (t *postgresTx) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	return t.tx.QueryRowContext(ctx, query, args...)
}

// commit makes the transaction durable.
func (t *postgresTx) commit() error {
	timer := time.AfterFunc(commitWait, t.cancel)
	defer timer.Stop()
	if err := t.tx.Commit(); err != nil {
		return err // rollback follows
	}
	t.cancel()
	t.conn.Close() //nolint:errcheck // it goes back to the pool
	return nil
}

// rollback undoes the transaction, unless its commit already ended it.
func (t *postgresTx) rollback() {
	t.tx.Rollback() //nolint:errcheck // what cannot be rolled back ends with its connection
	t.cancel()
	t.conn.Close() //nolint:errcheck // it goes back to the pool
}

// close closes the pool.
func (b *postgresDB) close() error { return b.pool.Close() }

// fault reads PostgreSQL's error codes.
func (b *postgresDB) fault(err error) *fault {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pgFault(pg)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "conn closed") {
		return &fault{text: "postgres: connection failed", down: downLost}
	}
	if s := err.Error(); strings.Contains(s, "failed to encode") || strings.Contains(s, "unable to encode") {
		return &fault{text: "postgres: an argument does not fit the type its column has"}
	}
	return nil
}

// pgFault keeps code and message of a server error, without the parts that can repeat a
// value: the detail, and the message of data exceptions (class 22).
func pgFault(e *pgconn.PgError) *fault {
	f := &fault{text: "postgres: " + e.Code}
	if !strings.HasPrefix(e.Code, "22") {
		f.text += " " + e.Message
	}
	class := func(prefix string) bool { return strings.HasPrefix(e.Code, prefix) }
	switch {
	case e.Code == "40001" || e.Code == "40P01":
		f.retry = true
	case e.Code == "53100":
		f.down = downFull
	case e.Code == "53200":
		f.down = downMemory
	case e.Code == "53300":
		f.down = downBusy
	case class("XX001"), class("XX002"):
		f.down = downDamaged
	case class("58"), class("53"):
		f.down = downFiles
	case class("57P"):
		f.down = downEnding
	case class("08"):
		f.down = downLost
	case e.Code == "25006": // a standby, or a primary that stepped down
		f.down = downReader
	}
	return f
}
