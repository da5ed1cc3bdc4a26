package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"lantern"
)

// scrubWait bounds how long a scrub waits for others: readers that hold SQLite's
// write-ahead log, transactions on PostgreSQL that still see deleted rows, locks.
const scrubWait = 30 * time.Second

// poll calls done with growing pauses until it returns true, for at most scrubWait; what
// says what it waited for.
func poll(ctx context.Context, what string, done func() (bool, error)) error {
	deadline := time.Now().Add(scrubWait)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return &lantern.Error{Kind: lantern.Unavailable, Reason: "scrubbing the database: " + what + " for " + scrubWait.String(),
				Fix: "scrub again when it has ended; until then deleted bytes may remain"}
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
	}
}

// scrub empties the write-ahead log, after rewriting the file if tables are named:
// secure_delete overwrites a deleted cell in place, but not the copies that moving cells
// between pages left in unallocated space.
func (b *sqliteDB) scrub(ctx context.Context, tables []string) error {
	c, err := b.take(ctx, b.writer, true)
	if err != nil {
		return err
	}
	defer func() { b.writer <- c }()
	if len(tables) > 0 {
		if _, err := c.conn.ExecContext(ctx, "VACUUM"); err != nil {
			return fmt.Errorf("rewriting the database: %w", err)
		}
	}
	return poll(ctx, "a reader has held the write-ahead log", func() (bool, error) {
		var busy, frames, moved int64
		err := c.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
		return busy == 0, err
	})
}

// scrub rewrites the tables, then makes the server drop or overwrite every older segment
// of its write-ahead log.
func (b *postgresDB) scrub(ctx context.Context, tables []string) error {
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	if err := b.rewriteTables(ctx, conn, tables); err != nil {
		return err
	}
	segment, err := switchLog(ctx, conn)
	if err != nil {
		return err
	}
	if err := run(ctx, conn, "CHECKPOINT"); err != nil {
		return err
	}
	if err := overwriteRecycled(ctx, conn); err != nil {
		return err
	}
	return checkLog(ctx, conn, segment)
}

// rewriteTables gives each table fresh files without its deleted rows.
func (b *postgresDB) rewriteTables(ctx context.Context, conn *sql.Conn, tables []string) error {
	if len(tables) == 0 {
		return nil
	}
	if err := waitForOlder(ctx, conn); err != nil {
		return err
	}
	// Waiting for the lock stops everyone behind us, so it must end.
	if err := run(ctx, conn, "SET lock_timeout = '10s'"); err != nil {
		return err
	}
	defer run(context.WithoutCancel(ctx), conn, "RESET lock_timeout") //nolint:errcheck // a connection this fails on is dead
	for _, t := range tables {
		if t == "" || strings.Trim(t, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
			return fmt.Errorf("scrubbing: %q is not the name of a table", t)
		}
		if err := rewriteTable(ctx, conn, t); err != nil {
			return fmt.Errorf("rewriting table %s: %w", t, err)
		}
	}
	return nil
}

// rewriteTable rewrites one table and looks whether its file is another one: the server
// only warns a role that may not.
func rewriteTable(ctx context.Context, conn *sql.Conn, table string) error {
	var before, after int64
	const file = "SELECT pg_relation_filenode($1::text::regclass)::bigint"
	if err := conn.QueryRowContext(ctx, file, table).Scan(&before); err != nil {
		return err
	}
	if err := run(ctx, conn, "VACUUM (FULL) "+table); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, file, table).Scan(&after); err != nil {
		return err
	}
	if before == after {
		return errNotGranted
	}
	return nil
}

// errNotGranted says what a role needs to scrub.
var errNotGranted = &lantern.Error{Kind: lantern.Unsupported, Reason: "the database role may not scrub",
	Fix: "as superuser: GRANT pg_monitor, pg_checkpoint TO role; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO role; the role must own the tables"}

// olderSnapshots counts what may still see rows deleted before transaction $1. A rewrite
// would carry these rows along.
const olderSnapshots = `SELECT
(SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()
	AND (age(backend_xmin) > age($1::text::xid) OR age(backend_xid) > age($1::text::xid)))
+ (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database() AND age(transaction) > age($1::text::xid))
+ (SELECT count(*) FROM pg_replication_slots WHERE age(xmin) > age($1::text::xid))`

// waitForOlder waits until no transaction that began earlier is left.
func waitForOlder(ctx context.Context, conn *sql.Conn) error {
	var start string
	if err := conn.QueryRowContext(ctx, "SELECT pg_current_xact_id()::xid::text").Scan(&start); err != nil {
		return fmt.Errorf("starting to scrub: %w", err)
	}
	return poll(ctx, "an older transaction has been open", func() (bool, error) {
		var n int64
		err := conn.QueryRowContext(ctx, olderSnapshots, start).Scan(&n)
		return n == 0, err
	})
}

// switchLog ends the current segment of the write-ahead log and returns the name of the
// one that follows.
func switchLog(ctx context.Context, conn *sql.Conn) (string, error) {
	// A switch right at the start of a segment does nothing, so something is written first.
	if err := run(ctx, conn, "SELECT pg_logical_emit_message(false, 'lantern', '')"); err != nil {
		return "", err
	}
	if err := run(ctx, conn, "SELECT pg_switch_wal()"); err != nil {
		return "", err
	}
	if err := run(ctx, conn, "SELECT pg_logical_emit_message(false, 'lantern', '')"); err != nil {
		return "", err
	}
	var segment string
	err := conn.QueryRowContext(ctx, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())").Scan(&segment)
	return segment, err
}

// maxRecycled bounds how many recycled segments a scrub overwrites.
const maxRecycled = 1024

// overwriteRecycled goes once through the segments kept for later use. With wal_recycle
// on these are old segments under future names, with their old content; a switch writes
// zeros to the end of a segment, so passing over them overwrites it.
func overwriteRecycled(ctx context.Context, conn *sql.Conn) error {
	var n int
	err := conn.QueryRowContext(ctx, `SELECT count(*) FROM pg_ls_waldir()
WHERE name ~ '^[0-9A-F]{24}$' AND name > pg_walfile_name(pg_current_wal_insert_lsn())`).Scan(&n)
	if err != nil {
		return granted(err)
	}
	if n > maxRecycled {
		return &lantern.Error{Kind: lantern.Unsupported, Reason: fmt.Sprintf("postgres keeps %d recycled log segments, too many to overwrite", n),
			Fix: "ALTER SYSTEM SET wal_recycle = off; SELECT pg_reload_conf(); or lower min_wal_size"}
	}
	if n == 0 {
		return nil
	}
	for range n + 1 { // the switch out of the last one overwrites its end
		if _, err := switchLog(ctx, conn); err != nil {
			return err
		}
	}
	return run(ctx, conn, "CHECKPOINT")
}

// checkLog makes sure that nothing keeps segments older than the given one.
func checkLog(ctx context.Context, conn *sql.Conn, segment string) error {
	var n int
	err := conn.QueryRowContext(ctx, `SELECT count(*) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND name < $1`, segment).Scan(&n)
	if err != nil {
		return granted(err)
	}
	if n > 0 {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: fmt.Sprintf("postgres still keeps %d older log segments with deleted bytes", n),
			Fix: "look at wal_keep_size, replication slots and archiving, then scrub again"}
	}
	return nil
}

// run runs one statement outside any transaction.
func run(ctx context.Context, conn *sql.Conn, statement string) error {
	_, err := conn.ExecContext(ctx, statement)
	return granted(err)
}

// granted explains a missing privilege.
func granted(err error) error {
	if err == nil || !strings.Contains(err.Error(), "SQLSTATE 42501") {
		return err
	}
	return errNotGranted
}
