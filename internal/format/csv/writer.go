package csv

import (
	"encoding/csv"
	"io"
	"reflect"
	"strings"
	"time"

	"lantern"
)

// Writer writes signals as [Reader] reads them. It is not safe for concurrent use.
type Writer struct {
	csv     *csv.Writer
	columns []*column
	begun   bool
}

// NewWriter returns a Writer to w: of drafts, or of signals with their ids and owners.
func NewWriter(w io.Writer, signals bool) *Writer {
	out := &Writer{csv: csv.NewWriter(w), columns: columns}
	if !signals {
		out.columns = columns[:len(columns)-identity]
	}
	return out
}

// Write adds a row, and names the members of the draft that would not come back from it
// as they are.
func (w *Writer) Write(s *lantern.Signal) (lost []string, err error) {
	if err := w.heading(); err != nil {
		return nil, err
	}
	row := make([]string, len(w.columns))
	var back lantern.Signal
	for i, c := range w.columns {
		row[i] = Cell(c.get(s))
		_ = read(c, &back, row[i]) // what cannot be read is missing, and told below
	}
	return missing(reflect.ValueOf(s.Draft), reflect.ValueOf(back.Draft)), w.csv.Write(row)
}

// Flush writes what is held back; a table without rows has its heading.
func (w *Writer) Flush() error {
	if err := w.heading(); err != nil {
		return err
	}
	w.csv.Flush()
	return w.csv.Error()
}

func (w *Writer) heading() error {
	if w.begun {
		return nil
	}
	w.begun = true
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = c.name
	}
	return w.csv.Write(names)
}

// missing names the members in which two structs of one type differ. It looks at whatever
// members there are, so that one a draft gains is reported as lost until it has a column.
func missing(a, b reflect.Value) (names []string) {
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		if t, ok := x.Interface().(time.Time); ok {
			if t.Equal(y.Interface().(time.Time)) {
				continue
			}
		} else if x.Kind() == reflect.Struct {
			names = append(names, missing(x, y)...)
			continue
		} else if x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0 || reflect.DeepEqual(x.Interface(), y.Interface()) {
			continue
		}
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
