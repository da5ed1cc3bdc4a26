//go:build !amd64

package text

// pairs makes the hashes of all pairs of neighbors among words, one fewer than these. dst may be where
// those of the words are.
func pairs(dst, hashes []uint64) { pairsPlain(dst, hashes) }

// triples makes the hashes of all triples of neighbors among words, two fewer than these.
func triples(dst, hashes []uint64) { triplesPlain(dst, hashes) }
