package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"lantern"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// TestMain lets the test binary be a second process that writes.
func TestMain(m *testing.M) {
	if url := os.Getenv("SQLDB_TEST_WRITER"); url != "" {
		if err := writer(url, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// perWriter is how many rows each writing process adds.
const perWriter = 200

// writer migrates the database and adds rows, each with the next position of a head row.
func writer(url, name string) error {
	ctx := context.Background()
	db, err := sqldb.Open(ctx, url)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.Migrate(ctx, ledger); err != nil {
		return err
	}
	for range perWriter {
		if err := db.Write(ctx, func(tx *sqldb.Tx) error { return appendEntry(ctx, tx, name) }); err != nil {
			return err
		}
	}
	return nil
}

// appendEntry adds one row under the head row's lock.
func appendEntry(ctx context.Context, tx *sqldb.Tx, name string) error {
	var seq int64
	if err := tx.QueryRow(ctx, "SELECT seq FROM head WHERE id = 1"+tx.Lock()).Scan(&seq); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE head SET seq = $1 WHERE id = 1", seq+1); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "INSERT INTO entry (seq, writer) VALUES ($1, $2)", seq+1, name)
	return err
}

func TestTwoProcesses(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		for _, name := range []string{"one", "two", "three"} {
			wait.Go(func() {
				cmd := exec.Command(exe, name)
				cmd.Env = append(os.Environ(), "SQLDB_TEST_WRITER="+url)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("writer %s: %v: %s", name, err, out)
				}
			})
		}
		wait.Wait()
		db, err := sqldb.Open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var n, least, most int64
		err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return tx.QueryRow(t.Context(), "SELECT count(*), min(seq), max(seq) FROM entry").Scan(&n, &least, &most)
		})
		if err != nil {
			t.Fatal(err)
		}
		if n != 3*perWriter || least != 1 || most != 3*perWriter {
			t.Errorf("%d entries from %d to %d, want %d without a gap", n, least, most, 3*perWriter)
		}
	})
}

// Two transactions that lock two rows in opposite orders cannot both go on: one must be
// run again, and both must succeed.
func TestDeadlockIsRetried(t *testing.T) {
	t.Parallel()
	db, ctx := openLedger(t, sqldbtest.Postgres(t)), t.Context()
	var met sync.WaitGroup
	met.Add(2)
	var tries [2]int
	lock := func(n int, rows ...int) error {
		return db.Write(ctx, func(tx *sqldb.Tx) error {
			tries[n]++
			for i, row := range rows {
				if _, err := tx.Exec(ctx, "UPDATE head SET seq = seq + 1 WHERE id = $1", row); err != nil {
					// What the caller makes of the error must not hide that it can be retried.
					return lantern.Errorf(lantern.Conflict, "hidden")
				}
				if i == 0 && tries[n] == 1 {
					met.Done()
					met.Wait()
				}
			}
			return nil
		})
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if err := lock(0, 1, 2); err != nil {
			t.Error(err)
		}
	})
	wait.Go(func() {
		if err := lock(1, 2, 1); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	if tries[0]+tries[1] < 3 {
		t.Errorf("%v tries: the test met no deadlock", tries)
	}
	var sum int
	err := db.Read(ctx, func(tx *sqldb.Tx) error { return tx.QueryRow(ctx, "SELECT sum(seq) FROM head").Scan(&sum) })
	if err != nil || sum != 4 {
		t.Errorf("sum is %d, error %v, want 4: each transaction counts once", sum, err)
	}
}

// openLedger opens url with two head rows.
func openLedger(t *testing.T, url string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), ledger); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestFailedStatementEndsTransaction(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := open(t, url), t.Context()
		insert := func(tx *sqldb.Tx, id int) error {
			_, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES ($1, 'a')", id)
			return err
		}
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if err := insert(tx, 1); err != nil {
				return err
			}
			if insert(tx, 1) == nil {
				t.Error("a duplicate was stored")
			}
			if insert(tx, 2) == nil {
				t.Error("the transaction went on after a failure")
			}
			return nil // the failure is swallowed
		})
		if err == nil {
			t.Error("a failed transaction was reported as kept")
		}
		if n := count(ctx, t, db); n != 0 {
			t.Errorf("%d rows were kept, want 0", n)
		}
	})
}

// What one engine refuses the other must refuse, and neither may repeat it.
func TestArguments(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := open(t, url), t.Context()
		bad := map[string]any{
			"NUL":          "marker\x00",
			"not UTF-8":    "marker\xff",
			"a struct":     struct{ S string }{"marker"},
			"a map":        map[string]int{"marker": 1},
			"huge":         uint64(1 << 63),
			"wrong type":   []byte("marker"), // for a TEXT column
			"named string": lantern.SignalType("marker\x00"),
		}
		for name, arg := range bad {
			column := "name"
			if name == "wrong type" {
				column = "id"
			}
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, "UPDATE thing SET "+column+" = $1", arg)
				return err
			})
			if err == nil && name != "wrong type" { // no row: SQLite has nothing to refuse
				t.Errorf("%s was taken", name)
			}
			err2 := db.Read(ctx, func(tx *sqldb.Tx) error {
				var n int
				return tx.QueryRow(ctx, "SELECT count(*) FROM thing WHERE "+column+" = $1", arg).Scan(&n)
			})
			for _, err := range []error{err, err2} {
				if err != nil && strings.Contains(err.Error(), "marker") {
					t.Errorf("%s: the error repeats the argument", name)
				}
			}
		}
		p := "by pointer"
		var none *string
		good := []struct {
			arg  any
			want any
		}{{p, p}, {&p, p}, {none, nil}, {lantern.SignalType("x"), "x"}}
		for i, g := range good {
			err := db.Write(ctx, func(tx *sqldb.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO thing (id, name, body) VALUES ($1, COALESCE($2, 'null'), $3)", i, g.arg, []byte(nil))
				return err
			})
			if err != nil {
				t.Errorf("argument %d: %v", i, err)
			}
		}
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			var empty, null int
			err := tx.QueryRow(ctx, "SELECT count(*), count(body) FROM thing").Scan(&empty, &null)
			if empty != len(good) || null != 0 {
				t.Errorf("%d rows, %d with a body, want %d and 0", empty, null, len(good))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A column whose content does not fit the variable must not be quoted in the error.
func TestScanErrorHidesContent(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := open(t, url), t.Context()
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES (1, 'marker')")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.Read(ctx, func(tx *sqldb.Tx) error {
			var n int64
			return tx.QueryRow(ctx, "SELECT name FROM thing").Scan(&n)
		})
		if err == nil || strings.Contains(err.Error(), "marker") {
			t.Errorf("got %v, want an error without the content", err)
		}
	})
}

func TestNestedQueries(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		if strings.HasPrefix(url, "postgres") {
			t.Skip("one connection of PostgreSQL reads one result at a time")
		}
		db, ctx := open(t, url), t.Context()
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.InsertMany(ctx, "thing", []string{"id", "name"}, "", [][]any{{1, "a"}, {2, "b"}, {3, "c"}})
			if err != nil {
				return err
			}
			const q = "SELECT id FROM thing WHERE id >= $1 ORDER BY id"
			outer, err := tx.Query(ctx, q, 1)
			if err != nil {
				return err
			}
			var got []int
			for outer.Next() {
				var a, b int
				if err := outer.Scan(&a); err != nil {
					return err
				}
				if err := tx.QueryRow(ctx, q, a).Scan(&b); err != nil {
					return err
				}
				got = append(got, a, b)
			}
			if fmt.Sprint(got) != "[1 1 2 2 3 3]" {
				t.Errorf("got %v", got)
			}
			return outer.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestCancel(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db := open(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES (1, 'a')"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before the commit: got %v, want context.Canceled", err)
		}
		err = db.Write(ctx, func(*sqldb.Tx) error { return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before the start: got %v, want context.Canceled", err)
		}
		if n := count(t.Context(), t, db); n != 0 {
			t.Errorf("%d rows were kept, want 0", n)
		}
		// A writer that waits for another one must be cancellable too.
		if db.Engine() == sqldb.SQLite {
			waitForWriter(t, db)
		}
	})
}

// waitForWriter cancels a write that waits for the writing connection.
func waitForWriter(t *testing.T, db *sqldb.DB) {
	t.Helper()
	err := db.Write(t.Context(), func(*sqldb.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- db.Write(ctx, func(*sqldb.Tx) error { return nil }) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("a waiting writer: got %v, want context.Canceled", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPanicRollsBack(t *testing.T) {
	sqldbtest.Each(t, func(t *testing.T, url string) {
		db, ctx := open(t, url), t.Context()
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			db.Write(ctx, func(tx *sqldb.Tx) error {
				tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES (1, 'a')")
				panic("boom")
			})
		}()
		if n := count(ctx, t, db); n != 0 {
			t.Errorf("%d rows were kept, want 0", n)
		}
		if err := db.Write(ctx, func(*sqldb.Tx) error { return nil }); err != nil {
			t.Errorf("after the panic: %v", err)
		}
	})
}

// A server that comes back must be used again without anyone noticing but those whose
// transactions it cut.
func TestServerGoesAway(t *testing.T) {
	t.Parallel()
	url := sqldbtest.Postgres(t)
	db, ctx := open(t, url), t.Context()
	kill := func() {
		t.Helper()
		err := sqldbtest.AdminExec(url, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Fatal(err)
		}
	}
	kill()
	if err := db.Ping(ctx); err != nil {
		t.Errorf("idle connections were cut: %v, want a fresh one", err)
	}
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES (1, 'a')"); err != nil {
			return err
		}
		kill()
		_, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES (2, 'a')")
		return err
	})
	if lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("cut in a transaction: got %v, want an Unavailable error", err)
	}
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO thing (id, name) VALUES (1, 'a')"); err != nil {
			return err
		}
		kill()
		return nil
	})
	if lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("cut before the commit: got %v, want an Unavailable error", err)
	}
	if n := count(ctx, t, db); n != 0 {
		t.Errorf("%d rows were kept, want 0", n)
	}
}
