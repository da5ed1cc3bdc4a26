package sqldb

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lantern"
)

// scrubWait bounds how long a scrub waits for transactions that still see deleted rows.
const scrubWait = 30 * time.Second

// scrub empties the write-ahead log, after rewriting the file if tables are named.
func (b *sqliteDB) scrub(ctx context.Context, tables []string) error {
	var c *sqliteConn
	select {
	case c = <-b.writer:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { b.writer <- c }()
	if c == nil {
		var err error
		if c, err = b.connect(ctx, true); err != nil {
			return err
		}
	}
	if len(tables) > 0 {
		if _, err := c.conn.ExecContext(ctx, "VACUUM"); err != nil {
			return fmt.Errorf("rewriting the database: %w", err)
		}
	}
	deadline := time.Now().Add(scrubWait)
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		var busy, log, moved int64
		if err := c.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
			return fmt.Errorf("emptying the write-ahead log: %w", err)
		}
		if busy == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return lantern.Errorf(lantern.Unavailable, "a reader has kept the write-ahead log for %s", scrubWait)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// scrub rewrites the tables and pushes the old write-ahead log out.
func (b *postgresDB) scrub(ctx context.Context, tables []string) error {
	for _, t := range tables {
		if strings.Trim(t, "abcdefghijklmnopqrstuvwxyz_0123456789") != "" {
			return fmt.Errorf("scrubbing: %q is not a table name", t)
		}
		if _, err := b.pool.ExecContext(ctx, "VACUUM FULL "+t); err != nil {
			return fmt.Errorf("rewriting table %s: %w", t, err)
		}
	}
	for _, q := range []string{"SELECT pg_switch_wal()", "CHECKPOINT"} {
		if _, err := b.pool.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("emptying the write-ahead log: %w", err)
		}
	}
	return nil
}
