package openapitest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Watch is a transport that holds every answer to a document, and remembers which
// operations succeeded.
type Watch struct {
	T    *testing.T
	Spec *Spec
	Live map[string]bool // paths whose answers go on while they are read: only their status is held to the document

	mu   sync.Mutex
	seen map[string]bool // "operation status"; guarded by mu
}

// RoundTrip sends a request, reads the whole answer and holds it to the document.
func (w *Watch) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if w.Live[r.URL.Path] && res.StatusCode == http.StatusOK {
		if op, ok := w.Spec.Find(r.Method, r.URL.Path); ok {
			w.saw(op.ID + " 200")
		} else {
			w.T.Errorf("%s is a path the document lacks", r.URL.Path)
		}
		return res, nil
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	seen, err := w.Spec.CheckAnswer(r, res, body)
	if err != nil {
		w.T.Errorf("%s: %v", r.Method, err)
	}
	w.saw(seen)
	return res, nil
}

func (w *Watch) saw(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	w.seen[what] = true
}

// Missing lists the operations of the document that never succeeded.
func (w *Watch) Missing() (missing []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, op := range w.Spec.Operations {
		answered := false
		for status := range op.Answers {
			answered = answered || strings.HasPrefix(status, "2") && w.seen[op.ID+" "+status]
		}
		if !answered {
			missing = append(missing, op.ID)
		}
	}
	return missing
}
