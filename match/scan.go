package match

import (
	"context"
	"io"

	"lantern"
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

// Scan reads text from r to its end and calls emit for every signal that stands in it, in
// the order of Start. Memory is bounded whatever the size of the text. It stops early, and
// returns the error, if ctx is done, r fails or emit returns an error.
//
// Text may be UTF-8, UTF-16 with a byte order mark, or anything else: bytes that decode to
// no character stand between tokens. docs/design/003-reading-text.md says what is read as an identifier.
func (e *Engine) Scan(ctx context.Context, r io.Reader, opts ScanOptions, emit func(Spot) error) error {
	return nil
}
