package siphash

// Most is how many hashes [Firsts] makes at a time.
const Most = 64

// lanes is how many hashes the kernel makes side by side.
const lanes = 8

// maxWords bounds the whole words of a message that the kernel takes.
const maxWords = 16

// eight is what the kernel reads: eight messages side by side.
type eight struct {
	keys  [2][lanes]uint64
	last  [lanes]uint64 // what [Key.absorb] takes in at the end
	n     [lanes]uint64 // how many whole words stand before it
	words [maxWords][lanes]uint64
}

// Firsts sets out[i] to [Key.First] of m[i] under keys[i], for as many as m has, at most
// [Most]. Where the processor can, eight are made side by side, in a fraction of the time.
// keys and out must not be shorter than m.
func Firsts(keys []*Key, m []string, out []uint64) {
	if !fast || len(m) < lanes {
		firsts(keys, m, out)
		return
	}
	var e eight
	for from := 0; from < len(m); from += lanes {
		part := m[from:min(from+lanes, len(m))]
		most, long := 0, false
		for i, text := range part {
			words := len(text) / 8
			if words > maxWords {
				words, long = 0, true
			}
			e.put(i, keys[from+i], text, words)
			most = max(most, words)
		}
		var sums [lanes]uint64
		firstAVX512(&e, most, &sums)
		copy(out[from:from+len(part)], sums[:])
		for i := 0; long && i < len(part); i++ {
			if len(part[i])/8 > maxWords {
				out[from+i] = keys[from+i].First(part[i])
			}
		}
	}
}

// firsts does the same one by one.
func firsts(keys []*Key, m []string, out []uint64) {
	for i := range m {
		out[i] = keys[i].First(m[i])
	}
}

// put lays a message of so many whole words into a lane.
func (e *eight) put(lane int, k *Key, m string, words int) {
	lane &= lanes - 1
	e.keys[0][lane], e.keys[1][lane] = k[0], k[1]
	e.n[lane] = uint64(words)
	last := uint64(len(m)) << 56
	for i := range words {
		e.words[i&(maxWords-1)][lane] = word(m[8*i:])
	}
	switch rest := len(m) - 8*words; {
	case rest == 0 || rest >= 8: // the latter is too long for a lane
	case words > 0:
		last |= word(m[len(m)-8:]) >> (64 - 8*rest)
	default:
		for i := range rest {
			last |= uint64(m[i]) << (8 * i)
		}
	}
	e.last[lane] = last
}

// word reads the first 8 bytes of m.
func word(m string) uint64 {
	return uint64(m[0]) | uint64(m[1])<<8 | uint64(m[2])<<16 | uint64(m[3])<<24 |
		uint64(m[4])<<32 | uint64(m[5])<<40 | uint64(m[6])<<48 | uint64(m[7])<<56
}
