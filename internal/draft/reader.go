package draft

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"lantern"
	"lantern/internal/format/csv"
	"lantern/internal/web"
)

// Row is one row of a file.
type Row struct {
	Line   int            // where it begins, from 1
	Signal lantern.Signal // as far as it could be read; of a draft only the Draft is set
	Err    error          // a *lantern.Error with every complaint about it, nil if there is none

	cells []string // as they stand in a CSV file
	text  string   // as it stands in an NDJSON file
	size  int      // bytes
}

// Reader reads the rows of a file, CSV or NDJSON. It is not safe for concurrent use.
type Reader struct {
	csv  *csv.Reader
	json *lines
}

// NewReader looks at the first characters to tell the two formats apart. rename gives
// columns of a CSV file the names Lantern has for them. The error is a *lantern.Error if
// the file is neither.
func NewReader(r io.Reader, rename map[string]string) (*Reader, error) {
	in, err := textOf(r)
	if err != nil {
		return nil, err
	}
	switch begins(in) {
	case '{':
		if len(rename) > 0 {
			return nil, notText("a file of JSON objects has no columns to rename", "leave --map out")
		}
		return &Reader{json: newLines(in)}, nil
	case '[':
		return nil, notText("a JSON array", "put one object on each line: jq -c '.[]' does it")
	}
	c, err := csv.NewReader(in, rename)
	if err != nil {
		return nil, err
	}
	return &Reader{csv: c}, nil
}

// Read returns the next row, or io.EOF. Any other error ends the reading.
func (r *Reader) Read() (Row, error) {
	if r.json != nil {
		return r.json.read()
	}
	rec, err := r.csv.Read()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: rec.Line, Signal: rec.Signal, Err: rec.Err, cells: rec.Cells}
	for _, cell := range row.cells {
		row.size += len(cell)
	}
	return row, nil
}

// lines reads one object a line, as strictly as the exchange would. Empty lines and those
// that begin with "#" are passed over.
type lines struct {
	in   *bufio.Scanner
	line int
}

func newLines(r io.Reader) *lines {
	in := bufio.NewScanner(r)
	in.Buffer(nil, web.MaxLine)
	return &lines{in: in}
}

func (l *lines) read() (Row, error) {
	for l.in.Scan() {
		l.line++
		text := bytes.TrimSpace(l.in.Bytes())
		if len(text) == 0 || text[0] == '#' {
			continue
		}
		row := Row{Line: l.line, text: string(text), size: len(text)}
		row.Err = web.Decode(text, &row.Signal)
		return row, nil
	}
	switch err := l.in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return Row{}, &lantern.Error{Kind: lantern.TooLarge, Reason: fmt.Sprintf("line %d is longer than 1 MiB", l.line+1),
			Fix: "put one object on each line; nothing after this line was read"}
	case err != nil:
		return Row{}, err
	}
	return Row{}, io.EOF
}

// Field says where in the file stands what a complaint's pointer is about: the column of a CSV
// file, else the pointer.
func (r *Reader) Field(pointer string) string {
	if r.csv == nil {
		return pointer
	}
	return r.csv.Column(pointer)
}
