package starter

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"lantern"
	"lantern/signal"
)

// kinds are the names of columns that are understood, by what their cells hold: a signal
// type, or "account" for the member's own id. Cells of other columns are read as text, in
// which everything that can be recognized is looked up.
var kinds = map[string]lantern.SignalType{
	"id": "account", "user_id": "account", "userid": "account", "account": "account", "account_id": "account",
	"username": signal.Username.Name, "user": signal.Username.Name, "handle": signal.Username.Name, "nick": signal.Username.Name, "nickname": signal.Username.Name, "login": signal.Username.Name,
	"email": signal.Email.Name, "mail": signal.Email.Name,
	"url": signal.URL.Name, "link": signal.URL.Name, "website": signal.URL.Name, "homepage": signal.URL.Name,
	"domain": signal.Domain.Name, "ip": signal.IP.Name, "ip_address": signal.IP.Name,
	"phone": phoneColumn, "phone_number": phoneColumn, "phonenumber": phoneColumn, "telephone": phoneColumn, "tel": phoneColumn, "telefon": phoneColumn,
	"mobile": phoneColumn, "mobile_number": phoneColumn, "mobile_phone": phoneColumn, "cell": phoneColumn, "cell_phone": phoneColumn, "handy": phoneColumn,
	"user_name": signal.Username.Name, "email_address": signal.Email.Name, "e_mail": signal.Email.Name, "e_mail_address": signal.Email.Name,
	"text": "text", "bio": "text", "about": "text", "message": "text", "post": "text", "name": "text",
}

// ownAccount is the kind of a column that holds the member's own account id.
const ownAccount = lantern.SignalType("account")

// phoneColumn is the kind of a column of telephone numbers, which are read as those in a text
// are: in the forms of the member's country.
const phoneColumn = lantern.SignalType("numbers")

// rounded is a number as a spreadsheet shows a long one: its last digits may be lost.
var rounded = regexp.MustCompile(`^\+?[0-9][.,]?[0-9]*[eE]\+?[0-9]+$`)

// plain is a heading as kinds has it: capitals, spaces, hyphens and full stops make no other name.
func plain(heading string) string {
	return strings.NewReplacer(" ", "_", "-", "_", ".", "").Replace(strings.ToLower(strings.TrimSpace(heading)))
}

// Table is a CSV file of a member's own accounts or posts, read row by row.
type Table struct {
	csv     *csv.Reader
	name    string
	columns []lantern.SignalType // by the heading; nil: there is none
	heading []string             // as the file has it
	first   []string             // a first row that was no heading
	line    int
	end     *tail
	begun   int // the line of the last row, if only its end tells whether its quotation mark is closed
}

// tail remembers the last byte of a text that ends no line.
type tail struct {
	r    io.Reader
	last byte
}

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if text := strings.TrimRight(string(p[:n]), "\r\n"); text != "" {
		t.last = text[len(text)-1]
	}
	return n, err
}

// unclosed is the error of a row that took in the rows after it: without it they would
// pass for looked at.
func (t *Table) unclosed(line int) error {
	return fmt.Errorf("reading %s: line %d: a quotation mark is not closed; what follows was not read", t.name, line)
}

// Open begins to read a table; name is what its rows are called by. The first row is a
// heading if any of its cells is the name of a column.
func Open(r io.Reader, name string) (*Table, error) {
	// Spreadsheets mark what they write, and save "Unicode text" as UTF-16.
	end := &tail{r: transform.NewReader(r, unicode.BOMOverride(encoding.Nop.NewDecoder()))}
	in := bufio.NewReader(end)
	t := &Table{csv: csv.NewReader(in), name: name, end: end}
	t.csv.Comma = separator(in)
	t.csv.FieldsPerRecord, t.csv.LazyQuotes, t.csv.TrimLeadingSpace, t.csv.ReuseRecord = -1, true, true, false
	row, err := t.csv.Read()
	if err == nil && strings.HasPrefix(strings.ToLower(row[0]), "sep=") { // by which spreadsheets are told the separator
		row, err = t.csv.Read()
	}
	if errors.Is(err, io.EOF) {
		return t, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, csvReason(err))
	}
	t.line, _ = t.csv.FieldPos(0)
	for i, cell := range row {
		if kind, ok := kinds[plain(cell)]; ok {
			if t.columns == nil {
				t.columns = make([]lantern.SignalType, len(row))
			}
			t.columns[i] = kind
		}
	}
	if t.columns == nil {
		t.first = row
	} else {
		t.heading = row
	}
	return t, nil
}

// Row is a row of a table as a record to be looked up.
type Row struct {
	lantern.Record
	values  []string // the columns of Values
	account string   // the column of Account
}

// why says a reason of an answer about the row in the words of the table.
func (r *Row) why(reason string) string {
	pointer, rest, found := strings.Cut(reason, ": ")
	if !found {
		return reason
	}
	column := ""
	if at, ok := strings.CutPrefix(pointer, "/values/"); ok {
		if i, err := strconv.Atoi(at); err == nil && i >= 0 && i < len(r.values) {
			column = r.values[i]
		}
	} else if pointer == "/account" {
		column = r.account
	}
	if column == "" {
		return reason
	}
	return column + ": " + rest
}

// column is how column i is called: as its heading is, or by its number.
func (t *Table) column(i int) string {
	if i < len(t.heading) && strings.TrimSpace(t.heading[i]) != "" {
		return "column " + strings.TrimSpace(t.heading[i])
	}
	return "column " + strconv.Itoa(i+1)
}

// separator finds what stands between the cells of the first line: spreadsheets of many
// countries write a semicolon, some a tab.
func separator(in *bufio.Reader) rune {
	head, _ := in.Peek(4096) // a shorter file is all there
	line, _, _ := strings.Cut(string(head), "\n")
	best := ','
	for _, c := range []rune{';', '\t'} {
		if strings.Count(line, string(c)) > strings.Count(line, string(best)) {
			best = c
		}
	}
	return best
}

// csvReason is an error of the reader without what it read.
func csvReason(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return fmt.Errorf("line %d: %w", p.Line, p.Err)
	}
	return err
}

// Next returns the next row, or io.EOF. Rows without anything in
// them are passed over.
func (t *Table) Next() (Row, error) {
	for {
		row, line := t.first, t.line
		if t.first = nil; row == nil {
			var err error
			if row, err = t.csv.Read(); errors.Is(err, io.EOF) {
				if t.begun > 0 && t.end.last != '"' {
					return Row{}, t.unclosed(t.begun)
				}
				return Row{}, io.EOF
			} else if err != nil {
				return Row{}, fmt.Errorf("reading %s: %w", t.name, csvReason(err))
			}
			line, _ = t.csv.FieldPos(0)
		}
		t.begun = 0
		if strings.Contains(row[len(row)-1], "\n") {
			t.begun = line
		}
		for i, cell := range row {
			if kind := t.kind(i, cell); kind != "" && kind != "text" && kind != phoneColumn && strings.Contains(strings.TrimSpace(cell), "\n") {
				return Row{}, t.unclosed(line)
			}
		}
		if r, ok := t.record(row, line); ok {
			return r, nil
		}
	}
}

// record makes a record of a row.
func (t *Table) record(row []string, line int) (r Row, ok bool) {
	r.Ref = t.name + ":" + strconv.Itoa(line)
	var texts []string
	for i, cell := range row {
		cell = strings.TrimSpace(cell)
		if cell == "" {
			continue
		}
		ok = true
		switch kind := t.kind(i, cell); kind {
		case ownAccount:
			r.Account, r.account = cell, t.column(i)
		case phoneColumn:
			if rounded.MatchString(cell) { // in a text it would pass for no number at all
				r.Values = append(r.Values, lantern.TypedValue{Type: signal.Phone.Name, Value: cell})
				r.values = append(r.values, t.column(i))
				continue
			}
			texts = append(texts, cell)
		case "", "text":
			texts = append(texts, cell)
		default:
			r.Values = append(r.Values, lantern.TypedValue{Type: kind, Value: cell})
			r.values = append(r.values, t.column(i))
			if kind == signal.Username.Name && r.Account == "" {
				r.Account, r.account = cell, t.column(i)
			}
		}
	}
	r.Text = strings.Join(texts, "\n")
	return r, ok
}

// kind is what cell i of a row holds.
func (t *Table) kind(i int, cell string) lantern.SignalType {
	switch {
	case t.columns == nil:
		return guess(cell)
	case i < len(t.columns):
		return t.columns[i]
	}
	return ""
}

// guess says what a cell of a table without a heading holds.
func guess(cell string) lantern.SignalType {
	switch {
	case strings.Contains(cell, "://"):
		return signal.URL.Name
	case strings.ContainsAny(cell, " \t\n"):
		return ""
	case strings.Contains(strings.TrimPrefix(cell, "@"), "@"):
		return signal.Email.Name
	case strings.ContainsAny(cell, "./"): // an address, or a sentence's end
		return ""
	}
	return signal.Username.Name
}
