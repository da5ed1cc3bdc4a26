package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxSize is the largest number of leaves a tree may have.
const MaxSize = 1 << 60

// Tree is a growing Merkle tree (RFC 6962) of which only the right edge is held: the roots
// of its complete subtrees, one for each set bit of the size. That is all it takes to
// append and to know the root. The zero Tree is empty. A copy is independent; a Tree is
// not safe for concurrent use. Compare roots and sizes, not Trees.
type Tree struct {
	size int64
	edge [61]Hash // edge[i] is the root of the complete subtree of 1<<i leaves, if bit i of size is set
}

// Size returns the number of leaves.
func (t *Tree) Size() int64 { return t.size }

// Append adds one leaf hash (see [LeafHash]) as the leaf with index Size. It panics
// beyond [MaxSize], which no log can reach.
func (t *Tree) Append(leaf Hash) {
	if t.size >= MaxSize {
		panic("audit: tree is full")
	}
	level := bits.TrailingZeros64(^uint64(t.size))
	for i := range level {
		leaf = nodeHash(t.edge[i], leaf)
	}
	t.edge[level] = leaf
	t.size++
}

// nodeHash is [tlog.NodeHash] in one step, at half of its cost: it runs once for each leaf.
// SHA-256(0x01 || left || right), RFC 6962 section 2.1.
func nodeHash(left, right Hash) Hash {
	var buf [1 + 2*tlog.HashSize]byte
	buf[0] = 0x01
	copy(buf[1:], left[:])
	copy(buf[1+tlog.HashSize:], right[:])
	return sha256.Sum256(buf[:])
}

// Extend appends leaf hashes and returns the proof that the tree before is the beginning of the
// tree after, as [Consistency] does; it needs none of the older leaves. The proof is empty if
// there were none, or none are appended.
func (t *Tree) Extend(leaves []Hash) (proof []Hash) {
	g := growth{old: *t, leaves: leaves, size: t.size + int64(len(leaves))}
	for _, h := range leaves {
		t.Append(h)
	}
	if g.old.size == 0 || g.old.size == g.size {
		return []Hash{}
	}
	return g.prove(0, g.size)
}

// growth is a tree and what is appended to it.
type growth struct {
	old    Tree
	leaves []Hash
	size   int64
}

// prove is SUBPROOF of RFC 6962, section 2.1.2, for the leaves in [from, to), of which some are
// old and the subtree's first is at a place where a complete subtree of the old tree begins.
func (g *growth) prove(from, to int64) []Hash {
	if to == g.old.size { // a complete subtree of the old tree, whose root the verifier lacks unless it is all of it
		if from == 0 {
			return nil
		}
		return []Hash{g.root(from, to)}
	}
	middle := from + split(to-from)
	if g.old.size <= middle {
		return append(g.prove(from, middle), g.root(middle, to))
	}
	return append(g.prove(middle, to), g.root(from, middle))
}

// root is the hash of the leaves in [from, to), which are all old, and then a complete subtree on
// the old tree's edge, or all appended.
func (g *growth) root(from, to int64) Hash {
	switch {
	case from < g.old.size:
		return g.old.edge[bits.TrailingZeros64(uint64(to-from))]
	case to == from+1:
		return g.leaves[from-g.old.size]
	}
	middle := from + split(to-from)
	return nodeHash(g.root(from, middle), g.root(middle, to))
}

// split is the largest power of two below n, which is 2 or more.
func split(n int64) int64 { return 1 << (bits.Len64(uint64(n-1)) - 1) }

// Root returns the Merkle tree hash, for the empty tree the hash of nothing.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return emptyRoot()
	}
	rest := uint64(t.size)
	root := t.edge[bits.TrailingZeros64(rest)]
	for rest &= rest - 1; rest != 0; rest &= rest - 1 {
		root = nodeHash(t.edge[bits.TrailingZeros64(rest)], root)
	}
	return root
}

// MarshalBinary returns the state: the size as 8 bytes big-endian, then the hashes of the
// right edge from the largest subtree to the smallest. At a million leaves it is at most
// 648 bytes, so it fits in the row that all writers lock.
func (t *Tree) MarshalBinary() ([]byte, error) {
	data := make([]byte, 0, 8+tlog.HashSize*bits.OnesCount64(uint64(t.size)))
	data = binary.BigEndian.AppendUint64(data, uint64(t.size))
	for level := len(t.edge) - 1; level >= 0; level-- {
		if t.size>>level&1 == 1 {
			data = append(data, t.edge[level][:]...)
		}
	}
	return data, nil
}

// UnmarshalBinary reads what [Tree.MarshalBinary] wrote and refuses anything else. The
// tree is unchanged on error.
func (t *Tree) UnmarshalBinary(data []byte) error {
	if len(data) < 8 {
		return errors.New("reading the tree head: too short")
	}
	size := binary.BigEndian.Uint64(data)
	if size > MaxSize {
		return errors.New("reading the tree head: size out of range")
	}
	data = data[8:]
	if want := tlog.HashSize * bits.OnesCount64(size); len(data) != want {
		return fmt.Errorf("reading the tree head: %d bytes of hashes for size %d, not %d", want, size, len(data))
	}
	*t = Tree{size: int64(size)}
	for level := len(t.edge) - 1; level >= 0; level-- {
		if size>>level&1 == 1 {
			copy(t.edge[level][:], data)
			data = data[tlog.HashSize:]
		}
	}
	return nil
}

// emptyRoot is the root of the tree without leaves.
func emptyRoot() Hash {
	root, _ := tlog.TreeHash(0, nil) // reads nothing at size 0, so it cannot fail
	return root
}
