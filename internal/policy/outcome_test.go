package policy_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/policy"
)

func TestCellOf(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{-3: "0", 0: "0", 1: "<5", 4: "<5", 5: "5–9", 9: "5–9", 10: "10–14", 1_000_000_003: "1000000000–1000000004"} {
		if got := policy.CellOf(n).String(); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	for n := range 100 {
		if c := policy.CellOf(n); n > 0 && (c.AtLeast > n || c.AtMost < n || c != policy.CellOf(c.AtMost)) {
			t.Errorf("%d lies outside its cell %+v, or the cell tells it", n, c)
		}
	}
}

func TestHorizon(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 30, 0, 0, time.FixedZone("", -5*3600))
	entries, corrections := policy.Horizon(now, 0)
	if !entries.Equal(now) || !corrections.Equal(now) {
		t.Errorf("without a delay: got %v, %v", entries, corrections)
	}
	entries, corrections = policy.Horizon(now, 2)
	if entries.Format(time.RFC3339) != "2026-11-21T00:00:00Z" || corrections.Format(time.RFC3339) != "2026-11-23T00:00:00Z" {
		t.Errorf("with a delay of two days: got %v, %v", entries, corrections)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	got := policy.Publish([]policy.OutcomeSum{
		{Member: 1, Kind: lantern.AccountsActioned, Count: 3}, {Member: 2, Kind: lantern.AccountsActioned, Count: 4},
		{Member: 3, Kind: lantern.URLsBlocked, Count: 0}, {Member: 1, Kind: lantern.Reversed, Count: 1},
	}, time.Time{})
	if got.Members.String() != "<5" || got.Counts[lantern.AccountsActioned].String() != "5–9" || got.Counts[lantern.Reversed].String() != "<5" || len(got.Counts) != 2 {
		t.Errorf("got %+v", got)
	}
}
