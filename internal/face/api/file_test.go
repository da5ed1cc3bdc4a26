package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/exchange"
	"lantern/internal/sqldb/sqldbtest"
)

// rowsOf makes a table of n addresses, of which every tenth is none.
func rowsOf(n int) string {
	var b strings.Builder
	b.WriteString("Link,Analyst\n")
	for i := range n {
		if i%10 == 9 {
			fmt.Fprintf(&b, "not an address %d,secret\n", i)
			continue
		}
		fmt.Fprintf(&b, "https://files.example.com/f/%d,secret\n", i)
	}
	return b.String()
}

// table says how such a table is read.
func table() client.FileOptions {
	return client.FileOptions{Type: "url", Map: map[string]string{"Link": "value", "Analyst": "#"}, Tags: []lantern.Tag{"trade"}, Policy: "Rule 4", ReviewedBy: lantern.ByHuman}
}

// A company brings a file by the API: dry first, then for good, then again. Another one takes a
// file of what it shared, which is entered before its first byte; each says what it left out.
func TestFiles(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		ctx := t.Context()
		w := newWorld(t, url)
		take := func(o client.FileOptions, text string) (rows []lantern.ImportRow, report lantern.ImportReport) {
			t.Helper()
			report, err := w.red.Import(ctx, w.program, strings.NewReader(text), o, func(r lantern.ImportRow) error { rows = append(rows, r); return nil })
			if err != nil {
				t.Fatal(err)
			}
			return rows, report
		}
		const n = 700
		before := w.size()
		o := table()
		o.DryRun = true
		rows, report := take(o, rowsOf(n))
		if report.Counts["ok"] != n*9/10 || report.Counts["refused"] != n/10 || report.Rows != n || len(report.Unchecked) == 0 || w.size() != before {
			t.Errorf("a dry run: %+v, log %d, was %d", report, w.size(), before)
		}
		if len(rows) != n/10 || rows[0].Line != 11 || rows[0].Type != "url" || rows[0].Status != lantern.Refused || rows[0].Field != "Link" || rows[0].Reason == "" || rows[0].Fix == "" {
			t.Errorf("%d rows are refused, the first is %+v", len(rows), rows[0])
		}
		for _, status := range []string{"created", "unchanged"} {
			if _, report = take(table(), rowsOf(n)); report.Counts[status] != n*9/10 || report.Counts["refused"] != n/10 || report.Line != n+1 || report.Unchecked != nil {
				t.Errorf("want %s: %+v", status, report)
			}
		}
		o = table()
		o.From = n
		if _, report = take(o, rowsOf(n)); report.Rows != 2 || report.Line != n+1 {
			t.Errorf("from line %d: %+v", n, report)
		}
		w.otherFormats(take)
		w.filesOut()
		if strings.Contains(w.log.String(), "secret") || strings.Contains(w.log.String(), "files.example.com") {
			t.Error("the log repeats a file")
		}
	})
}

// otherFormats imports one file of each, whose rows are all in order but those of others.
func (w *world) otherFormats(take func(client.FileOptions, string) ([]lantern.ImportRow, lantern.ImportReport)) {
	w.t.Helper()
	o := table()
	o.Map = nil
	draft := string(must(w.t)(json.Marshal(w.draft("https://files.example.com/o/1"))).([]byte))
	elsewhere := strings.Replace(draft, w.program.String(), "4711", 1)
	for name, c := range map[string]struct {
		text   string
		counts string
		lost   string
	}{
		"NDJSON":          {draft + "\n" + elsewhere + "\n", "map[created:1 refused:1]", "map[]"},
		"list":            {"https://files.example.com/o/2\n", "map[created:1]", "map[]"},
		"MISP":            {`{"Event":{"info":"x","Attribute":[{"type":"url","value":"https://files.example.com/o/3"}]}}`, "map[created:1]", "map[infos of events:1]"},
		"STIX":            {`{"type":"bundle","objects":[{"type":"report"},{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000002","pattern":"[url:value = 'https://files.example.com/o/4']","pattern_type":"stix"}]}`, "map[created:1]", "map[reports:1]"},
		"ThreatExchange":  {"td_raw_indicator,td_indicator_type\nhttps://files.example.com/o/5,URI\n", "map[created:1]", "map[]"},
		"descriptors":     {`{"data":[{"raw_indicator":"https://files.example.com/o/6","type":"URI"}]}`, "map[created:1]", "map[]"},
		"another program": {"type,value,programs\nurl,https://files.example.com/o/7,4711\n", "map[refused:1]", "map[]"},
		"no rows":         {"type,value\n", "map[]", "map[]"},
	} {
		rows, report := take(o, c.text)
		if fmt.Sprint(report.Counts) != c.counts || fmt.Sprint(report.NotTaken) != c.lost {
			w.t.Errorf("%s: %v, lost %v, want %s %s: %+v", name, report.Counts, report.NotTaken, c.counts, c.lost, rows)
		}
	}
}

// filesOut exports what red shared, to itself and to blue.
func (w *world) filesOut() {
	t, ctx := w.t, w.t.Context()
	t.Helper()
	hidden := w.draft("https://files.example.com/x/red")
	hidden.Handling = lantern.Red
	must(t)(w.red.Share(ctx, hidden))
	before := w.size()
	for _, format := range []string{"", "csv", "misp", "stix", "threatexchange"} {
		var theirs, own bytes.Buffer
		report, err := w.blue.Export(ctx, w.program, client.ExportOptions{Format: format}, &theirs)
		if err != nil || report.Rows == 0 || report.Others != report.Rows || report.LeftOut["RED"] != 1 || bytes.Contains(theirs.Bytes(), []byte("/x/red")) {
			t.Errorf("%s: %+v, %v", format, report, err)
		}
		if size := w.size(); size <= before {
			t.Errorf("%s: nothing was entered", format)
		} else {
			before = size
		}
		mine, err := w.red.Export(ctx, w.program, client.ExportOptions{Format: format, Whose: "own"}, &own)
		if err != nil || mine.Rows != report.Rows+1 || mine.Others != 0 || w.size() != before {
			t.Errorf("%s, own: %+v, %v", format, mine, err)
		}
		if format == "threatexchange" { // what violates comes back as a lead
			continue
		}
		for who, c := range map[string]company{"unchanged": w.red, "refused": w.blue} {
			back := own.String()
			if who == "refused" { // another's opinion is not one's own
				back = theirs.String()
			}
			got, err := c.Import(ctx, w.program, strings.NewReader(back), client.FileOptions{}, func(lantern.ImportRow) error { return nil })
			if err != nil || got.Counts[who] != got.Rows || got.Rows < report.Rows {
				t.Errorf("%s, in again: %+v, %v", format, got, err)
			}
		}
	}
}

// A body that is no file of any format, or breaks off, is refused in words that repeat nothing, and
// what came before the break stands.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	path := "/v1/programs/" + w.program.String() + "/import?type=url&tag=trade&policy=Rule+4&reviewed_by=human"
	gone := strings.Replace(path, w.program.String(), "4711", 1)
	row := "https://files.example.com/h/1\n"
	indicator := `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000002","pattern":"[url:value = 'https://files.example.com/h/2']","pattern_type":"stix"}`
	for _, c := range []struct {
		name, path, body string
		header           []string
		status           int
		says             string
	}{
		{"nothing", path, "", nil, 200, `"counts":{}`},
		{"a workbook", path, "PK\x03\x04secret", nil, 400, "a workbook or a compressed file"},
		{"packed", path, "\x1f\x8bsecret", nil, 400, "a workbook or a compressed file"},
		{"packed on the way", path, row, []string{"Content-Encoding", "gzip"}, 415, "compressed bodies"},
		{"a picture", path, "\xff\xd8\xff\xe0secret", nil, 415, "pictures"},
		{"binary", path, "a\x00secret", nil, 400, "NUL"},
		{"wrong format", path + "&format=stix", row, nil, 400, "not JSON at byte"},
		{"unknown format", path + "&format=secret", row, nil, 400, "not a format"},
		{"unknown parameter", path + "&secret=1", row, nil, 400, "unknown query parameter"},
		{"a map that is none", path + "&map=secret", row, nil, 400, "query parameter map"},
		{"a map of a list", path + "&map=%7B%22a%22%3A%22value%22%7D&format=list", row, nil, 400, "only a table has columns"},
		{"half a truth", path + "&dry_run=maybe", row, nil, 400, "query parameter dry_run"},
		{"not a number", path + "&from=x", row, nil, 400, "query parameter from"},
		{"no program", gone, row, nil, 404, "no such program"},
		{"a large event", path, `{"Event":{"info":"` + strings.Repeat("x", 16<<20) + `"}}`, nil, 413, "more than 16 MiB"},
	} {
		res, text := w.send("POST", c.path, w.red.key, c.body, c.header...)
		if res.StatusCode != c.status || !strings.Contains(text, c.says) || strings.Contains(text, "secret") {
			t.Errorf("%s: %d %s, want %d %q", c.name, res.StatusCode, text, c.status, c.says)
		}
	}
	for text, kind := range map[string]lantern.Kind{row + strings.Repeat("x", 2<<20): lantern.TooLarge, `{"objects":[` + indicator + `,{"type":"sec`: lantern.Invalid} {
		report, err := w.live(w.red.key).Import(t.Context(), w.program, strings.NewReader(text), client.FileOptions{Type: "url", Tags: []lantern.Tag{"trade"}, Policy: "p", ReviewedBy: lantern.ByHuman},
			func(lantern.ImportRow) error { return nil })
		if lantern.KindOf(err) != kind || report.Counts["created"] != 1 || report.Line != 1 {
			t.Errorf("a file that breaks off: %+v, %v, want one row and then %s", report, err, kind)
		}
	}
	if n := len(must(t)(w.red.Signals(t.Context(), client.SignalFilter{})).([]lantern.Signal)); n != 2 {
		t.Errorf("%d signals came of these, want those before the breaks", n)
	}
	for _, c := range []struct{ query, key, says string }{
		{"?format=list&type=url", w.red.key, "cannot say whose"}, {"?format=secret", w.red.key, "not a format"}, {"?whose=secret", w.red.key, "not a known word"},
		{"", w.stewardKey, "no such program"},
	} {
		res, text := w.send("GET", "/v1/programs/"+w.program.String()+"/export"+c.query, c.key, "")
		if res.StatusCode < 400 || !strings.Contains(text, c.says) && c.key == w.red.key || strings.Contains(text, "secret") {
			t.Errorf("export%s: %d %s", c.query, res.StatusCode, text)
		}
	}
	read := must(t)(w.red.IssueKey(t.Context(), lantern.Key{Actor: w.red.person, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key)
	if res, text := w.send("POST", path, read.Secret, row); res.StatusCode != 403 {
		t.Errorf("a key that may only read: %d %s", res.StatusCode, text)
	}
	if strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log tells failures: %s", w.log.String())
	}
}

// Whoever goes away in the middle leaves what was taken; the same file again completes it.
func TestImportOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		const n = 3000 // more than the 64 KiB by which a format is told
		text := rowsOf(n)
		r, in := io.Pipe()
		ctx, leave := context.WithCancel(t.Context())
		go fmt.Fprint(in, text[:len(text)*2/3]) //nolint:errcheck // the other end is closed by the test
		if _, err := w.live(w.red.key).Import(ctx, w.program, r, table(), func(lantern.ImportRow) error { leave(); return nil }); err == nil {
			t.Error("a caller that left was told that all is well")
		}
		for until := time.Now().Add(10 * time.Second); w.running() != "0"; runtime.Gosched() {
			if time.Now().After(until) {
				t.Fatal("the import goes on without its caller")
			}
		}
		taken := len(must(t)(w.red.Signals(t.Context(), client.SignalFilter{})).([]lantern.Signal))
		report, err := w.red.Import(t.Context(), w.program, strings.NewReader(text), table(), func(lantern.ImportRow) error { return nil })
		if err != nil || taken == 0 || report.Counts["unchanged"] < min(taken, exchangeList) || report.Counts["unchanged"]+report.Counts["created"] != n*9/10 {
			t.Errorf("%d were taken, then %+v, %v", taken, report, err)
		}
		if strings.Contains(w.log.String(), `"level":"ERROR"`) {
			t.Errorf("the log tells failures: %s", w.log.String())
		}
	})
}

// exchangeList is how many signals one list has at most.
const exchangeList = lantern.MaxPage

// A quota that is used up ends an import with what to do; it is taken up where it ended.
func TestImportWithinAQuota(t *testing.T) {
	t.Parallel()
	w := foundWorld(t, sqldbtest.SQLite(t), func(c *exchange.Config) { c.Quotas.Share = 300 }, func(*world) {})
	const n = 1800
	report, err := w.live(w.red.key).Import(t.Context(), w.program, strings.NewReader(rowsOf(n)), table(), func(lantern.ImportRow) error { return nil })
	if lantern.KindOf(err) != lantern.RateLimited || report.Line == 0 || report.Line > n {
		t.Fatalf("got %+v, %v", report, err)
	}
	for from := report.Line; ; from = report.Line {
		w.ahead.Add(int64(2 * time.Hour))
		o := table()
		o.From = from
		report, err = w.live(w.red.key).Import(t.Context(), w.program, strings.NewReader(rowsOf(n)), o, func(lantern.ImportRow) error { return nil })
		if err == nil {
			break
		}
		if lantern.KindOf(err) != lantern.RateLimited || report.Line <= from {
			t.Fatalf("got %+v, %v", report, err)
		}
	}
	if report.Line != n+1 {
		t.Errorf("ended at %d", report.Line)
	}
}

// An export whose reader's rights end is cut off, and has no trailer.
func TestExportIsCutOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	for n := 0; n < 4000; n += lantern.MaxBatch { // more than the sockets hold
		var drafts []lantern.Draft
		for i := range lantern.MaxBatch {
			d := w.draft(fmt.Sprintf("https://files.example.com/c/%d", n+i))
			d.Note = strings.Repeat("zorbly ", 60)
			drafts = append(drafts, d)
		}
		must(t)(w.red.ShareBatch(t.Context(), drafts))
	}
	stolen := must(t)(w.blue.IssueKey(t.Context(), lantern.Key{Actor: w.blue.person, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key)
	stopped := false
	_, err := w.live(stolen.Secret).Export(t.Context(), w.program, client.ExportOptions{Format: "stix"}, writerFunc(func(b []byte) (int, error) {
		if !stopped {
			stopped = true
			if _, err := w.blue.RevokeKey(t.Context(), stolen.ID); err != nil {
				t.Error(err)
			}
			for until := time.Now().Add(10 * time.Second); w.running() != "0" && time.Now().Before(until); {
				runtime.Gosched()
			}
		}
		return len(b), nil
	}))
	if lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("got %v", err)
	}
	if res, _ := w.send(http.MethodGet, "/v1/programs/"+w.program.String()+"/export", w.blue.key, ""); res.Trailer.Get("Lantern-Report") == "" {
		t.Error("a whole export has no trailer")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
