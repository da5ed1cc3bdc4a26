package exchange_test

import (
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// Whoever writes while the exchange closes gets an answer, and gets it at once: an act
// that was queued too late never runs and must not be waited for.
func TestCloseAnswersEveryWriter(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	for range 50 {
		x, err := exchange.New(t.Context(), exchange.Config{DB: w.DB, Sealer: w.Sealer, Signer: w.Signer, SweepEvery: -1})
		if err != nil {
			t.Fatal(err)
		}
		var writers sync.WaitGroup
		for range 8 {
			writers.Go(func() {
				for {
					if err := x.Sweep(t.Context()); err != nil {
						if lantern.KindOf(err) != lantern.Unavailable {
							t.Errorf("a write while closing: %v", err)
						}
						return
					}
				}
			})
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { writers.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(15 * time.Second):
			t.Fatal("a writer waits for an act that never runs")
		}
	}
}
