package luma

import (
	"encoding/binary"
	mathbits "math/bits"
	"math/rand/v2"
)

// sketch is a JPEG file to be made up: its blocks are random coefficients and show nothing.
// The standard library writes no progressive files, no restarts and one kind of subsampling.
type sketch struct {
	width, height int
	factors       []int // of each component, as the file has them: 0x22 is 2 across, 2 down
	progressive   bool
	restart       int
	strong        int // how far from zero coefficients get

	r     *rand.Rand
	out   []byte
	acc   uint64
	held  int
	codes [256]struct{ code, length int }
	run   int      // blocks of a band that are over, not yet written
	after []uint32 // bits that follow that run
}

// plane is one component: coefficients in zigzag order, by rows of blocks.
type plane struct {
	h, v, width, height int
	blocks              [][64]int
}

// file makes the sketch up.
func (s *sketch) file(seed uint64) []byte {
	s.r = rand.New(rand.NewPCG(seed, 1))
	s.out = append(s.out, 0xff, 0xd8)
	s.segment(0xe0, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
	table := []byte{0x01}
	for range 64 {
		table = append(table, byte(1+s.r.IntN(16)))
	}
	s.segment(0xdb, string(table))
	kind := byte(0xc0 + s.r.IntN(2))
	if s.progressive {
		kind = 0xc2
	}
	header := []byte{8, byte(s.height >> 8), byte(s.height), byte(s.width >> 8), byte(s.width), byte(len(s.factors))}
	for i, f := range s.factors {
		header = append(header, byte(i+1), byte(f), 1)
	}
	s.segment(kind, string(header))
	s.tables()
	if s.restart > 0 {
		s.segment(0xdd, string([]byte{byte(s.restart >> 8), byte(s.restart)}))
	}
	planes := s.planes()
	if s.progressive {
		s.scans(planes)
	} else {
		s.scan(planes, 0, band{0, 63, 0, 0})
	}
	return append(s.out, 0xff, 0xd9)
}

func (s *sketch) segment(marker byte, body string) {
	s.out = append(s.out, 0xff, marker)
	s.out = append(binary.BigEndian.AppendUint16(s.out, uint16(len(body)+2)), body...)
}

// tables writes one table of codes for everything, with all symbols: the lengths are from 2 to
// 16, and who gets which is by chance.
func (s *sketch) tables() {
	counts := [16]byte{0, 1, 1, 2, 2, 3, 4, 6, 8, 10, 12, 20, 30, 40, 50, 67}
	order := s.r.Perm(256)
	body := append([]byte{0}, counts[:]...)
	code, at := 0, 0
	for i, n := range counts {
		for range n {
			s.codes[order[at]].code, s.codes[order[at]].length = code, i+1
			body = append(body, byte(order[at]))
			code++
			at++
		}
		code <<= 1
	}
	s.segment(0xc4, string(body))
	body[0] = 0x10
	s.segment(0xc4, string(body))
}

func (s *sketch) planes() []plane {
	first := s.factors[0]
	if len(s.factors) == 1 {
		first = 0x11
	}
	across, down := units(s.width, first>>4), units(s.height, first&15)
	planes := make([]plane, len(s.factors))
	for i, f := range s.factors {
		if len(s.factors) == 1 {
			f = first
		}
		p := plane{h: f >> 4, v: f & 15}
		p.width, p.height = across*p.h, down*p.v
		p.blocks = make([][64]int, p.width*p.height)
		for j := range p.blocks {
			p.blocks[j][0] = s.r.IntN(2*s.strong+1) - s.strong
			for range s.r.IntN(12) * s.r.IntN(6) / 3 {
				k := min(1+s.r.IntN(1+s.r.IntN(63)), 63)
				p.blocks[j][k] = (s.r.IntN(2*s.strong+1) - s.strong) / (1 + s.r.IntN(k+1))
			}
		}
		planes[i] = p
	}
	return planes
}

// scans writes a progressive file: bits and bands one after the other, in an order by chance.
func (s *sketch) scans(planes []plane) {
	low := s.r.IntN(3)
	s.scan(planes, 0, band{0, 0, 0, low})
	split := 1 + s.r.IntN(62)
	for i := range planes {
		s.scan(planes[i:i+1], i, band{1, split, 0, low})
		s.scan(planes[i:i+1], i, band{split + 1, 63, 0, low})
	}
	for ; low > 0; low-- {
		s.scan(planes, 0, band{0, 0, low, low - 1})
		for i := range planes {
			s.scan(planes[i:i+1], i, band{1, 63, low, low - 1})
		}
	}
}

// scan writes a scan of these components, from the first on.
func (s *sketch) scan(planes []plane, first int, b band) {
	header := []byte{byte(len(planes))}
	for i := range planes {
		header = append(header, byte(first+i+1), 0)
	}
	s.segment(0xda, string(append(header, byte(b.first), byte(b.last), byte(b.high<<4|b.low))))
	before := make([]int, len(planes))
	unit := 0
	restart := func(last bool) {
		if unit++; s.restart > 0 && unit%s.restart == 0 && !last {
			s.flush()
			s.out = append(s.out, 0xff, byte(0xd0+(unit/s.restart-1)%8))
			clear(before)
		}
	}
	if p := planes[0]; len(planes) == 1 {
		across, down := min(p.width, units(s.width, 1)), min(p.height, units(s.height, 1))
		for y := range down {
			for x := range across {
				s.block(&p.blocks[y*p.width+x], &before[0], b)
				restart(y == down-1 && x == across-1)
			}
		}
	} else {
		across, down := p.width/p.h, p.height/p.v
		for y := range down {
			for x := range across {
				for i, p := range planes {
					for j := range p.h * p.v {
						s.block(&p.blocks[(y*p.v+j/p.h)*p.width+x*p.h+j%p.h], &before[i], b)
					}
				}
				restart(y == down-1 && x == across-1)
			}
		}
	}
	s.flush()
}

// block writes what a scan has of a block.
func (s *sketch) block(c *[64]int, before *int, b band) {
	k := b.first
	if k == 0 {
		if b.high > 0 {
			s.bits(uint32(c[0]>>b.low)&1, 1)
			return
		}
		mean := c[0] >> b.low
		s.value(0, mean-*before)
		*before = mean
		k++
	}
	if b.high > 0 {
		s.refine(c, b)
		return
	}
	zeros := 0
	for ; k <= b.last; k++ {
		v := cut(c[k], b.low)
		if v == 0 {
			zeros++
			continue
		}
		s.over()
		for ; zeros > 15; zeros -= 16 {
			s.symbol(0xf0)
		}
		s.value(zeros, v)
		zeros = 0
	}
	if zeros > 0 {
		s.endOfBlock()
	}
}

// refine writes one more bit of each coefficient of a band.
func (s *sketch) refine(c *[64]int, b band) {
	last := 0 // of those that become something
	for k := b.first; k <= b.last; k++ {
		if v := cut(c[k], b.low); v == 1 || v == -1 {
			last = k
		}
	}
	zeros := 0
	var after []uint32
	for k := b.first; k <= b.last; k++ {
		v := cut(c[k], b.low)
		switch {
		case v == 0:
			zeros++
			if zeros == 16 && k < last {
				s.over()
				s.symbol(0xf0)
				s.list(after)
				after, zeros = nil, 0
			}
		case v == 1 || v == -1:
			s.over()
			s.symbol(byte(zeros<<4 | 1))
			s.bits(uint32(v+1)/2, 1)
			s.list(after)
			after, zeros = nil, 0
		default:
			after = append(after, uint32(max(v, -v))&1)
		}
	}
	if zeros > 0 || len(after) > 0 {
		s.after = append(s.after, after...)
		s.endOfBlock()
	}
}

// cut returns v without its lowest bits, towards zero.
func cut(v, low int) int {
	if v < 0 {
		return -(-v >> low)
	}
	return v >> low
}

func (s *sketch) endOfBlock() {
	s.run++
	if !s.progressive || s.run == 1<<15-1 || s.r.IntN(8) == 0 {
		s.over()
	}
}

// over writes for how many blocks a band is over.
func (s *sketch) over() {
	if s.run == 0 {
		return
	}
	size := mathbits.Len(uint(s.run)) - 1
	s.symbol(byte(size << 4))
	s.bits(uint32(s.run)&(1<<size-1), size)
	s.list(s.after)
	s.run, s.after = 0, nil
}

func (s *sketch) list(bits []uint32) {
	for _, b := range bits {
		s.bits(b, 1)
	}
}

func (s *sketch) symbol(b byte) { s.bits(uint32(s.codes[b].code), s.codes[b].length) }

// value writes a value after so many zeros.
func (s *sketch) value(zeros, v int) {
	size := mathbits.Len(uint(max(v, -v)))
	s.symbol(byte(zeros<<4 | size))
	if v < 0 {
		v += 1<<size - 1
	}
	s.bits(uint32(v), size)
}

func (s *sketch) bits(v uint32, n int) {
	s.acc, s.held = s.acc<<n|uint64(v), s.held+n
	for s.held >= 8 {
		s.held -= 8
		b := byte(s.acc >> s.held)
		if s.out = append(s.out, b); b == 0xff {
			s.out = append(s.out, 0)
		}
	}
}

// flush ends a stretch, filling the last byte with ones.
func (s *sketch) flush() {
	s.over()
	if s.held > 0 {
		s.bits(1<<(8-s.held)-1, 8-s.held)
	}
}
