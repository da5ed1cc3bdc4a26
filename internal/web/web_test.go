package web_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"lantern"
	"lantern/internal/web"
)

// fixture is a mux with every way of answering, its log and its metrics.
type fixture struct {
	*httptest.Server
	log     *lockedBuffer
	metrics *web.Metrics
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{log: &lockedBuffer{}, metrics: web.NewMetrics()}
	mux := web.NewMux(web.Options{Log: slog.New(slog.NewJSONHandler(f.log, nil)), Metrics: f.metrics})
	mux.Handle("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) error {
		web.SetActor(r.Context(), 11, 22)
		return web.WriteJSON(w, http.StatusOK, map[string][]string{"list": nil})
	})
	mux.Handle("POST /things", func(w http.ResponseWriter, r *http.Request) error {
		var d lantern.Draft
		if err := web.ReadJSON(w, r, 2048, &d); err != nil {
			return err
		}
		return web.WriteJSON(w, http.StatusCreated, d)
	})
	mux.Handle("POST /empty", func(w http.ResponseWriter, r *http.Request) error {
		if err := web.NoBody(w, r); err != nil {
			return err
		}
		_, err := web.ReadParams(r, "limit")
		return err
	})
	mux.Handle("GET /internal", func(w http.ResponseWriter, r *http.Request) error {
		return errors.New("the disk is full")
	})
	mux.Handle("GET /panic", func(w http.ResponseWriter, r *http.Request) error { panic("planted-secret") })
	mux.Handle("GET /late", func(w http.ResponseWriter, r *http.Request) error {
		lines := web.NewLineWriter(w)
		if err := lines.Write(map[string]int{"a": 1}); err != nil {
			return err
		}
		if err := lines.Flush(); err != nil {
			return err
		}
		return errors.New("broke in the middle")
	})
	mux.Handle("GET /wait", func(w http.ResponseWriter, r *http.Request) error {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: "not yet"}
	})
	mux.Handle("GET /tree/{path...}", web.Live)
	f.Server = httptest.NewServer(mux)
	t.Cleanup(f.Close)
	return f
}

func (f *fixture) do(t *testing.T, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, f.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	asJSON := []string{"Content-Type", "application/json"}
	const secret = "planted-secret"
	tests := map[string]struct {
		method, path, body string
		header             []string
		status             int
		kind               lantern.Kind
		pointer            string
	}{
		"unknown path":        {"GET", "/" + secret, "", nil, 404, lantern.NotFound, ""},
		"unclean path":        {"GET", "//things//" + secret, "", nil, 404, lantern.NotFound, ""},
		"redirect to subtree": {"GET", "/tree", "", nil, 404, lantern.NotFound, ""},
		"method":              {"DELETE", "/things", "", nil, 405, lantern.Unsupported, ""},
		"unknown method":      {"FROB" + "SECRET", "/things", "", nil, 405, lantern.Unsupported, ""},
		"no media type":       {"POST", "/things", "{}", nil, 415, lantern.Unsupported, ""},
		"other media type":    {"POST", "/things", "{}", []string{"Content-Type", "text/xml"}, 415, lantern.Unsupported, ""},
		"charset":             {"POST", "/things", "{}", []string{"Content-Type", "application/json; charset=latin1"}, 415, lantern.Unsupported, ""},
		"gzip":                {"POST", "/things", "{}", append(asJSON, "Content-Encoding", "gzip"), 415, lantern.Unsupported, ""},
		"jpeg":                {"POST", "/things", "\xff\xd8\xff\xe0", asJSON, 415, lantern.Unsupported, ""},
		"mp4":                 {"POST", "/things", "\x00\x00\x00\x18ftypisom", asJSON, 415, lantern.Unsupported, ""},
		"too large":           {"POST", "/things", `{"note":"` + strings.Repeat("a", 2048) + `"}`, asJSON, 413, lantern.TooLarge, ""},
		"empty":               {"POST", "/things", "", asJSON, 400, lantern.Invalid, ""},
		"null":                {"POST", "/things", "null", asJSON, 400, lantern.Invalid, ""},
		"array":               {"POST", "/things", "[]", asJSON, 400, lantern.Invalid, ""},
		"cut off":             {"POST", "/things", `{"note":"` + secret, asJSON, 400, lantern.Invalid, "/note"},
		"trailing":            {"POST", "/things", `{} {}`, asJSON, 400, lantern.Invalid, ""},
		"trailing garbage":    {"POST", "/things", `{}` + secret, asJSON, 400, lantern.Invalid, ""},
		"unknown member":      {"POST", "/things", `{"` + secret + `":1}`, asJSON, 400, lantern.Invalid, ""},
		"unknown nested":      {"POST", "/things", `{"links":[{"` + secret + `":1}]}`, asJSON, 400, lantern.Invalid, "/links/0"},
		"wrong case":          {"POST", "/things", `{"Note":"x"}`, asJSON, 400, lantern.Invalid, ""},
		"duplicate":           {"POST", "/things", `{"note":"x","note":"` + secret + `"}`, asJSON, 400, lantern.Invalid, "/note"},
		"duplicate unknown":   {"POST", "/things", `{"` + secret + `":1,"` + secret + `":2}`, asJSON, 400, lantern.Invalid, ""},
		"wrong type":          {"POST", "/things", `{"confidence":"` + secret + `"}`, asJSON, 400, lantern.Invalid, "/confidence"},
		"wrong time":          {"POST", "/things", `{"expires":"` + secret + `"}`, asJSON, 400, lantern.Invalid, "/expires"},
		"wrong id":            {"POST", "/things", `{"programs":["1","` + secret + `"]}`, asJSON, 400, lantern.Invalid, "/programs/1"},
		"numeric id":          {"POST", "/things", `{"programs":[12]}`, asJSON, 400, lantern.Invalid, "/programs/0"},
		"fraction":            {"POST", "/things", `{"confidence":1.5}`, asJSON, 400, lantern.Invalid, "/confidence"},
		"utf-8":               {"POST", "/things", "{\"note\":\"" + secret + "\xff\"}", asJSON, 400, lantern.Invalid, "/note"},
		"utf-8 in a name":     {"POST", "/things", "{\"" + secret + "\xff\":1}", asJSON, 400, lantern.Invalid, ""},
		"lone surrogate":      {"POST", "/things", `{"note":"\ud800"}`, asJSON, 400, lantern.Invalid, "/note"},
		"nul":                 {"POST", "/things", `{"note":"` + secret + `\u0000"}`, asJSON, 400, lantern.Invalid, "/note"},
		"raw nul":             {"POST", "/things", "{\"note\":\"\x00\"}", asJSON, 400, lantern.Invalid, "/note"},
		"deep":                {"POST", "/things", `{"tags":` + strings.Repeat("[", 8), asJSON, 400, lantern.Invalid, "/tags/0"},
		"very deep":           {"POST", "/things", strings.Repeat(`{"a":`, 400), asJSON, 400, lantern.Invalid, ""},
		"unwanted body":       {"POST", "/empty", `{"a":"` + secret + `"}`, asJSON, 400, lantern.Invalid, ""},
		"unknown parameter":   {"POST", "/empty?" + secret + "=" + secret, "", nil, 400, lantern.Invalid, ""},
		"double parameter":    {"POST", "/empty?limit=" + secret + "&limit=1", "", nil, 400, lantern.Invalid, ""},
		"bad query":           {"POST", "/empty?limit=%zz" + secret, "", nil, 400, lantern.Invalid, ""},
		"internal":            {"GET", "/internal", "", nil, 500, "", ""},
		"panic":               {"GET", "/panic", "", nil, 500, "", ""},
		"unavailable":         {"GET", "/wait", "", nil, 503, lantern.Unavailable, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			res, body := f.do(t, tt.method, tt.path, tt.body, tt.header...)
			if res.StatusCode != tt.status {
				t.Fatalf("status %d, want %d: %s", res.StatusCode, tt.status, body)
			}
			var p web.Problem
			if err := json.Unmarshal([]byte(body), &p); err != nil || res.Header.Get("Content-Type") != web.ProblemMedia {
				t.Fatalf("not a problem: %s %s", res.Header.Get("Content-Type"), body)
			}
			if p.Status != tt.status || p.RequestID == "" || p.RequestID != res.Header.Get("Request-Id") || p.Detail == "" || p.Title == "" {
				t.Errorf("incomplete problem: %s", body)
			}
			if got := p.Err(); tt.kind != "" && (got.Kind != tt.kind || got.Field != tt.pointer) {
				t.Errorf("got %s at %q, want %s at %q", got.Kind, got.Field, tt.kind, tt.pointer)
			}
			if strings.Contains(body, "disk") || tt.status == 405 != (res.Header.Get("Allow") != "") || tt.status == 503 != (res.Header.Get("Retry-After") != "") {
				t.Errorf("wrong answer: %v %s", res.Header, body)
			}
			for _, place := range append([]string{body, f.log.String()}, headers(res)...) {
				if strings.Contains(strings.ToLower(place), secret) || strings.Contains(place, "FROB") {
					t.Fatalf("an echo of what was sent")
				}
			}
		})
	}
	rec := httptest.NewRecorder()
	f.metrics.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`lantern_http_requests_total{method="POST",route="/things",status="4xx"}`, `method="other",route="unmatched"`} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if strings.Contains(rec.Body.String(), secret) || strings.Contains(rec.Body.String(), "FROB") {
		t.Error("metrics hold what was sent")
	}
	if got := strings.Count(f.log.String(), "the disk is full"); got != 1 {
		t.Errorf("the cause of the internal error stands %d times in the log", got)
	}
}

func headers(res *http.Response) (all []string) {
	for name, values := range res.Header {
		all = append(all, name+": "+strings.Join(values, ", "))
	}
	return all
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	res, body := f.do(t, "GET", "/things/4711?planted=secret", "")
	if body != "{\"list\":[]}\n" {
		t.Errorf("an absent list is written as %s", body)
	}
	f.Close()
	var line map[string]any
	if err := json.Unmarshal([]byte(f.log.String()), &line); err != nil {
		t.Fatalf("not one line of JSON: %v", err)
	}
	for name, want := range map[string]any{
		"request_id": res.Header.Get("Request-Id"), "method": "GET", "route": "/things/{id}",
		"status": 200.0, "bytes": float64(len(body)), "member": "11", "key": "22", "level": "INFO",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	if strings.Contains(f.log.String(), "4711") || strings.Contains(f.log.String(), "planted") {
		t.Error("the line holds the path or the query")
	}
}

// A stream that breaks off must not look complete.
func TestBrokenStream(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	res, err := http.Get(f.URL + "/late")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the reader of a broken stream saw a regular end")
	}
	f.Close()
	if !strings.Contains(f.log.String(), "broke in the middle") {
		t.Error("the cause is not in the log")
	}
}

func TestStatusAndKind(t *testing.T) {
	t.Parallel()
	for _, k := range []lantern.Kind{
		lantern.Invalid, lantern.Unauthorized, lantern.Forbidden, lantern.NotFound, lantern.Conflict,
		lantern.TooLarge, lantern.RateLimited, lantern.Resync, lantern.Unavailable, lantern.Unsupported,
	} {
		if got := web.KindOfStatus(web.Status(k)); got != k {
			t.Errorf("%s becomes %q on the way through its status", k, got)
		}
	}
}

// TestCutStreamIsNoFailure cuts a stream off because its reader's rights ended, which is
// meant, and because something broke, which somebody must look at.
func TestCutStreamIsNoFailure(t *testing.T) {
	t.Parallel()
	for err, level := range map[error]string{
		lantern.Errorf(lantern.Unauthorized, "the key ended"):                       "INFO",
		lantern.Errorf(lantern.TooLarge, "the line is too long"):                    "INFO",
		fmt.Errorf("reading: %w", io.ErrUnexpectedEOF):                              "INFO", // the caller left
		os.ErrDeadlineExceeded:                                                      "INFO", // or stood still
		&net.OpError{Op: "write", Net: "tcp", Err: errors.New("reset by the peer")}: "INFO",
		lantern.Errorf(lantern.Unavailable, "the database is gone"):                 "ERROR",
		errors.New("a row does not fit"):                                            "ERROR",
	} {
		log := &lockedBuffer{}
		mux := web.NewMux(web.Options{Log: slog.New(slog.NewJSONHandler(log, nil))})
		mux.Handle("GET /stream", func(w http.ResponseWriter, r *http.Request) error {
			w.WriteHeader(http.StatusOK)
			return err
		})
		func() {
			defer func() { _ = recover() }() // the connection is aborted
			mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/stream", nil))
		}()
		if !strings.Contains(log.String(), `"level":"`+level+`"`) {
			t.Errorf("%v: got %s, want the level %s", err, log, level)
		}
	}
}

func TestErrorsInAForeignForm(t *testing.T) {
	t.Parallel()
	form := func(w http.ResponseWriter, p *web.Problem, kind lantern.Kind) {
		web.WriteBytes(w, p.Status, "application/foreign+json", fmt.Appendf(nil, `{"kind":%q,"says":%q,"request":%t}`, kind, p.Detail, p.RequestID != ""))
	}
	server := httptest.NewServer(web.Wrap(func(_ http.ResponseWriter, r *http.Request) error {
		if r.URL.Path == "/known" {
			return &lantern.Error{Kind: lantern.NotFound, Reason: "no such thing"}
		}
		return errors.New("a cause that nobody may be told")
	}, web.Options{Form: form}))
	defer server.Close()
	for path, want := range map[string]string{
		"/known": `{"kind":"not-found","says":"no such thing","request":true}`,
		"/other": `{"kind":"","says":"internal error","request":true}`,
	} {
		res, err := http.Get(server.URL + path) //nolint:noctx // a test server
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if string(body) != want || res.Header.Get("Content-Type") != "application/foreign+json" {
			t.Errorf("%s: %s as %s, want %s", path, body, res.Header.Get("Content-Type"), want)
		}
	}
}
