package match

// Engine holds signals and looks values up. Its methods may be called by any number of
// goroutines at once. The zero Engine is of no use; call [New].
type Engine struct {
	localKey [32]byte
}

// New returns an empty engine. localKey keys the digests of values that name a person; it
// should be drawn once on each machine and never leave it.
func New(localKey [32]byte) *Engine {
	return &Engine{localKey: localKey}
}

// Apply puts changes into the engine in their order. When it returns, every [Engine.Match]
// that begins later sees all of them, and none sees a part of them. Applying the same
// changes twice is the same as once; a signal applied again replaces what was held for it.
//
// It returns a lantern.Error of kind Invalid, and changes nothing, if an entry has no
// signal id or a type the engine does not know. Removing a signal that is not held does
// nothing. Apply may run while others match; several callers wait for one another.
func (e *Engine) Apply(changes []Change) error {
	return nil
}

// Match looks up one value and appends what it finds to dst, which it returns. Each
// signal is found at most once, by the strongest comparison that holds. A value of an
// unknown type finds nothing. Match takes no lock and never blocks.
//
// A phrase is looked up here as an equal phrase; use [Engine.Phrases] to find phrases in a text.
func (e *Engine) Match(q Query, dst []Found) []Found {
	return dst
}

// Phrases finds the phrases that stand in text and appends them to dst, which it returns,
// in the order of their start. Offsets are bytes of text as given. It takes no lock.
func (e *Engine) Phrases(text []byte, dst []Span) []Span {
	return dst
}

// Len returns how many signals the engine holds.
func (e *Engine) Len() int {
	return 0
}
