package agentstore

import (
	"context"
	"maps"
	"testing"

	"lantern"
	"lantern/internal/sqldb"
)

// A signal counts in each program that it is in while it is active in all of them. What was
// counted stands until the replica changes.
func TestPlaced(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), opened(t)
	const first, second = 101, 102
	err := db.Write(ctx, func(tx *sqldb.Tx) error {
		var rows []*ReplicaRow
		for id, state := range map[lantern.ID]lantern.SignalState{1: lantern.Active, 2: lantern.Active, 3: lantern.Suspended, 4: lantern.Active} {
			rows = append(rows, &ReplicaRow{Signal: id, Member: 9, Kind: "md5", State: state, Opinion: "{}", Sealed: []byte{1}, Wrapped: []byte{2}})
		}
		if err := SaveReplica(ctx, tx, rows); err != nil {
			return err
		}
		return SavePlacements(ctx, tx, []PlacementRow{
			{Program: first, Signal: 1, State: lantern.Active}, {Program: second, Signal: 1, State: lantern.Active},
			{Program: first, Signal: 2, State: lantern.Active}, {Program: second, Signal: 2, State: lantern.Narrowed},
			{Program: first, Signal: 3, State: lantern.Suspended}, {Program: second, Signal: 3, State: lantern.Active},
			{Program: second, Signal: 4, State: lantern.Active},
			{Program: first, Signal: 5, State: lantern.Suspended}, // its value was never sent
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var placed Placed
	check := func(changes int64, want map[lantern.ID]int) {
		t.Helper()
		err := db.Read(ctx, func(tx *sqldb.Tx) error {
			got, err := placed.Count(ctx, tx, changes)
			if !maps.Equal(got, want) {
				t.Errorf("after %d changes: got %v, want %v", changes, got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	before, after := map[lantern.ID]int{first: 2, second: 2}, map[lantern.ID]int{first: 2, second: 3}
	check(0, before)
	err = db.Write(ctx, func(tx *sqldb.Tx) error { return restoreSignal(ctx, tx, first, 3) })
	if err != nil {
		t.Fatal(err)
	}
	check(0, before)
	check(1, map[lantern.ID]int{first: 3, second: 3})
	err = db.Write(ctx, func(tx *sqldb.Tx) error { return Destroy(ctx, tx, []lantern.ID{2}) })
	if err != nil {
		t.Fatal(err)
	}
	check(2, after)
}

func restoreSignal(ctx context.Context, tx *sqldb.Tx, program, signal lantern.ID) error {
	if err := SavePlacements(ctx, tx, []PlacementRow{{Program: program, Signal: signal, State: lantern.Active}}); err != nil {
		return err
	}
	return SetReplicaState(ctx, tx, []lantern.ID{signal}, lantern.Active)
}
