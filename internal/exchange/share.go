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
	"lantern/audit"
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
	mark    []byte       // under which an upheld challenge would have marked the value
	values  []lantern.ID // the value's id in each of the draft's programs
	person  []byte       // what the log keeps erasably
	expires time.Time    // as the draft wishes
	rules   []lantern.Program
}

// Share takes one draft. See [Exchange.ShareBatch]; a refusal is an error.
func (x *Exchange) Share(ctx context.Context, a policy.Actor, d lantern.Draft) (lantern.ShareResult, error) {
	results, err := x.ShareBatch(ctx, a, []lantern.Draft{d})
	if err != nil {
		return lantern.ShareResult{}, err
	}
	if p := results[0].Problem; p != nil {
		return results[0], &lantern.Error{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}
	}
	return results[0], nil
}

// ShareBatch takes up to MaxBatch drafts in one transaction and answers each by itself:
// a refused one harms no other. Sharing the same draft again changes nothing, not even
// the expiry; another opinion on the same value amends the member's signal. The answer
// comes when everything is committed and in the log.
func (x *Exchange) ShareBatch(ctx context.Context, a policy.Actor, drafts []lantern.Draft) ([]lantern.ShareResult, error) {
	if n := len(drafts); n == 0 || n > lantern.MaxBatch {
		return nil, &lantern.Error{Kind: lantern.TooLarge, Field: "/items", Reason: "none, or too many", Fix: fmt.Sprintf("1 to %d drafts", lantern.MaxBatch)}
	}
	if err := policy.Can(a, policy.Share, x.Clock()); err != nil {
		return nil, err
	}
	refused := make([]*lantern.Error, len(drafts))
	var ready []*prepared
	for i, d := range drafts {
		p, err := x.prepare(ctx, a, d)
		if err != nil {
			if !errors.As(err, &refused[i]) {
				return nil, err
			}
			continue
		}
		p.at = i
		ready = append(ready, p)
	}
	var results []lantern.ShareResult
	err := x.write(ctx, func(t *txn) error {
		results = make([]lantern.ShareResult, len(drafts))
		for i, e := range refused {
			if e != nil {
				results[i] = refusal(e)
			}
		}
		return x.share(t, a, ready, results)
	})
	return results, err
}

func refusal(e *lantern.Error) lantern.ShareResult {
	return lantern.ShareResult{Status: lantern.Refused, Problem: e.Problem()}
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
	for _, text := range []struct{ field, text string }{{"/note", d.Note}, {"/basis/action", d.Basis.Action}} {
		if err := signal.CheckNote(text.text); err != nil {
			var e *lantern.Error
			if errors.As(err, &e) {
				e = &lantern.Error{Kind: e.Kind, Field: text.field, Reason: e.Reason, Fix: e.Fix}
				return nil, e
			}
			return nil, err
		}
	}
	withDefaults(&d)
	d.Value = v.Canonical
	slices.Sort(d.Programs)
	d.Programs = slices.Compact(d.Programs)
	p := &prepared{draft: d, kind: kind, expires: d.Expires}
	return p, x.sealDraft(ctx, a, p)
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
	id, err := x.newID()
	if err != nil {
		return err
	}
	opinion, err := encodeOpinion(*d)
	if err != nil {
		return err
	}
	key := x.Sealer.Index("signal", string(d.Type), d.Value)
	mark := x.Sealer.Index("marker", string(d.Type), d.Value)
	content := x.contentMark(opinion, d.Note)
	p.mark = mark[:]
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

func (x *Exchange) sealNote(r seal.Record, id lantern.ID, note string) ([]byte, error) {
	if note == "" {
		return nil, nil
	}
	b, err := r.Seal(x.Random, noteAAD(id), []byte(note))
	if err != nil {
		return nil, fmt.Errorf("sealing a note: %w", err)
	}
	return b, nil
}

// valueID names a value in a program: 63 bits of a keyed index, so that equal values meet
// without a table of values, and nobody without the key can compute it.
func (x *Exchange) valueID(program lantern.ID, t lantern.SignalType, canonical string) lantern.ID {
	sum := x.Sealer.Index("value", program.String(), string(t), canonical)
	return lantern.ID(binary.BigEndian.Uint64(sum[:8])>>1 | 1)
}

// share is the transaction of a batch.
func (x *Exchange) share(t *txn, a policy.Actor, ready []*prepared, results []lantern.ShareResult) error {
	w := &world{t: t, a: a, programs: map[lantern.ID]placeIn{}, targets: map[lantern.ID]bool{}}
	var good []*prepared
	for _, p := range ready {
		err := w.check(p)
		var e *lantern.Error
		switch {
		case errors.As(err, &e):
			results[p.at] = refusal(e)
		case err != nil:
			return err
		default:
			good = append(good, p)
		}
	}
	if err := w.holdMarked(good); err != nil {
		return err
	}
	rows := make([]store.SignalRow, len(good))
	for i, p := range good {
		p.row.Created, p.row.Updated = t.now, t.now
		rows[i] = p.row
	}
	if len(rows) == 0 {
		return nil
	}
	in, err := store.InsertSignals(t.ctx, t.writing(), rows)
	if err != nil {
		return fmt.Errorf("storing signals: %w", err)
	}
	s := &sharing{x: x, t: t, a: a}
	for _, p := range good {
		if in[p.row.ID] {
			results[p.at], err = s.place(p, p.draft.Programs, audit.Share)
		}
		if err != nil {
			return err
		}
	}
	if err := s.flush(); err != nil {
		return err
	}
	for _, p := range good {
		if !in[p.row.ID] {
			if results[p.at], err = x.reshare(t, a, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// world is what checking a batch reads, each thing once.
type world struct {
	t        *txn
	a        policy.Actor
	programs map[lantern.ID]placeIn
	targets  map[lantern.ID]bool // link targets: whether the member may know them
}

// placeIn is a program and the member's place in it; err says why there is none.
type placeIn struct {
	program    lantern.Program
	membership lantern.Membership
	err        error
}

func (w *world) in(id lantern.ID) (placeIn, error) {
	if p, ok := w.programs[id]; ok {
		return p, nil
	}
	var p placeIn
	m, err := inProgram(w.t.ctx, w.t.Tx, id, w.a.Member)
	if lantern.KindOf(err) != "" {
		p.err = err
	} else if err != nil {
		return p, err
	}
	p.membership = m.Membership
	if p.err == nil {
		if p.program, _, err = store.Program(w.t.ctx, w.t.Tx, id); err != nil {
			return p, err
		}
	}
	w.programs[id] = p
	return p, nil
}

// check applies the policy to one draft and fixes its expiry.
func (w *world) check(p *prepared) error {
	p.rules = p.rules[:0]
	for i, id := range p.draft.Programs {
		in, err := w.in(id)
		if err != nil {
			return err
		}
		if in.err != nil {
			return &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/programs/%d", i), Reason: "no such program", Fix: "GET /v1/programs lists yours"}
		}
		if err := policy.MayShare(w.a, in.program, in.membership, &p.draft, w.t.now); err != nil {
			return err
		}
		p.rules = append(p.rules, in.program)
	}
	var err error
	if p.row.Expires, err = policy.Expiry(typed(p.kind), p.rules, p.expires, w.t.now); err != nil {
		return err
	}
	return w.checkLinks(p.draft.Links)
}

func typed(k *signal.Type) policy.Typed {
	return policy.Typed{Name: k.Name, Retention: k.Retention, MaxRetention: k.MaxRetention}
}

// checkLinks refuses links to signals the member does not own and was never sent.
func (w *world) checkLinks(links []lantern.Link) error {
	for i, l := range links {
		known, ok := w.targets[l.Signal]
		if !ok {
			row, found, err := store.ReadSignal(w.t.ctx, w.t.Tx, l.Signal)
			if err != nil {
				return err
			}
			if known = found && row.Member == w.a.Member; found && !known {
				if known, err = store.WasSent(w.t.ctx, w.t.Tx, l.Signal, w.a.Member); err != nil {
					return err
				}
			}
			w.targets[l.Signal] = known
		}
		if !known {
			return &lantern.Error{Kind: lantern.NotFound, Field: fmt.Sprintf("/links/%d/signal", i), Reason: "no such signal"}
		}
	}
	return nil
}

// holdMarked holds back drafts on values that fell to an upheld challenge.
func (w *world) holdMarked(good []*prepared) error {
	marks := make([][]byte, len(good))
	for i, p := range good {
		marks[i] = p.mark
	}
	marked, err := store.Marked(w.t.ctx, w.t.Tx, marks, w.t.now)
	if err != nil {
		return err
	}
	for _, p := range good {
		p.row.State = lantern.Active
		if marked[string(p.mark)] {
			p.row.State = lantern.Held
		}
	}
	return nil
}

// sharing gathers the rows of a batch, so that they go out in few statements.
type sharing struct {
	x          *Exchange
	t          *txn
	a          policy.Actor
	placements []store.Placement
	links      [][]any
	touched    map[lantern.ID][]lantern.ID // program → values
}

// place puts a signal into programs and records it.
func (s *sharing) place(p *prepared, programs []lantern.ID, kind audit.Kind) (lantern.ShareResult, error) {
	if s.touched == nil {
		s.touched = map[lantern.ID][]lantern.ID{}
	}
	for i, program := range p.draft.Programs {
		if !slices.Contains(programs, program) {
			continue
		}
		seq, at, err := s.t.next(program)
		if err != nil {
			return lantern.ShareResult{}, err
		}
		s.placements = append(s.placements, store.Placement{Program: program, Signal: p.row.ID, Member: p.row.Member,
			Value: p.values[i], Seq: seq, Changed: at})
		s.touched[program] = append(s.touched[program], p.values[i])
	}
	for _, l := range p.draft.Links {
		s.links = append(s.links, []any{p.row.Member, p.row.ID, string(l.Kind), l.Signal})
	}
	status := lantern.Created
	switch {
	case kind == audit.Amend:
		status = lantern.Updated
	case p.row.State == lantern.Held:
		kind, status = audit.Hold, lantern.HeldBack
	}
	leaf, err := s.t.record(entry{kind: kind, by: s.a, facts: p.facts(), person: p.person, record: &p.record})
	return lantern.ShareResult{Status: status, Signal: p.row.ID, Leaf: leaf}, err
}

func (p *prepared) facts() facts {
	f := facts{Signal: p.row.ID, Owner: p.row.Member, Programs: p.draft.Programs, Type: p.draft.Type, Status: p.draft.Status,
		Tags: p.draft.Tags, Basis: p.draft.Basis.ReviewedBy, State: string(p.row.State)}
	for _, r := range p.rules {
		f.Policy = append(f.Policy, r.Policy.Version)
	}
	return f
}

// flush writes what was gathered and moves signals whose "disputed" mark may change.
func (s *sharing) flush() error {
	if err := store.InsertPlacements(s.t.ctx, s.t.writing(), s.placements); err != nil {
		return fmt.Errorf("placing signals: %w", err)
	}
	if err := store.InsertLinks(s.t.ctx, s.t.writing(), s.links); err != nil {
		return fmt.Errorf("linking signals: %w", err)
	}
	fresh := map[lantern.ID]bool{}
	for _, p := range s.placements {
		fresh[p.Signal] = true
	}
	for program, values := range s.touched {
		if err := moveSiblings(s.t, program, values, fresh); err != nil {
			return err
		}
	}
	s.placements, s.links, s.touched = nil, nil, nil
	return nil
}

// moveSiblings gives a new place to every other active signal on the values on which
// members disagree: its "disputed" mark may have changed.
func moveSiblings(t *txn, program lantern.ID, values []lantern.ID, except map[lantern.ID]bool) error {
	siblings, err := store.Siblings(t.ctx, t.Tx, program, values)
	if err != nil {
		return err
	}
	opinions := map[lantern.ID]int{} // value → 1: some say violating or lead, 2: some say not
	for _, s := range siblings {
		opinions[s.Value] |= opinionBit(s.Status)
	}
	for _, s := range siblings {
		if opinions[s.Value] != 3 || except[s.Signal] {
			continue
		}
		if s.Seq, s.Changed, err = t.next(program); err != nil {
			return err
		}
		if err := store.MovePlacement(t.ctx, t.writing(), s.Placement); err != nil {
			return fmt.Errorf("moving a signal: %w", err)
		}
	}
	return nil
}

func opinionBit(s lantern.Status) int {
	if s == lantern.NonViolating {
		return 2
	}
	return 1
}

// reshare handles a draft on a value the member already has a signal on.
func (x *Exchange) reshare(t *txn, a policy.Actor, p *prepared) (lantern.ShareResult, error) {
	row, ok, err := store.SignalByKey(t.ctx, t.Tx, a.Member, p.draft.Type, p.row.Key)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	if !ok {
		return lantern.ShareResult{}, fmt.Errorf("signal %s conflicts with a row that is not there", p.row.ID)
	}
	if row.State == lantern.Withdrawn || row.State == lantern.Expired {
		return x.shareAnew(t, a, p, row)
	}
	have, err := store.PlacementsOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	var missing []lantern.ID
	for _, id := range p.draft.Programs {
		if !slices.ContainsFunc(have, func(h store.Placement) bool { return h.Program == id }) {
			missing = append(missing, id)
		}
	}
	links, err := store.LinksOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return lantern.ShareResult{}, err
	}
	known := func(l lantern.Link) bool {
		return slices.ContainsFunc(links, func(h store.LinkRow) bool { return h.Link == l })
	}
	newLink := slices.ContainsFunc(p.draft.Links, func(l lantern.Link) bool { return !known(l) })
	if string(row.Content) == string(p.row.Content) && len(missing) == 0 && !newLink {
		return lantern.ShareResult{Status: lantern.Unchanged, Signal: row.ID}, nil
	}
	return x.amend(t, a, p, row, have, missing)
}

// shareAnew shares a value again whose earlier signal ended: a signal of its own, with an
// id of its own; the earlier one stays a tombstone.
func (x *Exchange) shareAnew(t *txn, a policy.Actor, p *prepared, old store.SignalRow) (lantern.ShareResult, error) {
	if err := store.ReleaseKey(t.ctx, t.writing(), old); err != nil {
		return lantern.ShareResult{}, fmt.Errorf("making room for a signal: %w", err)
	}
	in, err := store.InsertSignals(t.ctx, t.writing(), []store.SignalRow{p.row})
	if err != nil || !in[p.row.ID] {
		return lantern.ShareResult{}, fmt.Errorf("storing a signal anew: %w", err)
	}
	s := &sharing{x: x, t: t, a: a}
	result, err := s.place(p, p.draft.Programs, audit.Share)
	if err != nil {
		return result, err
	}
	return result, s.flush()
}

// amend changes the member's opinion, or adds programs. The expiry is never prolonged;
// a stricter program among the added ones shortens it.
func (x *Exchange) amend(t *txn, a policy.Actor, p *prepared, row store.SignalRow, have []store.Placement, missing []lantern.ID) (lantern.ShareResult, error) {
	record, err := x.Sealer.OpenRecord(t.ctx, row.Wrapped)
	if err != nil {
		return lantern.ShareResult{}, fmt.Errorf("opening the key of signal %s: %w", row.ID, err)
	}
	fresh := p.row
	p.row = row
	p.row.Status, p.row.Imminent, p.row.Opinion, p.row.Content, p.row.Updated = fresh.Status, fresh.Imminent, fresh.Opinion, fresh.Content, t.now
	p.record = record
	if len(missing) > 0 && fresh.Expires.Before(row.Expires) {
		p.row.Expires = fresh.Expires
	}
	if p.row.Note, err = x.sealNote(record, row.ID, p.draft.Note); err != nil {
		return lantern.ShareResult{}, err
	}
	if err := store.UpdateSignal(t.ctx, t.writing(), p.row); err != nil {
		return lantern.ShareResult{}, fmt.Errorf("amending a signal: %w", err)
	}
	if err := movePlacements(t, have); err != nil {
		return lantern.ShareResult{}, err
	}
	s := &sharing{x: x, t: t, a: a}
	result, err := s.place(p, missing, audit.Amend)
	if err != nil {
		return result, err
	}
	if err := s.flush(); err != nil {
		return result, err
	}
	return result, settleSiblings(t, have)
}

// movePlacements gives a signal a new place in every feed it is in.
func movePlacements(t *txn, have []store.Placement) error {
	for _, p := range have {
		var err error
		if p.Seq, p.Changed, err = t.next(p.Program); err != nil {
			return err
		}
		if err := store.MovePlacement(t.ctx, t.writing(), p); err != nil {
			return fmt.Errorf("moving a signal: %w", err)
		}
	}
	return nil
}

// settleSiblings moves the other members' signals on the same values after this one
// changed its status or fell: a dispute may have begun or ended.
func settleSiblings(t *txn, have []store.Placement) error {
	for _, p := range have {
		if p.Value == 0 {
			continue
		}
		siblings, err := store.Siblings(t.ctx, t.Tx, p.Program, []lantern.ID{p.Value})
		if err != nil {
			return err
		}
		siblings = slices.DeleteFunc(siblings, func(s store.Sibling) bool { return s.Signal == p.Signal })
		for _, s := range siblings {
			if err := movePlacements(t, []store.Placement{s.Placement}); err != nil {
				return err
			}
		}
	}
	return nil
}
