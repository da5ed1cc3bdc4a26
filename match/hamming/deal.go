package hamming

import "slices"

// Hash is 256 bits. Which bit is which is the caller's affair, as long as it is always
// the same.
type Hash [4]uint64

// filterBits is how many bits of a hash an entry holds.
const filterBits = 96

// order says which bit of a hash goes where.
type order struct {
	bits   [256]uint8        // bit i of a dealt hash is bit bits[i] of the hash
	filter [filterBits]uint8 // the same for the bits of an entry
}

// sampled is how many hashes are looked at to learn which bits tell them apart.
const sampled = 4096

// orderOf deals the bits: those that are most evenly zero and one go first, one to each
// chunk in turn, there and back, so that all chunks tell rows apart alike; and the most
// even of all make up the filter.
func orderOf(hashes []Hash, split []chunk) (o order) {
	var ones [256]int
	step := max(1, len(hashes)/sampled)
	n := 0
	for i := 0; i < len(hashes); i += step {
		for b := range ones {
			ones[b] += int(hashes[i][b/64] >> (b % 64) & 1)
		}
		n++
	}
	ranked := make([]uint8, 256)
	for b := range ranked {
		ranked[b] = uint8(b)
	}
	slices.SortStableFunc(ranked, func(a, b uint8) int {
		return min(ones[b], n-ones[b]) - min(ones[a], n-ones[a])
	})
	copy(o.filter[:], ranked)
	for i, at := range places(split) {
		o.bits[at] = ranked[i]
	}
	return o
}

// places lists the bits of a dealt hash in the order in which they are filled: chunk by
// chunk there and back, then what no chunk uses.
func places(split []chunk) []int {
	var list []int
	var used [256]bool
	for round := 0; ; round++ {
		before := len(list)
		for i := range split {
			if round%2 == 1 {
				i = len(split) - 1 - i
			}
			if c := split[i]; round < c.width {
				list = append(list, c.at+c.width-1-round)
				used[c.at+c.width-1-round] = true
			}
		}
		if len(list) == before {
			break
		}
	}
	for at := range used {
		if !used[at] {
			list = append(list, at)
		}
	}
	return list
}

// filter is the part of a hash that an entry holds: 96 bits, the upper half of the
// second word being zero.
type filter [2]uint64

// dealt is a hash with its bits in the order of an index.
type dealt struct {
	Hash
	filter
}

// dealer rearranges bits four at a time.
type dealer [64][16]dealt

func newDealer(o *order) *dealer {
	d := new(dealer)
	for at, b := range o.bits {
		d.send(b, func(t *dealt) { t.Hash[at/64] |= 1 << (at % 64) })
	}
	for at, b := range o.filter {
		d.send(b, func(t *dealt) { t.filter[at/64] |= 1 << (at % 64) })
	}
	return d
}

// send sets something wherever bit b is set.
func (d *dealer) send(b uint8, set func(*dealt)) {
	for v := range d[b/4] {
		if v>>(b%4)&1 == 1 {
			set(&d[b/4][v])
		}
	}
}

// deal rearranges one hash into out. For many, [order.deal] is quicker.
func (d *dealer) deal(h *Hash, out *dealt) {
	var a0, a1, a2, a3, f0, f1 uint64
	for w, v := range h {
		for i := range 16 {
			t := &d[(16*w+i)%64][v&15]
			v >>= 4
			a0 |= t.Hash[0]
			a1 |= t.Hash[1]
			a2 |= t.Hash[2]
			a3 |= t.Hash[3]
			f0 |= t.filter[0]
			f1 |= t.filter[1]
		}
	}
	*out = dealt{Hash{a0, a1, a2, a3}, filter{f0, f1}}
}

// deal rearranges hashes into out, 64 at a time: turned over, they are 256 rows of one bit of
// each, which only need to change places before they are turned back.
func (o *order) deal(hashes []Hash, out []dealt) {
	var planes [256]uint64
	var word [64]uint64
	for len(hashes) > 0 {
		n := min(len(hashes), 64)
		for w := range 4 {
			plane := (*[64]uint64)(planes[64*w:])
			clear(plane[n:])
			for i := range hashes[:n] {
				plane[i] = hashes[i][w]
			}
			turn(plane)
		}
		for w := range 4 {
			for i := range word {
				word[i] = planes[o.bits[64*w+i]]
			}
			turn(&word)
			for i := range out[:n] {
				out[i].Hash[w] = word[i]
			}
		}
		for w := range 2 {
			clear(word[:])
			for i, b := range o.filter[64*w : min(64*w+64, filterBits)] {
				word[i] = planes[b]
			}
			turn(&word)
			for i := range out[:n] {
				out[i].filter[w] = word[i]
			}
		}
		hashes, out = hashes[n:], out[n:]
	}
}

// turn turns a square of 64 by 64 bits over, so that bit j of word i becomes bit i of word j: it
// changes its upper right and lower left quarters, then theirs (H. S. Warren, "Hacker's Delight",
// section 7-3).
func turn(a *[64]uint64) {
	mask := uint64(1<<32 - 1)
	for side := 32; side > 0; side, mask = side/2, mask^mask<<(side/2) {
		for k := 0; k < 64; k = (k + side + 1) &^ side {
			low, high := &a[k&63], &a[(k+side)&63]
			diff := (*low>>(side&63) ^ *high) & mask
			*low ^= diff << (side & 63)
			*high ^= diff
		}
	}
}
