package exchange

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/store"
)

// TestLineEqualsEncodingJSON holds the hand-written form of a change to the one of
// encoding/json, byte by byte.
func TestLineEqualsEncodingJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.StringMatching(`[a-z-]{1,8}`)
		text := rapid.String()
		moment := rapid.Custom(func(r *rapid.T) time.Time {
			return time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(r, "µs")).UTC()
		})
		d := lantern.Draft{Type: "url", Status: lantern.Status(word.Draw(r, "status")), Tags: []lantern.Tag{"csam"},
			Severity: lantern.High, Imminent: rapid.Bool().Draw(r, "imminent"), Confidence: rapid.IntRange(0, 100).Draw(r, "confidence"),
			Basis: lantern.Basis{Policy: text.Draw(r, "policy"), ReviewedBy: lantern.ByHuman, At: moment.Draw(r, "at")}, Language: word.Draw(r, "language")}
		opinion, err := encodeOpinion(&d)
		if err != nil {
			t.Fatal(err)
		}
		state := rapid.SampledFrom([]lantern.SignalState{lantern.Active, lantern.Active, lantern.Suspended}).Draw(r, "state")
		row := store.FeedRow{SignalRow: store.SignalRow{ID: 7, Member: 8, Type: "url", State: state, Opinion: opinion,
			Created: moment.Draw(r, "created"), Updated: moment.Draw(r, "updated"), Expires: moment.Draw(r, "expires")},
			ValueID: lantern.ID(rapid.Int64Range(0, 9).Draw(r, "value id")), Seq: rapid.Int64Range(1, 1e12).Draw(r, "seq"), Changed: moment.Draw(r, "changed")}
		a := around{disputed: map[lantern.ID]bool{7: rapid.Bool().Draw(r, "disputed")}, corroboration: map[lantern.ID]int{7: rapid.IntRange(0, 3).Draw(r, "n")},
			reactions: map[lantern.ID]map[lantern.Reaction]int{7: {}}, links: map[lantern.ID][]lantern.Link{}}
		for range rapid.IntRange(0, 3).Draw(r, "links") {
			a.links[7] = append(a.links[7], lantern.Link{Kind: lantern.PostedAt, Signal: lantern.ID(rapid.Int64Range(1, 1e9).Draw(r, "target"))})
			a.reactions[7][lantern.Reaction(word.Draw(r, "reaction"))] = rapid.IntRange(1, 9).Draw(r, "count")
		}
		value, note := []byte(text.Draw(r, "value")), []byte(text.Draw(r, "note"))
		got, err := appendChange(nil, 5, &row, a, value, note)
		if err != nil {
			t.Fatal(err)
		}
		want, err := appendSlowly(nil, 5, &row, a, value, note)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("written by hand and by encoding/json:\n%s%s", got, want)
		}
	})
}
