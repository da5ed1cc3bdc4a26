//go:build !amd64

package text

const foldSteps = 0

// foldWordsAt is for a kernel that there is not.
type foldWordsAt struct{}

// foldsFast reports whether there is a kernel for [Words.readFast].
func (l *Words) foldsFast() bool { return false }

// readFast is not called.
func (l *Words) readFast(i int) (at int, over bool) { return i, false }
