package threatexchange_test

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
	"lantern/internal/face/threatexchange"
	"lantern/internal/web"
)

// world is an exchange with the face in front, and three companies.
type world struct {
	*exchangetest.World
	url              string
	log              *logBuffer
	metrics          *web.Metrics
	red, blue, green exchangetest.Company
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
	w := &world{World: exchangetest.New(t, database), log: &logBuffer{}, metrics: web.NewMetrics()}
	w.red, w.blue, w.green = w.AddCompany("Red Files"), w.AddCompany("Blue Chat"), w.AddCompany("Green Games")
	w.url = w.serve()
	return w
}

// serve puts the face in front of the exchange and returns its address.
func (w *world) serve() string {
	face := threatexchange.New(w.Exchange, threatexchange.Config{Usage: threatexchange.Usage(w.Exchange)})
	handler := face.Handler(web.Options{Log: slog.New(slog.NewJSONHandler(w.log, nil)), Metrics: w.metrics})
	server := httptest.NewServer(handler)
	w.T.Cleanup(server.Close)
	return server.URL
}

// token is a key as clients of ThreatExchange write it.
func token(key string) string {
	id, secret, _ := strings.Cut(strings.TrimPrefix(key, "lk_"), "_")
	return id + "|" + secret
}

// app is the id that a member's own clients take for its own.
func app(c exchangetest.Company) string {
	id, _, _ := strings.Cut(token(c.ServiceKey), "|")
	return id
}

// object is an answer.
type object = map[string]any

// ask makes a request as a company and reads the answer.
func (w *world) ask(c exchangetest.Company, method, path string, params ...string) (int, object) {
	w.T.Helper()
	q := url.Values{"access_token": {token(c.ServiceKey)}}
	for i := 0; i < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	return w.raw(method, w.url+path+sep+q.Encode(), "")
}

// raw makes a request to a whole address.
func (w *world) raw(method, address, body string, header ...string) (int, object) {
	w.T.Helper()
	status, text, _ := w.send(method, address, body, header...)
	var v object
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		var list []any
		if json.Unmarshal([]byte(text), &list) != nil {
			w.T.Fatalf("%s: the answer is no JSON", method)
		}
		v = object{"list": list}
	}
	return status, v
}

func (w *world) send(method, address, body string, header ...string) (int, string, http.Header) {
	w.T.Helper()
	req, err := http.NewRequestWithContext(w.T.Context(), method, address, strings.NewReader(body))
	if err != nil {
		w.T.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		w.T.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header
}

// must is ask for what must be answered.
func (w *world) must(c exchangetest.Company, method, path string, params ...string) object {
	w.T.Helper()
	status, v := w.ask(c, method, path, params...)
	if status != http.StatusOK {
		w.T.Fatalf("%s %s: %d %v", method, path, status, v)
	}
	return v
}

// hash is a distinct synthetic PDQ hash.
func hash(n int) string { return fmt.Sprintf("%064x", 0xf0f1+n*7919) }

// hash is a draft of a reviewed hash of content.
func (w *world) hash(n int) lantern.Draft {
	d := w.Draft(n)
	d.Type, d.Value = "pdq", hash(n)
	return d
}

// updates are the rows of a feed, read as clients do: page by page along the links.
func (w *world) updates(c exchangetest.Company, params ...string) (rows []object) {
	w.T.Helper()
	status, v := w.ask(c, "GET", "/v21.0/"+w.Program.ID.String()+"/threat_updates/", params...)
	for pages := 0; ; pages++ {
		if status != http.StatusOK {
			w.T.Fatalf("updates: %d %v", status, v)
		}
		list := v["data"].([]any)
		if len(list) == 0 {
			w.T.Fatalf("page %d of the updates is empty", pages)
		}
		for _, r := range list {
			rows = append(rows, r.(object))
		}
		next, ok := v["paging"].(object)["next"].(string)
		if !ok {
			return rows
		}
		status, v = w.raw("GET", next, "")
	}
}
