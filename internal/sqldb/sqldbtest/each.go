package sqldbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Each runs fn as the subtests "sqlite" and "postgres", each with the URL of a fresh empty
// database that is removed afterwards. fn may call t.Parallel.
func Each(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
}

// SQLite returns the URL of a fresh SQLite database.
func SQLite(t testing.TB) string {
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}

// Postgres returns the URL of a fresh PostgreSQL database, or skips t.
func Postgres(t testing.TB) string {
	t.Helper()
	admin, err := sharedCluster()
	if errors.Is(err, ErrNoPostgres) {
		skip(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := "t_" + strings.ToLower(rand.Text())
	if err := create(admin, name); err != nil {
		t.Fatalf("making a database: %v", err)
	}
	t.Cleanup(func() {
		if err := AdminExec(admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping the database: %v", err)
		}
	})
	url, err := database(admin, name)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// create makes a database that sorts text as English readers do, so that a test shows it
// when a statement relies on the order of text; a server built without ICU sorts bytes.
func create(admin, name string) error {
	statement := "CREATE DATABASE " + name + " ENCODING 'UTF8' TEMPLATE template0"
	if AdminExec(admin, statement+" LOCALE_PROVIDER icu ICU_LOCALE 'en-US'") == nil {
		return nil
	}
	return AdminExec(admin, statement)
}

// OwnCluster starts a cluster that t shares with nobody, with further lines for its
// postgresql.conf, and stops it at the end of t. It skips t where there is no server.
func OwnCluster(t testing.TB, options ...string) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), options...)
	if errors.Is(err, ErrNoPostgres) {
		skip(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// skip says loudly that half of a test did not run; CI must not do without it.
func skip(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	os.Stderr.WriteString("*** SKIPPED " + t.Name() + ": " + err.Error() + "\n") //nolint:errcheck // there is no louder place
	t.Skip(err)
}

// sharedCluster returns the admin URL of the cluster all tests of the binary share. It is
// stopped by the end of the process.
var sharedCluster = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("LANTERN_TEST_POSTGRES"); url != "" {
		return url, nil
	}
	c, err := Start(context.Background())
	if err != nil {
		return "", err
	}
	return c.URL, nil
})

// AdminExec runs one statement at the given URL, outside package sqldb: what a test does
// behind its back.
func AdminExec(admin, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // the statement was done
	_, err = conn.Exec(ctx, statement)
	return err
}
