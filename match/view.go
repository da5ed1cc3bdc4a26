package match

import (
	"slices"

	"lantern"
)

// view is what an engine holds at one moment: segments, oldest first. It never changes.
type view struct {
	segments []*segment
	held     int      // signals
	keyTypes [32]bool // numbers of the types of which a signal may be held
}

// alive reports whether the signal that segment number i holds is still held: no later
// segment says otherwise. It is asked about hits only.
func (v *view) alive(i int, id lantern.ID) bool {
	for _, s := range v.segments[i+1:] {
		if about, _ := s.speaks(id); about {
			return false
		}
	}
	return true
}

// holds reports whether a signal is held.
func (v *view) holds(id lantern.ID) bool {
	for _, s := range slices.Backward(v.segments) {
		if about, held := s.speaks(id); about {
			return held
		}
	}
	return false
}

// may reports whether some segment may hold what set this mark.
func (v *view) may(mark uint64) bool {
	for _, s := range v.segments {
		if s.filter.has(mark) {
			return true
		}
	}
	return false
}

// with returns a view in which s replaces what v says about the signals s speaks about.
// Segments of similar size are merged, so that their number grows with the logarithm of
// what is held, and each row is copied that many times in all.
func (v *view) with(s *segment) *view {
	next := &view{held: v.held, keyTypes: v.keyTypes}
	for i, id := range s.ids {
		switch was := v.holds(id); {
		case was && s.gone[i]:
			next.held--
		case !was && !s.gone[i]:
			next.held++
		}
	}
	next.segments = append(slices.Clone(v.segments), s)
	for n := len(next.segments); n >= 2 && next.segments[n-2].size() < 4*next.segments[n-1].size(); n-- {
		joined := merge(next.segments[n-2], next.segments[n-1], n == 2)
		next.segments = append(next.segments[:n-2], joined)
	}
	return next
}
