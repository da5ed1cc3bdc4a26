package match

import (
	"strings"

	"lantern"
	"lantern/signal"
)

// Match looks up one value and appends what it finds to dst, which it returns. Each
// signal is found at most once, by the strongest comparison that holds. A value of an
// unknown type finds nothing. Match takes no lock and never blocks.
//
// A phrase is looked up here as an equal phrase; use [Engine.Phrases] to find phrases in a text.
func (e *Engine) Match(q Query, dst []Found) []Found {
	n, ok := e.types.number[q.Type]
	if !ok {
		return dst
	}
	l := lookup{e: e, v: e.view.Load(), dst: dst, from: len(dst)}
	switch t := e.types.list[n]; t.Compare {
	case signal.None:
	case signal.Hamming:
		l.near(t, q.Canonical)
	case signal.URLPrefix:
		l.url(t, n, q.Canonical)
		l.hosts(e.types.number[signal.Domain.Name], hostOf(q.Canonical), lantern.HowDomain)
	case signal.HostSuffix:
		l.hosts(n, q.Canonical, lantern.HowExact)
	default:
		l.keys(t, n, q)
	}
	return l.dst
}

// lookup is one question in one view.
type lookup struct {
	e    *Engine
	v    *view
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

// key calls found for each row of a key that is still held.
func (l *lookup) key(n uint8, key string, found func(*keyRow)) {
	if key == "" || !l.v.may(l.e.mark(markKey+markKind(n), key)) {
		return
	}
	d := l.e.digest(n, key)
	for i, s := range l.v.segments {
		rows := s.lookup(d)
		for j := range rows {
			if l.v.alive(i, rows[j].signal) {
				found(&rows[j])
			}
		}
	}
}

// keys compares exactly, then through weak keys: values correspond weakly when any key of
// one equals any key of the other.
func (l *lookup) keys(t *signal.Type, n uint8, q Query) {
	l.key(n, q.Canonical, func(r *keyRow) {
		if r.canonical && !isBare(t, q.Canonical) {
			l.add(Found{Signal: r.signal, How: lantern.HowExact, Weak: t.Weak})
		}
	})
	weak := func(key string) func(r *keyRow) {
		return func(r *keyRow) { l.add(Found{Signal: r.signal, How: weakHow(t, key), Weak: true}) }
	}
	l.key(n, q.Canonical, weak(q.Canonical))
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
	for i, s := range l.v.segments {
		for j := range s.near {
			d := s.near[j].distance(&q, t.Radius)
			if d > t.Radius || !l.v.alive(i, s.near[j].signal) {
				continue
			}
			how := lantern.HowNear
			if d == 0 {
				how = lantern.HowExact
			}
			l.add(Found{Signal: s.near[j].signal, How: how, Distance: d, Weak: t.Weak})
		}
	}
}

// addNear appends the row of a perceptual hash.
func addNear(s *segment, en *Entry) *lantern.Error {
	b, ok := nearBits(en.Canonical)
	if !ok {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/canonical", Reason: "not a perceptual hash"}
	}
	s.near = append(s.near, nearRow{b, en.Signal})
	return nil
}

// url finds the URL signals that equal a canonical URL and those it lies below.
func (l *lookup) url(t *signal.Type, n uint8, canonical string) {
	canonical = page(canonical)
	l.key(n, canonical, func(r *keyRow) {
		how := lantern.HowExact
		if !r.canonical {
			how = lantern.HowAlias
		}
		l.add(Found{Signal: r.signal, How: how, Weak: t.Weak || !r.canonical})
	})
	for folder := range foldersOf(canonical) {
		l.key(n, folder, func(r *keyRow) {
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
		l.key(n, host, func(r *keyRow) {
			if r.canonical {
				l.add(Found{Signal: r.signal, How: how, Weak: l.e.types.list[n].Weak})
			}
		})
		_, host, _ = strings.Cut(host, ".")
	}
}
