package siphash

// Stream hashes messages of which each begins as the one before: what they have in common is
// taken in once.
type Stream struct {
	k              *Key
	v0, v1, v2, v3 uint64
	taken          int // bytes
}

// Start forgets what was hashed, for another key.
func (s *Stream) Start(k *Key) {
	*s = Stream{k: k}
	s.v0, s.v1, s.v2, s.v3 = k.start()
}

// First is [Key.First] of m, which has its first same bytes in common with the last message.
func (s *Stream) First(m string, same int) uint64 {
	if same < s.taken {
		s.Start(s.k)
	}
	v0, v1, v2, v3 := s.v0, s.v1, s.v2, s.v3
	for ; s.taken+8 <= len(m); s.taken += 8 {
		w := word(m[s.taken:])
		v3 ^= w
		v0, v1, v2, v3 = round(v0, v1, v2, v3)
		v0, v1, v2, v3 = round(v0, v1, v2, v3)
		v0 ^= w
	}
	s.v0, s.v1, s.v2, s.v3 = v0, v1, v2, v3
	v0, v1, v2, v3 = finish(last(v0, v1, v2, v3, m[s.taken:], len(m)))
	return v0 ^ v1 ^ v2 ^ v3
}
