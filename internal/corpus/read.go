package corpus

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode"

	"lantern/pdq"
	"lantern/signal"
)

// Ref makes a reference of a file's name, which may be longer than one, or hold what
// cannot be stored: then its end stays, and what does not fit in is replaced.
func Ref(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(name, string(unicode.ReplacementChar)))
	const most, dots = 200, "…"
	if len(name) > most {
		name = dots + strings.ToValidUTF8(name[len(name)-most+len(dots):], "")
	}
	return name
}

// PictureReason says why package pdq gives no hash, without a word from the file.
func PictureReason(err error) string {
	for _, known := range []error{pdq.ErrUnsupported, pdq.ErrTooLarge, pdq.ErrTooSmall, pdq.ErrMalformed} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "it could not be read"
}

// Until returns a reader of r that fails when ctx is done.
func Until(ctx context.Context, r io.Reader) io.Reader { return &counter{ctx, r, new(int64)} }

// Frames reads a file of frame hashes (vpdq), which is known by its first line, as far as such a
// list may go and one byte more; "" if r holds no such file. rest gives everything once more.
func Frames(r io.Reader) (list string, rest io.Reader, err error) {
	head := make([]byte, 256) // more than one line of these
	n, err := io.ReadFull(r, head)
	// Its WriteTo would take 32 KB for each file whose rest is passed over.
	again := func(b []byte) io.Reader { return struct{ io.Reader }{io.MultiReader(bytes.NewReader(b), r)} }
	if ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF); err != nil && !ended || !signal.IsFrames(string(head[:n])) {
		return "", again(head[:n]), nil // what fails fails again
	}
	all, err := io.ReadAll(io.LimitReader(again(head[:n]), signal.MaxFrameBytes+1))
	return string(all), again(all), err
}
