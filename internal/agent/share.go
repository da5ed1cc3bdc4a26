package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/signal"
)

// shareBatch is how many drafts go to the exchange in one call.
const shareBatch = 200

// ShareBack shares what a case found. Each draft goes to the case's program, with
// derived-from links to the signals the case started from unless it names its own; it is
// checked here first, and what must not leave is refused here. emit gets one result for
// each draft, in their order. Sharing the same drafts again changes nothing, so a stream
// that broke off is sent again as a whole.
func (a *Agent) ShareBack(ctx context.Context, c Caller, id lantern.ID, drafts iter.Seq2[lantern.Draft, error], emit func(lantern.ShareResult) error) error {
	if err := c.person(); err != nil {
		return err
	}
	s, err := a.openSharing(ctx, c, id)
	if err != nil {
		return err
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

// sharing is one call of ShareBack.
type sharing struct {
	a       *Agent
	c       Caller
	id      lantern.ID
	program lantern.ID
	policy  lantern.Policy
	links   []lantern.Link
	seeds   map[lantern.ID]bool
	results []lantern.ShareResult // of the batch, in order
	batch   []lantern.Draft       // those of the batch that go out
	slots   []int                 // their places in results
}

func (a *Agent) openSharing(ctx context.Context, c Caller, id lantern.ID) (*sharing, error) {
	s := &sharing{a: a, c: c, id: id, seeds: make(map[lantern.ID]bool)}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		k, err := mustCase(ctx, tx, id)
		if err != nil {
			return err
		}
		p, found, err := agentstore.LoadProgram(ctx, tx, k.Program)
		if err != nil {
			return err
		}
		if !found {
			return &lantern.Error{Kind: lantern.Conflict, Reason: "the member has left the case's program"}
		}
		if err := json.Unmarshal([]byte(p.Policy), &s.policy); err != nil {
			return fmt.Errorf("reading a policy: %w", err)
		}
		s.program = k.Program
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
	return s, nil
}

// add puts a draft into the batch, or its refusal.
func (s *sharing) add(ctx context.Context, d lantern.Draft) error {
	s.complete(&d)
	err := s.check(ctx, &d)
	if err == nil {
		s.slots = append(s.slots, len(s.results))
		s.batch = append(s.batch, d)
		s.results = append(s.results, lantern.ShareResult{})
		return nil
	}
	problem, err := problemOf(err)
	s.results = append(s.results, lantern.ShareResult{Status: lantern.Refused, Problem: problem})
	return err
}

// complete fills in what the case knows.
func (s *sharing) complete(d *lantern.Draft) {
	if len(d.Programs) == 0 {
		d.Programs = []lantern.ID{s.program}
	}
	if !slices.ContainsFunc(d.Links, func(l lantern.Link) bool { return l.Kind == lantern.DerivedFrom }) {
		room := max(lantern.MaxLinks-len(d.Links), 0)
		d.Links = append(slices.Clone(d.Links), s.links[:min(room, len(s.links))]...)
	}
}

// check refuses what must not leave: anything for another audience than the case's, what
// may name a victim or a minor, personal data in notes, accounts nobody confirmed.
func (s *sharing) check(ctx context.Context, d *lantern.Draft) error {
	refuse := func(field, reason, fix string) error {
		return &lantern.Error{Kind: lantern.Forbidden, Field: field, Reason: reason, Fix: fix}
	}
	if err := d.Validate(); err != nil {
		return err
	}
	if len(d.Programs) != 1 || d.Programs[0] != s.program {
		return refuse("/programs", "a case shares to its own program only", "leave it out, or share outside the case")
	}
	if d.SuspectedMinor && !s.policy.SuspectedMinor {
		return refuse("/suspected_minor", "the program takes nothing about suspected minors: it may name a victim", "report it to the authorities instead")
	}
	if err := signal.CheckNote(d.Note); err != nil {
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
	if t == signal.Tactic {
		_, err := signal.NormalizeTactic(d.Tactic)
		return err
	}
	v, err := t.Normalize(d.Value)
	if err != nil {
		return err
	}
	return s.checkAccount(ctx, t, v.Canonical)
}

// checkAccount refuses an account of the case that nobody confirmed: a candidate is
// linked to something, and that alone says nothing about the person behind it.
func (s *sharing) checkAccount(ctx context.Context, t *signal.Type, canonical string) error {
	var account string
	switch t.Name {
	case signal.Account.Name:
		_, account, _ = strings.Cut(canonical, ":")
	case signal.Username.Name:
		_, account, _ = strings.Cut(canonical, "/")
	}
	if account == "" {
		return nil
	}
	var known map[string]lantern.HitDecision
	err := s.a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		known, err = agentstore.KnownAccounts(ctx, tx, s.id, []string{account})
		return err
	})
	if err != nil {
		return fmt.Errorf("reading a candidate: %w", err)
	}
	if d, ok := known[account]; ok && d != lantern.Confirmed {
		return &lantern.Error{Kind: lantern.Forbidden, Field: "/value", Reason: "it names an account of the case that nobody confirmed", Fix: "rule on the candidate first"}
	}
	return nil
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
		return s.a.record(ctx, tx, logged{audit.Share, map[string]any{"person": s.c.Person},
			map[string]any{"case": s.id, "program": s.program, "signals": ids}})
	})
	if err != nil {
		return fmt.Errorf("recording what was shared: %w", err)
	}
	return nil
}
