package demo

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/world"
)

// work is a company's review of its own users, from matches to outcomes.
type work struct {
	s        *story
	c        *stage.Company
	reviewer *world.Reviewer
	figures  *CaseFigures
	case_    lantern.Case
	matched  map[string][]lantern.ID // account → signals that matched it
	known    map[string]bool         // accounts in the case
	decided  map[lantern.HitDecision][]string
	via      map[string]string // account → the account it was linked through

	// silent: the company may not let on what it found. It decides in files of its own, and
	// its agent hears of each account only that somebody else looks on; so no decision can
	// become a reaction that others see.
	silent bool
}

func (s *story) newWork(c *stage.Company, f *CaseFigures) *work {
	return &work{s: s, c: c, reviewer: world.NewReviewer(s.platforms[c.Name]), figures: f, matched: map[string][]lantern.ID{},
		known: map[string]bool{}, decided: map[lantern.HitDecision][]string{}, via: map[string]string{}}
}

// match has the company's agent look at records of the company's own.
func (w *work) match(ctx context.Context, records []lantern.Record) error {
	w.figures.Records = len(records)
	bar := w.s.n.bar("looking up", len(records))
	defer bar.Stop()
	account := make(map[string]string, len(records))
	for _, r := range records {
		account[r.Ref] = r.Account
	}
	answered := 0
	signals := map[lantern.ID]bool{}
	stream := client.Lines(slices.Values(records))
	defer stream.Close() //nolint:errcheck // a pipe
	err := w.c.Desk[""].MatchStream(ctx, stream, false, func(a lantern.Answer) error {
		bar.Add(1)
		answered++
		if a.State != lantern.AnswerOK {
			return fmt.Errorf("the agent of %s could not look: %s", w.c.Name, a.State)
		}
		if len(a.Matches) > 0 {
			w.figures.Matched++
		}
		for _, m := range a.Matches {
			signals[m.Signal] = true
			who := account[a.Ref]
			if !slices.Contains(w.matched[who], m.Signal) {
				w.matched[who] = append(w.matched[who], m.Signal)
			}
		}
		return nil
	})
	w.figures.Signals = len(signals)
	if err == nil && answered != len(records) {
		err = fmt.Errorf("the agent of %s answered %d of %d records", w.c.Name, answered, len(records))
	}
	return err
}

// open opens a case on everything that matched.
func (w *work) open(ctx context.Context, title string, program lantern.ID) (err error) {
	all := map[lantern.ID]bool{}
	for _, signals := range w.matched {
		for _, id := range signals {
			all[id] = true
		}
	}
	draft := lantern.CaseDraft{Title: title, Program: program}
	for id := range all {
		draft.Signals = append(draft.Signals, id)
	}
	slices.Sort(draft.Signals)
	w.case_, err = w.c.Desk[stage.Investigator].OpenCase(ctx, draft)
	if err != nil {
		return fmt.Errorf("opening a case: %w", err)
	}
	w.round(w.case_.Rounds[0], 0)
	return nil
}

// round counts a round.
func (w *work) round(r lantern.Round, broad int) {
	w.figures.Rounds = append(w.figures.Rounds, RoundFigures{Links: r.Links, Added: r.Added, Total: r.Total, TooBroad: broad,
		Warning: r.Warning, Decided: map[lantern.HitDecision]int{}})
	w.figures.Accounts = r.Total
}

// review has the investigator rule on the accounts of a round.
func (w *work) review(ctx context.Context, round int) error {
	var ids []string
	err := w.c.Desk[stage.Investigator].Candidates(ctx, w.case_.ID, func(a lantern.CaseAccount) error {
		if a.Round == round {
			ids = append(ids, a.Account)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading candidates: %w", err)
	}
	rulings := w.reviewer.Rule(ids)
	if w.silent {
		for i := range rulings {
			rulings[i] = lantern.Ruling{Account: rulings[i].Account, Decision: lantern.Escalate}
		}
	}
	bar := w.s.n.bar("reviewing", len(rulings))
	defer bar.Stop()
	lines := client.Lines(func(yield func(lantern.Ruling) bool) {
		for _, r := range rulings {
			bar.Add(1)
			if !yield(r) {
				return
			}
		}
	})
	defer lines.Close() //nolint:errcheck // a pipe
	if w.case_, err = w.c.Desk[stage.Investigator].Rule(ctx, w.case_.ID, lines); err != nil {
		return fmt.Errorf("ruling on candidates: %w", err)
	}
	for _, r := range rulings {
		w.known[r.Account] = true
		w.decided[r.Decision] = append(w.decided[r.Decision], r.Account)
		w.figures.Rounds[round].Decided[r.Decision]++
	}
	w.figures.Decided = w.case_.Decided
	return nil
}

// outcome records what was done, attested by the investigator.
func (w *work) outcome(ctx context.Context, kind lantern.OutcomeKind, ground string, n int) (lantern.Outcome, error) {
	o, err := w.c.Desk[stage.Investigator].SendOutcome(ctx, w.case_.ID, lantern.CaseOutcome{Kind: kind, Ground: ground, Count: n})
	if err != nil {
		return o, fmt.Errorf("recording the outcome %s: %w", kind, err)
	}
	w.figures.Outcomes[kind] += o.Count
	if kind == lantern.AccountsActioned {
		w.figures.Singly, w.figures.InBulk = o.Attestation.Singly, o.Attestation.InBulk
	}
	return o, nil
}

// roots are the signals an account's place in the case rests on: its own matches, or
// those of the accounts it was linked through.
func (w *work) roots(account string) []lantern.ID {
	for len(w.matched[account]) == 0 && w.via[account] != "" {
		account = w.via[account]
	}
	return w.matched[account]
}
