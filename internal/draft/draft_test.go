package draft_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/text/encoding/unicode"

	"lantern"
	"lantern/internal/draft"
)

const (
	heading = "type,value,programs,tags,policy,reviewed_by\n"
	good    = `{"type":"url","value":"https://files.example.com/a","programs":["12"],"tags":["csam"],"basis":{"policy":"p","reviewed_by":"human"}}`
)

// rows reads all rows of a file.
func rows(t *testing.T, text string) (all []draft.Row, err error) {
	t.Helper()
	r, err := draft.NewReader(strings.NewReader(text), draft.Options{})
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, row)
	}
}

// utf16 encodes text as a spreadsheet may save it.
func utf16(t *testing.T, order unicode.Endianness, text string) string {
	t.Helper()
	s, err := unicode.UTF16(order, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The two formats are told apart, whatever their encoding and line ends.
func TestRead(t *testing.T) {
	t.Parallel()
	table := heading + "url,https://files.example.com/a,12,csam,p,human\n"
	for _, tt := range []struct {
		name, text string
		line       int
	}{
		{"CSV", table, 2},
		{"CSV with a mark and CRLF", "\ufeff" + strings.ReplaceAll(table, "\n", "\r\n"), 2},
		{"CSV in UTF-16", utf16(t, unicode.LittleEndian, strings.ReplaceAll(table, ",", "\t")), 2},
		{"CSV in UTF-16, big end first", utf16(t, unicode.BigEndian, table), 2},
		{"NDJSON", good, 1},
		{"NDJSON with a mark", "\ufeff\n" + good + "\r\n", 2},
		{"NDJSON in UTF-16", utf16(t, unicode.LittleEndian, good+"\n"), 1},
		{"NDJSON of refused rows", "# line 7: /tags: missing\n# line 7: /note: too long\n" + good + "\n", 3},
		{"CSV of refused rows", "#line,#field," + heading + "7,/tags,url,https://files.example.com/a,12,csam,p,human\n", 2},
		{"a signal", strings.Replace(good, "{", `{"id":"5","member":"6","state":"active","created":"2026-03-01T12:00:00Z","updated":"2026-03-01T12:00:00Z",`, 1), 1},
	} {
		got, err := rows(t, tt.text)
		if err != nil || len(got) != 1 || got[0].Err != nil || got[0].Line != tt.line || got[0].Signal.Value != "https://files.example.com/a" {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
		}
	}
}

// What is neither says what it is and what to do, and does not repeat what it holds.
func TestNotRows(t *testing.T) {
	t.Parallel()
	secret := "https://secret.example/"
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "the file is empty"},
		{"workbook", "PK\x03\x04" + secret, "a workbook or a compressed file"},
		{"gzip", "\x1f\x8b" + secret, "a workbook or a compressed file"},
		{"UTF-16 without a mark", utf16(t, unicode.LittleEndian, secret)[2:], "NUL characters"},
		{"CR alone", "type,value\rurl," + secret + "\r", "end in CR alone"},
		{"array", "[" + good + "]", "jq -c"},
		{"long line", good + "\n{\"note\":\"" + strings.Repeat("x", 1<<20) + "\"}\n", "line 2 is longer"},
		{"open quote", heading + "url,a,12,csam,p,human\nurl,\"" + secret, "not CSV at line 3"},
	} {
		_, err := rows(t, tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// rules are those of a member with one program.
func rules() draft.Rules {
	return draft.Rules{Now: now,
		Me: &lantern.Whoami{Member: lantern.Member{ID: 6}, Person: &lantern.Person{Trained: now.AddDate(0, 1, 0)}, Programs: []lantern.Program{{ID: 12,
			Policy: lantern.Policy{Tags: []lantern.Tag{"csam"}, Types: map[lantern.SignalType]lantern.TypePolicy{"url": {MaxRetention: 30}, "phrase": {}}}}}},
		Screen: func(_ lantern.SignalType, canonical string) error {
			if canonical == "https://broad.example/" {
				return &lantern.Error{Kind: lantern.Invalid, Field: "/value", Reason: "on the warning list"}
			}
			return nil
		}}
}

// Every complaint about a row is told at once, and each but once.
func TestComplaints(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, row, want string }{
		{"good", "url,https://files.example.com/a,12,csam,p,human", ""},
		{"everything is missing", ",,,,,", "/programs /type /value /tags /basis/reviewed_by /basis/policy"},
		{"value and program", "url,not an address,13,csam,p,human", "/value /programs/0"},
		{"type and tags", "email,a@example.com,12,trade csam other,p,human", "/type /tags/0 /tags/2"},
		{"unknown type", "urls,https://files.example.com/a,12,csam,p,human", "/type"},
		{"warning list", "url,https://broad.example,12,csam,p,robot", "/basis/reviewed_by /value"},
		{"unreadable cell and more", "url,not an address,x,trade,p,human", "/programs /value"},
		{"cells", "url,https://files.example.com/a", ""},
	} {
		all, err := run(t, heading+tt.row+"\n", nil)
		if err != nil || len(all) != 1 {
			t.Errorf("%s: got %v, %v", tt.name, all, err)
			continue
		}
		var fields []string
		if all[0].Err != nil {
			for _, e := range draft.Complaints(all[0].Err) {
				fields = append(fields, e.Field)
				if e.Also != nil || e.Reason == "" {
					t.Errorf("%s: got %+v", tt.name, e)
				}
			}
		}
		if got := strings.Join(fields, " "); got != tt.want {
			t.Errorf("%s: complaints about %q, want %q", tt.name, got, tt.want)
		}
	}
	own := strings.Replace(good, "{", `{"member":"6",`, 1)
	another := strings.Replace(good, "{", `{"member":"7",`, 1)
	all, err := run(t, own+"\n"+another+"\n", nil)
	if err != nil || len(all) != 2 || all[0].Err != nil || all[1].Err == nil || !strings.Contains(all[1].Err.Error(), "another member's signal") {
		t.Errorf("owners: got %+v, %v", all, err)
	}
	past := strings.Replace(good, "{", `{"expires":"2026-01-01T00:00:00Z",`, 1)
	if all, err := run(t, past+"\n", nil); err != nil || all[0].Err == nil || !strings.Contains(all[0].Err.Error(), "/expires") {
		t.Errorf("expiry: got %+v, %v", all, err)
	}
}

// run shares a file under the rules and returns the rows as they were done.
func run(t *testing.T, text string, share func(context.Context, []lantern.Draft) ([]lantern.ShareResult, error)) (all []draft.Row, err error) {
	t.Helper()
	r, err := draft.NewReader(strings.NewReader(text), draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := draft.Sharing{From: r, Rules: rules(), Share: share, Flush: func() error { return nil },
		Done: func(row draft.Row, result lantern.ShareResult) error {
			if want := fmt.Sprint(row.Line); share != nil && row.Err == nil && result.Signal.String() != want {
				return fmt.Errorf("row %s got the result of %s", want, result.Signal)
			}
			all = append(all, row)
			return nil
		}}
	err = s.Run(t.Context())
	return all, err
}

// Batches overtake each other, their results do not.
func TestOrder(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("type,value,programs,tags,policy,reviewed_by,note\n")
	const n = 4000
	for line := 2; line < n+2; line++ {
		value := fmt.Sprintf("https://files.example.com/%d", line)
		if line%7 == 0 {
			value = "not an address"
		}
		fmt.Fprintf(&file, "url,%s,12,csam,p,human,%d\n", value, line)
	}
	overtaken := make(chan struct{}) // the second batch to come is answered after another one was
	var first, second, third sync.Once
	all, err := run(t, file.String(), func(_ context.Context, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
		at := 3
		first.Do(func() { at = 1 })
		if at != 1 {
			second.Do(func() { at = 2 })
		}
		switch at {
		case 2:
			<-overtaken
		case 3:
			defer third.Do(func() { close(overtaken) })
		}
		results := make([]lantern.ShareResult, len(drafts))
		for i, d := range drafts {
			results[i].Status = lantern.Created
			results[i].Signal, _ = lantern.ParseID(d.Note)
		}
		return results, nil
	})
	if err != nil || len(all) != n {
		t.Fatalf("%d rows, %v", len(all), err)
	}
	for i, row := range all {
		if row.Line != i+2 || (row.Err != nil) != (row.Line%7 == 0) {
			t.Fatalf("row %d is line %d, %v", i, row.Line, row.Err)
		}
	}
}

// Two rows on one value, batches apart: the second waits for the first.
func TestLaterRowStands(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("type,value,programs,tags,policy,reviewed_by,note\n")
	const n = 1200
	for line := 2; line < n+2; line++ {
		value := fmt.Sprintf("https://files.example.com/f%d", line)
		if line == 2 || line == n+1 {
			value = "https://files.example.com/same"
		}
		fmt.Fprintf(&file, "url,%s,12,csam,p,human,%d\n", value, line)
	}
	var mu sync.Mutex
	var order []string
	_, err := run(t, file.String(), func(_ context.Context, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
		results := make([]lantern.ShareResult, len(drafts))
		mu.Lock()
		defer mu.Unlock()
		for i, d := range drafts {
			id, _ := lantern.ParseID(d.Note)
			results[i] = lantern.ShareResult{Status: lantern.Created, Signal: id}
			if strings.HasSuffix(d.Value, "/same") {
				order = append(order, d.Note)
			}
		}
		return results, nil
	})
	if want := []string{"2", fmt.Sprint(n + 1)}; err != nil || !reflect.DeepEqual(order, want) {
		t.Errorf("shared in the order %v, %v", order, err)
	}
}

// A batch that cannot be shared ends the run: every row before it is done, none after it.
func TestFailure(t *testing.T) {
	t.Parallel()
	file := heading + strings.Repeat("url,https://files.example.com/a,12,csam,p,human\n", 3000)
	broken := errors.New("the exchange is gone")
	var calls int // rows on one value wait for each other, so calls come one by one
	r, err := draft.NewReader(strings.NewReader(file), draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	s := draft.Sharing{From: r, Rules: rules(), Flush: func() error { return nil },
		Done: func(draft.Row, lantern.ShareResult) error { done++; return nil },
		Share: func(_ context.Context, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
			if calls++; calls == 3 {
				return nil, broken
			}
			return make([]lantern.ShareResult, len(drafts)), nil
		}}
	if err := s.Run(t.Context()); !errors.Is(err, broken) || done != 1000 {
		t.Errorf("got %v after %d rows", err, done)
	}
}

// Whoever takes the first batch that comes and no other, as a quota does that is nearly used up, took
// the beginning of the file.
func TestQuota(t *testing.T) {
	t.Parallel()
	var file strings.Builder
	file.WriteString("type,value,programs,tags,policy,reviewed_by,note\n")
	for line := 2; line < 3000; line++ {
		fmt.Fprintf(&file, "url,https://files.example.com/q%d,12,csam,p,human,%d\n", line, line)
	}
	for range 20 {
		var full atomic.Bool
		all, err := run(t, file.String(), func(_ context.Context, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
			if full.Swap(true) {
				return nil, errors.New("no more today")
			}
			results := make([]lantern.ShareResult, len(drafts))
			for i, d := range drafts {
				results[i].Signal, _ = lantern.ParseID(d.Note)
			}
			return results, nil
		})
		if err == nil || len(all) == 0 {
			t.Fatalf("%d rows are done, %v", len(all), err)
		}
	}
}

// Refused rows stand as they were, with what was wrong, and the file reads as it is. One
// made of another has no more columns and remarks than that.
func TestRejects(t *testing.T) {
	t.Parallel()
	about := []*lantern.Error{{Field: "/tags", Reason: "missing", Fix: "mend"}, {Field: "/x", Reason: "wrong"}}
	remarks := "/tags; /x\tmissing; wrong\tmend"
	for _, tt := range []struct {
		name, text string
		want       []string // %d stands for the line
	}{
		{"CSV", "type\tvalue\t#who\tnote\nurl\t\" =1+1\"\tme\t\"=2\t3\"\nurl\tb\nurl\tc\tme\t'+4\n", []string{
			"#line\t#field\t#reason\t#fix\ttype\tvalue\t#who\tnote\n",
			"%d\t" + remarks + "\turl\t\" =1+1\"\tme\t\"'=2\t3\"\n", // safe in a spreadsheet, read as it was
			"%d\t" + remarks + "\turl\tb\n",
			"%d\t" + remarks + "\turl\tc\tme\t'+4\n"}},
		{"NDJSON", good + "\n\nnot json\n", []string{
			"# line %d: /tags: missing (mend)\n# line %[1]d: /x: wrong\n" + good + "\n",
			"# line %d: /tags: missing (mend)\n# line %[1]d: /x: wrong\nnot json\n"}},
	} {
		text := tt.text
		for round := range 2 {
			var got, want strings.Builder
			from, err := draft.NewReader(strings.NewReader(text), draft.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rejects, err := draft.NewRejects(&got, from)
			if err != nil {
				t.Fatal(err)
			}
			parts := tt.want
			if !strings.Contains(parts[0], "%") {
				want.WriteString(parts[0])
				parts = parts[1:]
			}
			for _, part := range parts {
				row, err := from.Read()
				if err == nil {
					err = rejects.Add(row, about)
				}
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(part, "%[1]d") {
					fmt.Fprintf(&want, part, row.Line)
				} else {
					want.WriteString(strings.Replace(part, "%d", fmt.Sprint(row.Line), 1))
				}
			}
			if err := rejects.Flush(); err != nil {
				t.Fatal(err)
			}
			if got.String() != want.String() {
				t.Errorf("%s, round %d: got\n%s\nwant\n%s", tt.name, round, got.String(), want.String())
			}
			text = got.String()
		}
	}
}

// An own signal is written as a draft that reads as it was; another member's is known by
// its owner.
func TestWriter(t *testing.T) {
	t.Parallel()
	s := lantern.Signal{ID: 5, Member: 7, State: lantern.Active, Created: now, Updated: now, Draft: lantern.Draft{
		Programs: []lantern.ID{12}, Type: "phrase", Value: "velvet tamarind", Tags: []lantern.Tag{"csam"}, Status: lantern.Lead,
		Basis: lantern.Basis{Policy: "'=p", ReviewedBy: lantern.ByHuman, At: now}, Note: " a\nb",
		Links: []lantern.Link{{Kind: lantern.SameAccount, Signal: 9}}}}
	for _, tt := range []struct {
		name    string
		format  draft.Format
		signals bool
		lost    string
	}{
		{"drafts as NDJSON", draft.NDJSON, false, ""}, {"signals as NDJSON", draft.NDJSON, true, ""},
		{"drafts as CSV", draft.CSV, false, "note"}, {"signals as CSV", draft.CSV, true, "note"},
		{"drafts for MISP", draft.MISP, false, ""}, {"signals for MISP", draft.MISP, true, ""},
	} {
		var b strings.Builder
		w, err := draft.NewWriter(&b, tt.format, tt.signals, now, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Add(s), w.Flush()); err != nil {
			t.Fatal(err)
		}
		got, err := rows(t, b.String())
		if err != nil || len(got) != 1 || got[0].Err != nil {
			t.Errorf("%s: %q reads as %+v, %v", tt.name, b.String(), got, err)
			continue
		}
		want := s.Draft
		if tt.lost != "" {
			want.Note = "a\nb"
		}
		if w.Rows != 1 || len(w.Lost) != len(tt.lost)/4 || !reflect.DeepEqual(got[0].Signal.Draft, want) {
			t.Errorf("%s: lost %v, got %+v", tt.name, w.Lost, got[0].Signal.Draft)
		}
		if owned := got[0].Signal.Member == 7 && got[0].Signal.ID == 5; owned != tt.signals {
			t.Errorf("%s: owner and id %v", tt.name, owned)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good + "\n")
	f.Add("#line,#field,type,value\n1,/x,url,'=a\n")
	f.Add("\xff\xfet\x00y\x00")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := draft.NewReader(strings.NewReader(text), draft.Options{})
		if err != nil {
			return
		}
		rules := rules()
		for range 1000 {
			row, err := r.Read()
			if err != nil {
				return
			}
			_, _ = rules.Check(&row.Signal)
		}
	})
}

// A text of values alone is a list if a type is said, and a heading is never taken for a
// value.
func TestLists(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text string
		o          draft.Options
		format     draft.Format
		want       string
	}{
		{"list", "# of last week\nhttps://files.example.com/a\r\n\n  https://files.example.com/b", draft.Options{Type: "url"}, draft.List, "2 https://files.example.com/a;4 https://files.example.com/b;"},
		{"values that look like a row", "velvet, tamarind\n#velvet\n", draft.Options{Type: "phrase"}, draft.List, "1 velvet, tamarind;2 #velvet;"},
		{"table", "value,tags\nvelvet tamarind,csam\n", draft.Options{Type: "phrase"}, draft.CSV, "2 velvet tamarind;"},
		{"renamed", "Words\nvelvet tamarind\n", draft.Options{Type: "phrase", Map: map[string]string{"words": "value"}}, draft.CSV, "2 velvet tamarind;"},
		{"said to be a list", "value\nvelvet\n", draft.Options{Type: "phrase", Format: draft.List}, draft.List, "1 value;2 velvet;"},
		{"objects", "{\"value\":\"velvet tamarind\"}\n", draft.Options{Type: "phrase"}, draft.NDJSON, "1 velvet tamarind;"},
	} {
		r, err := draft.NewReader(strings.NewReader(tt.text), tt.o)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var got strings.Builder
		for {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil || row.Err != nil || row.Signal.Type != tt.o.Type {
				t.Fatalf("%s: %+v, %v", tt.name, row, err)
			}
			fmt.Fprintf(&got, "%d %s;", row.Line, row.Signal.Value)
		}
		if got.String() != tt.want || r.Format != tt.format {
			t.Errorf("%s: got %s as %s, want %s as %s", tt.name, got.String(), r.Format, tt.want, tt.format)
		}
	}
	for _, tt := range []struct {
		name, text, want string
		o                draft.Options
	}{
		{"heading with a mistake", "value,secret\nvelvet,x\n", "a column that does not exist", draft.Options{Type: "phrase"}},
		{"no type", "velvet\n", "of what type", draft.Options{Format: draft.List}},
		{"type without values", "velvet\n", "of what type", draft.Options{Format: draft.List, Type: lantern.TacticType}},
		{"renamed list", "velvet\n", "leave --map and --preset out", draft.Options{Format: draft.List, Type: "phrase", Map: map[string]string{"a": "b"}}},
	} {
		if _, err := draft.NewReader(strings.NewReader(tt.text), tt.o); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A table that another tool wrote is known by its heading, and its rows stand in the file of
// rejects as they are.
func TestPreset(t *testing.T) {
	t.Parallel()
	heading := "uuid,event_id,category,type,value,comment,to_ids,date,attribute_tag\n"
	text := heading + "x,7,Other,url,https://files.example.com/a,=seen,1,20260301,\"tlp:red,csam\"\nx,7,Other,comment,secret,,0,20260301,\nx,7,Other,url,not an address,,1,,tlp:secret\n"
	r, err := draft.NewReader(strings.NewReader(text), draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	row, err := r.Read()
	if s := row.Signal; err != nil || row.Err != nil || row.Line != 2 || s.Value != "https://files.example.com/a" || s.Handling != lantern.Red || s.Note != "=seen" {
		t.Errorf("got %+v, %v", row, err)
	}
	row, err = r.Read()
	if err != nil || row.Err == nil || row.Line != 4 || r.Lost()["attributes of other types"] != 1 {
		t.Fatalf("got %+v, %v, lost %v", row, err, r.Lost())
	}
	if got := r.Field(row, "/note"); got != "/note" {
		t.Errorf("a column of somebody else's table is called %q", got)
	}
	var rejects strings.Builder
	out, err := draft.NewRejects(&rejects, r)
	if err := errors.Join(err, out.Add(row, draft.Complaints(row.Err)), out.Flush()); err != nil {
		t.Fatal(err)
	}
	again, err := draft.NewReader(strings.NewReader(rejects.String()), draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if row, err := again.Read(); err != nil || row.Err == nil || row.Signal.Value != "not an address" {
		t.Errorf("rejects read as %+v, %v", row, err)
	}
	renamed := strings.Replace(text, "event_id", "Event", 1)
	if r, err = draft.NewReader(strings.NewReader(renamed), draft.Options{Preset: draft.MISPTable, Map: map[string]string{"Event": "event_id"}}); err != nil {
		t.Fatal(err)
	}
	if row, err = r.Read(); err != nil || row.Signal.Handling != lantern.Red {
		t.Errorf("renamed: got %+v, %v", row, err)
	}
}

// Lists of either kind hold a member's own values, and count what they cannot hold.
func TestWriteLists(t *testing.T) {
	t.Parallel()
	md5 := lantern.Signal{ID: 5, Member: 6, Draft: lantern.Draft{Type: "md5", Value: "0cc175b9c0f1b6a831c399e269772661", Severity: lantern.High}}
	url := lantern.Signal{ID: 6, Member: 6, Draft: lantern.Draft{Type: "url", Value: "https://files.example.com/a"}}
	for _, format := range []draft.Format{draft.List, draft.NCMEC} {
		var file strings.Builder
		w, err := draft.NewWriter(&file, format, false, now, "md5")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Add(md5), w.Add(url), w.Flush()); err != nil || w.Rows != 1 || w.NoPlace["url"] != 1 || w.Lost["severity"] != 1 {
			t.Errorf("%s: %v, %d rows, no place %v, lost %v", format, err, w.Rows, w.NoPlace, w.Lost)
		}
		r, err := draft.NewReader(strings.NewReader(file.String()), draft.Options{Type: "md5"})
		if err != nil || r.Format != format {
			t.Fatalf("%s: read as %v, %v", format, r, err)
		}
		row, err := r.Read()
		if err != nil || row.Err != nil || row.Signal.Value != md5.Value || row.Signal.Type != "md5" {
			t.Errorf("%s: got %+v, %v", format, row, err)
		}
		if _, err := draft.NewWriter(&file, format, true, now, "md5"); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%s: takes others' signals, %v", format, err)
		}
	}
	if _, err := draft.NewWriter(io.Discard, draft.List, false, now, ""); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("a list of no type: %v", err)
	}
}
