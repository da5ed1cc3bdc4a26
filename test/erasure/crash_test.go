package erasure

import (
	"path/filepath"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// An exchange that ends between an erasure and the destruction of its bytes, as a crash
// ends it, owes the destruction and pays after its next start.
func TestErasureOwedOverRestart(t *testing.T) {
	t.Parallel()
	for engine, open := range map[string]func() (url, dir string){
		"sqlite": func() (string, string) {
			dir := t.TempDir()
			return "sqlite:" + filepath.Join(dir, "exchange.db"), dir
		},
		"postgres": func() (string, string) {
			c := sqldbtest.OwnCluster(t)
			return c.URL, c.Dir
		},
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url, dir := open()
			w := exchangetest.New(t, url) // scrubs nothing
			red := w.AddCompany("Cloudbin")
			const n = 50
			for i := range n {
				id := w.MustShare(red.Submitter, w.Draft(i))
				if _, err := w.Withdraw(t.Context(), red.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnRequest, Erase: true}); err != nil {
					t.Fatal(err)
				}
			}
			w.Exchange.Close()
			a := newAdversary(t, exchangeKEK)
			keys := func() int {
				return len(a.dataKeys(readAll(t, dir)))
			}
			if n := keys(); n == 0 {
				t.Fatal("no erased key is left without a scrub: nothing is shown")
			}
			c := w.Config
			c.SweepEvery = time.Hour
			w.Open(c)
			for deadline := time.Now().Add(keysBound); keys() > 0; {
				if time.Now().After(deadline) {
					t.Fatalf("%d erased keys are left after a restart", keys())
				}
			}
		})
	}
}
