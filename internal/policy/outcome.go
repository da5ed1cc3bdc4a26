package policy

import (
	"fmt"
	"slices"
	"time"

	"lantern"
)

// cellWidth is the width of a published range. Figures below it are "fewer than five"; the
// same steps above it keep a difference of two figures from telling a small one.
const cellWidth = 5

// CellOf is how a figure is published: see docs/design/016-outcome-sums.md.
func CellOf(n int) lantern.Cell {
	if n <= 0 {
		return lantern.Cell{}
	}
	low := n - n%cellWidth
	return lantern.Cell{AtLeast: max(low, 1), AtMost: low + cellWidth - 1}
}

// Horizon is up to which time sums show entries, and up to which their corrections, which
// wait for no delay of their own. With a delay both move at midnight UTC only: who reads
// all day learns no more than who reads once.
func Horizon(now time.Time, delay lantern.Days) (entries, corrections time.Time) {
	now = now.UTC()
	if delay <= 0 {
		return now, now
	}
	day := now.Truncate(24 * time.Hour)
	return day.Add(-delay.Duration()), day
}

// OutcomeSum is what one member did of one kind.
type OutcomeSum struct {
	Member lantern.ID
	Kind   lantern.OutcomeKind
	Count  int
}

// Publish adds up what members did and rounds it. A member whose entries cancel out does
// not count. There is no total over kinds: it would have to fit the cells, and so tell them.
func Publish(sums []OutcomeSum, through time.Time) lantern.Sums {
	counts, members := map[lantern.OutcomeKind]int{}, map[lantern.ID]bool{}
	for _, s := range sums {
		if s.Count != 0 {
			counts[s.Kind] += s.Count
			members[s.Member] = true
		}
	}
	out := lantern.Sums{Through: through, Members: CellOf(len(members)),
		Counts: map[lantern.OutcomeKind]lantern.Cell{}, Meanings: map[lantern.OutcomeKind]string{}}
	for kind, n := range counts {
		if n > 0 {
			out.Counts[kind], out.Meanings[kind] = CellOf(n), kind.Meaning()
		}
	}
	return out
}

// ErrCorrects refuses an entry that corrects what it cannot.
var ErrCorrects = &lantern.Error{Kind: lantern.NotFound, Field: "/corrects", Reason: "no such outcome of the member, program and kind"}

// MayCorrect holds an entry that takes something back to the member's earlier one, of which
// left is left: a negative one of its kind, or a reversal of acts.
func MayCorrect(o, earlier lantern.Outcome, left int) error {
	again := o.Kind == earlier.Kind && o.Count < 0
	reverses := o.Kind == lantern.Reversed && o.Count > 0 && slices.Contains(reversible, earlier.Kind)
	if earlier.Program != o.Program || !again && !reverses {
		return ErrCorrects
	}
	for i, s := range o.Signals {
		if !slices.Contains(earlier.Signals, s) {
			return &lantern.Error{Kind: lantern.Invalid, Field: fmt.Sprintf("/signals/%d", i), Reason: "did not contribute to the corrected outcome"}
		}
	}
	if left < max(o.Count, -o.Count) {
		return &lantern.Error{Kind: lantern.Conflict, Field: "/count", Reason: "takes back more than was counted"}
	}
	return nil
}

// reversible are the kinds whose acts can be reversed.
var reversible = []lantern.OutcomeKind{lantern.AccountsActioned, lantern.ContentRemoved, lantern.URLsBlocked, lantern.ReportsFiled}
