package csv_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/format/csv"
)

// readAll returns the rows of a file.
func readAll(t *testing.T, text string) []csv.Record {
	t.Helper()
	r, err := csv.NewReader(strings.NewReader(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []csv.Record
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rec)
	}
}

func TestEveryColumn(t *testing.T) {
	t.Parallel()
	heading := strings.Join(column.Names(), ",")
	row := "phone,'+15550100,12 13,csam;grooming,lead,high,yes,80%,Section 4,human,account disabled,2026-03-01," +
		"2026-02-01T10:00:00+02:00,2026-02-02,de,content,false,GREEN,ncmec,2026-09-01,a note,77,78 79,80,5,6"
	got := readAll(t, heading+"\n"+row+"\n")
	day := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	}
	want := lantern.Draft{
		Type: "phone", Value: "+15550100", Programs: []lantern.ID{12, 13}, Tags: []lantern.Tag{"csam", "grooming"},
		Status: lantern.Lead, Severity: lantern.High, Imminent: true, Confidence: 80,
		Basis:     lantern.Basis{Policy: "Section 4", ReviewedBy: lantern.ByHuman, Action: "account disabled", At: day(3, 1, 0)},
		FirstSeen: day(2, 1, 8), LastSeen: day(2, 2, 0), Language: "de", Role: lantern.Content,
		Handling: lantern.Green, UseRestriction: "ncmec", Expires: day(9, 1, 0), Note: "a note",
		Links: []lantern.Link{{Kind: lantern.DerivedFrom, Signal: 77}, {Kind: lantern.PostedAt, Signal: 78}, {Kind: lantern.PostedAt, Signal: 79},
			{Kind: lantern.SameAccount, Signal: 80}},
	}
	if len(got) != 1 || got[0].Err != nil || !reflect.DeepEqual(got[0].Signal, lantern.Signal{ID: 5, Member: 6, Draft: want}) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text string }{
		{"commas", "type,value\nurl,https://example.com/a\n"},
		{"semicolons", "type;value\nurl;https://example.com/a\n"},
		{"tabs", "type\tvalue\nurl\thttps://example.com/a\n"},
		{"byte order mark", "\ufefftype,value\nurl,https://example.com/a\n"},
		{"carriage returns", "type,value\r\nurl,https://example.com/a\r\n"},
		{"capitals and spaces", "Type , VALUE\nurl, https://example.com/a \n"},
		{"quoted", "\"type\",\"value\"\n\"url\",\"https://example.com/a\"\n"},
		{"remarks", "#who,type,value,#why\nme,url,https://example.com/a,because\n"},
		{"no line feed at the end", "type,value\nurl,https://example.com/a"},
	} {
		got := readAll(t, tt.text)
		if len(got) != 1 || got[0].Err != nil || got[0].Signal.Type != "url" || got[0].Signal.Value != "https://example.com/a" {
			t.Errorf("%s: got %+v", tt.name, got)
		}
	}
}

func TestBadHeading(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"empty file", "", "the file is empty"},
		{"unknown column", "type,valeu\n", "a column that does not exist"},
		{"no heading", "url,https://secret.example/\n", "a column that does not exist"},
		{"twice", "type,value,type\n", "/type: two columns of this name"},
		{"open quote", "\"type,value\n", "not CSV at line 1"},
	} {
		_, err := csv.NewReader(strings.NewReader(tt.text), nil)
		if lantern.KindOf(err) != lantern.Invalid || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A bad row says which column and what it should hold, and the next row is read.
func TestBadRows(t *testing.T) {
	t.Parallel()
	got := readAll(t, "type,value,confidence,expires,programs,imminent\n"+
		"url,a,high,soon,x,maybe\n"+
		"url,b\n"+
		"url,c,7,,,\n")
	if len(got) != 3 || got[2].Err != nil || got[2].Line != 4 || got[2].Signal.Confidence != 7 {
		t.Fatalf("got %+v", got)
	}
	var e *lantern.Error
	if !errors.As(got[0].Err, &e) || len(e.Also) != 3 {
		t.Fatalf("row 2: got %v", got[0].Err)
	}
	for i, field := range []string{"/confidence", "/expires", "/programs", "/imminent"} {
		if c := append([]*lantern.Error{e}, e.Also...)[i]; c.Field != field || c.Fix == "" {
			t.Errorf("complaint %d: got %+v, want %s", i, c, field)
		}
	}
	if err := got[1].Err; err == nil || !strings.Contains(err.Error(), "2 cells under 6 headings") {
		t.Errorf("row 3: got %v", err)
	}
}

// A table may have a column for each type of values, as hash lists do. Each value of a row is one
// record, with what the row says beside it.
func TestColumnsOfValues(t *testing.T) {
	t.Parallel()
	got := readAll(t, "MD5;SHA-1;Photo DNA;confidence;#analyst\nb1;;x;7;me\n;'=s;;high;me\n;;;;\nb4\n;b\xff;;;\n")
	var all []string
	for _, rec := range got {
		text := fmt.Sprintf("%d %s %s %s", rec.Line, rec.Column, rec.Signal.Type, rec.Signal.Value)
		if e := (*lantern.Error)(nil); errors.As(rec.Err, &e) {
			text += " " + e.Field + " " + e.Reason
		}
		all = append(all, text)
	}
	want := []string{"2 MD5 md5 b1", "2 Photo DNA photodna x", "3 SHA-1 sha1 =s /confidence cannot be read", "4     no value in any column",
		"5     1 cells under 5 headings", "6 SHA-1 sha1 b\xff /value not UTF-8 text"}
	if !slices.Equal(all, want) || got[0].Signal.Confidence != 7 {
		t.Errorf("got\n%q, want\n%q", all, want)
	}
	for _, heading := range []string{"md5,value\n", "type,md5\n", "md5,secret\n", "tactic\n"} {
		if _, err := csv.NewReader(strings.NewReader(heading), nil); lantern.KindOf(err) != lantern.Invalid || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: got %v", heading, err)
		}
	}
}

func TestUnclosedQuoteIsBounded(t *testing.T) {
	t.Parallel()
	r, err := csv.NewReader(io.MultiReader(strings.NewReader("type,value\nurl,\""), endless{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(); lantern.KindOf(err) != lantern.TooLarge || !strings.Contains(err.Error(), "after that of line 1") {
		t.Errorf("got %v, want it too large and placed in the file", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func FuzzRead(f *testing.F) {
	f.Add("type,value\nurl,https://example.com/\n")
	f.Add("\ufeff#x;type;confidence\n1;url;'+5\n\"")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := csv.NewReader(strings.NewReader(text), nil)
		if err != nil {
			return
		}
		for range 1000 {
			rec, err := r.Read()
			if err != nil {
				return
			}
			if rec.Err == nil && len(rec.Cells) != len(r.Heading()) {
				t.Fatalf("%d cells under %d headings", len(rec.Cells), len(r.Heading()))
			}
		}
	})
}

// The document names every column.
func TestDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../../docs/formats/csv.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range column.Names() {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/formats/csv.md does not explain %s", name)
		}
	}
}

// Other people's headings, and what --map makes of them.
func TestHeadings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		rename     map[string]string
	}{
		{"spelling", "Signal-Type,Indicator,Reviewed By\nurl,https://example.com/a,human\n", nil},
		{"renamed", "Kind of thing,Link,Analyst,Who\nurl,https://example.com/a,human,me\n",
			map[string]string{"kind of thing": "type", "Link": "value", "Analyst": "reviewed_by", "WHO": "#"}},
	} {
		r, err := csv.NewReader(strings.NewReader(tt.text), tt.rename)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		rec, err := r.Read()
		if s := rec.Signal; err != nil || rec.Err != nil || s.Type != "url" || s.Value != "https://example.com/a" || s.Basis.ReviewedBy != lantern.ByHuman {
			t.Errorf("%s: got %+v, %v", tt.name, rec, err)
		}
	}
	_, err := csv.NewReader(strings.NewReader("type,value\n"), map[string]string{"link": "value"})
	if err == nil || !strings.Contains(err.Error(), "--map names a column that the heading does not have") {
		t.Errorf("a name that is not there: got %v", err)
	}
}

// Text in an old encoding refuses its row with the column's name; the next row is read.
func TestOldEncoding(t *testing.T) {
	t.Parallel()
	got := readAll(t, "type,value,note\nurl,https://example.com/a,caf\xe9\nurl,https://example.com/b,\n")
	var e *lantern.Error
	if len(got) != 2 || !errors.As(got[0].Err, &e) || e.Field != "/note" || !strings.Contains(e.Fix, "WINDOWS-1252") || got[1].Err != nil {
		t.Errorf("got %+v", got)
	}
	_, err := csv.NewReader(strings.NewReader("type,value,#caf\xe9\n"), nil)
	if err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("heading: got %v", err)
	}
}

// The line of a quotation mark that is not closed is that of its row.
func TestOpenQuoteNamesItsLine(t *testing.T) {
	t.Parallel()
	r, err := csv.NewReader(strings.NewReader("type,value\nurl,a\nurl,\"b\nurl,c\nurl,\"d\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = r.Read(); err == nil {
		_, err = r.Read()
	}
	if lantern.KindOf(err) != lantern.Invalid || !strings.Contains(err.Error(), "not CSV at line 3") {
		t.Errorf("got %v", err)
	}
}

// What is written comes back as it was, or is named as lost.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	words := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`['=+@\-＝ \t\n,;"a-zé]{0,8}`))
	ids := rapid.SliceOfN(rapid.Map(rapid.Int64Range(1, 1<<62), func(n int64) lantern.ID { return lantern.ID(n) }), 0, 3)
	times := rapid.Map(rapid.Int64Range(0, 1<<50), func(n int64) time.Time { return time.UnixMicro(n).UTC() })
	rapid.Check(t, func(rt *rapid.T) {
		s := lantern.Signal{ID: 5, Member: 6, Draft: lantern.Draft{
			Type: "phrase", Value: words.Draw(rt, "value"), Programs: ids.Draw(rt, "programs"), Tags: []lantern.Tag{"csam", "trade"},
			Imminent: rapid.Bool().Draw(rt, "imminent"), Confidence: rapid.IntRange(0, 100).Draw(rt, "confidence"),
			Basis: lantern.Basis{Policy: words.Draw(rt, "policy"), Action: words.Draw(rt, "action"), At: times.Draw(rt, "at")},
			Note:  words.Draw(rt, "note"), UseRestriction: words.Draw(rt, "restriction"), Expires: times.Draw(rt, "expires"),
		}}
		for _, id := range ids.Draw(rt, "links") {
			kind := rapid.SampledFrom([]lantern.LinkKind{lantern.DerivedFrom, lantern.SameAccount}).Draw(rt, "kind")
			s.Links = append(s.Links, lantern.Link{Kind: kind, Signal: id})
		}
		var b strings.Builder
		w := csv.NewWriter(&b, true)
		lost, err := w.Write(&s)
		if err = errors.Join(err, w.Flush()); err != nil {
			rt.Fatal(err)
		}
		r, err := csv.NewReader(strings.NewReader(b.String()), nil)
		if err != nil {
			rt.Fatal(err)
		}
		rec, err := r.Read()
		if err != nil || rec.Err != nil || rec.Signal.ID != 5 || rec.Signal.Member != 6 {
			rt.Fatalf("%q reads as %+v, %v", b.String(), rec, err)
		}
		got := rec.Signal
		for _, name := range lost { // said to be lost
			switch name {
			case "value":
				got.Value = s.Value
			case "policy":
				got.Basis.Policy = s.Basis.Policy
			case "action":
				got.Basis.Action = s.Basis.Action
			case "note":
				got.Note = s.Note
			case "use_restriction":
				got.UseRestriction = s.UseRestriction
			case "links":
				got.Links = s.Links
			default:
				rt.Fatalf("%s is lost", name)
			}
		}
		if len(s.Programs) == 0 {
			got.Programs = s.Programs
		}
		if !reflect.DeepEqual(got, s) {
			rt.Fatalf("%q\n got %+v\nwant %+v", b.String(), got, s)
		}
		for _, text := range []string{s.Note, s.Basis.Policy} {
			if text == strings.TrimSpace(text) && slices.Contains(lost, "note") && text == s.Note {
				rt.Fatalf("%q is lost although nothing stands around it", text)
			}
		}
	})
}
