package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// live is a client whose answers can be read while they come.
func (w *world) live(key string) *client.Client { return client.New(w.url, key, client.Options{}) }

// TestStreams follows a feed while drafts are streamed into it, each answered before the next
// is sent, and takes the stream up again at the last mark.
func TestStreams(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		const many = 500
		answered := make(chan lantern.StreamResult)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var marks []lantern.FeedMark
		came := make(chan string, many)
		followed := make(chan error, 1)
		go func() {
			followed <- w.live(w.blue.key).Follow(ctx, w.program, lantern.FeedFilter{}, "",
				func(c lantern.Change) error { came <- c.Signal.Value; return nil },
				func(m lantern.FeedMark) error { marks = append(marks, m); return nil })
		}()
		r, out := io.Pipe()
		shared := make(chan error, 1)
		go func() {
			shared <- w.live(w.red.key).ShareStream(t.Context(), r, func(r lantern.StreamResult) error { answered <- r; return nil })
		}()
		enc := json.NewEncoder(out)
		for n := range 3 { // one by one: an answer comes while the stream is open
			draft := w.draft(fmt.Sprintf("https://files.example.com/s/%d", n))
			if err := enc.Encode(draft); err != nil {
				t.Fatal(err)
			}
			if got := <-answered; got.Line != n+1 || got.Status != lantern.Created {
				t.Fatalf("line %d was answered with %+v", n+1, got)
			}
			if v := <-came; v != draft.Value {
				t.Fatalf("the follower got %q", v)
			}
		}
		go func() { // and many, with bad lines among them
			for n := 3; n < many; n++ {
				switch n {
				case 10:
					fmt.Fprintln(out, `{"type":"url","unknown":1}`)
				case 11:
					fmt.Fprintln(out, `not JSON`)
				default:
					enc.Encode(w.draft(fmt.Sprintf("https://files.example.com/s/%d", n))) //nolint:errcheck // the reader would miss it
				}
			}
			out.Close()
		}()
		for n := 3; n < many; n++ {
			got := <-answered
			want := lantern.Created
			if n == 10 || n == 11 {
				want = lantern.Refused
			}
			if got.Line != n+1 || got.Status != want {
				t.Fatalf("line %d was answered with %+v", n+1, got)
			}
		}
		if err := <-shared; err != nil {
			t.Fatal(err)
		}
		for range many - 3 - 2 {
			<-came
		}
		stop()
		if err := <-followed; err == nil {
			t.Error("a stream that was stopped ended without an error")
		}
		last := marks[len(marks)-1].Next
		must(t)(w.red.Share(t.Context(), w.draft("https://files.example.com/s/last")))
		ctx, stop = context.WithCancel(t.Context())
		defer stop()
		var again []string
		_ = w.live(w.blue.key).Follow(ctx, w.program, lantern.FeedFilter{}, last, func(c lantern.Change) error {
			again = append(again, c.Signal.Value)
			if c.Signal.Value == "https://files.example.com/s/last" {
				stop()
			}
			return nil
		}, func(lantern.FeedMark) error { return nil }) // ended by stop
		if len(again) == 0 || again[len(again)-1] != "https://files.example.com/s/last" {
			t.Errorf("taken up at the mark, %d changes come", len(again))
		}
	})
}

// cutWithin is the second that a read may go on after its key, and as much again for a
// machine that is busy with other tests.
const cutWithin = 2 * time.Second

// TestStreamsAreCutOff steals a key, opens every kind of stream with it and revokes it: all of
// them must end within a second, the ones that are not being read too.
func TestStreamsAreCutOff(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		ctx := t.Context()
		for n := 0; n < 4000; n += lantern.MaxBatch { // more than the sockets hold
			var drafts []lantern.Draft
			for i := range lantern.MaxBatch {
				drafts = append(drafts, w.draft(fmt.Sprintf("https://files.example.com/c/%d", n+i)))
			}
			must(t)(w.red.ShareBatch(ctx, drafts))
		}
		stolen := must(t)(w.blue.IssueKey(ctx, lantern.Key{Actor: w.blue.person, Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare}})).(lantern.Key)
		begun := make(chan struct{}, 2)
		ended := make(chan string, 3)
		go func() { // down, read to its end
			first := true
			err := w.live(stolen.Secret).Follow(ctx, w.program, lantern.FeedFilter{}, "", func(lantern.Change) error { return nil },
				func(m lantern.FeedMark) error {
					if first {
						first = false
						begun <- struct{}{}
					}
					return nil
				})
			if lantern.KindOf(err) != lantern.Unauthorized {
				t.Errorf("following ended with %v", err)
			}
			ended <- "follow"
		}()
		r, out := io.Pipe()
		go func() { // up, waiting for more drafts
			first := true
			err := w.live(stolen.Secret).ShareStream(ctx, r, func(lantern.StreamResult) error {
				if first {
					first = false
					begun <- struct{}{}
				}
				return nil
			})
			if lantern.KindOf(err) != lantern.Unauthorized {
				t.Errorf("a stream of drafts that was cut off ended with %v, want why", err)
			}
			ended <- "share"
		}()
		fmt.Fprintln(out, strings.TrimSpace(string(must(t)(json.Marshal(w.draft("https://files.example.com/c/1"))).([]byte))))
		<-begun
		<-begun
		// Down, opened and never read.
		req, err := http.NewRequestWithContext(ctx, "GET", w.url+"/v1/programs/"+w.program.String()+"/stream", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+stolen.Secret)
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if line, err := bufio.NewReaderSize(res.Body, 16).ReadSlice(':'); err != nil || string(line) != `{"seq":` {
			t.Fatalf("the stream begins with %q, %v", line, err)
		}
		must(t)(w.blue.RevokeKey(ctx, stolen.ID))
		began := time.Now()
		for range 2 {
			what := <-ended
			if took := time.Since(began); took > cutWithin {
				t.Errorf("%s ended %v after the key", what, took)
			}
		}
		for w.running() != "0" {
			if time.Since(began) > cutWithin {
				t.Fatalf("%s streams go on after the key", w.running())
			}
			runtime.Gosched()
		}
	})
}

// A stream of drafts that the exchange ends has a last line that says why, and neither that nor
// a caller that goes away is logged as a failure.
func TestStreamSaysWhyItEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	draft := string(must(t)(json.Marshal(w.draft("https://files.example.com/w/1"))).([]byte))
	var got []lantern.StreamResult
	err := w.live(w.red.key).ShareStream(t.Context(), strings.NewReader(draft+"\n"+strings.Repeat("x", web.MaxLine+1)+"\n"+draft+"\n"),
		func(r lantern.StreamResult) error { got = append(got, r); return nil })
	var e *lantern.Error
	if !errors.As(err, &e) || e.Kind != lantern.TooLarge || !strings.Contains(e.Fix, "first line without an answer") {
		t.Errorf("a line that is too long: got %v", err)
	}
	if len(got) != 1 || got[0].Line != 1 || got[0].Status != lantern.Created {
		t.Errorf("before it: got %+v, want the answer to line 1", got)
	}

	r, out := io.Pipe()
	ctx, leave := context.WithCancel(t.Context())
	go fmt.Fprintln(out, draft)
	err = w.live(w.red.key).ShareStream(ctx, r, func(lantern.StreamResult) error { leave(); return nil })
	if err == nil {
		t.Error("a caller that left was told that all is well")
	}
	for until := time.Now().Add(10 * time.Second); w.running() != "0"; runtime.Gosched() {
		if time.Now().After(until) {
			t.Fatal("the stream goes on without its caller")
		}
	}
	if strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Errorf("the log tells failures: %s", w.log.String())
	}
}

// A reader that stops is read no further than its socket takes: nothing beyond is recorded as
// disclosed.
func TestSlowReaderIsNotReadAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	for n := 0; n < 20_000; n += lantern.MaxBatch {
		var drafts []lantern.Draft
		for i := range lantern.MaxBatch {
			drafts = append(drafts, w.draft(fmt.Sprintf("https://files.example.com/c/%d", n+i)))
		}
		must(t)(w.red.ShareBatch(t.Context(), drafts))
	}
	before := w.size()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var pages []int64
	full := make(chan struct{})
	_ = w.live(w.blue.key).Follow(ctx, w.program, lantern.FeedFilter{}, "", func(lantern.Change) error { return nil }, func(m lantern.FeedMark) error {
		pages = append(pages, w.size()-before)
		if len(pages) == 20 {
			stop()
		}
		return nil
	}) // ended by stop
	close(full)
	// Page n was read when the reader had taken at most those before it, but for what sockets
	// and buffers hold.
	if i := slices.IndexFunc(pages, func(n int64) bool { return n == 20 }); i < 5 {
		t.Errorf("all pages were disclosed when the reader had %d of them: %v", i+1, pages)
	}
}
