package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"lantern"
	"lantern/client"
)

const key = "lk_123456789_planted-secret"

// script is a transport that answers with one step an attempt.
type script struct {
	steps []func(*http.Request) (*http.Response, error)
	seen  []*http.Request
	body  []string
	at    []time.Time
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
	}
	s.seen, s.body, s.at = append(s.seen, r), append(s.body, body), append(s.at, time.Now())
	step := s.steps[min(len(s.seen), len(s.steps))-1]
	return step(r)
}

func answer(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		if status >= 400 {
			h.Set("Content-Type", "application/problem+json")
		}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

func problem(kind lantern.Kind) string {
	return `{"status":1,"detail":"x","errors":[{"kind":"` + string(kind) + `","pointer":"/value","reason":"wrong","fix":"mend"},{"kind":"invalid","pointer":"/tags","reason":"missing"}],"request_id":"abc"}`
}

func unreachable(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }

func cutOff(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(`{"status`), failing{}))}, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestRetries(t *testing.T) {
	t.Parallel()
	type steps = []func(*http.Request) (*http.Response, error)
	ok := answer(200, `{"status":"created","signal":"7","leaf":3,"later":"added"}`)
	tests := map[string]struct {
		steps    steps
		attempts int
		kind     lantern.Kind // "" means success
		atLeast  time.Duration
	}{
		"at once":           {steps{ok}, 1, "", 0},
		"busy, then well":   {steps{answer(503, problem(lantern.Unavailable)), ok}, 2, "", 50 * time.Millisecond},
		"proxy, then well":  {steps{answer(502, "<html>"), answer(504, ""), ok}, 3, "", 150 * time.Millisecond},
		"asked to wait":     {steps{answer(429, problem(lantern.RateLimited), "Retry-After", "3"), ok}, 2, "", 3 * time.Second},
		"network":           {steps{unreachable, cutOff, ok}, 3, "", 150 * time.Millisecond},
		"never":             {steps{unreachable}, 5, lantern.Unavailable, 750 * time.Millisecond},
		"asked to go away":  {steps{answer(429, problem(lantern.RateLimited), "Retry-After", "900")}, 1, lantern.RateLimited, 0},
		"refused":           {steps{answer(400, problem(lantern.Invalid))}, 1, lantern.Invalid, 0},
		"conflict":          {steps{answer(409, problem(lantern.Conflict))}, 2, lantern.Conflict, 0}, // shared again, it changes nothing
		"answer lost":       {steps{unreachable, answer(409, problem(lantern.Conflict)), ok}, 3, "", 50 * time.Millisecond},
		"redirect":          {steps{answer(302, "", "Location", "https://elsewhere.example.com")}, 1, "none", 0},
		"internal":          {steps{answer(500, `{"detail":"internal error","errors":[],"request_id":"abc"}`)}, 1, "none", 0},
		"malformed success": {steps{answer(200, `<html>`)}, 1, lantern.Unavailable, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{steps: tt.steps}
				c := client.New("https://exchange.example.com/", key, client.Options{Transport: s})
				start := time.Now()
				res, err := c.Share(t.Context(), lantern.Draft{Value: "planted-secret"})
				if len(s.seen) != tt.attempts || time.Since(start) < tt.atLeast {
					t.Errorf("%d attempts in %v, want %d in at least %v", len(s.seen), time.Since(start), tt.attempts, tt.atLeast)
				}
				keys := map[string]bool{}
				for i, r := range s.seen {
					keys[r.Header.Get("Idempotency-Key")] = true
					if s.body[i] != s.body[0] {
						t.Error("attempts differ in their body")
					}
				}
				want := 1
				if strings.Contains(name, "conflict") || strings.Contains(name, "lost") {
					want = 2 // what lost its answer is shared anew
				}
				if len(keys) != want || keys[""] {
					t.Errorf("%d keys, want %d", len(keys), want)
				}
				switch {
				case tt.kind == "" && (err != nil || res.Signal != 7 || res.Status != lantern.Created):
					t.Errorf("got %+v, %v", res, err)
				case tt.kind != "" && err == nil:
					t.Error("no error")
				case tt.kind != "" && string(lantern.KindOf(err)) != strings.TrimPrefix(string(tt.kind), "none"):
					t.Errorf("kind %q, want %q", lantern.KindOf(err), tt.kind)
				}
				if err != nil && (strings.Contains(err.Error(), "planted-secret") || !strings.Contains(err.Error(), "POST /v1/signals")) {
					t.Error("the error holds the key or the value, or does not name the call")
				}
			})
		})
	}
}

// Whoever reads that there was no answer must know whose: by scheme, host and port, and nothing
// else of the address.
func TestNoAnswerNamesTheAddress(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"https://exchange.example.com/planted/": "no answer from https://exchange.example.com (",
		"http://192.0.2.7:8420":                 "no answer from http://192.0.2.7:8420 (",
		"https://[2001:db8::7]:8420/":           "no answer from https://[2001:db8::7]:8420 (",
	} {
		for name, step := range map[string]func(*http.Request) (*http.Response, error){"refused": unreachable, "cut off": cutOff} {
			c := client.New(base, key, client.Options{Transport: &script{steps: []func(*http.Request) (*http.Response, error){step}}, Retries: -1})
			_, err := c.Feed(t.Context(), 9, "planted-cursor", 50, 0)
			if lantern.KindOf(err) != lantern.Unavailable || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "planted") || strings.Contains(err.Error(), key) {
				t.Errorf("%s, %s: got %v, want %q", base, name, err, want)
			}
		}
	}
}

// Lists that come in pages are read to their end.
func TestPagesAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	full := func(from int) string {
		ids := make([]string, lantern.MaxPage)
		for i := range ids {
			ids[i] = fmt.Sprintf(`{"id":"%d"}`, from+i)
		}
		return `{"items":[` + strings.Join(ids, ",") + `]}`
	}
	s := &script{steps: []func(*http.Request) (*http.Response, error){answer(200, full(1)), answer(200, full(1001)), answer(200, `{"items":[{"id":"2001"}]}`)}}
	list, err := client.New("https://exchange.example.com", key, client.Options{Transport: s}).Outcomes(t.Context())
	if err != nil || len(list) != 2001 || list[2000].ID != 2001 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	for i, want := range []string{"", "after=1000", "after=2000"} {
		if got := s.seen[i].URL.RawQuery; got != want {
			t.Errorf("page %d: asked for %q, want %q", i, got, want)
		}
	}
}

// A challenge that was decided while pages were read comes twice, and is listed once.
func TestChallengesAreListedOnce(t *testing.T) {
	t.Parallel()
	s := &script{steps: []func(*http.Request) (*http.Response, error){
		answer(200, `{"items":[{"id":"7"},{"id":"8"}],"next":"0.5.8"}`), answer(200, `{"items":[{"id":"9"},{"id":"7"}],"next":"1.6.7"}`), answer(200, `{"items":[]}`)}}
	list, err := client.New("https://exchange.example.com", key, client.Options{Transport: s}).Challenges(t.Context())
	if err != nil || len(list) != 3 || list[0].ID != 7 || list[2].ID != 9 {
		t.Fatalf("got %+v, %v", list, err)
	}
	for i, want := range []string{"", "cursor=0.5.8", "cursor=1.6.7"} {
		if got := s.seen[i].URL.RawQuery; got != want {
			t.Errorf("page %d: asked for %q, want %q", i, got, want)
		}
	}
}

func TestErrorsKeepAllComplaints(t *testing.T) {
	t.Parallel()
	c := client.New("https://exchange.example.com", key, client.Options{Transport: &script{steps: []func(*http.Request) (*http.Response, error){answer(400, problem(lantern.Invalid))}}})
	_, err := c.Whoami(t.Context())
	var e *lantern.Error
	if !errors.As(err, &e) || e.Field != "/value" || e.Fix != "mend" || len(e.Also) != 1 || e.Also[0].Field != "/tags" {
		t.Errorf("rebuilt as %+v", e)
	}
}

// A caller that gives up is not kept waiting by pauses, and learns that it was itself.
func TestCancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		s := &script{steps: []func(*http.Request) (*http.Response, error){answer(503, problem(lantern.Unavailable))}}
		_, err := client.New("http://127.0.0.1:1", key, client.Options{Transport: s}).Whoami(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || lantern.KindOf(err) != "" || len(s.seen) != 1 {
			t.Errorf("after %d attempts: %v", len(s.seen), err)
		}
	})
}

// An attempt that hangs is given up and made again; a long-poll may hang as long as asked.
func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() }
		s := &script{steps: []func(*http.Request) (*http.Response, error){hang, answer(200, `{"next":"c","changes":[]}`)}}
		c := client.New("http://127.0.0.1:1", key, client.Options{Transport: s, Timeout: time.Second})
		page, err := c.Feed(t.Context(), 9, "", 50, time.Hour)
		if err != nil || page.Next != "c" {
			t.Fatalf("feed: %+v %v", page, err)
		}
		if got, want := s.at[1].Sub(s.at[0]), lantern.MaxWait+time.Second; got < want || got > want+time.Second {
			t.Errorf("the first attempt had %v, want %v and a pause", got, want)
		}
		if got := s.seen[0].URL.String(); got != "http://127.0.0.1:1/v1/programs/9/changes?limit=50&wait=55" {
			t.Errorf("asked for %s", got)
		}
		if s.seen[0].Header.Get("Idempotency-Key") != "" {
			t.Error("a read carries an idempotency key")
		}
	})
}

func TestBadAddress(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "exchange.example.com", "ftp://example.com", "https://user:planted-secret@example.com", "http://[", "https://example.com/?a=b"} {
		_, err := client.New(base, key, client.Options{}).Whoami(t.Context())
		if lantern.KindOf(err) != lantern.Invalid || strings.Contains(err.Error(), "planted-secret") {
			t.Errorf("address %d bytes long: kind %q", len(base), lantern.KindOf(err))
		}
	}
}

// What is sent is what the exchange's strict decoder takes.
func TestBatch(t *testing.T) {
	t.Parallel()
	s := &script{steps: []func(*http.Request) (*http.Response, error){answer(200, `{"results":[{"status":"created","signal":"1"},{"status":"refused","problem":{"kind":"invalid","reason":"x"}}]}`)}}
	c := client.New("https://exchange.example.com", key, client.Options{Transport: s})
	drafts := []lantern.Draft{{Programs: []lantern.ID{5}, Value: "a"}, {}}
	results, err := c.ShareBatch(t.Context(), drafts)
	if err != nil || len(results) != 2 || results[1].Problem == nil {
		t.Fatalf("got %+v, %v", results, err)
	}
	var sent struct{ Items []map[string]any }
	if err := json.NewDecoder(bytes.NewBufferString(s.body[0])).Decode(&sent); err != nil || len(sent.Items) != 2 {
		t.Fatalf("sent %s", s.body[0])
	}
	if ids := sent.Items[0]["programs"].([]any); ids[0] != strconv.Itoa(5) {
		t.Errorf("ids are sent as %v", ids)
	}
}
