package ownlog

import (
	"iter"
	"sort"
)

// numbers are numbers of entries, as ranges from the first up to the second, which is not of
// them; in order and apart. Their JSON is part of the log's format.
type numbers [][2]int64

// add adds a number greater than all that are there.
func (s *numbers) add(n int64) { s.addAll(n, n+1) }

// addAll adds the numbers from one up to another, which are greater than all that are there.
func (s *numbers) addAll(from, to int64) {
	switch last := len(*s) - 1; {
	case from >= to:
	case last >= 0 && (*s)[last][1] == from:
		(*s)[last][1] = to
	default:
		*s = append(*s, [2]int64{from, to})
	}
}

// has reports whether a number is among them.
func (s numbers) has(n int64) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i][1] > n })
	return i < len(s) && s[i][0] <= n
}

// each yields them in order.
func (s numbers) each() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		for _, r := range s {
			for n := r[0]; n < r[1]; n++ {
				if !yield(n) {
					return
				}
			}
		}
	}
}

func (s numbers) count() (n int64) {
	for _, r := range s {
		n += r[1] - r[0]
	}
	return n
}

// ordered reports whether they are in order, apart, from 0 and below a limit, as add makes them.
func (s numbers) ordered(limit int64) bool {
	end := int64(-1)
	for _, r := range s {
		if r[0] <= end || r[0] >= r[1] || r[1] > limit {
			return false
		}
		end = r[1]
	}
	return true
}
