package policy_test

import (
	"testing"
	"time"

	"lantern"
	"lantern/internal/policy"
)

func TestPasses(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	base := func(change func(*policy.Filtered)) policy.Filtered {
		e := policy.Filtered{Signal: lantern.Signal{ID: 7, Member: 3, State: lantern.Active, Created: at, Updated: at, Draft: lantern.Draft{
			Type: "url", Status: lantern.Violating, Tags: []lantern.Tag{"csam", "trade"}, Severity: lantern.High}}}
		if change != nil {
			change(&e)
		}
		return e
	}
	for _, tt := range []struct {
		name   string
		filter lantern.FeedFilter
		change func(*policy.Filtered)
		want   bool
	}{
		{"everything", lantern.FeedFilter{}, nil, true},
		{"one of several types", lantern.FeedFilter{Types: []lantern.SignalType{"email", "url"}}, nil, true},
		{"another type", lantern.FeedFilter{Types: []lantern.SignalType{"email"}}, nil, false},
		{"one of its tags", lantern.FeedFilter{Tags: []lantern.Tag{"trade"}}, nil, true},
		{"none of its tags", lantern.FeedFilter{Tags: []lantern.Tag{"grooming"}}, nil, false},
		{"severe enough", lantern.FeedFilter{MinSeverity: lantern.Medium}, nil, true},
		{"not severe enough", lantern.FeedFilter{MinSeverity: lantern.Critical}, nil, false},
		{"status", lantern.FeedFilter{Statuses: []lantern.Status{lantern.NonViolating}}, nil, false},
		{"sharer", lantern.FeedFilter{Sharers: []lantern.ID{3}}, nil, true},
		{"another sharer", lantern.FeedFilter{Sharers: []lantern.ID{4}}, nil, false},
		{"alone", lantern.FeedFilter{MinCorroboration: 1}, nil, false},
		{"corroborated", lantern.FeedFilter{MinCorroboration: 2}, func(e *policy.Filtered) { e.Corroboration = 2 }, true},
		{"created at that time", lantern.FeedFilter{CreatedSince: at}, nil, true},
		{"created before", lantern.FeedFilter{CreatedSince: at.Add(1)}, nil, false},
		{"seen later", lantern.FeedFilter{SeenSince: at.Add(1)}, func(e *policy.Filtered) { e.Signal.LastSeen = at.Add(time.Hour) }, true},
		{"seen when it was shared", lantern.FeedFilter{SeenSince: at.Add(1)}, nil, false},
		{"not imminent", lantern.FeedFilter{Imminent: true}, nil, false},
		{"imminent", lantern.FeedFilter{Imminent: true}, func(e *policy.Filtered) { e.Signal.Imminent = true }, true},
		{"and", lantern.FeedFilter{Types: []lantern.SignalType{"url"}, Imminent: true}, nil, false},
		{"fell", lantern.FeedFilter{Imminent: true}, func(e *policy.Filtered) { e.Signal.State = lantern.Withdrawn }, true},
		{"amended, never sent", lantern.FeedFilter{Imminent: true}, func(e *policy.Filtered) { e.Signal.Updated = at.Add(1) }, false},
		{"amended since it was sent", lantern.FeedFilter{Imminent: true}, func(e *policy.Filtered) { e.Signal.Updated, e.Sent = at.Add(1), true }, true},
		{"disputed and sent", lantern.FeedFilter{Imminent: true}, func(e *policy.Filtered) { e.Signal.Disputed, e.Sent = true, true }, true},
		{"sent and the same", lantern.FeedFilter{Imminent: true}, func(e *policy.Filtered) { e.Sent = true }, false},
	} {
		if got := policy.Passes(&tt.filter, base(tt.change)); got != tt.want {
			t.Errorf("%s: passes is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCorroboration(t *testing.T) {
	t.Parallel()
	type origins = map[lantern.ID][]lantern.ID
	for _, tt := range []struct {
		name    string
		same    []lantern.ID
		origins origins
		want    int
	}{
		{"alone", []lantern.ID{1}, nil, 0},
		{"two of their own", []lantern.ID{1, 2}, nil, 1},
		{"one from the other", []lantern.ID{1, 2}, origins{2: {1}}, 0},
		{"through a third elsewhere", []lantern.ID{1, 2}, origins{2: {9}, 9: {1}}, 0},
		{"both from a third elsewhere", []lantern.ID{1, 2}, origins{1: {9}, 2: {9}}, 0},
		{"a line and one beside it", []lantern.ID{1, 2, 3, 4}, origins{2: {1}, 3: {2}}, 1},
		{"in a circle", []lantern.ID{1, 2, 3}, origins{1: {2}, 2: {1}}, 1},
		{"from elsewhere, each by itself", []lantern.ID{1, 2}, origins{1: {8}, 2: {9}}, 1},
	} {
		if got := policy.Corroboration(tt.same, tt.origins); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
