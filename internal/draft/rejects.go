package draft

import (
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/format/csv"
)

// remarks are the columns of a table of refused rows that are not the file's own.
var remarks = []string{"#line", "#field", "#reason", "#fix"}

// Rejects writes refused rows as they stand in their file, each with what was wrong, in
// the same format: mended, it can be shared as it is. In a table the complaints are
// columns of remarks before the others, elsewhere lines of remarks before the row. A row that
// is no line in its own format is written as NDJSON, as far as it could be read.
type Rejects struct {
	w     io.Writer
	csv   *stdcsv.Writer
	width int   // of the file's heading
	lead  int   // how many remarks of an earlier table of refused rows it begins with
	keep  []int // the cells of a row that are not remarks of an earlier table of refused rows
}

// NewRejects begins a file of rows that from reads.
func NewRejects(w io.Writer, from *Reader) (*Rejects, error) {
	r := &Rejects{w: w}
	if from.csv == nil {
		return r, nil
	}
	r.csv = stdcsv.NewWriter(w)
	r.csv.Comma = from.csv.Separator()
	heading := slices.Clone(remarks)
	names := from.csv.Heading()
	r.width = len(names)
	for i, name := range names {
		if !slices.Contains(remarks, name) {
			r.keep = append(r.keep, i)
			heading = append(heading, safe([]string{name})...)
		} else if r.lead == i {
			r.lead++
		}
	}
	return r, r.csv.Write(heading)
}

// Add writes a row with the complaints about it.
func (r *Rejects) Add(row Row, about []*lantern.Error) error {
	if r.csv == nil {
		for _, e := range about {
			if _, err := fmt.Fprintf(r.w, "# line %d: %s\n", row.Line, oneLine(e.Error())); err != nil {
				return err
			}
		}
		line := []byte(row.text + "\n")
		if row.text == "" {
			var err error
			if line, err = encode(&row.Signal, row.Signal.Member != 0); err != nil {
				return err
			}
		}
		_, err := r.w.Write(line)
		return err
	}
	cells := []string{strconv.Itoa(row.Line)}
	for _, part := range []func(*lantern.Error) string{
		func(e *lantern.Error) string { return e.Field },
		func(e *lantern.Error) string { return e.Reason },
		func(e *lantern.Error) string { return e.Fix },
	} {
		var all []string
		for _, e := range about {
			if text := part(e); text != "" {
				all = append(all, text)
			}
		}
		cells = append(cells, csv.Cell(strings.Join(all, "; ")))
	}
	if len(row.cells) != r.width { // and nobody can say which cell is missing
		return r.csv.Write(append(cells, safe(row.cells[min(r.lead, len(row.cells)):])...))
	}
	for _, i := range r.keep {
		cells = append(cells, safe(row.cells[i:i+1])...)
	}
	return r.csv.Write(cells)
}

// safe makes cells that no spreadsheet computes. The reader takes them as they were.
func safe(cells []string) []string {
	out := make([]string, len(cells))
	for i, cell := range cells {
		if out[i] = cell; !strings.HasPrefix(cell, "'") {
			out[i] = csv.Cell(cell)
		}
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// Flush writes what is held back.
func (r *Rejects) Flush() error {
	if r.csv == nil {
		return nil
	}
	r.csv.Flush()
	return r.csv.Error()
}
