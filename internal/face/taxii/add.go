package taxii

import (
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/format/stix"
	"lantern/internal/web"
)

// maxBody is how large an envelope may be, in bytes; API roots say so.
const maxBody = 8 << 20

// status is the resource of section 4.3.1: what became of an envelope. Each list is as long as
// its count says, or left out.
type status struct {
	ID           string   `json:"id"`
	Status       string   `json:"status"`
	Requested    string   `json:"request_timestamp"`
	TotalCount   int      `json:"total_count"`
	SuccessCount int      `json:"success_count"`
	Successes    []detail `json:"successes,omitempty"`
	FailureCount int      `json:"failure_count"`
	Failures     []detail `json:"failures,omitempty"`
	PendingCount int      `json:"pending_count"`
	Pendings     []detail `json:"pendings,omitempty"`
}

// detail is what became of one object.
type detail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitempty"`
}

// add takes an envelope.
func (c *call) add() (any, error) {
	at, err := c.writable()
	if err != nil {
		return nil, err
	}
	objects, err := c.readEnvelope()
	if err != nil {
		return nil, err
	}
	return c.desk.add(c.r.Context(), at, objects)
}

// readEnvelope reads the objects of the body.
func (c *call) readEnvelope() ([]jsontext.Value, error) {
	if !takesBody(c.r.Header.Get("Content-Type")) {
		return nil, &lantern.Error{Kind: lantern.Unsupported, Reason: "the media type is not taken here", Fix: "send Content-Type: " + Media}
	}
	body, err := web.ReadBody(c.w, c.r, mediaName, maxBody)
	if err != nil {
		return nil, err
	}
	var e struct {
		Objects []jsontext.Value `json:"objects"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "malformed JSON, or not an envelope", Fix: `send {"objects": [...]}`}
	}
	if len(e.Objects) == 0 {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: envelopeAt, Reason: "the envelope holds no objects", Fix: "send at least one"}
	}
	return e.Objects, nil
}

// newStatus begins the status of an envelope of n objects, under a random id.
func newStatus(random io.Reader, now time.Time, n int) (status, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return status{}, fmt.Errorf("drawing an id: %w", err)
	}
	return status{ID: uuid4(b), Status: "complete", Requested: stix.Stamp(now), TotalCount: n}, nil
}

// uuid4 writes random bytes as a UUID.
func uuid4(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// readStatus returns the status of an envelope that the caller sent in the last day.
func (c *call) readStatus() (any, error) {
	r, err := c.root()
	if err != nil {
		return nil, err
	}
	return c.desk.status(c.r.Context(), r, c.r.PathValue("status"))
}

// remove takes an object, or the versions of it that the filter names, out of a collection.
func (c *call) remove() (any, error) {
	at, err := c.place()
	if err == nil && !at.CanRead && !at.CanWrite {
		err = errNone("collection")
	}
	if err == nil {
		_, err = c.readable()
	}
	if err == nil {
		_, err = c.writable()
	}
	if err != nil {
		return nil, err
	}
	return nil, c.desk.remove(c.r.Context(), at, c.r.PathValue("object"), c.filter)
}
