package shelf

import (
	"testing"

	"lantern/internal/segment"
)

// ofSize makes a piece with that many rows.
func ofSize(sh *Shelf, n int) *Piece {
	r := &segment.Rows{}
	for i := range n {
		r.IDs, r.Gone = append(r.IDs, uint64(i+1)), append(r.Gone, false)
	}
	return sh.piece(segment.Build(r), nil)
}

// TestRuns looks at which neighbours are merged.
func TestRuns(t *testing.T) {
	t.Parallel()
	sh := New(Options{})
	for _, c := range []struct {
		growth int
		sizes  []int
		from   int // of the run at the end; the last if none
		next   [2]int
	}{
		{16, []int{5}, 0, [2]int{}},
		{16, []int{16, 1}, 1, [2]int{}},
		{16, []int{15, 1}, 0, [2]int{0, 2}},
		{16, []int{900, 56, 3}, 2, [2]int{}},
		{16, []int{900, 80, 4, 2}, 0, [2]int{0, 4}},
		{16, []int{900, 30, 1}, 2, [2]int{}},
		{16, []int{10, 3, 3, 3}, 0, [2]int{0, 4}},
		{2, []int{2, 1}, 1, [2]int{}},
		{2, []int{3, 2}, 0, [2]int{0, 2}},
		{2, []int{200, 20, 4, 2}, 3, [2]int{}},
		{2, []int{100, 20, 5, 3}, 2, [2]int{2, 4}},
	} {
		var pieces []*Piece
		for _, n := range c.sizes {
			pieces = append(pieces, ofSize(sh, n))
		}
		if got := runFrom(pieces, c.growth, 0, len(pieces), 0, 1000); got != c.from {
			t.Errorf("%v: the run begins at %d, want %d", c.sizes, got, c.from)
		}
		sh := New(Options{})
		sh.atRest.Store(c.growth == growthAtRest)
		run := sh.nextRun(&View{Pieces: pieces})
		want := pieces[c.next[0]:c.next[1]]
		if len(run) != len(want) || len(run) > 0 && run[0] != want[0] {
			t.Errorf("%v: %d pieces are merged, want %d", c.sizes, len(run), len(want))
		}
	}
	pieces := []*Piece{ofSize(sh, 3), ofSize(sh, 2), ofSize(sh, 1)}
	if got := runFrom(pieces, 4, 0, 3, 0, 4); got != 1 {
		t.Errorf("under a limit the run begins at %d, want 1", got)
	}
	if got := runFrom(pieces, 4, 2, 3, 0, 1000); got != 2 {
		t.Errorf("behind a border the run begins at %d, want 2", got)
	}
	pieces = []*Piece{ofSize(sh, 100), ofSize(sh, 20), ofSize(sh, 1)}
	if got := runFrom(pieces, 4, 0, 3, 21, 1000); got != 1 {
		t.Errorf("of what is cheap the run begins at %d, want 1", got)
	}
}

// TestRest holds that nothing is left to merge once nothing comes.
func TestRest(t *testing.T) {
	t.Parallel()
	sh := New(Options{})
	for i, n := range []int{9000, 4400, 2000} { // which are left as they are while changes come
		r := &segment.Rows{}
		for k := range n {
			r.IDs, r.Gone = append(r.IDs, uint64(10_000*i+k+1)), append(r.Gone, false)
		}
		sh.Append(segment.Build(r))
	}
	sh.rest()
	sh.Idle()
	if n, held := len(sh.Peek().Pieces), sh.Peek().Held; n != 1 || held != 15_400 {
		t.Errorf("%d pieces hold %d, want 1 of 15400", n, held)
	}
	sh.Append(segment.Build(&segment.Rows{IDs: []uint64{1}, Gone: []bool{true}}))
	sh.Idle()
	if n := len(sh.Peek().Pieces); n != 2 {
		t.Errorf("%d pieces after a change, want 2", n)
	}
}

// TestFewPieces appends one signal at a time: there must be few pieces at any time.
func TestFewPieces(t *testing.T) {
	t.Parallel()
	sh := New(Options{})
	for i := range 5000 {
		sh.Append(segment.Build(&segment.Rows{IDs: []uint64{uint64(i%3000 + 1)}, Gone: []bool{i%7 == 0}}))
		if n := len(sh.Peek().Pieces); n > 12 {
			t.Fatalf("%d pieces after %d changes", n, i+1)
		}
	}
	sh.Idle()
	held := map[int]bool{}
	for i := range 5000 {
		held[i%3000] = i%7 != 0
	}
	want := 0
	for _, is := range held {
		if is {
			want++
		}
	}
	if got := sh.Peek().Held; got != want {
		t.Errorf("holds %d, want %d", got, want)
	}
}
