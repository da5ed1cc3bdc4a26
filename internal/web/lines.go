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
	in   *bufio.Scanner
	n    int // index of the object read last, from 0
	line int // its line, from 1
	over bool
}

// NewLines reads from r, usually what [Body] returned; a line may have [MaxLine] bytes.
func NewLines(r io.Reader) *Lines {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 0, 4096), MaxLine)
	return &Lines{in: in, n: -1}
}

// Next decodes the next object into the struct that into points to, as strictly as
// [Decode]. It returns io.EOF at the end. An [lantern.Invalid] error has a Field that
// begins with the index of the object, from 0 ("/3/value"); reading may go on after it.
// Any other error ends the stream.
func (l *Lines) Next(into any) error {
	for l.in.Scan() {
		l.line++
		line := l.in.Bytes()
		if l.line == 1 && l.n < 0 {
			line = bytes.TrimPrefix(line, []byte(bounded.Mark))
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		l.n++
		err := Decode(line, into)
		var e *lantern.Error
		if errors.As(err, &e) {
			return e.At("/" + strconv.Itoa(l.n))
		}
		return err
	}
	l.over = true
	switch err := l.in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return &lantern.Error{Kind: lantern.TooLarge, Field: "/" + strconv.Itoa(l.n+1), Reason: "the line is too long", Fix: "at most " + strconv.Itoa(MaxLine) + " bytes"}
	case err != nil:
		return err
	}
	return io.EOF
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
