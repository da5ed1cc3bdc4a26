//go:build !amd64

package text

func (l *Words) readASCII(i int) int { return l.readPlain(i) }
