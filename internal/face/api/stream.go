package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"lantern"
	"lantern/internal/web"
)

// How streams are bounded.
const (
	idle      = 60 * time.Second      // a stream may be long, but not stand still
	maxStream = 1 << 40               // bytes of a stream of drafts: it ends when its sender ends it
	groupSize = 200                   // drafts that are committed together
	groupWait = 20 * time.Millisecond // how long a draft waits for others
)

// guarded runs a stream until its caller loses its rights or the exchange closes. Then what
// the stream reads and writes is cut short.
func (c *call) guarded(stream func(*call) error) error {
	ctx, leave := c.api.x.Guard(c.r.Context(), c.actor)
	defer leave()
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(done); cut(c.w) })
	c.guard = ctx
	err := stream(c)
	if !stop() {
		<-done // or it would cut the farewell short
	}
	// A read that was cut short ends the request's context as well, as if the caller had left: what
	// came first is the cause.
	if cause := context.Cause(ctx); err != nil && lantern.KindOf(cause) != "" {
		err = cause
	}
	if err != nil && c.farewell != nil {
		c.farewell(err)
	}
	return err
}

// farewellWait bounds how long the last line of a stream waits for a caller that does not read:
// the stream must have ended within a second.
const farewellWait = 300 * time.Millisecond

// tellWhy has the stream end with a line that says why, if it was begun: the status was sent
// long ago. A caller that is gone is told nothing.
// line makes it; again says what to do about the rest.
func (c *call) tellWhy(out *web.LineWriter, again string, line func(*lantern.Problem) any) {
	c.farewell = func(err error) {
		var e *lantern.Error
		switch {
		case !out.Begun():
			return
		case errors.As(err, &e):
		case errors.Is(err, os.ErrDeadlineExceeded):
			e = &lantern.Error{Kind: lantern.Invalid, Reason: "the stream stood still for too long", Fix: fmt.Sprintf("send, and read, something every %d seconds", idle/time.Second)}
		case c.r.Context().Err() != nil:
			return
		default:
			e = &lantern.Error{Kind: lantern.Unavailable, Reason: "internal error"}
		}
		_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(farewellWait)) // a recorder in a test has none
		p := *e.Problem()
		p.Fix = strings.TrimPrefix(p.Fix+"; "+again, "; ")
		if out.Write(line(&p)) == nil {
			_ = out.Flush() // whoever does not read it finds the stream cut off
		}
	}
}

// extend gives a stream fresh time, unless it is being cut.
func (c *call) extend() {
	web.Extend(c.w, idle)
	if c.ctx().Err() != nil {
		cut(c.w)
	}
}

// cut ends what a stream reads and writes at this moment.
func cut(w http.ResponseWriter) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(time.Now())  // a recorder in a test has no deadlines
	_ = rc.SetWriteDeadline(time.Now()) // likewise
}

func snapshot() handler {
	return handler{answer: typeOf[lantern.Change](), mark: typeOf[lantern.FeedMark](), params: filterParams(), stream: (*call).snapshot}
}

// snapshot answers with lines, compressed if the caller takes that.
func (c *call) snapshot() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	f, err := c.filter()
	if err != nil {
		return err
	}
	var out io.Writer = c.w
	var packed *zstd.Encoder
	begun := false
	begin := func() error {
		begun = true
		c.w.Header().Set("Content-Type", web.NDJSONMedia)
		c.w.Header().Set("Vary", "Accept-Encoding")
		if accepts(c.r, "zstd") {
			c.w.Header().Set("Content-Encoding", "zstd")
			packed, err = zstd.NewWriter(c.w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
			out = packed
		}
		c.w.WriteHeader(http.StatusOK)
		return err
	}
	err = c.api.x.Snapshot(c.ctx(), c.actor, id, f, func(block []byte) error {
		if !begun {
			if err := begin(); err != nil {
				return fmt.Errorf("beginning a snapshot: %w", err)
			}
		}
		c.extend()
		_, err := out.Write(block)
		return err
	})
	if err == nil && packed != nil {
		c.extend()
		err = packed.Close()
	}
	return err
}

// accepts reports whether the caller takes a content coding.
func accepts(r *http.Request, coding string) bool {
	for _, field := range r.Header.Values("Accept-Encoding") {
		for word := range strings.SplitSeq(field, ",") {
			name, weight, _ := strings.Cut(strings.TrimSpace(word), ";")
			if strings.EqualFold(strings.TrimSpace(name), coding) && strings.ReplaceAll(weight, " ", "") != "q=0" {
				return true
			}
		}
	}
	return false
}

const sseMedia = "text/event-stream"

func follow() handler {
	return handler{answer: typeOf[lantern.Change](), mark: typeOf[lantern.FeedMark](), texts: []string{sseMedia}, stream: (*call).follow, params: append([]param{
		{name: "cursor", about: "the cursor of the last mark; absent: from the beginning"},
		{name: "seconds", about: "end the stream after so many seconds; absent: never", number: true},
	}, filterParams()...)}
}

// follow answers with what comes, as lines or as events.
func (c *call) follow() error {
	id, err := c.id()
	if err != nil {
		return err
	}
	f, err := c.filter()
	if err != nil {
		return err
	}
	seconds, err := number("query parameter seconds", c.params["seconds"])
	if err != nil {
		return err
	}
	cursor := lantern.Cursor(c.params["cursor"])
	events := strings.Contains(c.r.Header.Get("Accept"), sseMedia)
	if last := c.r.Header.Get("Last-Event-ID"); events && last != "" {
		cursor = lantern.Cursor(last)
	}
	ctx, cancel := web.Wait(c.ctx()) // the server's end is the stream's
	defer cancel()
	if seconds > 0 {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(min(seconds, 1<<20))*time.Second)
		defer cancel()
	}
	first := true
	err = c.api.x.Follow(ctx, c.actor, id, f, cursor, func(page lantern.FeedPage) error {
		var b bytes.Buffer
		if first {
			media := web.NDJSONMedia
			if events {
				media = sseMedia
				b.WriteString("retry: 2000\n\n")
			}
			c.w.Header().Set("Content-Type", media)
			c.w.WriteHeader(http.StatusOK)
		}
		if err := writePage(&b, page, events, cursor == page.Next && !first); err != nil {
			return err
		}
		first, cursor = false, page.Next
		c.extend()
		if _, err := c.w.Write(b.Bytes()); err != nil {
			return err
		}
		return http.NewResponseController(c.w).Flush()
	})
	if err != nil && ctx.Err() != nil && c.ctx().Err() == nil {
		return nil // the server ends, or the time is up: the caller goes on elsewhere with its mark
	}
	return err
}

// writePage writes a page of a stream. still says that nothing came since the mark before.
func writePage(b *bytes.Buffer, page lantern.FeedPage, events, still bool) error {
	for _, change := range page.Changes {
		line, err := web.Encode(change)
		if err != nil {
			return err
		}
		if events {
			b.WriteString("event: change\ndata: ")
		}
		b.Write(line)
		if events {
			b.WriteByte('\n')
		}
	}
	if events && still {
		b.WriteString(":\n\n")
		return nil
	}
	mark, err := web.Encode(lantern.FeedMark{Next: page.Next, AsOf: page.AsOf, Leaf: page.Leaf})
	if err != nil {
		return err
	}
	if events {
		fmt.Fprintf(b, "id: %s\nevent: mark\ndata: ", page.Next)
	}
	b.Write(mark)
	if events {
		b.WriteByte('\n')
	}
	return nil
}

func shareStream() handler {
	return handler{body: typeOf[lantern.Draft](), answer: typeOf[lantern.StreamResult](), stream: (*call).shareStream}
}

// entry is one line of a stream of drafts.
type entry struct {
	line    int
	draft   lantern.Draft
	problem *lantern.Problem
	err     error // ends the stream
}

// shareStream takes drafts line by line and answers each once it is committed, while
// others still come. What is read ahead is bounded by one group.
func (c *call) shareStream() error {
	in, err := web.Body(c.w, c.r, web.NDJSONMedia, maxStream)
	if err != nil {
		return err
	}
	duplex := http.NewResponseController(c.w).EnableFullDuplex() == nil // a recorder in a test cannot
	ctx, cancel := context.WithCancel(c.ctx())
	entries, read := make(chan entry, groupSize), make(chan struct{})
	go func() {
		defer close(read)
		pumpDrafts(ctx, web.NewLines(reading{ctx, c, in}), entries)
	}()
	ended := false // the stream did: its reader ends by itself
	defer func() {
		cancel()
		if !ended { // the reader waits for a line that nobody wants any more; the answer may still be owed
			_ = http.NewResponseController(c.w).SetReadDeadline(time.Now())
		}
		<-read
		if duplex {
			// What is left of the body must be gone before the server looks for the next request:
			// golang.org/issue/68560.
			_ = c.r.Body.Close()
		}
	}()
	out := web.NewLineWriter(c.w)
	c.tellWhy(out, "send again from the first line without an answer", func(p *lantern.Problem) any {
		return lantern.StreamResult{ShareResult: lantern.ShareResult{Status: lantern.Refused, Problem: p}}
	})
	for {
		group, last := gather(ctx, entries)
		ended = last != nil && ctx.Err() == nil
		if len(group) > 0 {
			if err := c.shareGroup(ctx, group, out); err != nil {
				return err
			}
		}
		if last != nil {
			if errors.Is(last, io.EOF) {
				return out.Flush()
			}
			return last
		}
	}
}

// reading gives a stream fresh time with each read.
type reading struct {
	ctx context.Context // of the stream
	c   *call
	in  io.Reader
}

func (r reading) Read(b []byte) (int, error) {
	r.c.extend()
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.in.Read(b)
}

// pumpDrafts reads until the stream or ctx ends. The last entry says why.
func pumpDrafts(ctx context.Context, lines *web.Lines, entries chan<- entry) {
	for {
		var e entry
		err := lines.Next(&e.draft)
		e.line = lines.Line()
		var bad *lantern.Error
		if errors.As(err, &bad) && bad.Kind == lantern.Invalid && !lines.Ended() {
			e.problem = (&lantern.Error{Kind: bad.Kind, Field: lines.Within(bad.Field), Reason: bad.Reason, Fix: bad.Fix}).Problem()
		} else {
			e.err = err
		}
		select {
		case entries <- e:
		case <-ctx.Done():
			return
		}
		if e.err != nil {
			return
		}
	}
}

// gather takes what comes until a group is full or has waited long enough. last is why
// nothing follows.
func gather(ctx context.Context, entries <-chan entry) (group []entry, last error) {
	var late <-chan time.Time
	for len(group) < groupSize {
		select {
		case e := <-entries:
			if e.err != nil {
				return group, e.err
			}
			if group = append(group, e); late == nil {
				timer := time.NewTimer(groupWait)
				defer timer.Stop()
				late = timer.C
			}
		case <-late:
			return group, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return group, nil
}

// shareGroup shares the drafts of a group and answers every line of it.
func (c *call) shareGroup(ctx context.Context, group []entry, out *web.LineWriter) error {
	var drafts []lantern.Draft
	for _, e := range group {
		if e.problem == nil {
			drafts = append(drafts, e.draft)
		}
	}
	var results []lantern.ShareResult
	if len(drafts) > 0 {
		var err error
		results, err = c.api.x.ShareBatch(ctx, c.actor, drafts)
		var refused *lantern.Error
		switch {
		case err == nil:
		case errors.As(err, &refused) && refused.Kind == lantern.RateLimited:
			results = slices.Repeat([]lantern.ShareResult{{Status: lantern.Refused, Problem: refused.Problem()}}, len(drafts))
		default:
			return err
		}
	}
	c.extend()
	for _, e := range group {
		r := lantern.StreamResult{Line: e.line, ShareResult: lantern.ShareResult{Status: lantern.Refused, Problem: e.problem}}
		if e.problem == nil {
			r.ShareResult, results = results[0], results[1:]
		}
		if err := out.Write(r); err != nil {
			return err
		}
	}
	return out.Flush()
}
