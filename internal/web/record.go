package web

import (
	"context"
	"net/http"

	"lantern"
)

// statusClientGone is what the log says when nobody waits for the answer any more.
const statusClientGone = 499

// record is what one request leaves behind for its log line. It is used by the one
// goroutine that serves the request.
type record struct {
	id          string
	member, key lantern.ID
	err         error
	aborted     bool // the answer broke off after its header
}

type recordKey struct{}

// recordOf returns the record of the request, a throw-away one outside of a [Mux].
func recordOf(ctx context.Context) *record {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec
	}
	return &record{}
}

// RequestID returns the id of the request that ctx belongs to, "" if there is none.
func RequestID(ctx context.Context) string { return recordOf(ctx).id }

// SetActor puts the caller's member and key into the request's log line. A face calls it
// once it knows them, from the goroutine that serves the request.
func SetActor(ctx context.Context, member, key lantern.ID) {
	rec := recordOf(ctx)
	rec.member, rec.key = member, key
}

// SetRoute names the route of a request in its log line and in the metrics, for a handler
// that takes many paths. It must be one of a closed set and hold nothing of the request's own.
func SetRoute(r *http.Request, route string) { r.Pattern = route }

// response counts what is written. [http.ResponseController] reaches the writer below.
type response struct {
	http.ResponseWriter
	status int // 0 until the header was written
	bytes  int64
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// discard keeps the header of an answer and drops the rest.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}
