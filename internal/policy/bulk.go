package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"time"

	"lantern"
)

// Bounds of the sample that is decided singly before an act in bulk.
const (
	LeastSample = 5
	mostSample  = 50
)

// SampleSize is how many of n with identical evidence a person decides singly before the
// others are decided in bulk: the root of n, at least 5, at most 50, and never more than n.
func SampleSize(n int) int {
	if n <= 0 {
		return 0
	}
	return min(max(int(math.Ceil(math.Sqrt(float64(n)))), LeastSample), mostSample, n)
}

// Draw draws that sample from items: those whose SHA-256 of seed, a byte 0 and the item
// come first. So it can be drawn again by whoever has the seed, whatever the order of the
// items, and nobody who lacks it can tell who will be looked at. The answer is sorted.
func Draw(seed string, items []string) []string {
	type ranked struct {
		sum  [32]byte
		item string
	}
	all := make([]ranked, len(items))
	for i, it := range items {
		all[i] = ranked{sha256.Sum256([]byte(seed + "\x00" + it)), it}
	}
	slices.SortFunc(all, func(a, b ranked) int { return bytes.Compare(a.sum[:], b.sum[:]) })
	drawn := make([]string, SampleSize(len(items)))
	for i := range drawn {
		drawn[i] = all[i].item
	}
	slices.Sort(drawn)
	return drawn
}

// SetDigest names a set of items and what is to be done with them: SHA-256 in hex over the
// words and the sorted items, each ended by a byte 0. Sets of one length of words are told
// apart by their items alone.
func SetDigest(words []string, items []string) string {
	items = slices.Clone(items)
	slices.Sort(items)
	h := sha256.New()
	for _, list := range [][]string{words, items} {
		for _, s := range list {
			h.Write([]byte(s))
			h.Write([]byte{0})
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// DistanceClass is the class of a near match in which evidence counts as identical. Other
// comparisons have none.
func DistanceClass(how lantern.How, bits int) string {
	switch {
	case how != lantern.HowNear:
		return ""
	case bits <= 0:
		return "0"
	case bits <= 10:
		return "1-10"
	case bits <= 20:
		return "11-20"
	case bits <= 31:
		return "21-31"
	}
	return "32-"
}

// MayCommit refuses to commit a preview that is not this person's, too old, not the one
// that was looked at, not confirmed by its count above [lantern.TypedCount], or whose
// sample was not decided singly and alike.
func MayCommit(b *lantern.Bulk, person lantern.ID, commit lantern.BulkCommit, now time.Time) error {
	switch {
	case b.Person != person:
		return deny("another person asked for this preview", "preview it yourself")
	case !now.Before(b.Expires):
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the preview is too old", Fix: "preview again"}
	case commit.Digest != b.Digest:
		return &lantern.Error{Kind: lantern.Conflict, Field: "/digest", Reason: "not the digest of this preview", Fix: "give back what the preview answered"}
	case b.Count > lantern.TypedCount && commit.Count != b.Count:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/count", Reason: "not the count of the preview", Fix: "type how many would be decided"}
	case !b.Ready:
		return ErrSample
	}
	return nil
}

// ErrSample says what is missing before an act in bulk.
var ErrSample = &lantern.Error{Kind: lantern.Conflict, Reason: "the sample of this evidence was not decided singly and alike, for the reason of the bulk",
	Fix: "decide each of the sample first; if one turns out otherwise, the evidence is not what it seems: decide singly"}

// MayBulk refuses what may not be decided in bulk at all: a confirmation on weak evidence,
// which is never enough on its own, and a wrong signal, of which one hit is enough.
func MayBulk(e lantern.Evidence, d lantern.HitDecision) error {
	switch {
	case d == lantern.WrongSignal:
		return &lantern.Error{Kind: lantern.Invalid, Field: "/decision", Reason: "a wrong signal is not decided in bulk", Fix: "decide one hit: the challenge hides the others"}
	case d == lantern.Confirmed && e.Weak:
		return &lantern.Error{Kind: lantern.Forbidden, Field: "/decision", Reason: "weak evidence is never confirmed in bulk", Fix: "look at each hit"}
	case e.Case != 0 && e.Via == "":
		return &lantern.Error{Kind: lantern.Forbidden, Reason: "the candidate names nothing it is linked to, so no other has the same evidence", Fix: "rule on it singly"}
	}
	return nil
}

// Agreed reports whether the whole sample was decided singly and as the bulk would, for the
// same reason: what was dismissed for another one is other evidence than it seems.
func Agreed(sample []lantern.Sampled, d lantern.HitDecision, why lantern.DecisionReason) bool {
	return !slices.ContainsFunc(sample, func(s lantern.Sampled) bool { return s.Decision != d || s.Reason != why })
}

// NeedsSecond refuses an outcome that a program wants two persons for and one attests.
func NeedsSecond(p lantern.Policy, o lantern.Outcome) error {
	if p.FourEyes && o.Kind.Act() && o.Count > 0 && (o.Attestation == nil || o.Attestation.Second == 0) {
		return &lantern.Error{Kind: lantern.Forbidden, Field: "/attestation/approved_by", Reason: "the program asks for a second person",
			Fix: "have another person of the member look at it and approve"}
	}
	return nil
}

// Independent is how many independent sharers stand behind signals, each given with its
// member and the signals it was derived from: members whose signals were derived from one
// another speak with one voice. Signals that are not among those given bind nobody.
func Independent(members map[lantern.ID]lantern.ID, from map[lantern.ID][]lantern.ID) int {
	root := make(map[lantern.ID]lantern.ID) // by member
	var find func(lantern.ID) lantern.ID
	find = func(m lantern.ID) lantern.ID {
		if root[m] == 0 || root[m] == m {
			root[m] = m
			return m
		}
		return find(root[m])
	}
	for signal, member := range members {
		a := find(member)
		for _, f := range from[signal] {
			if other, ok := members[f]; ok {
				root[find(other)] = a
				a = find(a)
			}
		}
	}
	n := 0
	for m := range root {
		if find(m) == m {
			n++
		}
	}
	return n
}
