package csv

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lantern"
	"lantern/internal/bounded"
	"lantern/internal/column"
	"lantern/signal"
)

// maxRecord bounds one row, so that a missing quotation mark does not pull a whole file
// into memory.
const maxRecord = 1 << 20

// Reader reads drafts. It is not safe for concurrent use.
type Reader struct {
	csv     *csv.Reader
	bound   *bound
	heading []string
	columns []*column.Column // nil for a remark
	values  []values         // of a table with a column for each type of values, else empty
	ready   []Record         // of the row that was read last
	form    Form             // of somebody else's table, else nil
	names   []string         // of its columns, as the form knows them
	line    int              // of the last row
}

// values is a column that holds values of one type.
type values struct {
	at  int
	typ lantern.SignalType
}

// Record is one row, or of a table with a column for each type of values, one value of a row.
type Record struct {
	Line   int            // where it starts in the file, from 1
	Signal lantern.Signal // as far as it could be read; of a draft only the Draft is set
	Err    error          // a *lantern.Error with one complaint a cell, nil if all could be read
	Cells  []string       // as they stand in the file, in the order of Heading
	Column string         // the heading over the value, if the type's name is the heading
}

// NewReader reads the heading. Names that rename has stand for those it gives, "#" for a
// column to pass over. The error is a *lantern.Error if the heading is at fault.
func NewReader(r io.Reader, rename map[string]string) (*Reader, error) {
	out, err := begin(r)
	if err != nil {
		return nil, err
	}
	return out, out.name(rename)
}

// begin reads the heading and says nothing of what it names.
func begin(r io.Reader) (*Reader, error) {
	b := &bound{r: r}
	buf := bufio.NewReader(b)
	bounded.SkipMark(buf)
	c := csv.NewReader(buf)
	c.Comma = separator(buf)
	heading, err := c.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the file is empty", Fix: "start it with a heading: " + strings.Join(column.Names(), ",")}
	case err != nil:
		return nil, asError(err, 0)
	}
	for i, name := range heading {
		if !utf8.ValidString(name) {
			return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the heading is not UTF-8 text", Fix: fixEncoding}
		}
		heading[i] = strings.TrimSpace(name)
	}
	return &Reader{csv: c, bound: b, heading: heading, line: 1}, nil
}

// name finds the columns that the heading names.
func (r *Reader) name(rename map[string]string) error {
	ours := make(map[string]string, len(rename))
	for theirs, name := range rename {
		ours[column.Spelled(theirs)] = column.Spelled(name)
	}
	for i, name := range r.heading {
		name = column.Spelled(uncell(name))
		if other, ok := ours[name]; ok {
			name = other
			delete(ours, column.Spelled(uncell(r.heading[i])))
		}
		col, err := lookup(name)
		if t, ok := valuesOf(name); err != nil && ok {
			r.values, err = append(r.values, values{i, t}), nil
		}
		if err != nil {
			return err
		}
		if col != nil && slices.Contains(r.columns, col) {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/" + col.Name, Reason: "two columns of this name", Fix: "keep one of them"}
		}
		r.columns = append(r.columns, col)
	}
	if len(r.values) > 0 && slices.ContainsFunc(r.columns, func(c *column.Column) bool { return c != nil && (c.Name == "type" || c.Name == "value") }) {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "the heading names a type beside the columns type or value",
			Fix: "keep one way of saying what a value is; a name that starts with # is passed over"}
	}
	if len(ours) > 0 {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "--map names a column that the heading does not have", Fix: "write it as in the first line of the file"}
	}
	return nil
}

// lookup finds a column by its name; a remark has none. The complaint about an unknown
// name does not repeat it: a file without a heading starts with values.
func lookup(name string) (*column.Column, error) {
	if strings.HasPrefix(name, "#") {
		return nil, nil
	}
	if c, ok := column.Lookup(name); ok {
		return c, nil
	}
	return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the heading names a column that does not exist",
		Fix: "the first line must hold names out of: " + strings.Join(column.Names(), ", ") +
			"; --map theirs=ours gives a column its name, a name that starts with # is passed over, and a list of values needs --type"}
}

// valuesOf finds the signal type that a column of values is named after.
func valuesOf(name string) (lantern.SignalType, bool) {
	name = strings.ReplaceAll(name, "_", "-")
	if other, ok := spellings[name]; ok {
		name = other
	}
	t, ok := signal.Lookup(lantern.SignalType(name))
	return lantern.SignalType(name), ok && t.Compare != signal.None
}

// spellings are other names that hash lists have for types.
var spellings = map[string]string{"sha-1": "sha1", "sha-256": "sha256", "pdna": "photodna", "photo-dna": "photodna", "md5-hash": "md5", "sha1-hash": "sha1"}

// fixEncoding is the advice for text in one of the old encodings, which cannot be told
// from each other for certain.
const fixEncoding = "save the file as UTF-8; if it is Windows-1252 or Latin-1: iconv -f WINDOWS-1252 -t UTF-8"

// separator looks at the heading for the character between its names.
func separator(buf *bufio.Reader) rune {
	head, _ := buf.Peek(4096)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",;\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

// Heading reports whether a text begins with a heading: a line that names a column of values,
// perhaps by another name that rename gives it. What else it names does not matter, so that
// a heading with a mistake is not taken for a value.
func Heading(head []byte, rename map[string]string) bool {
	return slices.ContainsFunc(heading(head), func(name string) bool {
		for theirs, ours := range rename {
			if column.Spelled(theirs) == column.Spelled(name) {
				name = ours
			}
		}
		name = column.Spelled(name)
		col, ok := column.Lookup(name)
		_, wide := valuesOf(name)
		return wide || ok && col.Name == "value"
	})
}

// heading reads the first line of a text as names, none if that cannot be done.
func heading(head []byte) []string {
	buf := bufio.NewReaderSize(bytes.NewReader(head), len(head)+16)
	c := csv.NewReader(buf)
	c.Comma = separator(buf)
	names, _ := c.Read() // what cannot be read has no names
	return names
}

// Heading returns the names of the columns, in the order and spelling of the file.
func (r *Reader) Heading() []string { return slices.Clone(r.heading) }

// Column returns where in the file stands what a JSON pointer into a draft is about: the heading in the
// file's own spelling, or the column's name if the file has none. It is the pointer itself if
// no column, or no single one, holds that.
func (r *Reader) Column(pointer string) string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	name := parts[0]
	if name == "basis" && len(parts) > 1 {
		if name = parts[1]; name == "at" {
			name = "reviewed_at"
		}
	}
	for i, col := range r.columns {
		if col != nil && col.Name == name {
			return r.heading[i]
		}
	}
	if r.form == nil && slices.Contains(column.Names(), name) {
		return name
	}
	return pointer
}

// Separator is what stands between the cells.
func (r *Reader) Separator() rune { return r.csv.Comma }

// Read returns the next row, or io.EOF. Any other error ends the reading.
func (r *Reader) Read() (Record, error) {
	for r.form != nil {
		rec, err := r.row()
		if err != nil || rec.Err != nil {
			return rec, err
		}
		if rec, taken := r.formed(rec); taken {
			return rec, nil
		}
	}
	if len(r.ready) == 0 {
		rec, err := r.row()
		if err != nil || len(r.values) == 0 || len(rec.Cells) != len(r.heading) {
			return rec, err
		}
		r.spread(rec)
	}
	rec := r.ready[0]
	r.ready = r.ready[1:]
	return rec, nil
}

// spread makes a record of each value of a row.
func (r *Reader) spread(rec Record) {
	for _, v := range r.values {
		one := rec
		one.Column, one.Signal.Type = r.heading[v.at], v.typ
		cell, err := text(rec.Cells[v.at])
		if cell == "" {
			continue
		}
		if one.Signal.Value = cell; err != nil {
			one.Err = err
		}
		r.ready = append(r.ready, one)
	}
	if len(r.ready) == 0 {
		rec.Err = &lantern.Error{Kind: lantern.Invalid, Reason: "no value in any column", Fix: "leave the row out"}
		r.ready = append(r.ready, rec)
	}
}

// row reads a row but for its values, if they stand in columns of their own.
func (r *Reader) row() (Record, error) {
	r.bound.used = 0
	cells, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return Record{}, io.EOF
	}
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return Record{}, asError(err, r.line)
	}
	line, _ := r.csv.FieldPos(0)
	r.line = line
	rec := Record{Line: line, Cells: cells}
	if err != nil {
		rec.Err = &lantern.Error{Kind: lantern.Invalid,
			Reason: fmt.Sprintf("%d cells under %d headings", len(cells), len(r.heading)),
			Fix:    "put quotation marks around a cell that holds the separator"}
		return rec, nil
	}
	var errs []*lantern.Error
	for i, col := range r.columns {
		if col == nil {
			continue
		}
		if err := read(col, &rec.Signal, cells[i]); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		errs[0].Also = errs[1:]
		rec.Err = errs[0]
	}
	return rec, nil
}

// read puts a cell into a signal. White space around it is not part of it, unless it
// stands behind an apostrophe that made it safe.
func read(col *column.Column, s *lantern.Signal, cell string) *lantern.Error {
	cell, err := text(cell)
	if err != nil {
		err.Field = "/" + col.Name
		return err
	}
	if cell == "" {
		return nil
	}
	return col.Set(s, cell)
}

// text is what a cell says.
func text(cell string) (string, *lantern.Error) {
	cell = uncell(strings.TrimSpace(cell))
	if !utf8.ValidString(cell) {
		return cell, &lantern.Error{Kind: lantern.Invalid, Field: "/value", Reason: "not UTF-8 text", Fix: fixEncoding}
	}
	return cell, nil
}

// asError says where the text stopped being CSV, without quoting it. The line is that in
// which the row begins: a quotation mark that is not closed is noticed only at the next
// one, or at the end of the file. A row that is too long is never read to where its line
// could be told, so it is placed after the one before it, if there was one.
func asError(err error, after int) error {
	if tooLarge := (*lantern.Error)(nil); after > 0 && errors.As(err, &tooLarge) {
		return &lantern.Error{Kind: tooLarge.Kind, Reason: fmt.Sprintf("%s, after that of line %d", tooLarge.Reason, after),
			Fix: tooLarge.Fix + "; nothing after that line was read"}
	}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return &lantern.Error{Kind: lantern.Invalid, Reason: fmt.Sprintf("not CSV at line %d: %v", parse.StartLine, parse.Err),
			Fix: "look for a quotation mark that is not closed or not doubled; nothing after this line was read"}
	}
	return err
}

// bound fails a read that goes on for more than maxRecord bytes since used was reset.
type bound struct {
	r    io.Reader
	used int
}

func (b *bound) Read(p []byte) (int, error) {
	if b.used > maxRecord {
		return 0, &lantern.Error{Kind: lantern.TooLarge, Reason: "a row is longer than 1 MiB", Fix: "look for a quotation mark that is not closed"}
	}
	n, err := b.r.Read(p)
	b.used += n
	return n, err
}
