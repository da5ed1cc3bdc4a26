package match

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"

	"lantern/internal/text"
	"lantern/internal/wordhash"
)

// A text is read closely only where something shows that a signal may stand. Whoever writes an
// identifier in ASCII writes the letters and digits of its handle, host or id, one word of which is
// marked (hintWord); whoever writes it otherwise leaves a character outside ASCII, an escape,
// a percent code or a label of punycode. Mail addresses show by their at sign, numbers and digests
// by their digits. From there the text is read from where the token may begin.

// stretch is a part of the window of which the runs that begin before to must be read, and those
// of the same token before it.
type stretch struct{ at, to int }

// seek finds the stretches of the window, rising.
func (s *scanner) seek() {
	s.stretches = s.stretches[:0]
	for veil := range s.veils.at {
		s.veils.at[veil] = s.veils.at[veil][:0]
	}
	w := &s.want
	if !w.named && !w.numbered && !w.email {
		return
	}
	if w.named || w.email {
		s.seekWords()
	}
	if w.numbered {
		s.seekNumbers()
	}
	s.seekHigh()
	s.each('\\', func(i int) { s.seekEscaped(i) })
	if w.email || w.username {
		s.each('@', func(i int) { s.stretch(i, i+4) }) // which may stand in brackets, with a blank behind them
	}
	s.each('&', s.seekCode)
	s.each('%', func(i int) {
		s.seekCode(i)
		if w.url && i+2 < len(s.text) && text.IsHex(s.text[i+1]) && text.IsHex(s.text[i+2]) {
			s.stretch(i, i+3)
		}
	})
	if w.url && s.v.May(s.e.mark(markWord, anyHost)) {
		s.each(':', func(i int) {
			if i+1 < len(s.text) && bytes.IndexByte([]byte(`/\])`), s.text[i+1]) >= 0 {
				s.stretch(i, i+1)
			}
		})
	}
	slices.Sort(s.veils.at[codedVeil])
	slices.SortFunc(s.stretches, func(a, b stretch) int { return cmp.Compare(a.at, b.at) })
}

// stretch notes a stretch.
func (s *scanner) stretch(at, to int) { s.stretches = append(s.stretches, stretch{at, to}) }

// each calls f for every byte c of the window.
func (s *scanner) each(c byte, f func(i int)) {
	for i := 0; ; i++ {
		n := bytes.IndexByte(s.text[i:], c)
		if n < 0 {
			return
		}
		i += n
		f(i)
	}
}

// Words that show how something is written.
var (
	hashAt       = hashOf("at") // an at sign in brackets
	hashPunycode = hashOf("xn") // which may stand for a host in more than one way
	hashDots     = [...]uint64{hashOf("dot"), hashOf("d0t"), hashOf("punkt")}
)

func hashOf(word string) uint64 { return wordhash.ASCII([]byte(word), 0, len(word)) }

// seekWords finds the words that tell something.
func (s *scanner) seekWords() {
	for _, i := range s.recall.unknown(s.words.Hashes) {
		word := &s.words.List[i]
		switch h := s.words.Hashes[i]; {
		case h == hashAt:
			if word.Start > 0 && text.MayBegin(s.text, word.Start-1) {
				s.stretch(word.Start, word.End+3)
			}
		case h == hashPunycode, s.tells(h) && s.tellsHere(int(i)):
			s.stretch(word.Start, word.End)
		}
	}
}

// tellsHere reports whether some signal may be written with word i, which tells something, and the words
// beside it. A dot that is spelled out stands between two words, and an escape before one hides it.
func (s *scanner) tellsHere(i int) bool {
	words, h := s.words.List, s.words.Hashes
	pair := func(a, b uint64) bool { return s.v.May(s.e.markBytes(markWord, wordKey(text.Pair(a, b)))) }
	if s.v.May(s.e.markBytes(markWord, wordKey(alone(h[i])))) {
		return true
	}
	if n := i + 1; n < len(h) && (pair(h[i], h[n]) || n+1 < len(h) && slices.Contains(hashDots[:], h[n]) && pair(h[i], h[n+1])) {
		return true
	}
	for n := i - 1; n >= 0 && n >= i-2; n-- {
		if start := words[n].Start; start > 0 && s.text[start-1] == '\\' || pair(h[n], h[i]) {
			return true
		}
		if !slices.Contains(hashDots[:], h[n]) {
			break
		}
	}
	return false
}

// seekNumbers finds the words with which a number, or a digest, may begin. Most words are neither, which
// their first bytes show.
func (s *scanner) seekNumbers() {
	b, long := s.text, 1<<62
	switch {
	case s.want.payment:
		long = 4 // IBANs begin with letters
	case s.want.hash:
		long = 32
	}
	for i := range s.words.List {
		word := &s.words.List[i]
		if (b[word.Start] <= '9' || word.End-word.Start >= long) && s.isNumber(word.Start, word.End) {
			s.stretch(word.Start, word.End)
		}
	}
}

// isNumber reports whether a number, or a digest, may begin with a word.
func (s *scanner) isNumber(start, end int) bool {
	n := end - start
	if s.want.hash && n >= 32 || s.want.payment && n >= 4 && isIBANHead(s.text[start:]) {
		return true
	}
	if text.Classes[s.text[start]]&text.Digit == 0 {
		return false
	}
	return s.want.phone && s.isPhone(start) || s.want.ip && end < len(s.text) && (s.text[end] == '.' || text.MayBegin(s.text, end) || s.text[end] == ' ' && text.MayBegin(s.text, end+1))
}

// isPhone reports whether a telephone number may begin with the digits at start.
func (s *scanner) isPhone(start int) bool {
	if s.opts.Region != "" || bytes.HasPrefix(s.text[start:], []byte("00")) {
		return true
	}
	before := s.text[max(0, start-2):start]
	return bytes.HasSuffix(before, []byte("+")) || bytes.Equal(before, []byte("+("))
}

// seekHigh finds the stretches of characters outside ASCII, and of what is no character, but for quotes, dashes
// and their like, which leave the words beside them as they are.
func (s *scanner) seekHigh() {
	carry, start := uint64(0), 0
	for b := range s.blocks {
		high := s.blocks[b].High
		for edges := high ^ (high<<1 | carry); edges != 0; edges &= edges - 1 {
			at := b<<6 + bits.TrailingZeros64(edges)
			switch {
			case at < len(s.text) && s.text[at] >= 0x80:
				start = at
			case !text.Inert(s.text[start:min(at, len(s.text))]):
				s.stretch(start, at+2) // what follows may begin behind a blank
				s.seekWide(start, min(at, len(s.text)))
			}
		}
		carry = high >> 63
	}
	if carry != 0 {
		s.stretch(start, len(s.text))
		s.seekWide(start, len(s.text))
	}
}

// seekEscaped finds the word behind an escape whose backslash stands at i, "\n" or "\u003c", of
// which the letters seem to belong to it.
func (s *scanner) seekEscaped(i int) {
	if i+2 >= len(s.text) {
		return
	}
	start := i + 2
	if s.text[i+1] == 'u' {
		start = i + 6
	}
	end := start
	for end < len(s.text) && text.Classes[s.text[end]]&(text.Letter|text.Digit) != 0 {
		end++
	}
	if start < end && (s.tells(wordhash.ASCII(s.text, start, end)) || s.isNumber(start, end) || end-start >= 2 && text.LowerEqual(s.text[start:start+2], "xn")) {
		s.stretch(start, end)
	}
}

// tokenAt returns where the token begins that goes over i, or done, before which everything was
// read: behind the nearest blank that does not belong to a dot or an at sign, however written.
// What is longer than any reading is left out.
func (s *scanner) tokenAt(i, done int) int {
	for limit := max(done, i-maxReading); i > limit; i-- {
		c := s.text[i-1]
		if c <= ' ' && !(c == ' ' && (text.MayBegin(s.text, i) || text.MayEnd(s.text, i-1))) {
			return i
		}
	}
	for i > done && text.Classes[s.text[i-1]]&text.InRun != 0 {
		i--
	}
	return i
}
