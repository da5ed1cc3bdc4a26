package draft

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"lantern"
	"lantern/internal/format/csv"
	"lantern/internal/format/misp"
	"lantern/internal/format/ncmec"
	"lantern/internal/format/stix"
	"lantern/internal/format/threatexchange"
	"lantern/internal/web"
	"lantern/signal"
)

// Row is one row of a file.
type Row struct {
	Line   int            // where it begins, from 1; its number among the rows where the format knows no lines
	Signal lantern.Signal // as far as it could be read; of a draft only the Draft is set
	Err    error          // a *lantern.Error with every complaint about it, nil if there is none

	cells []string // as they stand in a CSV file
	over  string   // the heading over the value, if it is not that of a column of a draft
	text  string   // as it stands in a file with a row a line that is no CSV
	size  int      // bytes

	unread bool // of somebody else's words nothing was read, for the reason in Err
}

// Options say how a file is read. The zero Options tell all from what it holds.
type Options struct {
	Own    bool               // only tables and objects in Lantern's own words, in which nothing is lost
	Format Format             // of the file; "" is told from what it holds
	Preset Preset             // whose words a table is in; "" is told from its heading
	Map    map[string]string  // columns of a table, and the names Lantern has for them
	Type   lantern.SignalType // of rows that name none; a text without a heading is then a list of values
	Now    time.Time          // what times of other tools such as "-3hours" are counted from
	From   int                // the line to begin with; rows before it are passed over
	Piped  int64              // bytes held of a file that must be read twice and cannot; 0: 64 MiB
}

// source reads the rows of one format.
type source interface {
	// read returns the next row, or io.EOF. Any other error ends the reading.
	read() (Row, error)

	// lost counts what was read and has no place in a signal; its keys are no words of the file.
	lost() map[string]int
}

// Reader reads the rows of a file. It is not safe for concurrent use.
type Reader struct {
	Format Format // in which the file is

	from  source
	csv   *csv.Reader // of a table, else nil
	kind  lantern.SignalType
	n     int // rows read
	begin int // the line of the first that is wanted
}

// checkList refuses a list of values that are of no type, or of one without values.
func checkList(of lantern.SignalType) error {
	if t, ok := signal.Lookup(of); ok && t.Compare != signal.None {
		return nil
	}
	return notText("nothing says of what type the values of a list are", "give --type; lantern types lists the types")
}

// NewReader looks at the first characters of a file to tell its format, unless o says it. The
// error is a *lantern.Error if the file is in none, or o does not fit it.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	in, err := textOf(r)
	if err != nil {
		return nil, err
	}
	out := &Reader{Format: o.Format, kind: o.Type, begin: o.From}
	if out.Format == "" {
		if out.Format, err = detect(in, o); err != nil {
			return nil, err
		}
	}
	if out.Format != CSV && (len(o.Map) > 0 || o.Preset != "") {
		return nil, notText("only a table has columns to rename", "leave --map and --preset out")
	}
	switch out.Format {
	case CSV:
		err = out.readTable(in, o)
	case NDJSON:
		out.from = newLines(in, decodeLine)
	case List:
		if err := checkList(o.Type); err != nil {
			return nil, err
		}
		out.from = newLines(in, valueLine)
	case MISP:
		first, again, err := twice(r, in, o.Piped)
		if err != nil {
			return nil, err
		}
		out.from = events{misp.NewReader(first, again)}
	case ThreatExchange:
		out.from = descriptors{threatexchange.NewFileReader(in, o.Now)}
	case NCMEC:
		out.from = hashes{ncmec.NewReader(in)}
	case STIX:
		out.from = bundle{stix.NewReader(in)}
	default:
		err = notText("not a format that can be read", "lantern import --help lists them")
	}
	return out, err
}

// Read returns the next row, or io.EOF. Any other error ends the reading.
func (r *Reader) Read() (Row, error) {
	for {
		row, err := r.from.read()
		if r.n++; row.Line == 0 {
			row.Line = r.n
		}
		if row.Signal.Type == "" {
			row.Signal.Type = r.kind
		}
		if err != nil || row.Line >= r.begin {
			return row, err
		}
	}
}

// Lost counts, by name, what of the rows read so far has no place in a signal. Nothing of a table
// or of objects in Lantern's own words is lost, since what has no place is refused there.
func (r *Reader) Lost() map[string]int { return r.from.lost() }

// Field says where in the file stands what the pointer of a complaint about a row is about: the
// column of a CSV file, the member of an object of STIX, else the pointer.
func (r *Reader) Field(row Row, pointer string) string {
	switch {
	case r.Format == STIX:
		return stix.Field(pointer)
	case r.csv == nil:
		return pointer
	case pointer == "/value" && row.over != "":
		return row.over
	}
	return r.csv.Column(pointer)
}

// table reads the rows of a table.
type table struct {
	csv  *csv.Reader
	gone map[string]int // what has no place, in a table of somebody else's
}

func (t table) read() (Row, error) {
	rec, err := t.csv.Read()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: rec.Line, Signal: rec.Signal, Err: rec.Err, cells: rec.Cells, over: rec.Column}
	row.unread = rec.Err != nil && t.gone != nil && rec.Signal.Type == ""
	for _, cell := range row.cells {
		row.size += len(cell)
	}
	return row, nil
}

func (t table) lost() map[string]int { return t.gone }

// events reads the attributes of events.
type events struct{ *misp.Reader }

func (e events) lost() map[string]int { return e.Lost() }

func (e events) read() (Row, error) {
	rec, err := e.Read()
	return Row{Line: rec.Number, Signal: rec.Signal, Err: rec.Err, size: rec.Size}, err
}

// hashes reads the fingerprints of hash lists.
type hashes struct{ *ncmec.Reader }

func (h hashes) lost() map[string]int { return h.Lost() }

func (h hashes) read() (Row, error) {
	rec, err := h.Read()
	return Row{Line: rec.Number, Signal: rec.Signal, Err: rec.Err, size: len(rec.Signal.Value)}, err
}

// bundle reads the objects of bundles.
type bundle struct{ *stix.Reader }

func (b bundle) lost() map[string]int { return b.Lost() }

func (b bundle) read() (Row, error) {
	rec, err := b.Read()
	return Row{Line: rec.Number, Signal: rec.Signal, Err: rec.Err, size: rec.Size}, err
}

// descriptors reads descriptors of ThreatExchange, which have no numbers.
type descriptors struct{ *threatexchange.FileReader }

func (d descriptors) lost() map[string]int { return d.Lost() }

func (d descriptors) read() (Row, error) {
	s, size, err, end := d.Read()
	return Row{Signal: s, Err: err, size: size}, end
}

// lines reads one row a line. Empty lines and remarks are passed over.
type lines struct {
	in   *bufio.Scanner
	line int
	row  func(*Row) bool // reads the text of a row; false: a remark
}

func newLines(r io.Reader, row func(*Row) bool) *lines {
	in := bufio.NewScanner(r)
	in.Buffer(nil, web.MaxLine)
	return &lines{in: in, row: row}
}

// decodeLine reads an object as strictly as the exchange would. What begins with "#" is a remark.
func decodeLine(row *Row) bool {
	if row.text[0] == '#' {
		return false
	}
	row.Err = web.Decode([]byte(row.text), &row.Signal)
	return true
}

// valueLine reads a value. Remarks have a space behind their "#", since a value may begin with
// one.
func valueLine(row *Row) bool {
	row.Signal.Value = row.text
	return row.text != "#" && row.text[:min(2, len(row.text))] != "# "
}

func (*lines) lost() map[string]int { return nil }

func (l *lines) read() (Row, error) {
	for l.in.Scan() {
		l.line++
		text := bytes.TrimSpace(l.in.Bytes())
		row := Row{Line: l.line, text: string(text), size: len(text)}
		if len(text) > 0 && l.row(&row) {
			return row, nil
		}
	}
	switch err := l.in.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return Row{}, &lantern.Error{Kind: lantern.TooLarge, Reason: fmt.Sprintf("line %d is longer than 1 MiB", l.line+1),
			Fix: "put one row on each line; nothing after this line was read"}
	case err != nil:
		return Row{}, err
	}
	return Row{}, io.EOF
}
