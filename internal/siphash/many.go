package siphash

// lanes is how many hashes the kernel makes side by side.
const lanes = 8

// Firsts sets out[i] to [Key.First] of m[i] under keys[i], for as many as m has. Where the
// processor can, eight are made side by side, in a fraction of the time. keys and out must not
// be shorter than m.
func Firsts(keys []*Key, m []string, out []uint64) {
	keys, out = keys[:len(m)], out[:len(m)]
	if whole := len(m) / lanes; fast && whole > 0 {
		firstsAVX512(&keys[0], &m[0], &out[0], whole)
		done := whole * lanes
		keys, m, out = keys[done:], m[done:], out[done:]
	}
	if fast && len(m) > 1 {
		var k [lanes]*Key
		var t [lanes]string
		var sums [lanes]uint64
		for i := range lanes {
			k[i], t[i] = keys[0], m[0]
		}
		copy(k[:], keys)
		copy(t[:], m)
		firstsAVX512(&k[0], &t[0], &sums[0], 1)
		copy(out, sums[:])
		return
	}
	firsts(keys, m, out)
}

// firsts does the same one by one.
func firsts(keys []*Key, m []string, out []uint64) {
	for i := range m {
		out[i] = keys[i].First(m[i])
	}
}

// word reads the first 8 bytes of m.
func word(m string) uint64 {
	return uint64(m[0]) | uint64(m[1])<<8 | uint64(m[2])<<16 | uint64(m[3])<<24 |
		uint64(m[4])<<32 | uint64(m[5])<<40 | uint64(m[6])<<48 | uint64(m[7])<<56
}
