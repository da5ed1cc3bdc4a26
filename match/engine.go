package match

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"lantern"
	"lantern/signal"
)

// Engine holds signals and looks values up. Its methods may be called by any number of
// goroutines at once. The zero Engine is of no use; call [New].
type Engine struct {
	keyer
	types    types
	n        numbers
	scanners sync.Pool            // of *scanner
	view     atomic.Pointer[view] // swapped whole; who loaded one works on it undisturbed
	write    sync.Mutex           // serialises those who build the next view
}

// types numbers the signal types.
type types struct {
	list   []*signal.Type
	number map[lantern.SignalType]uint8
}

// numbers are the numbers of the types that texts are read for.
type numbers struct {
	email, username, account, phone, url, domain, ip, payment, phrase uint8

	hashes []uint8 // types whose values are hexadecimal digits and nothing else
}

// unknownType numbers a type that is not in the list.
const unknownType = 31

func (t *types) numbers() (n numbers) {
	for name, to := range map[lantern.SignalType]*uint8{
		"email": &n.email, "username": &n.username, "account": &n.account, "phone": &n.phone, "url": &n.url,
		"domain": &n.domain, "ip": &n.ip, "payment": &n.payment, "phrase": &n.phrase,
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

// New returns an empty engine. localKey keys the digests of values that name a person; it
// should be drawn once on each machine and never leave it.
func New(localKey [32]byte) *Engine {
	e := &Engine{keyer: newKeyer(localKey), types: types{list: signal.Types(), number: map[lantern.SignalType]uint8{}}}
	for i, t := range e.types.list {
		e.types.number[t.Name] = uint8(i)
	}
	e.n = e.types.numbers()
	e.scanners.New = func() any { return &scanner{} }
	e.view.Store(&view{})
	return e
}

// Len returns how many signals the engine holds.
func (e *Engine) Len() int { return e.view.Load().held }

// Apply puts changes into the engine in their order. When it returns, every [Engine.Match]
// that begins later sees all of them, and none sees a part of them. Applying the same
// changes twice is the same as once; a signal applied again replaces what was held for it.
//
// It returns a lantern.Error of kind Invalid, and changes nothing, if an entry has no
// signal id or a type the engine does not know. Removing a signal that is not held does
// nothing. Apply may run while others match; several callers wait for one another.
func (e *Engine) Apply(changes []Change) error {
	s, err := e.build(changes)
	if err != nil {
		return err
	}
	if len(s.ids) == 0 {
		return nil
	}
	e.write.Lock()
	defer e.write.Unlock()
	next := e.view.Load().with(s)
	for _, c := range changes {
		if !c.Remove {
			next.keyTypes[e.types.number[c.Type]] = true
		}
	}
	e.view.Store(next)
	return nil
}

// build makes a segment of changes. The last change of a signal counts.
func (e *Engine) build(changes []Change) (*segment, error) {
	last := make(map[lantern.ID]int, len(changes))
	for i, c := range changes {
		if c.Signal == 0 {
			return nil, invalid(i, "signal", "an entry needs the id of its signal")
		}
		if _, ok := e.types.number[c.Type]; !ok && !c.Remove {
			return nil, invalid(i, "type", "unknown signal type")
		}
		last[c.Signal] = i
	}
	s := &segment{}
	for id := range last {
		s.ids = append(s.ids, id)
	}
	slices.Sort(s.ids)
	for _, id := range s.ids {
		c := &changes[last[id]]
		s.gone = append(s.gone, c.Remove)
		if c.Remove {
			continue
		}
		if err := e.addEntry(s, &c.Entry); err != nil {
			return nil, err.At(fmt.Sprintf("/changes/%d", last[id]))
		}
	}
	slices.SortFunc(s.keys, compareKeys)
	return s.seal(), nil
}

// invalid is the complaint about one change.
func invalid(i int, field, reason string) *lantern.Error {
	return &lantern.Error{Kind: lantern.Invalid, Field: fmt.Sprintf("/changes/%d/%s", i, field), Reason: reason}
}

// addEntry appends the rows of one entry to s.
func (e *Engine) addEntry(s *segment, en *Entry) *lantern.Error {
	t := e.types.list[e.types.number[en.Type]]
	switch t.Compare {
	case signal.None:
		return nil
	case signal.Words:
		addPhrase(s, en)
	case signal.Hamming:
		if err := addNear(s, en); err != nil {
			return err
		}
	}
	e.addKeys(s, t, en)
	return nil
}

// addKeys appends the exact keys of an entry and their marks.
func (e *Engine) addKeys(s *segment, t *signal.Type, en *Entry) {
	n := e.types.number[en.Type]
	add := func(key string, canonical, folder bool) {
		s.keys = append(s.keys, keyRow{e.digest(n, key), en.Signal, canonical, folder})
		s.marks = append(s.marks, markRow{e.mark(markKey+markKind(n), key), en.Signal})
	}
	if t.Compare == signal.URLPrefix {
		add(page(en.Canonical), true, isFolder(en.Canonical))
	} else {
		add(en.Canonical, true, false)
	}
	weak := en.Weak
	if t == signal.Payment {
		if bare := barePayment(en.Canonical); bare != "" {
			weak = append(slices.Clone(weak), bare)
		}
	}
	for i, w := range weak {
		if w != en.Canonical && !slices.Contains(weak[:i], w) {
			add(w, false, false)
		}
	}
	for kind, key := range hints(t, en) {
		s.marks = append(s.marks, markRow{e.mark(kind, key), en.Signal})
	}
}
