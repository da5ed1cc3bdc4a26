package agentstore_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// The digest of an act is part of the log's format.
func TestDigestOfAnActIsWhatTheProtocolSays(t *testing.T) {
	t.Parallel()
	a := agentstore.ActRow{Act: lantern.Act{ID: 1, Person: 2, Case: 3, Bulk: 4, Count: 5, At: time.UnixMicro(7), Undone: time.UnixMicro(8), UndoneBy: 9,
		Decision: lantern.Confirmed, Reason: lantern.AbuseMaterial}, Challenge: 6, Salt: bytes.Repeat([]byte{10}, 32)}
	doc, err := os.ReadFile("../../docs/protocol/log.md")
	if err != nil {
		t.Fatal(err)
	}
	if row := base64.StdEncoding.EncodeToString(a.Digest()); !bytes.Contains(doc, []byte("`"+row+"`")) {
		t.Errorf("docs/protocol/log.md lacks the row %s", row)
	}
}

// Acts that were there before salts were kept get one each.
func TestOlderActsGetASalt(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	older := fstest.MapFS{}
	names, err := fs.Glob(agentstore.Migrations(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(agentstore.Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		if name < "0017" {
			older[name] = &fstest.MapFile{Data: b}
		}
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(t.TempDir(), "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	salts := make(map[string]bool)
	read := func(a *agentstore.ActRow) error {
		if a.Person != 7 || a.Count != 1 {
			t.Errorf("got %+v", a.Act)
		}
		salts[string(a.Salt)] = true
		return nil
	}
	for _, steps := range []fs.FS{older, agentstore.Migrations()} {
		err := db.Migrate(ctx, steps)
		if err == nil {
			err = db.Write(ctx, func(tx *sqldb.Tx) error {
				if len(salts) == 0 {
					_, err := tx.Exec(ctx, `INSERT INTO acts (id, person, case_id, bulk, decision, reason, count, challenge, at, undone, undone_by)
						VALUES (1, 7, 0, 0, '', '', 1, 0, 1, 0, 0), (2, 7, 0, 0, '', '', 1, 0, 1, 0, 0)`)
					if err != nil {
						return err
					}
				}
				return agentstore.EachAct(ctx, tx, read)
			})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !salts[""] || len(salts) != 3 {
		t.Errorf("%d salts, none before: %v", len(salts), salts[""])
	}
}
