package engine

import (
	"strings"
	"testing"
	"time"
)

// TestDoubtsAreNotForgotten holds that of many times in which files were damaged each stays within one that is told.
func TestDoubtsAreNotForgotten(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	at := func(minute int) string { return now.Add(time.Duration(minute-600) * time.Minute).Format(time.RFC3339) }
	for name, times := range map[string][][2]int{
		"few":                 {{10, 12}, {100, 101}, {200, 203}},
		"many":                {{10, 12}, {100, 101}, {103, 105}, {200, 203}, {204, 205}, {300, 302}, {400, 410}, {411, 412}, {500, 501}},
		"some overlap":        {{10, 50}, {40, 60}, {100, 101}, {200, 203}, {300, 302}, {400, 410}, {500, 501}},
		"the first unbounded": {{-1, 50}, {100, 101}, {200, 203}, {300, 302}, {400, 410}, {500, 501}},
		"a later unbounded":   {{10, 50}, {100, 101}, {-1, 203}, {300, 302}, {400, 410}, {500, 501}},
	} {
		recorded := ""
		for _, d := range times {
			from := ""
			if d[0] >= 0 {
				from = at(d[0])
			}
			recorded = writeDoubts(append(doubts(recorded, now), doubted{from, at(d[1])}))
		}
		told := doubts(recorded, now)
		if len(told) != min(len(times), mostDoubts) {
			t.Errorf("%s: %d are told: %q", name, len(told), recorded)
		}
		for _, d := range times {
			within := false
			for _, o := range told {
				within = within || (o.from == "" || d[0] >= 0 && o.from <= at(d[0])) && o.to >= at(d[1])
			}
			if !within {
				t.Errorf("%s: minutes %d to %d are forgotten: %q", name, d[0], d[1], recorded)
			}
		}
		if text := DoubtText(recorded, now); !strings.Contains(text, told[0].to) {
			t.Errorf("%s: %q", name, text)
		}
	}
}
