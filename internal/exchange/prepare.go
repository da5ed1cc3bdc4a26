package exchange

import (
	"context"
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
	marked  bool         // an upheld challenge marks the value
	lenient bool         // it came by a foreign client; see unfounded.go
	values  []lantern.ID // the value's id in each of the draft's programs
	person  []byte       // what the log keeps erasably
	expires time.Time    // as the draft wishes
	rules   []lantern.Program

	versions [1]int // room for the versions of the rules, in what the log keeps
}

// prepare does everything that needs no database. The draft is left as it is, but for the
// order of its programs.
func (x *Exchange) prepare(ctx context.Context, a policy.Actor, draft *lantern.Draft, k *desk) (*prepared, error) {
	if err := k.validate(draft); err != nil {
		return nil, err
	}
	kind, ok := signal.Lookup(draft.Type)
	if !ok {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "not a signal type", Fix: "GET /v1/types lists them"}
	}
	p := k.next()
	p.draft, p.kind, p.expires, p.lenient = *draft, kind, draft.Expires, k.lenient
	d := &p.draft
	v, err := normalize(kind, d)
	if err == nil && x.Screen != nil {
		err = x.Screen(kind.Name, v.Canonical)
	}
	if err != nil {
		return nil, err
	}
	if err := errors.Join(k.checkText("/note", d.Note), k.checkText("/basis/action", d.Basis.Action)); err != nil {
		return nil, err
	}
	policy.WithDefaults(d)
	d.Value = v.Canonical
	slices.Sort(d.Programs)
	d.Programs = slices.Compact(d.Programs)
	return p, x.sealDraft(ctx, a, p, k)
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

// sealDraft gives the draft an identity, seals what must be sealed and computes the
// keyed marks it is found by.
func (x *Exchange) sealDraft(ctx context.Context, a policy.Actor, p *prepared, k *desk) error {
	d := &p.draft
	id, err := x.signalID(ctx, k.random)
	if err != nil {
		return err
	}
	opinion, err := k.opinionOf(d)
	if err != nil {
		return err
	}
	sum := x.Sealer.Index("signal", string(d.Type), d.Value)
	key := append(k.room(16), sum[:16]...)
	p.values = k.valueIDs(d.Programs, key)
	p.row = store.SignalRow{
		ID: id, Member: a.Member, Type: d.Type, Key: key, State: lantern.Active, Status: d.Status, Imminent: d.Imminent,
		Opinion: opinion, Content: k.contentMark(d.Note),
	}
	if p.record, p.row.Wrapped, err = x.Sealer.AppendRecord(ctx, k.room(wrappedSize), k.random); err != nil {
		return fmt.Errorf("making a record key: %w", err)
	}
	k.aad = appendValueAAD(k.aad[:0], id)
	if p.row.Value, err = k.seal(p.record, d.Value); err != nil {
		return fmt.Errorf("sealing a value: %w", err)
	}
	if d.Note != "" {
		k.aad = appendNoteAAD(k.aad[:0], id)
		if p.row.Note, err = k.seal(p.record, d.Note); err != nil {
			return fmt.Errorf("sealing a note: %w", err)
		}
	}
	person := begin(k.room(32 + len(d.Value) + len(d.Note)))
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

// tell fills in what the log keeps of the draft.
func (p *prepared) tell(f *facts) {
	f.Signal, f.Owner, f.Programs, f.Type, f.Status = p.row.ID, p.row.Member, p.draft.Programs, p.draft.Type, p.draft.Status
	f.Tags, f.Basis, f.State = p.draft.Tags, p.draft.Basis.ReviewedBy, string(p.row.State)
	f.Policy = p.versions[:0]
	for _, r := range p.rules {
		f.Policy = append(f.Policy, r.Policy.Version)
	}
}
