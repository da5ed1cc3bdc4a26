package column_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/column"
)

// full is a signal in which every member that has a column is set.
var full = lantern.Signal{ID: 5, Member: 6, Draft: lantern.Draft{
	Type: "url", Value: "https://files.example.com/a", Programs: []lantern.ID{12, 13}, Tags: []lantern.Tag{"csam", "trade"},
	Status: lantern.Violating, Severity: lantern.High, Imminent: true, Confidence: 80,
	Basis:     lantern.Basis{Policy: "Section 4", ReviewedBy: lantern.ByBoth, Action: "removed", At: time.Unix(1_790_000_000, 1000).UTC()},
	FirstSeen: time.Unix(1_780_000_000, 0).UTC(), LastSeen: time.Unix(1_780_000_001, 0).UTC(), Language: "de", Role: lantern.Content,
	SuspectedMinor: true, Handling: lantern.Green, UseRestriction: "ncmec", Expires: time.Unix(1_800_000_000, 0).UTC(), Note: "a note",
	Links: []lantern.Link{{Kind: lantern.DerivedFrom, Signal: 7}, {Kind: lantern.PostedAt, Signal: 8}, {Kind: lantern.SameAccount, Signal: 9}},
}}

// Every column reads back what it writes, and says so if it does not.
func TestColumns(t *testing.T) {
	t.Parallel()
	var back lantern.Signal
	for _, c := range column.All() {
		text := c.Get(&full)
		if text == "" {
			t.Errorf("%s: empty", c.Name)
		}
		if err := c.Set(&back, text); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if other, ok := column.Lookup(c.Name); !ok || other != c {
			t.Errorf("%s: not found", c.Name)
		}
	}
	if !reflect.DeepEqual(back, full) {
		t.Errorf("got %+v\nwant %+v", back, full)
	}
	if lost := column.Missing(&full.Draft, &back.Draft); len(lost) > 0 {
		t.Errorf("lost %v", lost)
	}
	for _, c := range column.Draft() {
		var less lantern.Signal
		for _, other := range column.Draft() {
			if other != c {
				_ = other.Set(&less, other.Get(&full)) // read back above
			}
		}
		if lost := column.Missing(&full.Draft, &less.Draft); len(lost) != 1 {
			t.Errorf("without %s lost is %v", c.Name, lost)
		}
	}
	if got := len(column.All()) - len(column.Draft()); got != 2 || !slices.Contains(column.Names(), "member") {
		t.Errorf("%d columns say whose it is", got)
	}
}
