package policy

import (
	"testing"
	"time"

	"lantern"
)

// TestDecisionDigest holds the digest to the vector of docs/protocol/agent.md.
func TestDecisionDigest(t *testing.T) {
	t.Parallel()
	d := NewDecisionDigest()
	at := time.Date(2026, 11, 23, 9, 0, 0, 500, time.FixedZone("", 3600))
	d.Add(lantern.CaseAccount{Candidate: lantern.Candidate{Account: "u-1"}, Decision: lantern.Confirmed, Person: 7, Decided: at})
	d.Add(lantern.CaseAccount{Candidate: lantern.Candidate{Account: `u<"2"`}, Decision: lantern.NotHere, Bulk: true, Person: 7, Decided: at})
	if got, want := d.Sum(), "f664412ea7eddb2f34184cab0c4a4bcf9154925e38b640052be09d87e8a6c33f"; got != want || d.Singly != 1 || d.InBulk != 1 {
		t.Errorf("got %s, %d singly, %d in bulk; want %s, 1, 1", got, d.Singly, d.InBulk, want)
	}
}
