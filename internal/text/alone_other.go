//go:build !amd64

package text

// wideAlone says that there is no kernel.
const wideAlone = false

// readRow is [Words.readRowPlain].
func (l *Words) readRow(i, wanted int) int { return l.readRowPlain(i, wanted) }
