package match

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"lantern"
	"lantern/internal/segment"
	"lantern/internal/shelf"
	"lantern/signal"
)

// Engine holds signals and looks values up. Its methods may be called by any number of
// goroutines at once. The zero Engine is of no use; call [New] or [Open].
type Engine struct {
	keyer
	types    types
	n        numbers
	scanners sync.Pool // of *scanner
	shelf    *shelf.Shelf
}

// types numbers the signal types.
type types struct {
	list   []*signal.Type
	number map[lantern.SignalType]uint8
}

// numbers are the numbers of the types that texts are read for.
type numbers struct {
	email, username, account, phone, url, domain, ip, payment, phrase, vpdq uint8

	hashes []uint8 // types whose values are hexadecimal digits and nothing else
}

// unknownType numbers a type that is not in the list.
const unknownType = 31

func (t *types) numbers() (n numbers) {
	for name, to := range map[lantern.SignalType]*uint8{
		"email": &n.email, "username": &n.username, "account": &n.account, "phone": &n.phone, "url": &n.url,
		"domain": &n.domain, "ip": &n.ip, "payment": &n.payment, "phrase": &n.phrase, "vpdq": &n.vpdq,
	} {
		var ok bool
		if *to, ok = t.number[name]; !ok {
			*to = unknownType
		}
	}
	for _, name := range []lantern.SignalType{"md5", "sha1", "sha256", "pdq", "video-md5", "photodna"} {
		if i, ok := t.number[name]; ok {
			n.hashes = append(n.hashes, i)
		}
	}
	return n
}

// New returns an empty engine that keeps everything in memory. localKey keys the digests
// of values that name a person; it should be drawn once on each machine and never leave it.
func New(localKey [32]byte) *Engine {
	e := newEngine(localKey)
	e.shelf = shelf.New(e.options())
	return e
}

// newEngine returns an engine without a shelf.
func newEngine(localKey [32]byte) *Engine {
	list := signal.Types()
	e := &Engine{keyer: newKeyer(localKey, list), types: types{list: list, number: map[lantern.SignalType]uint8{}}}
	for i, t := range e.types.list {
		e.types.number[t.Name] = uint8(i)
	}
	e.n = e.types.numbers()
	e.scanners.New = func() any { return newScanner() }
	return e
}

// options say how the shelf works: it knows types by the bits of their numbers. Those this
// version does not know are never looked for.
func (e *Engine) options() shelf.Options {
	return shelf.Options{Kinds: func(types []string) (bits uint32) {
		for _, name := range types {
			if n, ok := e.types.number[lantern.SignalType(name)]; ok {
				bits |= 1 << n
			}
		}
		return bits
	}}
}

// MayHold reports whether a signal of a type may be held. No is certain at that moment.
func (e *Engine) MayHold(t lantern.SignalType) bool {
	n, ok := e.types.number[t]
	return ok && view{e.shelf.Peek()}.mayType(n)
}

// Len returns how many signals the engine holds.
func (e *Engine) Len() int { return e.shelf.Peek().Held }

// Apply puts changes into the engine in their order. When it returns, every [Engine.Match]
// that begins later sees all of them, and none sees a part of them. Applying the same
// changes twice is the same as once; a signal applied again replaces what was held for it.
// Nothing is on disk before [Engine.Save].
//
// It returns a lantern.Error of kind Invalid, and changes nothing, if an entry has no
// signal id or a type the engine does not know. Removing a signal that is not held does
// nothing. Apply may run while others match; several callers wait for one another, and
// never for a merge or a file.
func (e *Engine) Apply(changes []Change) error {
	s, err := e.build(changes)
	if err != nil {
		return err
	}
	if s.Len() == 0 {
		return nil
	}
	e.shelf.Append(s)
	return nil
}

// place is where a signal stands in a list of changes.
type place struct {
	signal uint64
	index  int
}

// inOrder returns places, which come by their indexes, by their signals and then their indexes. Ids may
// be drawn at random, of which comparisons foretell nothing: many are dealt by their bytes, the lowest first.
func inOrder(list []place) []place {
	const few = 200 // for which dealing would take longer
	if len(list) < few {
		slices.SortStableFunc(list, func(a, b place) int { return cmp.Compare(a.signal, b.signal) })
		return list
	}
	var counts [8][256]int
	for _, p := range list {
		for b := range counts {
			counts[b][byte(p.signal>>(8*b))]++
		}
	}
	dealt := make([]place, len(list))
	for b := range counts {
		next := &counts[b]
		if next[byte(list[0].signal>>(8*b))] == len(list) {
			continue // all have the same byte
		}
		at := 0
		for i, n := range next {
			next[i] = at
			at += n
		}
		for _, p := range list {
			i := byte(p.signal >> (8 * b))
			dealt[next[i]] = p
			next[i]++
		}
		list, dealt = dealt, list
	}
	return list
}

// build makes a segment of changes. The last change of a signal counts.
func (e *Engine) build(changes []Change) (*segment.Segment, error) {
	order := make([]place, len(changes))
	for i, c := range changes {
		if c.Signal == 0 {
			return nil, invalid(i, "signal", "an entry needs the id of its signal")
		}
		if _, ok := e.types.number[c.Type]; !ok && !c.Remove {
			return nil, invalid(i, "type", "unknown signal type")
		}
		order[i] = place{uint64(c.Signal), i}
	}
	order = inOrder(order)
	b := builder{e: e}
	b.count(changes)
	b.rows.IDs, b.rows.Gone = make([]uint64, 0, len(changes)), make([]bool, 0, len(changes))
	for at, o := range order {
		if at+1 < len(order) && order[at+1].signal == o.signal {
			continue
		}
		c := &changes[o.index]
		b.rows.IDs, b.rows.Gone = append(b.rows.IDs, o.signal), append(b.rows.Gone, c.Remove)
		if c.Remove {
			continue
		}
		if err := b.add(&c.Entry); err != nil {
			return nil, err.At(fmt.Sprintf("/changes/%d", o.index))
		}
	}
	for i, t := range e.types.list {
		if b.seen>>i&1 == 1 {
			b.rows.Types = append(b.rows.Types, string(t.Name))
		}
	}
	return segment.Build(&b.rows), nil
}

// invalid is the complaint about one change.
func invalid(i int, field, reason string) *lantern.Error {
	return &lantern.Error{Kind: lantern.Invalid, Field: fmt.Sprintf("/changes/%d/%s", i, field), Reason: reason}
}
