package sqldb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// refused opens url and checks that the error names setting, found, needed and fix.
func refused(t *testing.T, url, setting, found string) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), url)
	if err == nil {
		db.Close()
		t.Fatalf("a database with %s = %s was opened", setting, found)
	}
	if lantern.KindOf(err) != lantern.Unsupported {
		t.Errorf("got %v, want an Unsupported error", err)
	}
	for _, want := range []string{"setting " + setting + " is " + found, "needed is ", " ("} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestWeakSQLite(t *testing.T) {
	t.Parallel()
	tests := []struct{ query, setting, found string }{
		{"synchronous=OFF", "synchronous", "0"},
		{"synchronous=NORMAL", "synchronous", "1"},
		{"journal_mode=DELETE", "journal_mode", "delete"},
		{"journal_mode=OFF", "journal_mode", "off"},
		{"foreign_keys=OFF", "foreign_keys", "0"},
		{"secure_delete=OFF", "secure_delete", "0"},
		{"secure_delete=FAST", "secure_delete", "2"},
		{"temp_store=FILE", "temp_store", "1"},
		{"cache_size=-1000&synchronous=0", "synchronous", "0"},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			refused(t, sqldbtest.SQLite(t)+"?"+tt.query, tt.setting, tt.found)
		})
	}
}

func TestWeakPostgres(t *testing.T) {
	t.Parallel()
	t.Run("synchronous_commit in the URL", func(t *testing.T) {
		t.Parallel()
		refused(t, sqldbtest.Postgres(t)+"&synchronous_commit=off", "synchronous_commit", "off")
	})
	t.Run("synchronous_commit of the database", func(t *testing.T) {
		t.Parallel()
		url := sqldbtest.Postgres(t)
		name := url[strings.LastIndexByte(url, '/')+1 : strings.IndexByte(url, '?')]
		if err := sqldbtest.AdminExec(url, "ALTER DATABASE "+name+" SET synchronous_commit = off"); err != nil {
			t.Fatal(err)
		}
		refused(t, url, "synchronous_commit", "off")
	})
	t.Run("fsync and full_page_writes", func(t *testing.T) {
		t.Parallel()
		c := sqldbtest.OwnCluster(t, "fsync = off")
		refused(t, c.URL, "fsync", "off")
		for _, q := range []string{"ALTER SYSTEM SET fsync = on", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()"} {
			if err := sqldbtest.AdminExec(c.URL, q); err != nil {
				t.Fatal(err)
			}
		}
		for {
			db, err := sqldb.Open(t.Context(), c.URL)
			if err == nil {
				db.Close()
				t.Fatal("a database with full_page_writes = off was opened")
			}
			if !strings.Contains(err.Error(), "fsync") { // the reload takes a moment
				break
			}
		}
		refused(t, c.URL, "full_page_writes", "off")
	})
}

func TestBadURL(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := []struct {
		name, url string
		kind      lantern.Kind
	}{
		{"nothing", "", lantern.Invalid},
		{"memory", "sqlite::memory:", lantern.Invalid},
		{"no path", "sqlite:", lantern.Invalid},
		{"another engine", "mysql://example.com/x", lantern.Invalid},
		{"unknown parameter", "sqlite:" + dir + "/a.db?sync=off", lantern.Invalid},
		{"a pragma smuggled in", "sqlite:" + dir + "/a.db?cache_size=1;drop", lantern.Invalid},
		{"malformed postgres", "postgres://user:hunter2@host:port:port/", lantern.Invalid},
		{"nobody listens", "postgres://user:hunter2@127.0.0.1:1/x?sslmode=disable", lantern.Unavailable},
		{"pool too small", "postgres://user:hunter2@127.0.0.1:1/x?pool_max_conns=1", lantern.Invalid},
		{"a folder", "sqlite:" + dir, lantern.Unavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := sqldb.Open(t.Context(), tt.url)
			if lantern.KindOf(err) != tt.kind {
				t.Errorf("got %v, want an error of kind %s", err, tt.kind)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("the error repeats the password")
			}
		})
	}
}

func TestFileModeAndOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"plain.db", "with space.db", "100%41.db", "ünï.db", "#hash.db"} {
		path := filepath.Join(t.TempDir(), name)
		db := open(t, path)
		db.Close()
		info, err := os.Stat(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want 0600", name, info.Mode())
		}
	}
}

func TestNotADatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqldb.Open(t.Context(), path); err == nil {
		t.Error("a text file was opened as a database")
	}
}
