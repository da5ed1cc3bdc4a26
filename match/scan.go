package match

import (
	"cmp"
	"context"
	"io"
	"slices"
	"unicode/utf8"

	"lantern"
	"lantern/internal/charset"
	"lantern/internal/shelf"
	"lantern/internal/text"
)

// Spot is a signal found at a place of a text.
type Spot struct {
	Found
	Type         lantern.SignalType // the signal's type
	Start, End   int64              // byte offsets in the text as it was read, before any decoding
	Line, Column int                // of Start, both from 1; the column counts characters
}

// ScanOptions says how to read a text. The zero value is good.
type ScanOptions struct {
	Region string // ISO 3166 country whose national phone numbers are read, e.g. "US"; "" reads international ones only
}

// A text is read in windows. Each window looks for what starts between lo and hi; around
// that it holds enough text to see how what starts there goes on and what stood before.
const (
	maxReading = lantern.MaxValue // bytes of an identifier in a text
	windowBody = 256 << 10
	windowHead = 1 << 10                                // text before lo; more than maxVeiled
	windowTail = max(maxReading, text.MaxPhrase) + 4096 // text behind hi
)

// Scan reads text from r to its end and calls emit for every signal that stands in it, in
// the order of Start. Memory is bounded whatever the size of the text. It stops early, and
// returns the error, if ctx is done, r fails or emit returns an error. A text that takes
// long to come is read with what the engine holds at each moment: a signal that was removed
// is not found in what comes later.
//
// Text may be UTF-8, UTF-16 with a byte order mark, or anything else: bytes that decode to
// no character stand between tokens. docs/design/008-reading-text.md says what is read as an identifier.
func (e *Engine) Scan(ctx context.Context, r io.Reader, opts ScanOptions, emit func(Spot) error) error {
	return e.scan(ctx, r, opts, windowBody, emit)
}

// scan is Scan with windows of another size.
func (e *Engine) scan(ctx context.Context, r io.Reader, opts ScanOptions, body int, emit func(Spot) error) error {
	s := e.scanners.Get().(*scanner)
	defer s.release(e)
	s.reset(e, opts)
	src, at, err := charset.NewSource(r)
	if err != nil {
		return err
	}
	for size := min(body, 4<<10); ; size = min(body, 4*size) {
		if err := ctx.Err(); err != nil {
			return err
		}
		var done bool
		var err error
		s.text = slices.Grow(s.text, max(0, s.lo+size+windowTail-len(s.text)))
		if s.text, done, err = src.Fill(s.text, s.lo+size+windowTail); err != nil {
			return err
		}
		s.hi = len(s.text)
		if !done {
			s.hi = len(s.text) - windowTail
			for back := 1; back < utf8.UTFMax && !utf8.RuneStart(s.text[s.hi]); back++ {
				s.hi-- // never cut a character in two
			}
		}
		passed, err := s.window(&at, emit)
		if err != nil || done {
			return err
		}
		at.Pass(s.text[passed:s.hi])
		s.slide()
	}
}

// spot is a Spot whose place is not worked out yet.
type spot struct {
	Found
	typ        uint8
	rank       uint8 // of How; strong ones first
	start, end int   // in the window
	second     int   // of equally strong readings from one start the lowest counts
}

// scanner is the state of one Scan. It is reused, so that small texts cost no memory.
type scanner struct {
	e         *Engine
	v         view
	opts      ScanOptions
	want      wants
	text      []byte // the window
	lo, hi    int    // what starts in between is this window's business
	base      int64  // of text in the decoded text
	spots     []spot
	recent    map[lantern.ID][]reach // where signals were found that later finds may lie within
	words     text.Words
	bent      []text.BentWord
	straight  text.Words   // bent words as they may be meant, and those around them
	undone    undone       // a part of the window in which codes stand
	decoded   text.Words   // of it
	sifted    []uint32     // words that phrases may be filed under
	blocks    []text.Block // of the window
	stretches []stretch    // of the window, to be read closely
	recall    recall
	known     known
	starts    []int // of tokens within a run
	found     []Found
	lower     []byte
	handle    handleReader
	plain     unescaped
	odd       unescaped // of what begins where plain cannot be read
	veils     veils
	pageReader
	past6 int // text before it has been read for IPv6 addresses

	siftedPairs []uint32    // pairs that phrases may be filed under
	candidates  []candidate // where phrases may stand

	spans     []Span // what Phrases found
	spansFrom int    // before it, what its caller had
	readSpans func(*shelf.View)
	maySay    func(word uint64) bool // some phrase may hold a word
}

// reach is a stretch of the decoded text in which a signal was found.
type reach struct {
	start, end int64
	rank       uint8
}

// reset prepares s for a text.
func (s *scanner) reset(e *Engine, opts ScanOptions) {
	s.e, s.opts = e, opts
	s.text, s.lo, s.hi, s.base, s.past6 = s.text[:0], 0, 0, 0, 0
	if s.recent == nil {
		s.recent = map[lantern.ID][]reach{}
	}
	clear(s.recent)
}

// release gives s back for the next text.
func (s *scanner) release(e *Engine) {
	s.known.forget()
	e.scanners.Put(s)
}

// slide drops the part of the window that no later token can touch.
func (s *scanner) slide() {
	drop := max(0, s.hi-windowHead)
	s.text = s.text[:copy(s.text, s.text[drop:])]
	s.lo, s.base, s.past6 = s.hi-drop, s.base+int64(drop), 0
	over := func(r reach) bool { return r.end <= s.base+int64(s.lo) }
	for id, list := range s.recent {
		if !slices.ContainsFunc(list, func(r reach) bool { return !over(r) }) {
			delete(s.recent, id)
		}
	}
}

// window reads one window and emits what it finds. It returns how far at was moved.
func (s *scanner) window(at *charset.Place, emit func(Spot) error) (passed int, err error) {
	past6 := s.past6
	s.e.read(func(v view) {
		// The view is let go before anybody waits for text or for emit, and each window
		// reads the newest one.
		s.v, s.want, s.spots, s.past6 = v, s.e.wants(v), s.spots[:0], past6
		s.plain.to, s.ahead = 0, aheads{} // they were of another text
		s.blocks = text.Blocks(s.blocks, s.text)
		s.words.CutBlocks(s.text, s.blocks)
		s.readRuns()
		s.readPhrases()
		s.v = view{}
	})
	slices.SortFunc(s.spots, compareSpots)
	passed = s.lo
	end, ended := *at, passed // the last end, and where it stands: those in each other end together
	for i, sp := range s.spots {
		if i > 0 && sp.Signal == s.spots[i-1].Signal && sp.start == s.spots[i-1].start || s.covered(sp) {
			continue
		}
		at.Pass(s.text[passed:sp.start])
		passed = sp.start
		if ended < passed || ended > sp.end {
			end, ended = *at, passed
		}
		end.Pass(s.text[ended:sp.end])
		ended = sp.end
		out := Spot{
			Found: sp.Found, Type: s.e.types.list[sp.typ].Name,
			Start: at.Offset, End: end.Offset, Line: at.Line, Column: at.Column,
		}
		if err := emit(out); err != nil {
			return passed, err
		}
	}
	return passed, nil
}

// compareSpots orders by start; of one signal at one start the strongest comes first, and
// of those usually the shortest.
func compareSpots(a, b spot) int {
	return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.Signal, b.Signal),
		cmp.Compare(a.rank, b.rank), cmp.Compare(a.second, b.second), cmp.Compare(a.end, b.end))
}

// covered reports whether the signal was found, at least as strongly, in a stretch of text
// that includes this one, and notes the stretch if not.
func (s *scanner) covered(sp spot) bool {
	r := reach{s.base + int64(sp.start), s.base + int64(sp.end), sp.rank}
	list := s.recent[sp.Signal]
	for _, o := range list {
		if o.end >= r.end && o.rank <= r.rank {
			return true
		}
	}
	list = slices.DeleteFunc(list, func(o reach) bool { return o.end <= r.start })
	s.recent[sp.Signal] = append(list, r)
	return false
}

// ranks orders the comparisons from strong to weak.
var ranks = []lantern.How{
	lantern.HowExact, lantern.HowNear, lantern.HowPhrase, lantern.HowURLPrefix,
	lantern.HowDomain, lantern.HowAlias, lantern.HowBare,
}

// note records what was found between two places of the window, if it is this window's.
func (s *scanner) note(typ uint8, found []Found, start, end int) {
	if start < s.lo || start >= s.hi {
		return
	}
	for _, f := range found {
		s.spots = append(s.spots, spot{f, typ, uint8(slices.Index(ranks, f.How)), start, end, end - start})
	}
}
