package exchange_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/store"
)

// TestFilterEqualsBruteForce reads a feed whole and through random filters, page by page:
// a filter must let through exactly what policy.Passes says of each entry.
func TestFilterEqualsBruteForce(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		g := &game{World: exchangetest.New(t, url), signals: map[lantern.ID]lantern.ID{},
			sent: map[lantern.ID]map[lantern.ID]bool{}, cursors: map[lantern.ID]lantern.Cursor{}}
		for _, n := range []string{"Cloudbin", "Facegram", "Chatter", "Pixelplay"} {
			g.members = append(g.members, g.AddCompany(n))
		}
		reader := g.AddCompany("Reader")
		rapid.Check(t, func(r *rapid.T) {
			for range rapid.IntRange(1, 4).Draw(r, "acts") {
				g.next++
				g.shareSome(r)
			}
			f := drawFilter(r, g)
			want := bruteForce(t, g, reader, f)
			got := map[lantern.ID]bool{}
			cursor := lantern.Cursor("")
			for {
				page, err := g.read(reader, f, cursor, rapid.IntRange(1, 4).Draw(r, "limit"))
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page.Changes {
					got[c.Signal.ID] = true
				}
				if cursor = page.Next; !page.More {
					break
				}
			}
			if !maps.Equal(got, want) {
				t.Fatalf("filter %+v lets %d entries through, want %d", f, len(got), len(want))
			}
			g.compareLedger(t)
		})
	})
}

// shareSome shares, derives, amends, withdraws or challenges.
func (g *game) shareSome(r *rapid.T) {
	ctx := g.T.Context()
	m := g.members[rapid.IntRange(0, len(g.members)-1).Draw(r, "member")]
	ids := slices.Sorted(maps.Keys(g.signals))
	d := g.Draft(rapid.IntRange(1, 12).Draw(r, "value"))
	if rapid.Bool().Draw(r, "domain") {
		d.Type, d.Value = "domain", "files.example.com"
	}
	d.Status = rapid.SampledFrom([]lantern.Status{lantern.Violating, lantern.Lead, lantern.NonViolating}).Draw(r, "status")
	d.Severity = rapid.SampledFrom([]lantern.Severity{lantern.Low, lantern.Medium, lantern.High, lantern.Critical}).Draw(r, "severity")
	d.Tags = rapid.SampledFrom([][]lantern.Tag{{"csam"}, {"trade"}, {"csam", "grooming"}}).Draw(r, "tags")
	d.Imminent = rapid.IntRange(0, 3).Draw(r, "imminent") == 0
	g.Clock.Add(time.Hour)
	if rapid.Bool().Draw(r, "seen") {
		d.LastSeen = g.Clock.Now().Add(-time.Duration(rapid.IntRange(1, 200).Draw(r, "hours ago")) * time.Hour)
	}
	if len(ids) == 0 {
		g.signals[g.MustShare(m.Service, d)] = m.ID
		return
	}
	some := ids[rapid.IntRange(0, len(ids)-1).Draw(r, "signal")]
	switch rapid.IntRange(0, 9).Draw(r, "act") {
	case 0:
		_, _ = g.Withdraw(ctx, m.Submitter, some, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}) // only its owner may
	case 1:
		_, _ = g.OpenChallenge(ctx, m.Investigator, lantern.Challenge{Signal: some, Reason: lantern.NotAbusive}) // not its owner
	default:
		if rapid.Bool().Draw(r, "derived") {
			s, err := g.Signal(ctx, m.Service, some)
			g.handed(m.ID, s)
			if err == nil && s.State == lantern.Active {
				d.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: some}}
			}
		}
		if res, err := g.Share(ctx, m.Service, d); err == nil {
			g.signals[res.Signal] = m.ID
		}
	}
}

func drawFilter(r *rapid.T, g *game) (f lantern.FeedFilter) {
	draw := func(what string) bool { return rapid.IntRange(0, 3).Draw(r, what) == 0 }
	if draw("by type") {
		f.Types = []lantern.SignalType{rapid.SampledFrom([]lantern.SignalType{"url", "domain", "email"}).Draw(r, "type")}
	}
	if draw("by tag") {
		f.Tags = []lantern.Tag{"trade", rapid.SampledFrom([]lantern.Tag{"grooming", "other"}).Draw(r, "tag")}
	}
	if draw("by severity") {
		f.MinSeverity = rapid.SampledFrom([]lantern.Severity{lantern.Low, lantern.High, lantern.Critical}).Draw(r, "min severity")
	}
	if draw("by status") {
		f.Statuses = []lantern.Status{rapid.SampledFrom([]lantern.Status{lantern.Violating, lantern.Lead, lantern.NonViolating}).Draw(r, "status")}
	}
	if draw("by sharer") {
		f.Sharers = []lantern.ID{g.members[0].ID, g.members[1].ID}
	}
	if draw("by corroboration") {
		f.MinCorroboration = rapid.IntRange(1, 3).Draw(r, "min corroboration")
	}
	if draw("by age") {
		f.CreatedSince = g.Clock.Now().Add(-time.Duration(rapid.IntRange(1, 100).Draw(r, "hours")) * time.Hour)
	}
	if draw("by last sight") {
		f.SeenSince = g.Clock.Now().Add(-time.Duration(rapid.IntRange(1, 100).Draw(r, "hours")) * time.Hour)
	}
	f.Imminent = draw("imminent")
	return f
}

// bruteForce says of every signal, from its row and its neighbours alone, whether it is in the
// filtered feed of the reader.
func bruteForce(t *testing.T, g *game, reader exchangetest.Company, f lantern.FeedFilter) map[lantern.ID]bool {
	t.Helper()
	want := map[lantern.ID]bool{}
	if f.IsZero() {
		// Nothing is filtered: the property is that of TestFeedEqualsPolicy.
		f.MinSeverity = lantern.Low
	}
	err := g.Config.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
		var all []lantern.Signal
		values, origins := map[lantern.ID]lantern.ID{}, map[lantern.ID][]lantern.ID{}
		for id := range g.signals {
			row, _, err := store.ReadSignal(t.Context(), tx, id)
			if err != nil {
				return err
			}
			places, err := store.PlacementsOf(t.Context(), tx, id)
			if err != nil {
				return err
			}
			links, err := store.LinksOf(t.Context(), tx, id)
			if err != nil {
				return err
			}
			for _, l := range links {
				origins[id] = append(origins[id], l.Link.Signal)
			}
			s := lantern.Signal{ID: id, Member: row.Member, State: row.State, Created: row.Created, Updated: row.Updated}
			if err := json.Unmarshal([]byte(row.Opinion), &s.Draft); err != nil {
				return err
			}
			s.Type = row.Type
			all = append(all, s)
			values[id] = places[0].Value
		}
		for _, s := range all {
			var same []lantern.ID
			for _, o := range all {
				if o.State == lantern.Active && values[o.ID] == values[s.ID] {
					if policy.Opposed(o.Status, s.Status) {
						s.Disputed = true
					} else {
						same = append(same, o.ID)
					}
				}
			}
			sent := g.sent[s.ID][reader.ID]
			sees := s.State == lantern.Active || sent && s.State != lantern.Held
			want[s.ID] = sees && policy.Passes(&f, policy.Filtered{Signal: s, Corroboration: policy.Corroboration(same, origins), Sent: sent})
		}
		maps.DeleteFunc(want, func(_ lantern.ID, in bool) bool { return !in })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return want
}
