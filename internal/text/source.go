package text

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
	wide    bool   // UTF-16: two bytes of the original for each unit
	little  bool   // its byte order
	pending []byte // bytes of the original not decoded yet
	raw     []byte // room for reading UTF-16
	begin   int64  // length of the byte order mark
	done    bool
}

// NewSource looks at the first bytes of r for a byte order mark. Everything without one is
// taken for UTF-8. It returns the place of the first character, too.
func NewSource(r io.Reader) (*Source, Place, error) {
	s := &Source{r: r}
	err := s.open()
	return s, Place{wide: s.wide, Offset: s.begin, Line: 1, Column: 1}, err
}

// open reads the byte order mark.
func (s *Source) open() error {
	head := make([]byte, 3)
	n, err := io.ReadFull(s.r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	s.done = err != nil
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte{0xFF, 0xFE}):
		s.wide, s.little, s.begin = true, true, 2
	case bytes.HasPrefix(head, []byte{0xFE, 0xFF}):
		s.wide, s.begin = true, 2
	case bytes.HasPrefix(head, []byte{0xEF, 0xBB, 0xBF}):
		s.begin = 3
	}
	s.pending = head[s.begin:]
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
		dst, s.pending = s.decode(dst, s.pending, true), nil
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
	if rest >= 2 && isHighSurrogate(s.unit(all[rest-2:])) {
		rest -= 2
	}
	dst = s.decode(dst, all[:rest], false)
	s.pending = bytes.Clone(all[rest:])
	return dst, err
}

func isHighSurrogate(u uint16) bool { return u >= 0xD800 && u < 0xDC00 }

// unit reads one unit of UTF-16.
func (s *Source) unit(b []byte) uint16 {
	if s.little {
		return uint16(b[0]) | uint16(b[1])<<8
	}
	return uint16(b[0])<<8 | uint16(b[1])
}

// decode appends UTF-16 as UTF-8. A surrogate without its partner, and at the end an odd
// byte, become U+FFFD.
func (s *Source) decode(dst, b []byte, end bool) []byte {
	for len(b) >= 2 {
		r := rune(s.unit(b))
		b = b[2:]
		if utf16.IsSurrogate(r) {
			second := rune(0)
			if len(b) >= 2 {
				second = rune(s.unit(b))
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
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			p.Offset++
			p.Column++
			if p.wide {
				p.Offset++
			}
			if c == '\n' {
				p.Line, p.Column = p.Line+1, 1
			}
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		p.Offset += int64(p.width(r, size))
		p.Column++
		i += size
	}
}

// width returns how many bytes of the original a character took.
func (p *Place) width(r rune, size int) int {
	switch {
	case !p.wide:
		return size
	case r > 0xFFFF:
		return 4
	}
	return 2
}
