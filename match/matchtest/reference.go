// Package matchtest holds a slow matcher for tests: the same answers as package match,
// found in the most obvious way, by loops over everything. It shares no code with it.
package matchtest

import (
	"encoding/hex"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"lantern"
	"lantern/match"
	"lantern/signal"
)

// Reference is a slow [match.Engine]. It is not safe for concurrent use.
type Reference struct {
	Entries map[lantern.ID]match.Entry
}

// New returns an empty reference.
func New() *Reference { return &Reference{Entries: map[lantern.ID]match.Entry{}} }

// Apply does what [match.Engine.Apply] does.
func (r *Reference) Apply(changes []match.Change) {
	for _, c := range changes {
		if c.Remove {
			delete(r.Entries, c.Signal)
		} else {
			r.Entries[c.Signal] = c.Entry
		}
	}
}

// Match returns what [match.Engine.Match] finds, in the order of signals.
func (r *Reference) Match(q match.Query) []match.Found {
	var found []match.Found
	for _, en := range r.Entries {
		if f, ok := compare(q, en); ok {
			found = append(found, f)
		}
	}
	slices.SortFunc(found, bySignal)
	return found
}

func bySignal(a, b match.Found) int { return int(a.Signal - b.Signal) }

// Sorted brings findings into the order of [Reference.Match].
func Sorted(found []match.Found) []match.Found {
	slices.SortFunc(found, bySignal)
	return found
}

// compare holds one value against one entry.
func compare(q match.Query, en match.Entry) (match.Found, bool) {
	t, ok := signal.Lookup(en.Type)
	if ok && t.Compare == signal.URLPrefix && q.Type == en.Type {
		q.Canonical = strings.Replace(q.Canonical, "http://", "https://", 1)
		en.Canonical = strings.Replace(en.Canonical, "http://", "https://", 1)
	}
	f := match.Found{Signal: en.Signal, Weak: ok && t.Weak}
	switch {
	case !ok || t.Compare == signal.None:
		return f, false
	case q.Type == signal.URL.Name && en.Type == signal.Domain.Name:
		f.How = lantern.HowDomain
		host := urlHost(q.Canonical)
		return f, host == en.Canonical || strings.HasSuffix(host, "."+en.Canonical)
	case q.Type != en.Type:
		return f, false
	case t.Compare == signal.Hamming:
		f.Distance = distance(q.Canonical, en.Canonical)
		if f.How = lantern.HowNear; f.Distance == 0 {
			f.How = lantern.HowExact
		}
		return f, f.Distance <= t.Radius
	case t.Compare == signal.Frames:
		return framesAlike(q.Canonical, en.Canonical, f)
	case q.Canonical == en.Canonical && (q.Type != signal.Username.Name || strings.Contains(q.Canonical, "/")):
		f.How = lantern.HowExact
		return f, q.Canonical != ""
	case t.Compare == signal.URLPrefix && below(q.Canonical, en.Canonical):
		f.How = lantern.HowURLPrefix
		return f, true
	case t.Compare == signal.HostSuffix:
		f.How = lantern.HowDomain
		return f, strings.HasSuffix(q.Canonical, "."+en.Canonical)
	}
	return weakly(q, en, f)
}

// weakly looks for a key in common.
func weakly(q match.Query, en match.Entry, f match.Found) (match.Found, bool) {
	f.Weak = true
	ok := false
	for _, a := range append([]string{q.Canonical}, q.Weak...) {
		if a == "" || a != en.Canonical && !slices.Contains(en.Weak, a) {
			continue
		}
		ok = true
		bare := q.Type == signal.Username.Name && !strings.Contains(a, "/")
		if f.How != lantern.HowAlias {
			f.How = lantern.HowAlias
			if bare {
				f.How = lantern.HowBare
			}
		}
	}
	return f, ok
}

// below reports whether a URL lies below the path of a signal's, or is it with a query.
func below(u, sig string) bool {
	_, rest, _ := strings.Cut(sig, "://")
	_, path, _ := strings.Cut(rest, "/")
	if path == "" || strings.Contains(path, "?") || !strings.HasPrefix(u, sig) || u == sig {
		return false
	}
	return strings.HasSuffix(sig, "/") || u[len(sig)] == '/' || u[len(sig)] == '?'
}

// urlHost returns the host of a canonical URL.
func urlHost(u string) string {
	_, rest, _ := strings.Cut(u, "://")
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, ":")
	return rest
}

// framesAlike compares two lists of frames, each frame with each.
func framesAlike(query, held string, f match.Found) (match.Found, bool) {
	q, h := lookedAt(query), lookedAt(held)
	inQuery, farQ := alike(q, h)
	inHeld, _ := alike(h, q)
	f.How = lantern.HowNear
	enough := false
	if len(q) > 0 && len(h) > 0 {
		f.OfQuery, f.OfSignal = 100*float64(inQuery)/float64(len(q)), 100*float64(inHeld)/float64(len(h))
		enough = f.OfQuery >= 80 || f.OfSignal >= 80
		if f.Distance = farQ; !enough {
			f.OfQuery, f.OfSignal, f.Distance = 0, 0, 0
		}
	}
	if query == held {
		f.How, enough = lantern.HowExact, true
	}
	return f, enough
}

// lookedAt lists the distinct hashes of the frames that are good enough.
func lookedAt(list string) (hashes []string) {
	for line := range strings.SplitSeq(list, ";") {
		part := strings.Split(line, ",")
		if quality, err := strconv.Atoi(part[1]); err == nil && quality >= 50 && !slices.Contains(hashes, part[2]) {
			hashes = append(hashes, part[2])
		}
	}
	return hashes
}

// alike counts those of a that have one like it in b, and says how far the farthest is.
func alike(a, b []string) (n, far int) {
	for _, x := range a {
		best := 256
		for _, y := range b {
			best = min(best, distance(x, y))
		}
		if best <= 31 {
			n, far = n+1, max(far, best)
		}
	}
	return n, far
}

// distance counts differing bits.
func distance(a, b string) int {
	x, err1 := hex.DecodeString(a)
	y, err2 := hex.DecodeString(b)
	if err1 != nil || err2 != nil || len(x) != len(y) {
		return 1 << 20
	}
	n := 0
	for i := range x {
		n += bits.OnesCount8(x[i] ^ y[i])
	}
	return n
}
