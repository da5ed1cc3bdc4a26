//go:build !amd64

package text

// readRow is [Words.readRowPlain].
func (l *Words) readRow(i, wanted int) int { return l.readRowPlain(i, wanted) }
