package match

import (
	"cmp"
	"slices"
	"strings"

	"lantern"
	"lantern/internal/siphash"
	"lantern/signal"
)

// Match looks up one value and appends what it finds to dst, which it returns. Each
// signal is found at most once, by the strongest comparison that holds; the strongest come first, of equal ones the
// nearest, then those with the lower id. A value of an unknown type finds nothing. Match takes no lock and never blocks.
//
// A phrase is looked up here as an equal phrase; use [Engine.Phrases] to find phrases in a text.
func (e *Engine) Match(q Query, dst []Found) []Found {
	n, ok := e.types.number[q.Type]
	if !ok {
		return dst
	}
	from := len(dst)
	e.read(func(v view) {
		l := lookup{e: e, v: v, dst: dst[:from], from: from}
		l.query(n, q)
		dst = l.dst
	})
	return dst
}

// query looks up a value of the type with that number.
func (l *lookup) query(n uint8, q Query) {
	switch t := l.e.types.list[n]; t.Compare {
	case signal.None:
	case signal.Hamming:
		l.near(t, q.Canonical)
	case signal.Frames:
		l.frames(t, n, q)
	case signal.URLPrefix:
		l.url(t, n, q.Canonical)
		l.hosts(l.e.n.domain, hostOf(q.Canonical), lantern.HowDomain)
	case signal.HostSuffix:
		l.hosts(n, q.Canonical, lantern.HowExact)
	default:
		l.keys(t, n, q)
	}
	if found := l.dst[l.from:]; len(found) > 1 {
		slices.SortFunc(found, compareFound) // how many pieces there are must not show
	}
}

// compareFound orders what is found of one value: the strongest comparison first, then the nearest, then by signal.
func compareFound(a, b Found) int {
	return cmp.Or(cmp.Compare(slices.Index(ranks, a.How), slices.Index(ranks, b.How)), cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Signal, b.Signal))
}

// lookup is one question in one view.
type lookup struct {
	e    *Engine
	v    view
	dst  []Found
	from int // where this lookup's own answers begin in dst
}

// add appends one finding unless its signal has been found already; comparisons are tried from
// the strongest down.
func (l *lookup) add(f Found) {
	for i := range l.dst[l.from:] {
		if l.dst[l.from+i].Signal == f.Signal {
			return
		}
	}
	l.dst = append(l.dst, f)
}

// keyRow is one exact key of a signal that is held.
type keyRow struct {
	signal    lantern.ID
	canonical bool // and not one of the weak keys
	folder    bool // see flagFolder
}

// key calls found for each row of a key that is still held.
func (l *lookup) key(n uint8, key string, found func(keyRow)) {
	if d, ok := l.digest(n, key); ok {
		l.rows(d, found)
	}
}

// digest returns the digest of a key, if some signal may have it.
func (l *lookup) digest(n uint8, key string) (d digest, ok bool) {
	if key == "" || !l.v.May(l.e.keyMark(n, key)) {
		return d, false
	}
	return l.e.digest(n, key), true
}

// rows calls found for each row of a digest that is still held.
func (l *lookup) rows(d digest, found func(keyRow)) {
	for i, p := range l.v.Pieces {
		if !p.May(d.hash) {
			continue
		}
		from, behind := p.Find(d.hash, d.tail)
		for j := from; j < behind; j++ {
			if row, flags := p.Key(j); l.v.Alive(i, row) {
				found(keyRow{signalAt(p, row), flags&flagCanonical != 0, flags&flagFolder != 0})
			}
		}
	}
}

// keys compares exactly, then through weak keys: values correspond weakly when any key of
// one equals any key of the other.
func (l *lookup) keys(t *signal.Type, n uint8, q Query) {
	weak := func(key string) func(r keyRow) {
		return func(r keyRow) { l.add(Found{Signal: r.signal, How: weakHow(t, key), Weak: true}) }
	}
	if d, ok := l.digest(n, q.Canonical); ok {
		if !isBare(t, q.Canonical) {
			l.rows(d, func(r keyRow) {
				if r.canonical {
					l.add(Found{Signal: r.signal, How: lantern.HowExact, Weak: t.Weak})
				}
			})
		}
		l.rows(d, weak(q.Canonical))
	}
	// Of two weak keys in common the platform-bound one says more.
	for _, bare := range []bool{false, true} {
		for _, w := range q.Weak {
			if (weakHow(t, w) == lantern.HowBare) == bare {
				l.key(n, w, weak(w))
			}
		}
	}
}

// weakHow says what kind of likeness an equal weak key is.
func weakHow(t *signal.Type, key string) lantern.How {
	if isBare(t, key) {
		return lantern.HowBare
	}
	return lantern.HowAlias
}

// isBare reports whether key is a handle without its platform or payment scheme.
func isBare(t *signal.Type, key string) bool {
	return t == signal.Username && !strings.Contains(key, "/") || t == signal.Payment && !strings.Contains(key, ":")
}

// near compares perceptual hashes with every one that is held.
func (l *lookup) near(t *signal.Type, canonical string) {
	q, ok := nearBits(canonical)
	if !ok {
		return
	}
	for i, p := range l.v.Pieces {
		p.Near(&q, t.Radius, func(row uint32, d int) {
			if !l.v.Alive(i, row) || l.framesOf(i, row) != nil {
				return
			}
			how := lantern.HowNear
			if d == 0 {
				how = lantern.HowExact
			}
			l.add(Found{Signal: signalAt(p, row), How: how, Distance: d, Weak: t.Weak})
		})
	}
}

// url finds the URL signals that equal a canonical URL and those it lies below.
func (l *lookup) url(t *signal.Type, n uint8, canonical string) {
	canonical = page(canonical)
	l.key(n, canonical, func(r keyRow) {
		how := lantern.HowExact
		if !r.canonical {
			how = lantern.HowAlias
		}
		l.add(Found{Signal: r.signal, How: how, Weak: t.Weak || !r.canonical})
	})
	var below []string // the shortest first; most addresses lie below none
	var hash siphash.Stream
	hash.Start(&l.e.keyer.types[n])
	same := 0
	for folder := range foldersOf(canonical) {
		if l.v.May(hash.First(folder, same)) {
			below = append(below, folder)
		}
		same = len(folder)
	}
	for _, folder := range slices.Backward(below) {
		l.key(n, folder, func(r keyRow) {
			if r.canonical && r.folder {
				l.add(Found{Signal: r.signal, How: lantern.HowURLPrefix, Weak: t.Weak})
			}
		})
	}
}

// hosts finds the domain signals that are host or a parent of it. equal says how to name
// a domain that equals host.
func (l *lookup) hosts(n uint8, host string, equal lantern.How) {
	for how := equal; host != ""; how = lantern.HowDomain {
		l.key(n, host, func(r keyRow) {
			if r.canonical {
				l.add(Found{Signal: r.signal, How: how, Weak: l.e.types.list[n].Weak})
			}
		})
		_, host, _ = strings.Cut(host, ".")
	}
}
