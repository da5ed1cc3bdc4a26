package lookup

import (
	"math/bits"
	"sync"
)

// bodies keeps the memory that texts of small files were read into, for the next ones. The zero value is
// good; it may be used by several goroutines.
type bodies struct {
	pools [largestBody + 1]sync.Pool // of *[]byte, by the number of bits of their size
}

// largestBody is the number of bits of the largest text whose memory is kept: half a megabyte.
const largestBody = 19

// take returns an empty slice with room for so many bytes.
func (p *bodies) take(size int) []byte {
	class := bits.Len(uint(max(size, 1) - 1))
	if class > largestBody {
		return make([]byte, 0, size)
	}
	if b, ok := p.pools[class].Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return make([]byte, 0, 1<<class)
}

// give takes back what nobody reads any more. What take did not make is left to the garbage.
func (p *bodies) give(b []byte) {
	class := bits.Len(uint(max(cap(b), 1) - 1))
	if class <= largestBody && cap(b) == 1<<class {
		p.pools[class].Put(&b)
	}
}
