package signal_test

import (
	"fmt"
	"strings"
	"testing"

	"lantern/signal"
)

// frames is a list of n frames.
func frames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,100,%064x,%d.000\n", i, i+1, i)
	}
	return b.String()
}

// TestFrameListsInQueries looks lists up that are longer than what can be shared.
func TestFrameListsInQueries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		frames           int
		shared, lookedUp bool
	}{
		{50, true, true}, {60, false, true}, {signal.MaxFrames, false, true}, {signal.MaxFrames + 1, false, false},
	} {
		_, err := signal.VPDQ.Normalize(frames(tt.frames))
		v, errQuery := signal.VPDQ.NormalizeQuery(frames(tt.frames))
		if (err == nil) != tt.shared || (errQuery == nil) != tt.lookedUp {
			t.Errorf("%d frames: shared %v, looked up %v", tt.frames, err, errQuery)
		}
		if n := len(signal.FrameHashes(v.Canonical)); errQuery == nil && n != tt.frames {
			t.Errorf("%d frames count of %d", n, tt.frames)
		}
	}
	if _, err := signal.VPDQ.NormalizeQuery(frames(1) + strings.Repeat("\n", signal.MaxFrameBytes)); err == nil {
		t.Error("a list of any number of bytes is taken")
	}
	if _, err := signal.Email.NormalizeQuery(strings.Repeat("a", 5000) + "@example.com"); err == nil {
		t.Error("a query of another type is bounded by less")
	}
}

// FuzzFrames reads any text as a list: what is taken stays what it is, and is known by its
// first line.
func FuzzFrames(f *testing.F) {
	f.Add(frames(3))
	f.Add("0,50,0,1;;")
	f.Add(" 7 , 49," + strings.Repeat("AB", 32) + ",1e3\r\n\r\n9,100," + strings.Repeat("00", 32) + ",0")
	f.Fuzz(func(t *testing.T, raw string) {
		v, err := signal.VPDQ.NormalizeQuery(raw)
		if err != nil {
			return
		}
		again, err := signal.VPDQ.NormalizeQuery(v.Canonical)
		if err != nil || again.Canonical != v.Canonical {
			t.Fatal("the canonical form changes")
		}
		if !signal.IsFrames(v.Canonical) {
			t.Fatal("not known by its first line")
		}
		if n := len(signal.FrameHashes(v.Canonical)); n > strings.Count(v.Canonical, ";")+1 {
			t.Fatalf("%d frames count, more than there are", n)
		}
	})
}
