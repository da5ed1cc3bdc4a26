package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"lantern"
)

// Handler answers a request or returns why it did not. It must not write anything before
// it returns an error, except that a stream may break off: the connection is then cut, so
// that the caller cannot take what it has for the whole.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Options are what the handlers of one [Mux] share. Every zero is usable.
type Options struct {
	Log     *slog.Logger     // receives one line a request; nil: none
	Metrics *Metrics         // counts requests; nil: none
	Random  io.Reader        // source of request ids; nil: crypto/rand
	Clock   func() time.Time // measures durations; nil: time.Now

	// Form writes errors in the form of a foreign protocol; nil: as a [Problem]. p is what may
	// be told of the error, kind what the caller can do about it ("" for an internal error). It
	// must write status and body, and may set headers.
	Form func(w http.ResponseWriter, p *Problem, kind lantern.Kind)
}

// Mux routes requests by the patterns of [http.ServeMux] and answers unknown paths (404)
// and methods (405 with Allow) as problems. Register all handlers before it serves.
type Mux struct {
	opts Options
	mux  *http.ServeMux
}

// NewMux returns a Mux without routes.
func NewMux(opts Options) *Mux {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Mux{opts: opts, mux: http.NewServeMux()}
}

// Handle registers h. The pattern must name a method ("GET /v1/types"); it panics where
// [http.ServeMux.Handle] does.
func (m *Mux) Handle(pattern string, h Handler) {
	m.mux.Handle(pattern, route(h))
}

// route is a [Handler] inside the standard mux. Its type tells ours from the mux's own
// handlers.
type route Handler

func (h route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h(w, r); err != nil {
		recordOf(r.Context()).err = err
	}
}

// Wrap surrounds one handler like a [Mux] with a single route that takes every path.
func Wrap(h Handler, opts Options) http.Handler {
	m := NewMux(opts)
	m.Handle("/", h)
	return m
}

// ServeHTTP serves one request and records it.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec := &record{id: m.requestID()}
	r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
	out := &response{ResponseWriter: w}
	h := out.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Request-Id", rec.id)

	start := m.opts.Clock()
	done := m.opts.Metrics.start()
	m.run(out, r, rec)
	took := m.opts.Clock().Sub(start)
	pattern := routeOf(r.Pattern)
	done(pattern, r.Method, out.status, took)
	m.log(r, rec, out, pattern, took)
	if rec.aborted {
		panic(http.ErrAbortHandler)
	}
}

// run dispatches the request and turns what went wrong into an answer.
func (m *Mux) run(out *response, r *http.Request, rec *record) {
	defer func() {
		if p := recover(); p != nil {
			rec.err = panicked(p)
		}
		switch {
		case rec.err == nil && out.status == 0:
			out.status = http.StatusOK
		case rec.err == nil:
		case out.status != 0:
			rec.aborted = true
		case r.Context().Err() != nil && lantern.KindOf(rec.err) == "":
			out.status = statusClientGone
		default:
			writeProblem(out, rec, m.opts.Form)
		}
	}()
	if err := m.unrouted(out, r); err != nil {
		rec.err = err
		return
	}
	m.mux.ServeHTTP(out, r)
}

// unrouted says why no handler takes the request, nil if one does. The standard mux
// would answer in plain text, and send an unclean path to a page that repeats it.
func (m *Mux) unrouted(out *response, r *http.Request) error {
	h, _ := m.mux.Handler(r)
	if _, ours := h.(route); ours {
		return nil
	}
	probe := &discard{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if allow := probe.header.Get("Allow"); allow != "" {
		out.Header().Set("Allow", allow)
		return &lantern.Error{Kind: lantern.Unsupported, Reason: "this path does not take the method", Fix: "use one of: " + allow}
	}
	return &lantern.Error{Kind: lantern.NotFound, Reason: "no such path"}
}

func (m *Mux) requestID() string {
	var b [8]byte
	if _, err := io.ReadFull(m.opts.Random, b[:]); err != nil {
		return "" // a request without an id is better than none served
	}
	return hex.EncodeToString(b[:])
}

// log writes the line of the request. It holds the cause of an internal error, which the
// caller was not told.
func (m *Mux) log(r *http.Request, rec *record, out *response, pattern string, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request_id", rec.id),
		slog.String("method", methodOf(r.Method)),
		slog.String("route", pattern),
		slog.Int("status", out.status),
		slog.Float64("ms", float64(took.Microseconds())/1000),
		slog.Int64("bytes", out.bytes),
	}
	if rec.member != 0 {
		attrs = append(attrs, slog.String("member", rec.member.String()), slog.String("key", rec.key.String()))
	}
	if rec.err != nil {
		attrs = append(attrs, slog.String("kind", string(lantern.KindOf(rec.err))))
	}
	kind := lantern.KindOf(rec.err)
	if rec.aborted {
		attrs = append(attrs, slog.Bool("cut", true))
	}
	switch {
	case rec.err == nil || callersDoing(r, rec.err):
	case kind == "" && out.status != statusClientGone || rec.aborted:
		level = slog.LevelError
	case kind == lantern.Unavailable:
		level = slog.LevelWarn // its cause was not told to the caller
	}
	if level > slog.LevelInfo {
		attrs = append(attrs, slog.String("err", rec.err.Error()))
	}
	m.opts.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// callersDoing reports whether an answer that failed or was cut off is no fault of the server's:
// the caller left or stood still, what it sent was refused, or its rights ended.
func callersDoing(r *http.Request, err error) bool {
	var network *net.OpError // the caller's connection: others are not used here unwrapped
	switch kind := lantern.KindOf(err); kind {
	case "":
		return r.Context().Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
	default:
		return kind != lantern.Unavailable
	}
}

// panicked describes a panic without its value, which could be anything.
func panicked(p any) error {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return err
	}
	return fmt.Errorf("panic of type %T: %s", p, debug.Stack())
}

// routeOf strips the method off a pattern; "" (no route) becomes "unmatched".
func routeOf(pattern string) string {
	if _, after, ok := strings.Cut(pattern, " "); ok {
		return after
	}
	if pattern == "" {
		return "unmatched"
	}
	return pattern
}

// methodOf keeps the set of method labels closed.
func methodOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
