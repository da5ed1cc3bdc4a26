package agentstore

import (
	"path/filepath"
	"testing"
	"time"

	"lantern"
	"lantern/internal/sqldb"
)

// opened returns an empty database of an agent.
func opened(t *testing.T) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the test is over
	if err := db.Migrate(t.Context(), Migrations()); err != nil {
		t.Fatal(err)
	}
	return db
}

// A signal that fell, and that its owner brought back after an earlier restore, is no
// fallen one when the next restore comes.
func TestWhatCameBackIsNotBarred(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), opened(t)
	at := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		var rows []*ReplicaRow
		for id, state := range map[lantern.ID]lantern.SignalState{1: lantern.Active, 2: lantern.Suspended} {
			rows = append(rows, &ReplicaRow{Signal: id, Member: 9, Kind: "md5", State: state, Opinion: "{}", Sealed: []byte{1}, Wrapped: []byte{2}})
		}
		if err := SaveReplica(ctx, tx, rows); err != nil {
			return err
		}
		for _, id := range []lantern.ID{1, 3} {
			if err := SaveFallen(ctx, tx, id, at); err != nil {
				return err
			}
		}
		return BarAll(ctx, tx, at.Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		barred, err := LoadBarred(ctx, tx, []lantern.ID{1, 2, 3})
		for id, want := range map[lantern.ID]lantern.SignalState{1: "", 2: lantern.Suspended, 3: lantern.Withdrawn} {
			if got := barred[id].State; got != want {
				t.Errorf("signal %d is barred as %q, want %q", id, got, want)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
