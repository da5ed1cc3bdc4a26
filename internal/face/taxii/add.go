package taxii

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/exchange"
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
}

// detail is what became of one object.
type detail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitempty"`
}

// addition is an envelope on its way in.
type addition struct {
	*call
	program lantern.ID
	status  status
	plain   bool // a failed object has an id that cannot be repeated
	drafts  []lantern.Draft
	of      []detail // of each draft
	shared  bool     // something was committed
}

// add takes an envelope: each indicator is shared as a signal of the caller's member, or changes
// the one it has on the value; a revoked one that is the member's own is withdrawn. One bad object
// never harms its neighbours.
func (c *call) add() (any, error) {
	at, err := c.writable()
	if err != nil {
		return nil, err
	}
	objects, err := c.readEnvelope()
	if err != nil {
		return nil, err
	}
	var random [16]byte
	if _, err := io.ReadFull(c.x.Random, random[:]); err != nil {
		return nil, fmt.Errorf("drawing an id: %w", err)
	}
	now := c.x.Clock()
	a := &addition{call: c, program: at.door.Program.ID}
	a.status = status{ID: uuid4(random), Status: "complete", Requested: stix.Stamp(now), TotalCount: len(objects)}
	for _, raw := range objects {
		if err := a.take(raw, now); err != nil {
			return nil, err
		}
	}
	if err := a.share(); err != nil {
		return nil, err
	}
	if a.plain {
		a.status.Failures = nil
	}
	return a.status, c.keep(a.status)
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

// take reads one object. It is refused, withdrawn at once or put among the drafts.
func (a *addition) take(raw jsontext.Value, now time.Time) error {
	p, err := stix.Read(raw)
	d := detail{ID: p.ID, Version: p.ObjectVersion()}
	if d.Version == "" {
		d.Version = stix.Stamp(now)
	}
	if err != nil {
		return a.refuse(d, err)
	}
	if p.Revoked {
		return a.revoke(d)
	}
	draft, err := p.Draft(a.program)
	if err != nil {
		return a.refuse(d, err)
	}
	a.drafts, a.of = append(a.drafts, draft), append(a.of, d)
	if len(a.drafts) == lantern.MaxBatch {
		return a.share()
	}
	return nil
}

// refuse notes why an object was not taken. Only an error that a caller can act on is told.
func (a *addition) refuse(d detail, err error) error {
	p, ok := err.(*lantern.Error) //nolint:errorlint // stix and the exchange return it as it is
	if !ok {
		return err
	}
	if !stix.Well(d.ID) {
		a.plain = true
	}
	d.Message = p.Error()
	a.status.FailureCount++
	a.status.Failures = append(a.status.Failures, d)
	return nil
}

func (a *addition) accept(d detail, message string) {
	d.Message = message
	a.status.SuccessCount++
	a.status.Successes = append(a.status.Successes, d)
	a.shared = true
}

// revoke withdraws a signal of the member's own that came back revoked.
func (a *addition) revoke(d detail) error {
	if err := a.withdraw(a.program, d.ID); err != nil {
		return a.refuse(d, err)
	}
	a.accept(d, "withdrawn")
	return nil
}

// share shares the drafts there are. What refuses all of them is the answer to the request,
// unless something was committed before.
func (a *addition) share() error {
	drafts, of := a.drafts, a.of
	a.drafts, a.of = nil, nil
	if len(drafts) == 0 {
		return nil
	}
	results, err := a.x.ShareBatch(a.r.Context(), a.actor, drafts)
	if err != nil && !a.shared {
		return err
	}
	for i, d := range of {
		switch {
		case err != nil:
			if err := a.refuse(d, err); err != nil {
				return err
			}
		case results[i].Problem != nil:
			p := results[i].Problem
			if err := a.refuse(d, &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}); err != nil {
				return err
			}
		default:
			a.accept(d, string(results[i].Status)+" as "+stix.ID("indicator", a.program, results[i].Signal))
		}
	}
	return nil
}

// uuid4 writes random bytes as a UUID.
func uuid4(b [16]byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// statusName names a status among the answers that the exchange remembers for a day.
func statusName(id string) string { return "taxii-status " + id }

// keep has the exchange remember a status. Ids that were made from values stay out of what is
// stored: whoever has the database could test guesses against them.
func (c *call) keep(s status) error {
	random := func(list []detail) []detail {
		for _, d := range list {
			if _, uuid, _ := strings.Cut(d.ID, "--"); len(uuid) < 15 || uuid[14] != '4' {
				return nil
			}
		}
		return list
	}
	s.Successes, s.Failures = random(s.Successes), random(s.Failures)
	body, err := web.Encode(s)
	if err != nil {
		return err
	}
	return c.x.SaveIdempotent(c.r.Context(), c.actor, statusName(s.ID), [32]byte{}, 200, body)
}

// readStatus returns the status of an envelope that the caller sent in the last day.
func (c *call) readStatus() (any, error) {
	if _, err := c.door(); err != nil {
		return nil, err
	}
	body, _, found, err := c.x.Idempotent(c.r.Context(), c.actor, statusName(c.r.PathValue("status")), [32]byte{})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errNone("status")
	}
	return jsontext.Value(body), nil
}

// remove withdraws a signal of the caller's own: from this collection and everywhere.
func (c *call) remove() (any, error) {
	at, err := c.readable()
	if err != nil {
		return nil, err
	}
	if _, err := c.writable(); err != nil {
		return nil, err
	}
	return nil, c.withdraw(at.door.Program.ID, c.r.PathValue("object"))
}

// withdraw withdraws the signal behind a STIX id.
func (c *call) withdraw(program lantern.ID, object string) error {
	id, ok := stix.ParseID(program, object)
	if !ok {
		return errNone("object")
	}
	got, err := c.x.ForeignFeed(c.r.Context(), c.actor, program, exchange.ForeignQuery{Signals: []lantern.ID{id}, Limit: 1}, "")
	if err != nil {
		return err
	}
	if len(got.Changes) == 0 || !c.filter.passes(stix.Signal(program, &got.Changes[0])) {
		return errNone("object")
	}
	if got.Changes[0].Signal.Member != c.actor.Member {
		return &lantern.Error{Kind: lantern.Forbidden, Reason: "the object is another member's", Fix: "say that it is wrong: open a challenge at the exchange's own API"}
	}
	_, err = c.x.Withdraw(c.r.Context(), c.actor, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
	return err
}
