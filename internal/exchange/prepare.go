package exchange

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
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
func (x *Exchange) prepare(ctx context.Context, a policy.Actor, d lantern.Draft, k *desk) (*prepared, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	kind, ok := signal.Lookup(d.Type)
	if !ok {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "not a signal type", Fix: "GET /v1/types lists them"}
	}
	v, err := normalize(kind, &d)
	if err == nil && x.Screen != nil {
		err = x.Screen(kind.Name, v.Canonical)
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(k.checkText("/note", d.Note), k.checkText("/basis/action", d.Basis.Action)); err != nil {
		return nil, err
	}
	withDefaults(&d)
	d.Value = v.Canonical
	slices.Sort(d.Programs)
	d.Programs = slices.Compact(d.Programs)
	p := &prepared{draft: d, kind: kind, expires: d.Expires}
	return p, x.sealDraft(ctx, a, p, k.random)
}

// desk is what the drafts of one batch share while they are prepared.
type desk struct {
	random  io.Reader
	checked map[string]bool // texts that passed: the drafts of a batch often say the same
}

// draftRandom is about how many random bytes a draft takes: id, data key, four nonces.
const draftRandom = 88

func (x *Exchange) newDesk(drafts int) *desk {
	return &desk{random: bufio.NewReaderSize(x.Random, min(drafts*draftRandom, 4096)), checked: map[string]bool{}}
}

// checkText is checkText, once for each text.
func (k *desk) checkText(field, text string) error {
	if k.checked[text] {
		return nil
	}
	err := checkText(field, text)
	k.checked[text] = err == nil
	return err
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
func (x *Exchange) sealDraft(ctx context.Context, a policy.Actor, p *prepared, random io.Reader) error {
	d := &p.draft
	id, err := x.signalID(ctx, random)
	if err != nil {
		return err
	}
	opinion, err := encodeOpinion(*d)
	if err != nil {
		return err
	}
	sum := x.Sealer.Index("signal", string(d.Type), d.Value)
	key := [16]byte(sum[:])
	for _, program := range d.Programs {
		p.values = append(p.values, x.valueID(program, key))
	}
	p.row = store.SignalRow{
		ID: id, Member: a.Member, Type: d.Type, Key: key[:], State: lantern.Active, Status: d.Status, Imminent: d.Imminent,
		Opinion: opinion, Content: x.contentMark(d.Note),
	}
	if p.record, p.row.Wrapped, err = x.Sealer.NewRecord(ctx, random); err != nil {
		return fmt.Errorf("making a record key: %w", err)
	}
	if p.row.Value, err = p.record.Seal(random, valueAAD(id), []byte(d.Value)); err != nil {
		return fmt.Errorf("sealing a value: %w", err)
	}
	if p.row.Note, err = x.sealNote(p.record, id, d.Note); err != nil {
		return err
	}
	person := begin(make([]byte, 0, 32+len(d.Value)+len(d.Note)))
	person.name("value")
	person.b = appendText(person.b, d.Value)
	person.text("note", d.Note)
	p.person = person.end()
	return nil
}

// contentMark is by which an identical re-share is known, with the opinion beside it: a
// keyed digest of the note, for with a plain one anybody could test a guess.
func (x *Exchange) contentMark(note string) []byte {
	if note == "" {
		return []byte{0}
	}
	sum := x.Sealer.Index("content", note)
	return sum[:]
}

// valueID names a value in a program: 63 bits of a keyed permutation of its index, so that
// equal values meet without a table of values, and nobody without the key can compute it
// or link a value's ids in two programs.
func (x *Exchange) valueID(program lantern.ID, index [16]byte) lantern.ID {
	sum := x.Sealer.Permute("value", program.String(), index)
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
