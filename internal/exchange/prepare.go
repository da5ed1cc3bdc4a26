package exchange

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/seal"
	"lantern/internal/store"
	"lantern/signal"
)

// prepared is a draft that is ready for its transaction: checked, normalized, sealed.
type prepared struct {
	at      int // place in the batch
	draft   lantern.Draft
	kind    *signal.Type
	row     store.SignalRow
	record  seal.Record
	mark    []byte       // of the value, made only while any value is marked
	values  []lantern.ID // the value's id in each of the draft's programs
	person  []byte       // what the log keeps erasably
	expires time.Time    // as the draft wishes
	rules   []lantern.Program
}

// prepare does everything that needs no database.
func (x *Exchange) prepare(ctx context.Context, a policy.Actor, d lantern.Draft) (*prepared, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	kind, ok := signal.Lookup(d.Type)
	if !ok {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "not a signal type", Fix: "GET /v1/types lists them"}
	}
	v, err := kind.Normalize(d.Value)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkText("/note", d.Note), checkText("/basis/action", d.Basis.Action)); err != nil {
		return nil, err
	}
	withDefaults(&d)
	d.Value = v.Canonical
	slices.Sort(d.Programs)
	d.Programs = slices.Compact(d.Programs)
	p := &prepared{draft: d, kind: kind, expires: d.Expires}
	return p, x.sealDraft(ctx, a, p)
}

// checkText refuses personal data in a text of people's own.
func checkText(field, text string) error {
	err := signal.CheckNote(text)
	var e *lantern.Error
	if errors.As(err, &e) {
		return &lantern.Error{Kind: e.Kind, Field: field, Reason: e.Reason, Fix: e.Fix}
	}
	return err
}

// withDefaults fills in what a draft may leave out.
func withDefaults(d *lantern.Draft) {
	def := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	def((*string)(&d.Status), string(lantern.Lead))
	def((*string)(&d.Severity), string(lantern.Medium))
	def((*string)(&d.Role), string(lantern.UnknownRole))
	def((*string)(&d.Handling), string(lantern.AmberStrict))
}

// sealDraft gives the draft an identity, seals what must be sealed and computes the
// keyed marks it is found by.
func (x *Exchange) sealDraft(ctx context.Context, a policy.Actor, p *prepared) error {
	d := &p.draft
	id, err := x.signalID(ctx)
	if err != nil {
		return err
	}
	opinion, err := encodeOpinion(*d)
	if err != nil {
		return err
	}
	key := x.Sealer.Index("signal", string(d.Type), d.Value)
	content := x.contentMark(opinion, d.Note)
	for _, program := range d.Programs {
		p.values = append(p.values, x.valueID(program, d.Type, d.Value))
	}
	p.row = store.SignalRow{
		ID: id, Member: a.Member, Type: d.Type, Key: key[:], State: lantern.Active, Status: d.Status, Imminent: d.Imminent,
		Opinion: opinion, Content: content,
	}
	if p.record, p.row.Wrapped, err = x.Sealer.NewRecord(ctx, x.Random); err != nil {
		return fmt.Errorf("making a record key: %w", err)
	}
	if p.row.Value, err = p.record.Seal(x.Random, valueAAD(id), []byte(d.Value)); err != nil {
		return fmt.Errorf("sealing a value: %w", err)
	}
	if p.row.Note, err = x.sealNote(p.record, id, d.Note); err != nil {
		return err
	}
	p.person, err = json.Marshal(struct {
		Value string `json:"value"`
		Note  string `json:"note,omitempty"`
	}{d.Value, d.Note})
	return err
}

// encodeOpinion is the part of a draft that stays in the open: neither value nor note,
// and nothing that has a column or table of its own.
func encodeOpinion(d lantern.Draft) (string, error) {
	d.Value, d.Note, d.Programs, d.Links, d.Expires = "", "", nil, nil, time.Time{}
	text, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("encoding an opinion: %w", err)
	}
	return string(text), nil
}

// contentMark is a keyed digest by which an identical re-share is known.
func (x *Exchange) contentMark(opinion, note string) []byte {
	sum := x.Sealer.Index("content", opinion, note)
	return sum[:]
}

// valueID names a value in a program: 63 bits of a keyed index, so that equal values meet
// without a table of values, and nobody without the key can compute it.
func (x *Exchange) valueID(program lantern.ID, t lantern.SignalType, canonical string) lantern.ID {
	sum := x.Sealer.Index("value", program.String(), string(t), canonical)
	return lantern.ID(binary.BigEndian.Uint64(sum[:8])>>1 | 1)
}

func (p *prepared) facts() facts {
	f := facts{Signal: p.row.ID, Owner: p.row.Member, Programs: p.draft.Programs, Type: p.draft.Type, Status: p.draft.Status,
		Tags: p.draft.Tags, Basis: p.draft.Basis.ReviewedBy, State: string(p.row.State)}
	for _, r := range p.rules {
		f.Policy = append(f.Policy, r.Policy.Version)
	}
	return f
}
