package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/match"
	"lantern/signal"
)

// shareBatch is how many drafts go to the exchange in one call.
const shareBatch = 200

// ShareBack shares what a case found. Each draft goes to the case's program, with
// derived-from links to the signals the case started from unless it names its own; it is
// checked here first, and what must not leave is refused here. emit gets one result for
// each draft, in their order. Sharing the same drafts again changes nothing, so a stream
// that broke off is sent again as a whole.
//
// With the digest of a [Agent.PreviewShare], nothing is shared (Conflict) unless the drafts,
// the program's policy and who could see them are those of the preview.
func (a *Agent) ShareBack(ctx context.Context, c Caller, id lantern.ID, digest string, drafts iter.Seq2[lantern.Draft, error], emit func(lantern.ShareResult) error) error {
	s, err := a.openSharing(ctx, c, id)
	if err != nil {
		return err
	}
	if digest != "" {
		held, p, err := s.preview(ctx, drafts)
		if err != nil {
			return err
		}
		if p.Digest != digest {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "the drafts, the program's policy or who could see them changed since the preview", Fix: "preview again"}
		}
		drafts = func(yield func(lantern.Draft, error) bool) {
			for _, d := range held {
				if !yield(d, nil) {
					return
				}
			}
		}
	}
	for d, err := range drafts {
		if err != nil {
			return err
		}
		if err := s.add(ctx, d); err != nil {
			return err
		}
		if len(s.results) == shareBatch {
			if err := s.flush(ctx, emit); err != nil {
				return err
			}
		}
	}
	return s.flush(ctx, emit)
}

// PreviewShare says of each draft exactly what the case's program would receive, or why it
// must not leave, and how many members could see it. Nothing is shared or kept. What only
// the exchange knows (its warning lists, values whose challenge was upheld) it says when
// they are shared, and discloses nothing then. At most [lantern.MaxSharePreview] drafts.
func (a *Agent) PreviewShare(ctx context.Context, c Caller, id lantern.ID, drafts iter.Seq2[lantern.Draft, error]) (lantern.SharePreview, error) {
	s, err := a.openSharing(ctx, c, id)
	if err != nil {
		return lantern.SharePreview{}, err
	}
	_, p, err := s.preview(ctx, drafts)
	return p, err
}

// preview looks at drafts and holds them.
func (s *sharing) preview(ctx context.Context, drafts iter.Seq2[lantern.Draft, error]) (held []lantern.Draft, p lantern.SharePreview, err error) {
	p = lantern.SharePreview{Program: s.program.ID, Name: s.program.Name, Policy: s.program.Policy.Version, Members: s.readers, Items: []lantern.ShareView{}}
	words := []string{s.program.ID.String(), strconv.Itoa(p.Policy), strconv.Itoa(p.Members)}
	for d, err := range drafts {
		if err != nil {
			return nil, p, err
		}
		if len(held) == lantern.MaxSharePreview {
			return nil, p, lantern.Errorf(lantern.TooLarge, "at most %d drafts in a preview", lantern.MaxSharePreview)
		}
		held = append(held, d)
		view, problem, err := s.view(ctx, d)
		if err != nil {
			return nil, p, err
		}
		if problem != nil {
			p.Refused++
			p.Items = append(p.Items, lantern.ShareView{Problem: problem})
		} else {
			p.Receiving++
			shown := view
			p.Items = append(p.Items, lantern.ShareView{Receives: &shown})
			if d.Expires.IsZero() {
				view.Expires = time.Time{} // follows from type and policy, and moves with the clock
			}
		}
		word, err := json.Marshal(lantern.ShareView{Receives: &view, Problem: problem})
		if err != nil {
			return nil, p, fmt.Errorf("writing a preview: %w", err)
		}
		words = append(words, string(word))
	}
	p.Digest = policy.SetDigest(words, nil)
	return held, p, nil
}

// sharing is one call of ShareBack or PreviewShare.
type sharing struct {
	a       *Agent
	c       Caller
	id      lantern.ID
	now     time.Time
	program lantern.Program
	place   lantern.Membership // the member's own
	readers int                // other members that could see what is shared
	trained time.Time          // until when the caller's training is valid
	links   []lantern.Link
	seeds   map[lantern.ID]bool
	results []lantern.ShareResult // of the batch, in order
	batch   []lantern.Draft       // those of the batch that go out
	slots   []int                 // their places in results
}

func (a *Agent) openSharing(ctx context.Context, c Caller, id lantern.ID) (*sharing, error) {
	if err := c.person(); err != nil {
		return nil, err
	}
	s := &sharing{a: a, c: c, id: id, now: a.clock(), seeds: make(map[lantern.ID]bool)}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		k, err := casework.OpenCase(ctx, tx, id)
		if err != nil {
			return err
		}
		if _, found, err := agentstore.LoadProgram(ctx, tx, k.Program); err != nil || !found {
			if err == nil {
				err = &lantern.Error{Kind: lantern.Conflict, Reason: "the member has left the case's program"}
			}
			return err
		}
		s.program.ID = k.Program
		seeds, _, err := agentstore.ProductiveSeeds(ctx, tx, id)
		for i, seed := range seeds {
			s.seeds[seed] = true
			if i < lantern.MaxLinks {
				s.links = append(s.links, lantern.Link{Kind: lantern.DerivedFrom, Signal: seed})
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("opening a case for sharing: %w", err)
	}
	if len(s.links) == 0 {
		return nil, &lantern.Error{Kind: lantern.Conflict, Reason: "every signal the case started from has fallen", Fix: "share findings on their own evidence, outside the case"}
	}
	return s, s.meet(ctx)
}

// meet asks the exchange, with the person's key, about the program as it is at this moment
// and who is in it.
func (s *sharing) meet(ctx context.Context) error {
	who, err := s.c.exchange.Whoami(ctx)
	if err == nil {
		s.program, err = s.c.exchange.Program(ctx, s.program.ID)
	}
	var all []lantern.Membership
	if err == nil {
		all, err = s.c.exchange.Memberships(ctx, s.program.ID)
	}
	if err != nil {
		return fmt.Errorf("asking about the case's program: %w", err)
	}
	if who.Person != nil {
		s.trained = who.Person.Trained
	}
	for _, m := range all {
		switch {
		case m.Member == who.Member.ID:
			s.place = m
		case m.Direction != lantern.ContributeOnly:
			s.readers++
		}
	}
	return nil
}

// add puts a draft into the batch, or its refusal.
func (s *sharing) add(ctx context.Context, d lantern.Draft) error {
	s.complete(&d)
	_, problem, err := s.view(ctx, d)
	if err != nil {
		return err
	}
	if problem != nil {
		s.results = append(s.results, lantern.ShareResult{Status: lantern.Refused, Problem: problem})
		return nil
	}
	s.slots = append(s.slots, len(s.results))
	s.batch = append(s.batch, d)
	s.results = append(s.results, lantern.ShareResult{})
	return nil
}

// view is what the program would receive of a draft, or why it must not leave.
func (s *sharing) view(ctx context.Context, d lantern.Draft) (lantern.Draft, *lantern.Problem, error) {
	s.complete(&d)
	err := s.check(ctx, &d)
	if err == nil {
		return d, nil, nil
	}
	problem, err := casework.ProblemOf(err)
	return lantern.Draft{}, problem, err
}

// complete fills in what the case knows.
func (s *sharing) complete(d *lantern.Draft) {
	if len(d.Programs) == 0 {
		d.Programs = []lantern.ID{s.program.ID}
	}
	if !slices.ContainsFunc(d.Links, func(l lantern.Link) bool { return l.Kind == lantern.DerivedFrom }) {
		room := max(lantern.MaxLinks-len(d.Links), 0)
		d.Links = append(slices.Clone(d.Links), s.links[:min(room, len(s.links))]...)
	}
}

// check refuses what must not leave: anything for another audience than the case's, what
// the program does not take, what may name a victim or a minor, personal data or content
// in texts and values, accounts nobody confirmed. It makes the draft what is received.
func (s *sharing) check(ctx context.Context, d *lantern.Draft) error {
	refuse := func(field, reason, fix string) error {
		return &lantern.Error{Kind: lantern.Forbidden, Field: field, Reason: reason, Fix: fix}
	}
	if err := d.Validate(); err != nil {
		return err
	}
	if len(d.Programs) != 1 || d.Programs[0] != s.program.ID {
		return refuse("/programs", "a case shares to its own program only", "leave it out, or share outside the case")
	}
	if d.SuspectedMinor && !s.program.Policy.SuspectedMinor {
		return refuse("/suspected_minor", "the program takes nothing about suspected minors: it may name a victim", "report it to the authorities instead")
	}
	if err := signal.CheckNote(d.Note); err != nil {
		return err
	}
	if err := casework.CheckText("/basis/action", d.Basis.Action); err != nil {
		return err
	}
	if err := policy.MayShare(policy.Actor{Trained: s.trained}, s.program, s.place, d, s.now); err != nil {
		return err
	}
	for i, l := range d.Links {
		if l.Kind == lantern.DerivedFrom && !s.seeds[l.Signal] {
			return refuse(fmt.Sprintf("/links/%d/signal", i), "not a standing signal this case started from", "leave the derived-from links out")
		}
	}
	t, known := signal.Lookup(d.Type)
	if !known {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/type", Reason: "not a known signal type", Fix: "GET /v1/types lists them"}
	}
	typed := policy.Typed{Name: t.Name, Retention: t.Retention, MaxRetention: t.MaxRetention}
	var err error
	if d.Expires, err = policy.Expiry(typed, []lantern.Program{s.program}, d.Expires, s.now); err != nil {
		return err
	}
	policy.WithDefaults(d)
	if t == signal.Tactic {
		_, err := signal.NormalizeTactic(d.Tactic)
		return err
	}
	v, err := t.Normalize(d.Value)
	if err != nil {
		return err
	}
	d.Value = v.Canonical
	if !t.Personal {
		return nil
	}
	var signals []lantern.ID
	for _, f := range s.a.engine.Match(match.Query{Type: t.Name, Canonical: v.Canonical, Weak: v.Weak}, nil) {
		if f.How != lantern.HowBare { // the same name elsewhere is another value
			signals = append(signals, f.Signal)
		}
	}
	return s.a.desk.CheckConfirmed(ctx, s.id, d, signals)
}

// flush sends the batch, notes what was shared and emits the results.
func (s *sharing) flush(ctx context.Context, emit func(lantern.ShareResult) error) error {
	if len(s.batch) > 0 {
		results, err := s.c.exchange.ShareBatch(ctx, s.batch)
		if err != nil {
			return fmt.Errorf("sharing: %w", err)
		}
		if len(results) != len(s.batch) {
			return lantern.Errorf(lantern.Unavailable, "the exchange answered %d of %d drafts", len(results), len(s.batch))
		}
		for i, r := range results {
			s.results[s.slots[i]] = r
		}
		if err := s.note(ctx, results); err != nil {
			return err
		}
	}
	for _, r := range s.results {
		if err := emit(r); err != nil {
			return err
		}
	}
	s.batch, s.slots, s.results = s.batch[:0], s.slots[:0], s.results[:0]
	return nil
}

// note keeps which signals the case shared.
func (s *sharing) note(ctx context.Context, results []lantern.ShareResult) error {
	var ids []lantern.ID
	for _, r := range results {
		if r.Signal != 0 && r.Status != lantern.Refused {
			ids = append(ids, r.Signal)
		}
	}
	err := s.a.db.Write(ctx, func(tx *sqldb.Tx) error {
		if err := agentstore.InsertShared(ctx, tx, s.id, ids); err != nil {
			return err
		}
		event := lantern.CaseEvent{Kind: lantern.CaseShared, Person: s.c.Person, Count: len(ids), At: s.a.clock()}
		if err := agentstore.AddCaseEvent(ctx, tx, s.id, event); err != nil {
			return err
		}
		return s.a.record(ctx, tx, logged{audit.Share, map[string]any{"person": s.c.Person},
			map[string]any{"case": s.id, "program": s.program.ID, "signals": ids}})
	})
	if err != nil {
		return fmt.Errorf("recording what was shared: %w", err)
	}
	return nil
}
