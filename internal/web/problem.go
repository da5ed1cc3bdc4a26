package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"lantern"
)

// Problem is the body of every error answer: the form of RFC 9457 with the members
// "errors" and "request_id" of our own.
type Problem struct {
	Type      string             `json:"type"`   // "about:blank", or "urn:lantern:problem:" and the kind
	Title     string             `json:"title"`  // the status in words
	Status    int                `json:"status"` // as in the status line
	Detail    string             `json:"detail"` // the first complaint in one line
	Errors    []*lantern.Problem `json:"errors"` // every complaint; empty for an internal error
	RequestID string             `json:"request_id"`
}

// ProblemType precedes the kind in [Problem.Type].
const ProblemType = "urn:lantern:problem:"

// ProblemMedia is the media type of a [Problem].
const ProblemMedia = "application/problem+json"

// Status returns the HTTP status of a kind; 500 for "" and unknown kinds.
func Status(kind lantern.Kind) int {
	switch kind {
	case lantern.Invalid:
		return http.StatusBadRequest
	case lantern.Unauthorized:
		return http.StatusUnauthorized
	case lantern.Forbidden:
		return http.StatusForbidden
	case lantern.NotFound:
		return http.StatusNotFound
	case lantern.Conflict:
		return http.StatusConflict
	case lantern.TooLarge:
		return http.StatusRequestEntityTooLarge
	case lantern.RateLimited:
		return http.StatusTooManyRequests
	case lantern.Resync:
		return http.StatusGone
	case lantern.Unavailable:
		return http.StatusServiceUnavailable
	case lantern.Unsupported:
		return http.StatusUnsupportedMediaType
	}
	return http.StatusInternalServerError
}

// writeProblem answers with rec.err. The caller made sure that nothing was written.
func writeProblem(w *response, rec *record, form func(http.ResponseWriter, *Problem, lantern.Kind)) {
	p := problemOf(rec.err, w.Header().Get("Allow") != "")
	p.RequestID = rec.id
	h := w.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if after := RetryAfter(rec.err); after != "" {
			h.Set("Retry-After", after)
		} else if h.Get("Retry-After") == "" {
			h.Set("Retry-After", "1")
		}
	}
	if form != nil {
		form(w, p, lantern.KindOf(rec.err))
		return
	}
	body, err := encode(p)
	if err != nil {
		rec.err = errors.Join(rec.err, err)
	}
	h.Set("Content-Type", ProblemMedia)
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // the caller may be gone; there is nobody left to tell
}

// RetryAfter returns the header that tells how long to wait after an error, in whole seconds;
// "" if the error does not know.
func RetryAfter(err error) string {
	var e *lantern.Error
	if !errors.As(err, &e) || e.Wait <= 0 {
		return ""
	}
	return wholeSeconds(e.Wait)
}

// wholeSeconds rounds up: who waits so long has waited long enough.
func wholeSeconds(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}

// ProblemOf returns what may be told of an error, and its kind, for a protocol that carries
// several answers in one. It has no request id.
func ProblemOf(err error) (*Problem, lantern.Kind) { return problemOf(err, false), lantern.KindOf(err) }

// problemOf maps an error to its answer. Only the words of a [*lantern.Error] are shown.
func problemOf(err error, method bool) *Problem {
	if errors.Is(err, context.DeadlineExceeded) && lantern.KindOf(err) == "" {
		err = &lantern.Error{Kind: lantern.Unavailable, Reason: "took too long", Fix: "retry later"}
	}
	var e *lantern.Error
	if !errors.As(err, &e) || Status(e.Kind) == http.StatusInternalServerError {
		return &Problem{
			Type: "about:blank", Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError,
			Detail: "internal error", Errors: []*lantern.Problem{},
		}
	}
	p := &Problem{Type: ProblemType + string(e.Kind), Status: Status(e.Kind), Detail: e.Error(), Errors: []*lantern.Problem{e.Problem()}}
	if method && e.Kind == lantern.Unsupported {
		p.Status = http.StatusMethodNotAllowed
	}
	p.Title = http.StatusText(p.Status)
	for _, also := range e.Also {
		p.Errors = append(p.Errors, also.Problem())
	}
	return p
}

// Renamed returns err with the field from called to, for a protocol whose clients write it so. Any
// other error stays as it is.
func Renamed(err error, from, to string) error {
	var e *lantern.Error
	if !errors.As(err, &e) || e.Field != from {
		return err
	}
	named := *e
	named.Field = to
	return &named
}

// Err rebuilds the error that p tells, so that a client's caller can ask for its kind.
// The kind of an answer without complaints follows from the status.
func (p *Problem) Err() *lantern.Error {
	var errs []*lantern.Error
	for _, c := range p.Errors {
		if c != nil {
			errs = append(errs, &lantern.Error{Kind: c.Kind, Field: c.Pointer, Reason: c.Reason, Fix: c.Fix})
		}
	}
	if len(errs) == 0 {
		return &lantern.Error{Kind: KindOfStatus(p.Status), Reason: p.Detail}
	}
	errs[0].Also = errs[1:]
	return errs[0]
}

// KindOfStatus is the inverse of [Status] for answers that carry no kind, a proxy's for
// example: server errors are Unavailable, other unknown statuses have no kind.
func KindOfStatus(status int) lantern.Kind {
	for _, k := range []lantern.Kind{
		lantern.Invalid, lantern.Unauthorized, lantern.Forbidden, lantern.NotFound, lantern.Conflict,
		lantern.TooLarge, lantern.RateLimited, lantern.Resync, lantern.Unsupported,
	} {
		if Status(k) == status {
			return k
		}
	}
	switch status {
	case http.StatusMethodNotAllowed:
		return lantern.Unsupported
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return lantern.Unavailable
	}
	return ""
}
