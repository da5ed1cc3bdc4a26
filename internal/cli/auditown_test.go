package cli

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agent"
	"lantern/internal/agentstore"
	"lantern/internal/cli/command"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// TestAuditOwnAfterDamage reads what the command says of a log that lost entries, with an anchor
// from before, one from after, and one of another root.
func TestAuditOwnAfterDamage(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, command.DataDir), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(dir, command.DataDir, agent.DatabaseFile))
	if err == nil {
		err = db.Migrate(ctx, agentstore.Migrations())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	anchors := map[string]string{}
	anchor := func(name string, spoil byte) {
		t.Helper()
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			edge, err := agentstore.LoadLogHead(ctx, tx)
			if err != nil {
				return err
			}
			var tree audit.Tree
			if err := tree.UnmarshalBinary(edge); err != nil {
				return err
			}
			first, err := agentstore.FirstLogLeaf(ctx, tx, make([]byte, audit.LeafSize))
			if err != nil {
				return err
			}
			log, root := audit.LeafHash(audit.Leaf(first)), tree.Root()
			root[0] ^= spoil
			b, err := json.Marshal([]lantern.Anchor{{Log: log[:], Size: tree.Size(), Root: root[:], Entry: 77, At: now}})
			anchors[name] = filepath.Join(dir, name)
			write(t, anchors[name], string(b))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	do := func(f func(tx *sqldb.Tx) error) {
		t.Helper()
		if err := db.Write(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		do(func(tx *sqldb.Tx) error {
			return ownlog.Append(ctx, tx, ownlog.Entry{Kind: audit.Reveal, Who: map[string]any{"person": 7}, What: map[string]any{}}, now, rand.Reader)
		})
	}
	anchor("before", 0)
	do(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM log_leaves WHERE number IN (2, 3)`)
		return err
	})
	if got := run(t, "audit", "own", "--dir", dir); got.code != command.ExitFailed || !strings.Contains(got.err, "entry 2 is missing") {
		t.Errorf("damaged: got %+v", got)
	}
	do(func(tx *sqldb.Tx) error {
		_, err := ownlog.Mend(ctx, tx, []string{"log_leaves"}, now, rand.Reader)
		return err
	})
	anchor("after", 0)
	anchor("another", 1)
	const loss = "mended on 2026-11-27 (entry 5): 2 entries of the log were lost, the first of them entry 2\n"
	for name, c := range map[string]struct {
		code int
		says string
	}{
		"":        {command.ExitOK, "the log is in order\n"},
		"before":  {command.ExitOK, "cannot be held against entry 77 of the exchange's log, which is from before the damage and covers entries that were lost: of the 5 entries"},
		"after":   {command.ExitOK, "begins with the 6 entries that entry 77 of the exchange's log covers\n"},
		"another": {command.ExitFailed, "its first 6 entries are not those that entry 77 of the exchange's log covers"},
	} {
		args := []string{"audit", "own", "--dir", dir}
		if name != "" {
			args = append(args, "--anchors", anchors[name])
		}
		got := run(t, args...)
		if got.code != c.code || !strings.Contains(got.err, c.says) || c.code == command.ExitOK && !strings.Contains(got.err, loss) {
			t.Errorf("%q: got %+v", name, got)
		}
	}
}
