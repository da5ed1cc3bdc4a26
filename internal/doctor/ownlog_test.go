package doctor_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"lantern/audit"
	"lantern/internal/doctor"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// TestOwnLog changes the agent's own log, and mends it.
func TestOwnLog(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	wd.r.Stop()
	write := func(f func(*sqldb.Tx) error) {
		t.Helper()
		db, err := sqldb.Open(t.Context(), "sqlite:"+wd.p.Database)
		if err == nil {
			err = errors.Join(db.Write(t.Context(), f), db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *sqldb.Tx) (err error) {
		for range 4 {
			e := ownlog.Entry{Kind: audit.Reveal, Who: map[string]any{"person": 3}, What: map[string]any{"signal": 4}}
			err = errors.Join(err, ownlog.Append(t.Context(), tx, e, time.Now(), rand.Reader))
		}
		return err
	})
	want(t, examine(t, wd.p), "own log", doctor.Good, "4 entries, in order")
	write(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM log_leaves WHERE number = 1`)
		return err
	})
	want(t, examine(t, wd.p), "own log", doctor.Bad, "not in order: entry 1 is missing", "lantern audit own --anchors")
	write(func(tx *sqldb.Tx) error {
		_, err := ownlog.Mend(t.Context(), tx, []string{"log_leaves"}, time.Now(), rand.Reader)
		return err
	})
	want(t, examine(t, wd.p), "own log", doctor.Doubt, "1 of its entries were lost", time.Now().UTC().Format(time.DateOnly))
	wd.p.Clock = func() time.Time { return time.Now().Add(31 * 24 * time.Hour) }
	want(t, examine(t, wd.p), "own log", doctor.Good, "4 entries, in order")
}
