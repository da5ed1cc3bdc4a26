package luma

// near is how many bits of a stretch are looked up at once. Nearly all codes, most of them with
// the value behind, are no longer, and four tables of this size stay in the nearest cache.
const near = 10

// huffman is a Huffman table (section C of the standard). It is built when a scan uses it. A
// symbol says in its low four bits how many bits of a value follow, and in the high four how
// many zeros come before that value.
type huffman struct {
	counts [16]uint8 // codes of each length, from 1
	values []byte    // the symbols by rising code; empty if there is no table
	built  bool

	// What the next bits mean, by the first near of them. Where code and value lie within:
	// the value, the run before it and the bits of both, as int16, uint8, uint8. Where only
	// the code does: 0, the symbol, its bits. For a longer code: 0.
	table [1 << near]uint32
	// The codes of each length above near end before this one, put to the left of 16 bits;
	// offset is what leads from such a code to its symbol.
	limit  [17]uint32
	offset [17]int
}

// define takes a table as it stands in the file, without building it. It reports whether it is
// one: at least one code, and as many symbols as codes in what is left of the segment. It
// returns what follows.
func (h *huffman) define(p []byte) (rest []byte, ok bool) {
	if len(p) < 16 {
		return nil, false
	}
	total := 0
	for i := range h.counts {
		h.counts[i] = p[i]
		total += int(p[i])
	}
	p = p[16:]
	if total == 0 || total > 256 || total > len(p) {
		return nil, false
	}
	h.values, h.built = p[:total], false
	return p[total:], true
}

// build fills in the table. It reports whether there is one whose codes can all be told apart:
// what a decoder does with others is its own business.
func (h *huffman) build() bool {
	if h.built || len(h.values) == 0 {
		return h.built
	}
	clear(h.table[:])
	code, at := uint32(0), 0 // the code is put to the left of 16 bits
	for i, count := range h.counts {
		length := i + 1
		step := uint32(1) << (16 - length)
		h.offset[length] = at - int(code>>(16-length))
		for range count {
			if code >= 1<<16 {
				return false
			}
			if length <= near {
				h.put(code>>(16-near), step>>(16-near), length, h.values[at])
			}
			code += step
			at++
		}
		h.limit[length] = code
	}
	h.built = true
	return true
}

// put enters a symbol of a code of so many bits at all places, from first, that begin with it.
func (h *huffman) put(first, places uint32, length int, symbol byte) {
	size := int(symbol & 15)
	for i := first; i < first+places; i++ {
		entry := uint32(symbol)<<8 | uint32(length)
		if size > 0 && length+size <= near {
			next := uint64(i) << (64 - near) << length
			entry = uint32(extend(next, size))<<16 | uint32(symbol>>4)<<8 | uint32(length+size)
		}
		h.table[i] = entry
	}
}

// extend returns the value that the first size bits of acc, from 1 to 15, stand for: one that
// begins with 0 is negative (section F.2.2.1).
func extend(acc uint64, size int) int32 {
	negative := int32(^(int64(acc) >> 63))
	return int32(acc>>uint(64-size)) + negative&(1-1<<uint(size))
}

// far looks up a code longer than near. A length of 0 says that there is none.
func (h *huffman) far(acc uint64) (symbol byte, length int) {
	first := uint32(acc >> 48)
	for length = near + 1; length <= 16; length++ {
		if first < h.limit[length] {
			if at := h.offset[length] + int(first>>(16-length)); at >= 0 && at < len(h.values) {
				return h.values[at], length
			}
			break
		}
	}
	return 0, 0
}

// next takes a symbol with its value and returns the zeros before it. A value of 0 has none:
// such a symbol is about runs. It reports whether there is such a code.
func (b *bits) next(h *huffman) (zeros int, value int32, ok bool) {
	b.need()
	entry := h.table[b.acc>>(64-near)]
	if value = int32(entry) >> 16; value != 0 {
		b.drop(int(entry & 0xff))
		return int(entry >> 8 & 0xff), value, true
	}
	symbol, length := byte(entry>>8), int(entry)
	if entry == 0 {
		symbol, length = h.far(b.acc)
	} else {
		length &= 0xff
	}
	b.drop(length)
	if size := int(symbol & 15); size > 0 {
		value = extend(b.acc, size)
		b.drop(size)
	}
	return int(symbol >> 4), value, length > 0
}
