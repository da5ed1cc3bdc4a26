// Package charset turns what a file holds, UTF-8, UTF-16 or neither, into UTF-8, and finds back where something stood
// in the original.
//
// A byte order mark decides; without one [Sniff] looks at how a text begins. [Source] decodes piece by piece and keeps
// no more than it is asked for, and [Place] moves over what was decoded and counts bytes of the original, lines and
// columns.
//
// docs/design/008-reading-text.md has the rules.
package charset

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Source reads text as UTF-8, whatever it is written in.
type Source struct {
	r       io.Reader
	enc     Encoding
	wide    bool   // UTF-16: two bytes of the original for each unit
	pending []byte // bytes of the original not decoded yet
	raw     []byte // room for reading UTF-16
	begin   int64  // length of the byte order mark
	done    bool
}

// Encoding is how a text is written.
type Encoding uint8

// The encodings. UTF8 is also what is taken for text among other bytes.
const (
	UTF8 Encoding = iota
	UTF16LE
	UTF16BE
)

// SniffLen is how many bytes at the start of a text [Sniff] looks at.
const SniffLen = 512

// Sniff tells from its first bytes how a text is written, and the length of its byte order
// mark. Without a mark it is UTF-16 if all it shows are characters of the first 256 that can
// be printed, nine in ten at least: each with a NUL beside it, always on the same side. Text
// of other scripts in UTF-16 needs the mark: nothing tells it from other bytes for sure.
func Sniff(head []byte) (e Encoding, mark int) {
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		return UTF16LE, 2
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		return UTF16BE, 2
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		return UTF8, 3
	}
	head = head[:min(len(head), SniffLen)&^1]
	for _, e := range []Encoding{UTF16LE, UTF16BE} {
		if units := len(head) / 2; units >= 4 && narrow(head, e)*10 >= units*9 {
			return e, 0
		}
	}
	return UTF8, 0
}

// narrow counts the units of UTF-16 that are printable characters below 256; it is 0 if
// another unit is one that no text has.
func narrow(b []byte, e Encoding) (n int) {
	for ; len(b) >= 2; b = b[2:] {
		switch u := e.unit(b); {
		case u >= 0x20 && u < 0x7F, u >= 0xA0 && u < 0x100, u == '\t', u == '\r', u == '\n':
			n++
		case u < 0xA0 || u >= 0xFFFE:
			return 0
		}
	}
	return n
}

// unit reads one unit of UTF-16.
func (e Encoding) unit(b []byte) uint16 {
	if e == UTF16LE {
		return uint16(b[0]) | uint16(b[1])<<8
	}
	return uint16(b[0])<<8 | uint16(b[1])
}

// Mark is the byte order mark of an encoding.
func (e Encoding) Mark() []byte {
	switch e {
	case UTF16LE:
		return []byte{0xFF, 0xFE}
	case UTF16BE:
		return []byte{0xFE, 0xFF}
	}
	return []byte{0xEF, 0xBB, 0xBF}
}

// Passed returns where a text goes on, as seen from its beginning, behind a stretch of it
// that ends with a whole character.
func Passed(b []byte, e Encoding) Place {
	at := Place{wide: e != UTF8, Line: 1, Column: 1}
	if at.wide {
		b = e.decode(nil, b, true)
	}
	at.Pass(b)
	return at
}

// NewSource tells from the first bytes of r how it is written ([Sniff]). It returns the place
// of the first character, too.
func NewSource(r io.Reader) (*Source, Place, error) {
	s := &Source{r: r}
	err := s.open()
	return s, Place{wide: s.wide, Offset: s.begin, Line: 1, Column: 1}, err
}

// open finds out how the text is written.
func (s *Source) open() error {
	head := make([]byte, SniffLen)
	n, err := io.ReadFull(s.r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	s.done = err != nil
	head = head[:n]
	enc, mark := Sniff(head)
	s.enc, s.wide, s.begin = enc, enc != UTF8, int64(mark)
	s.pending = head[mark:]
	return nil
}

// Fill appends text to dst until it holds at least want bytes or the source is at its
// end, which it reports.
func (s *Source) Fill(dst []byte, want int) ([]byte, bool, error) {
	if !s.wide {
		dst, s.pending = append(dst, s.pending...), nil
	}
	for len(dst) < want && !s.done {
		var err error
		if s.wide {
			dst, err = s.fillWide(dst)
		} else {
			var n int
			n, err = s.r.Read(dst[len(dst):want])
			dst = dst[:len(dst)+n]
		}
		if errors.Is(err, io.EOF) {
			s.done = true
		} else if err != nil {
			return dst, false, err
		}
	}
	if s.done && s.wide {
		dst, s.pending = s.enc.decode(dst, s.pending, true), nil
	}
	return dst, s.done, nil
}

// fillWide reads some UTF-16 and appends it decoded.
func (s *Source) fillWide(dst []byte) ([]byte, error) {
	if s.raw == nil {
		s.raw = make([]byte, 8192)
	}
	n := copy(s.raw, s.pending)
	m, err := s.r.Read(s.raw[n:])
	all := s.raw[:n+m]
	rest := len(all) &^ 1
	if rest >= 2 && isHighSurrogate(s.enc.unit(all[rest-2:])) {
		rest -= 2
	}
	dst = s.enc.decode(dst, all[:rest], false)
	s.pending = bytes.Clone(all[rest:])
	return dst, err
}

func isHighSurrogate(u uint16) bool { return u >= 0xD800 && u < 0xDC00 }

// decode appends UTF-16 as UTF-8. A surrogate without its partner, and at the end an odd
// byte, become U+FFFD.
func (e Encoding) decode(dst, b []byte, end bool) []byte {
	for len(b) >= 2 {
		r := rune(e.unit(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if len(b) >= 2 {
				second = rune(e.unit(b))
			}
			if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
				b = b[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	if end && len(b) == 1 {
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst
}

// Place is a position in a text, counted in four ways. It only moves forward.
type Place struct {
	wide         bool
	Offset       int64 // in the original, in bytes
	Line, Column int   // from 1; the column counts characters
}

// Pass moves over text.
func (p *Place) Pass(text []byte) {
	if p.wide {
		p.passWide(text)
		return
	}
	p.Offset += int64(len(text))
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		p.Line, p.Column = p.Line+bytes.Count(text, []byte("\n")), 1
		text = text[last+1:]
	}
	p.Column += utf8.RuneCount(text)
}

// passWide is Pass of what was UTF-16.
func (p *Place) passWide(text []byte) {
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			p.Offset += 2
			p.Column++
			if c == '\n' {
				p.Line, p.Column = p.Line+1, 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		p.Offset += 2
		if r > 0xFFFF {
			p.Offset += 2
		}
		p.Column++
		i += size
	}
}
