package cli

import (
	"bufio"
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"os"

	"lantern"
	"lantern/internal/format/csv"
	"lantern/internal/web"
	"lantern/signal"
)

// draftRow is one draft of a file and where it stands.
type draftRow struct {
	line  int
	draft lantern.Draft
	err   error    // why it cannot be shared
	cells []string // the row of a CSV file as it stands there
	text  string   // the line of an NDJSON file
}

// draftReader reads the drafts of a file, CSV or NDJSON.
type draftReader struct {
	csv  *csv.Reader
	json *jsonDrafts
}

// newDraftReader looks at the first character to tell the two formats apart.
func newDraftReader(r io.Reader) (*draftReader, error) {
	buf := bufio.NewReader(r)
	head, _ := buf.Peek(512)
	if t := bytes.TrimLeft(head, " \t\r\n\ufeff"); len(t) > 0 && t[0] == '{' {
		return &draftReader{json: &jsonDrafts{lines: bufio.NewScanner(buf)}}, nil
	}
	c, err := csv.NewReader(buf)
	if err != nil {
		return nil, err
	}
	return &draftReader{csv: c}, nil
}

// next returns the next draft, or io.EOF. Any other error ends the reading.
func (d *draftReader) next() (draftRow, error) {
	if d.json != nil {
		return d.json.next()
	}
	rec, err := d.csv.Read()
	if err != nil {
		return draftRow{}, err
	}
	return draftRow{line: rec.Line, draft: rec.Draft, err: rec.Err, cells: rec.Cells}, nil
}

// jsonDrafts reads one draft a line, as strictly as the exchange would.
type jsonDrafts struct {
	lines *bufio.Scanner
	line  int
}

func (j *jsonDrafts) next() (draftRow, error) {
	if j.line == 0 {
		j.lines.Buffer(nil, web.MaxLine)
	}
	for j.lines.Scan() {
		j.line++
		text := bytes.TrimSpace(bytes.TrimPrefix(j.lines.Bytes(), []byte("\ufeff")))
		if len(text) == 0 {
			continue
		}
		row := draftRow{line: j.line, text: string(text)}
		row.err = web.Decode(text, &row.draft)
		return row, nil
	}
	switch err := j.lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return draftRow{}, &lantern.Error{Kind: lantern.TooLarge, Reason: "a line is longer than 1 MiB", Fix: "put one draft on each line"}
	case err != nil:
		return draftRow{}, err
	}
	return draftRow{}, io.EOF
}

// check says all that can be said about a draft without asking the exchange.
func check(d *lantern.Draft) error {
	var errs []*lantern.Error
	add := func(err error, under string) {
		var e *lantern.Error
		if errors.As(err, &e) {
			e = e.At(under)
			errs = append(append(errs, e), e.Also...)
		}
	}
	add(d.Validate(), "")
	t, ok := signal.Lookup(d.Type)
	switch {
	case ok && d.Value != "":
		_, err := t.Normalize(d.Value)
		add(err, "")
	case !ok && d.Type != "":
		add(&lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "not a signal type", Fix: "lantern types lists them"}, "")
	}
	add(signal.CheckNote(d.Note), "")
	if len(errs) == 0 {
		return nil
	}
	first := *errs[0]
	first.Also = errs[1:]
	return &first
}

// rejects writes the rows that were not shared to a file, so that they can be mended and
// shared again: CSV with the complaint in columns of remarks, or NDJSON.
type rejects struct {
	file *os.File
	csv  *stdcsv.Writer
	json io.Writer
}

// newRejects makes the file, in the format that d reads. An empty path means none is
// wanted.
func newRejects(path string, d *draftReader) (*rejects, error) {
	if path == "" {
		return &rejects{}, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, misuse("", "%w", err)
	}
	r := &rejects{file: f}
	if d.csv == nil {
		r.json = f
		return r, nil
	}
	r.csv = stdcsv.NewWriter(f)
	return r, r.csv.Write(append([]string{"#line", "#field", "#reason", "#fix"}, d.csv.Heading()...))
}

// add writes a row that was refused for this problem.
func (r *rejects) add(row draftRow, p rowResult) error {
	switch {
	case r.csv != nil:
		return r.csv.Write(append([]string{p.lineText(), p.Field, p.Reason, p.Fix}, row.cells...))
	case r.json != nil:
		_, err := io.WriteString(r.json, row.text+"\n")
		return err
	}
	return nil
}

func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	if r.csv != nil {
		r.csv.Flush()
		if err := r.csv.Error(); err != nil {
			return err
		}
	}
	return errors.Join(r.file.Sync(), r.file.Close())
}
