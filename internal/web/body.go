package web

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"lantern"
)

// Bounds of request bodies.
const (
	MaxBody  = 1 << 20  // bytes of an ordinary body
	MaxBatch = 16 << 20 // bytes of a batch or a stream of lines
	MaxLine  = 1 << 20  // bytes of one line of a stream
)

// Media types of request bodies.
const (
	JSONMedia   = "application/json"
	NDJSONMedia = "application/x-ndjson"

	AnyMedia = "*/*" // taken whatever the request says, and if it says nothing
)

// batchTime is how long a body above [MaxBody] may take to arrive; the server's own
// limit is meant for small ones.
const batchTime = 60 * time.Second

// Body checks what the request says of its body (media type, coding, length) and returns
// a reader that fails with [lantern.TooLarge] beyond limit bytes. Pass what it returns to
// a decoder; its errors are ready to be returned by a [Handler].
func Body(w http.ResponseWriter, r *http.Request, media string, limit int64) (io.Reader, error) {
	if c := r.Header.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		return nil, &lantern.Error{Kind: lantern.Unsupported, Reason: "compressed bodies are not taken", Fix: "send the body without Content-Encoding"}
	}
	if media != AnyMedia {
		if err := checkMedia(r, media); err != nil {
			return nil, err
		}
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	if limit > MaxBody {
		Extend(w, batchTime)
	}
	return &bodyReader{r: http.MaxBytesReader(w, r.Body, limit), limit: limit}, nil
}

// ReadBody reads a whole body under the checks of [Body], and refuses pictures and films
// whatever media type they claim.
func ReadBody(w http.ResponseWriter, r *http.Request, media string, limit int64) ([]byte, error) {
	in, err := Body(w, r, media, limit)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	if IsMedia(b) {
		return nil, mediaRefused()
	}
	return b, nil
}

// bodyReader gives the errors of a body their words, and refuses pictures by their first
// bytes.
type bodyReader struct {
	r       io.Reader
	limit   int64
	started bool
	refused error // once: whoever looks ahead may pass over the first error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	if b.refused != nil {
		return 0, b.refused
	}
	n, err := b.r.Read(p)
	if !b.started && n > 0 {
		b.started = true
		if IsMedia(p[:n]) {
			b.refused = mediaRefused()
			return 0, b.refused
		}
	}
	var max *http.MaxBytesError
	switch {
	case err == nil || err == io.EOF:
	case errors.As(err, &max):
		err = tooLarge(b.limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = &lantern.Error{Kind: lantern.Unavailable, Reason: "the body took too long to arrive", Fix: "send it in smaller parts"}
	default:
		err = &lantern.Error{Kind: lantern.Invalid, Reason: "the body broke off", Fix: "send it again"}
	}
	return n, err
}

func tooLarge(limit int64) error {
	return &lantern.Error{Kind: lantern.TooLarge, Reason: "the body is too large", Fix: fmt.Sprintf("send at most %d bytes, split what is more", limit)}
}

// checkMedia demands the media type want, in UTF-8.
func checkMedia(r *http.Request, want string) error {
	got, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || got != want || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &lantern.Error{Kind: lantern.Unsupported, Reason: "the media type is not taken here", Fix: "send Content-Type: " + want}
	}
	return nil
}

func mediaRefused() error {
	return &lantern.Error{Kind: lantern.Unsupported, Reason: "pictures and films are never taken", Fix: "share a hash made on your own machines instead"}
}

// NoBody refuses a body where none is expected; "{}" passes, since many clients cannot
// send nothing.
func NoBody(w http.ResponseWriter, r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	b, err := io.ReadAll(&bodyReader{r: http.MaxBytesReader(w, r.Body, 1024), limit: 1024})
	if err != nil {
		return err
	}
	if s := strings.TrimSpace(string(b)); s != "" && s != "{}" {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "this call takes no body", Fix: "send it without one"}
	}
	return nil
}

// ReadParams returns the query parameters of r. A parameter that is not in allowed, or
// is given twice, is refused without being repeated.
func ReadParams(r *http.Request, allowed ...string) (map[string]string, error) {
	bad := func(reason, fix string) error {
		return &lantern.Error{Kind: lantern.Invalid, Reason: reason, Fix: fix}
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("the query string is malformed", "percent-encode it")
	}
	params := map[string]string{}
	for name, values := range q {
		known := false
		for _, a := range allowed {
			known = known || a == name
		}
		switch {
		case !known && len(allowed) == 0:
			return nil, bad("unknown query parameter", "this call takes none")
		case !known:
			return nil, bad("unknown query parameter", "known here: "+strings.Join(allowed, ", "))
		case len(values) > 1:
			return nil, bad("query parameter "+name+" is given twice", "give it once")
		}
		params[name] = values[0]
	}
	return params, nil
}
