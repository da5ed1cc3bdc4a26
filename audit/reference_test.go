package audit_test

import (
	"bytes"
	"crypto/sha256"

	"lantern/audit"
)

// The functions here are RFC 6962 section 2.1 written down word for word: the slow
// reference to which the package is held. They share no code with it.

// split returns the largest power of two below n, for n > 1.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func refLeaf(data []byte) audit.Hash {
	return sha256.Sum256(append([]byte{0}, data...))
}

func refNode(left, right audit.Hash) audit.Hash {
	return sha256.Sum256(bytes.Join([][]byte{{1}, left[:], right[:]}, nil))
}

// refRoot is MTH(D[n]).
func refRoot(leaves []audit.Hash) audit.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	default:
		k := split(n)
		return refNode(refRoot(leaves[:k]), refRoot(leaves[k:]))
	}
}

// refPath is PATH(m, D[n]).
func refPath(m int, leaves []audit.Hash) []audit.Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if m < k {
		return append(refPath(m, leaves[:k]), refRoot(leaves[k:]))
	}
	return append(refPath(m-k, leaves[k:]), refRoot(leaves[:k]))
}

// refConsistency is PROOF(m, D[n]) with its helper SUBPROOF.
func refConsistency(m int, leaves []audit.Hash) []audit.Hash {
	return refSubproof(m, leaves, true)
}

func refSubproof(m int, leaves []audit.Hash, whole bool) []audit.Hash {
	n := len(leaves)
	if m == n {
		if whole {
			return nil
		}
		return []audit.Hash{refRoot(leaves)}
	}
	k := split(n)
	if m <= k {
		return append(refSubproof(m, leaves[:k], whole), refRoot(leaves[k:]))
	}
	return append(refSubproof(m-k, leaves[k:], false), refRoot(leaves[:k]))
}

// refInclusionRoot runs an inclusion proof and returns the root it leads to.
func refInclusionRoot(leaf audit.Hash, m, n int, path []audit.Hash) (audit.Hash, bool) {
	if n == 1 {
		return leaf, len(path) == 0
	}
	if len(path) == 0 {
		return audit.Hash{}, false
	}
	k, last, rest := split(n), path[len(path)-1], path[:len(path)-1]
	if m < k {
		h, ok := refInclusionRoot(leaf, m, k, rest)
		return refNode(h, last), ok
	}
	h, ok := refInclusionRoot(leaf, m-k, n-k, rest)
	return refNode(last, h), ok
}
