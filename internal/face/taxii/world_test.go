package taxii_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/taxii"
	"lantern/internal/format/stix"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
	"lantern/signal"
)

// engines runs a test on both database engines.
func engines(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) { test(t, newWorld(t, database)) })
}

// world is an exchange with the face in front, and two companies.
type world struct {
	*exchangetest.World
	url       string
	log       *logBuffer
	root      string // path of the program's API root
	signals   string // path of its collection
	red, blue exchangetest.Company
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newWorld(t testing.TB, database string) *world {
	t.Helper()
	w := &world{World: exchangetest.New(t, database), log: &logBuffer{}}
	w.red, w.blue = w.AddCompany("Red Files"), w.AddCompany("Blue Chat")
	server := httptest.NewServer(taxii.New(w.Exchange).Handler(web.Options{Log: slog.New(slog.NewJSONHandler(w.log, nil))}))
	t.Cleanup(server.Close)
	w.url = server.URL
	w.root = "/taxii2/" + w.Program.ID.String() + "/"
	w.signals = w.root + "collections/" + stix.UUID("collection", w.Program.ID, 1) + "/"
	return w
}

// object is an answer.
type object = map[string]any

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   string
	body   object
}

// send makes a request as the bearer of a key, "" for nobody; headers are pairs.
func (w *world) send(key, method, path, body string, header ...string) answer {
	w.T.Helper()
	r, err := http.NewRequestWithContext(w.T.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.T.Fatal(err)
	}
	r.Header.Set("Accept", taxii.Media)
	if body != "" {
		r.Header.Set("Content-Type", taxii.Media)
	}
	if key != "" {
		r.SetBasicAuth("lantern", key)
	}
	for i := 0; i < len(header); i += 2 {
		if r.Header.Del(header[i]); header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		w.T.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		w.T.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, text: string(b)}
	if media := res.Header.Get("Content-Type"); media != taxii.Media {
		w.T.Errorf("%s %s: an answer of the type %q", method, path, media)
	}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &a.body); err != nil {
			w.T.Fatalf("%s %s: no JSON: %v", method, path, err)
		}
	}
	if strings.Contains(a.text, ":[]") || strings.Contains(a.text, ":null") {
		w.T.Errorf("%s %s: an empty list or null: %s", method, path, a.text)
	}
	return a
}

// get reads as a company what must be there.
func (w *world) get(c exchangetest.Company, path string, query ...string) answer {
	w.T.Helper()
	a := w.send(c.ServiceKey, "GET", path+params(query...), "")
	if a.status != http.StatusOK {
		w.T.Fatalf("GET %s: %d %s", path, a.status, a.text)
	}
	return a
}

func params(query ...string) string {
	if len(query) == 0 {
		return ""
	}
	q := url.Values{}
	for i := 0; i < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	return "?" + q.Encode()
}

// walk reads a list to its end, page by page along next, and returns its entries.
func (w *world) walk(c exchangetest.Company, path string, query ...string) (list []object) {
	w.T.Helper()
	next := ""
	for {
		q := query
		if next != "" {
			q = append(append([]string{}, query...), "next", next)
		}
		a := w.get(c, path, q...)
		list = append(list, a.list("objects")...)
		next, _ = a.body["next"].(string)
		if more, _ := a.body["more"].(bool); more != (next != "") {
			w.T.Fatalf("%s: more is %v and next %q", path, more, next)
		}
		if next == "" {
			return list
		}
	}
}

func (a answer) list(name string) (list []object) {
	items, _ := a.body[name].([]any)
	for _, i := range items {
		list = append(list, i.(object))
	}
	return list
}

// id is the STIX id of a signal in the world's program.
func (w *world) id(signal lantern.ID) string { return stix.ID("indicator", w.Program.ID, signal) }

// share shares drafts as a company: URLs, numbered.
func (w *world) share(c exchangetest.Company, from, n int) (ids []lantern.ID) {
	w.T.Helper()
	for i := range n {
		ids = append(ids, w.MustShare(c.Service, w.Draft(from+i)))
	}
	return ids
}

// foreignPersons has the program open types that name a person to foreign clients.
func (w *world) foreignPersons() {
	w.T.Helper()
	w.ChangePolicy(func(p *lantern.Policy) { p.ForeignPersons = true })
}

// everyType shares a signal of each type as a company.
func (w *world) everyType(c exchangetest.Company) map[lantern.SignalType]lantern.ID {
	w.T.Helper()
	ids := map[lantern.SignalType]lantern.ID{}
	for i, t := range signal.Types() {
		d := w.Draft(i)
		d.Type, d.Value = t.Name, t.Example
		if t.Name == lantern.TacticType {
			d.Value, d.Tactic = "", &lantern.Tactic{Contact: []lantern.ContactWay{lantern.GameChat}}
		}
		ids[t.Name] = w.MustShare(c.Service, d)
	}
	return ids
}

// posted is an indicator as a client posts it; n makes its id and value.
func posted(n int, more string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%08d-0000-4000-8000-000000000000","created":"2026-11-20T00:00:00.000Z",`+
		`"modified":"2026-11-20T00:00:00.000Z","labels":["csam"],"pattern":"[url:value = 'https://files.example.com/p/%d']","pattern_type":"stix",`+
		`"valid_from":"2026-11-20T00:00:00Z"%s}`, n, n, more)
}

// based adds a basis to what is posted.
const based = `,"extensions":{"extension-definition--c4c4afa5-2789-440c-9468-3e8a6fdf289f":{"extension_type":"property-extension",` +
	`"status":"violating","basis":{"policy":"child safety 2.1","reviewed_by":"human"}}}`

func enveloped(objects ...string) string { return `{"objects":[` + strings.Join(objects, ",") + `]}` }
