package taxii

import (
	"cmp"
	"context"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/exchange"
	"lantern/internal/web"
)

// Media is the media type of every answer, in the one form that clients compare with.
const Media = "application/taxii+json;version=2.1"

const (
	mediaName = "application/taxii+json"
	version   = "2.1"
)

// Face is the face over one source of collections.
type Face struct {
	open  func(ctx context.Context, key string) (desk, error) // names a caller; safe for concurrent use
	roots string                                              // in front of the name of each API root
}

// New returns the face over x.
func New(x *exchange.Exchange) *Face {
	return &Face{roots: Prefix, open: func(ctx context.Context, key string) (desk, error) {
		actor, err := x.Authenticate(ctx, key)
		if err != nil {
			return nil, err
		}
		web.SetActor(ctx, actor.Member, actor.Key)
		return &programs{x, actor}, nil
	}}
}

// Takes reports whether a request is one for this face, by its path alone.
func Takes(r *http.Request) bool {
	rest, ok := strings.CutPrefix(r.URL.Path, Prefix)
	return ok && (rest == "" || rest[0] == '/')
}

// call is one request on its way to its caller's desk.
type call struct {
	desk   desk
	w      http.ResponseWriter
	r      *http.Request
	filter filter
}

// serve is the way of every request: who asks, can it read our answer, is it well formed, do it.
func (f *Face) serve(rt route) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) (err error) {
		c := &call{w: w, r: r}
		key, err := readKey(r)
		if err != nil {
			return err
		}
		if c.desk, err = f.open(r.Context(), key); err != nil {
			return err
		}
		if !acceptable(r.Header.Values("Accept")) {
			return errAccept
		}
		if c.filter, err = readFilter(r.URL.RawQuery, rt.filters); err != nil {
			return err
		}
		if r.Method != http.MethodPost {
			if err := web.NoBody(w, r); err != nil {
				return err
			}
		}
		answer, err := rt.perform(c)
		if err != nil {
			return err
		}
		if answer == nil { // a deletion
			web.WriteBytes(w, rt.status, Media, nil)
			return nil
		}
		body, err := web.Encode(answer)
		if err == nil {
			web.WriteBytes(w, rt.status, Media, body)
		}
		return err
	}
}

// readKey reads the key of a request: by Basic, where the name is the key's id or anything and the
// password the key or its secret, or by Bearer.
func readKey(r *http.Request) (key string, err error) {
	if name, password, ok := r.BasicAuth(); ok {
		if key = password; !strings.HasPrefix(password, "lk_") {
			key = name + "|" + password
		}
	} else if key, err = web.Bearer(r); err != nil {
		return "", &lantern.Error{Kind: lantern.Unauthorized, Reason: "no key was given", Fix: "HTTP Basic with the key as the password, or Authorization: Bearer <key>"}
	}
	if len(key) > 512 {
		key = ""
	}
	return key, nil
}

// Pointers that stand for a part of the request in errors, so that the form of an error finds
// the status that TAXII demands.
const (
	acceptAt   = "/headers/accept"
	envelopeAt = "/objects"
)

var errAccept = &lantern.Error{Kind: lantern.Unsupported, Field: acceptAt, Reason: "no media type of the Accept header can be given", Fix: "accept " + Media}

// acceptable reports whether one of the media ranges of an Accept header takes our answers. A
// range without a version takes whatever version there is.
func acceptable(headers []string) bool {
	if len(headers) == 0 {
		return true
	}
	for _, part := range strings.Split(strings.Join(headers, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		if q, err := strconv.ParseFloat(cmp.Or(params["q"], "1"), 64); err != nil || q <= 0 {
			continue
		}
		switch media {
		case "*/*", "application/*":
			return true
		case mediaName:
			if v, ok := params["version"]; !ok || v == version {
				return true
			}
		}
	}
	return false
}

// takesBody reports whether a body's media type is ours, with or without a version.
func takesBody(header string) bool {
	media, params, err := mime.ParseMediaType(header)
	v, has := params["version"]
	return err == nil && media == mediaName && (!has || v == version)
}

// failure is the error object of section 3.6.1.
type failure struct {
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
	ID          string `json:"error_id,omitempty"`
	Code        string `json:"error_code,omitempty"`
	HTTPStatus  string `json:"http_status"`
}

// writeError writes an error in the form of TAXII.
func writeError(w http.ResponseWriter, p *web.Problem, kind lantern.Kind) {
	status, field := p.Status, ""
	if len(p.Errors) > 0 {
		field = p.Errors[0].Pointer
	}
	switch {
	case field == acceptAt:
		status = http.StatusNotAcceptable
	case field == envelopeAt && kind == lantern.Invalid:
		status = http.StatusUnprocessableEntity
	case kind == lantern.Resync: // the specification knows no 410
		status = http.StatusBadRequest
	case status == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Basic realm="lantern", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", "Bearer")
	}
	body, err := web.Encode(failure{Title: http.StatusText(status), Description: p.Detail, ID: p.RequestID, Code: string(kind), HTTPStatus: strconv.Itoa(status)})
	if err != nil {
		body, status = nil, http.StatusInternalServerError
	}
	web.WriteBytes(w, status, Media, body)
}

// errNone is the answer to what is not there, or nothing that the caller may know of.
func errNone(what string) error {
	return &lantern.Error{Kind: lantern.NotFound, Reason: "no such " + what}
}
