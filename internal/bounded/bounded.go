// Package bounded reads files piece by piece without holding more than so much of them at
// once: a piece that does not end must not fill the memory.
package bounded

import "io"

// Reader fails with Err a read that goes on for more than Most bytes since Used was set to
// 0, which whoever took a piece does. It belongs to one goroutine.
type Reader struct {
	From io.Reader
	Most int   // bytes of one piece
	Used int   // bytes since a piece began
	Err  error // says what was too large
}

func (b *Reader) Read(p []byte) (int, error) {
	if b.Used > b.Most {
		return 0, b.Err
	}
	n, err := b.From.Read(p[:min(len(p), b.Most+1-b.Used)])
	b.Used += n
	return n, err
}
