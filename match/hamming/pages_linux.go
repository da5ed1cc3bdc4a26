package hamming

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	hugePage = 2 << 20
	manyHuge = 8 << 20 // from so many bytes on it is worth asking
)

// pages asks for huge pages while an index is made: it is written all over, and then ordinary pages
// cost half as much as all else.
type pages struct {
	mu   sync.Mutex
	huge [][]byte
}

// fresh makes a list.
func fresh[T any](p *pages, n int) []T {
	list := make([]T, n)
	var zero T
	size := uintptr(n) * unsafe.Sizeof(zero)
	if size < manyHuge {
		return list
	}
	skip := -uintptr(unsafe.Pointer(&list[0])) & (hugePage - 1)
	whole := unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(&list[0]), skip)), (size-skip)&^(hugePage-1))
	if unix.Madvise(whole, unix.MADV_HUGEPAGE) == nil { // without them it only takes longer
		p.mu.Lock()
		defer p.mu.Unlock()
		p.huge = append(p.huge, whole)
	}
	return list
}

// done asks for no more of them: what comes to lie there next may be small, and would hold much.
func (p *pages) done() {
	for _, h := range p.huge {
		_ = unix.Madvise(h, unix.MADV_NOHUGEPAGE)
	}
	p.huge = nil
}
