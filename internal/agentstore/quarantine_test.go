package agentstore

import (
	"strings"
	"testing"

	"lantern/internal/sqldb"
)

// How many hits lie in quarantine is counted for each batch of a flood: reading each of them
// made the cost of a flood grow with its square.
func TestCountingReadsNoHits(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), opened(t)
	err := db.Read(ctx, func(tx *sqldb.Tx) error {
		var id, parent, unused int
		var plan string
		if err := tx.QueryRow(ctx, "EXPLAIN QUERY PLAN "+countQuarantined, 1).Scan(&id, &parent, &unused, &plan); err != nil {
			return err
		}
		if !strings.Contains(plan, "COVERING INDEX hits_quarantined (signal=?)") {
			t.Errorf("counted by %s", plan)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
