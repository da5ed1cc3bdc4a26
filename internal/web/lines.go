package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/bounded"
)

// Lines reads a stream of JSON objects, one a line (NDJSON). Empty lines are skipped, and the
// [bounded.Mark] of a file at its beginning.
type Lines struct {
	in   *bufio.Reader
	buf  []byte
	n    int // index of the object read last, from 0
	line int // its line, from 1
	over bool
	mend bool
}

// NewLines reads from r, usually what [Body] returned; a line may have [MaxLine] bytes.
func NewLines(r io.Reader) *Lines { return &Lines{in: bufio.NewReader(r), n: -1} }

// Mend has Next read objects as [DecodeText] does. It returns l.
func (l *Lines) Mend() *Lines {
	l.mend = true
	return l
}

// Next decodes the next object into the struct that into points to, as strictly as
// [Decode]. It returns io.EOF at the end. An [lantern.Invalid] error has a Field that
// begins with the index of the object, from 0 ("/3/value"), and so has one of kind
// [lantern.TooLarge] of a line that is too long; unless [Lines.Ended], reading may go on after both.
// Any other error ends the stream.
func (l *Lines) Next(into any) error {
	for {
		line, err := l.read()
		switch {
		case errors.Is(err, errTooLong):
			l.n++
			return &lantern.Error{Kind: lantern.TooLarge, Field: "/" + strconv.Itoa(l.n), Reason: "the line is too long", Fix: "at most " + strconv.Itoa(MaxLine) + " bytes"}
		case err != nil:
			l.over = true
			return err
		case l.line == 1 && l.n < 0:
			line = bytes.TrimPrefix(line, []byte(bounded.Mark))
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		l.n++
		if l.mend {
			err = DecodeText(line, into)
		} else {
			err = Decode(line, into)
		}
		var e *lantern.Error
		if errors.As(err, &e) {
			return e.At("/" + strconv.Itoa(l.n))
		}
		return err
	}
}

var errTooLong = errors.New("a line is too long")

// read reads a line, which may be the last and without an end. Of one that is too long nothing is kept.
func (l *Lines) read() ([]byte, error) {
	l.buf = l.buf[:0]
	for size := 0; ; {
		part, err := l.in.ReadSlice('\n')
		if size += len(part); size <= MaxLine {
			l.buf = append(l.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || size == 0):
			return nil, err
		}
		l.line++
		if size > MaxLine {
			return nil, errTooLong
		}
		return l.buf, nil
	}
}

// Begin says that so many objects came before the first: the stream is a part of another.
func (l *Lines) Begin(before int) { l.n = before - 1 }

// Index is the index, from 0, of the object that Next read last.
func (l *Lines) Index() int { return l.n }

// Line is the line, from 1, of the object that Next read last; empty lines count.
func (l *Lines) Line() int { return l.line }

// Ended reports whether Next will find nothing more, whatever error it returned.
func (l *Lines) Ended() bool { return l.over }

// Within returns the pointer of an error of Next without the index of its object.
func (l *Lines) Within(field string) string {
	return strings.TrimPrefix(field, "/"+strconv.Itoa(l.n))
}

// LineWriter writes a stream of JSON objects, one a line.
type LineWriter struct {
	w    http.ResponseWriter
	head bool
}

// NewLineWriter answers w with a stream. The header is sent with the first object, or by
// [LineWriter.Flush], so that an error before it can still be a problem.
func NewLineWriter(w http.ResponseWriter) *LineWriter { return &LineWriter{w: w} }

// Write adds one object.
func (l *LineWriter) Write(v any) error {
	b, err := Encode(v)
	if err != nil {
		return err
	}
	l.start()
	_, err = l.w.Write(b)
	return err
}

// Begun reports whether the header was sent, so that an error can be no problem any more.
func (l *LineWriter) Begun() bool { return l.head }

// Flush sends what was written. Call it at the end, and whenever the reader waits.
func (l *LineWriter) Flush() error {
	l.start()
	return http.NewResponseController(l.w).Flush()
}

func (l *LineWriter) start() {
	if !l.head {
		l.head = true
		l.w.Header().Set("Content-Type", NDJSONMedia)
		l.w.WriteHeader(http.StatusOK)
	}
}
