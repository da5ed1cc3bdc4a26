package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// Work is a company's review of its own users, from matches to outcomes.
type Work struct {
	Company  *stage.Company
	Platform *world.Platform // its own users
	Reviewer *world.Reviewer
	Figures  *tally.CaseFigures
	Case     lantern.Case
	Matched  map[string][]lantern.ID // account → signals that matched it
	Known    map[string]bool         // accounts in the case
	Decided  map[lantern.HitDecision][]string
	Via      map[string]string // account → the account it was linked through

	// Silent: the company may not let on what it found. It decides in files of its own, and
	// its agent hears of each account only that somebody else looks on; so no decision can
	// become a reaction that others see.
	Silent bool

	N       *tell.Narrator
	Now     func() time.Time
	Signals map[string]lantern.ID // what was shared: the value as its sharer wrote it → signal
}

// New begins a company's review, which counts into f.
func New(c *stage.Company, p *world.Platform, f *tally.CaseFigures, n *tell.Narrator, now func() time.Time, signals map[string]lantern.ID) *Work {
	return &Work{Company: c, Platform: p, Reviewer: world.NewReviewer(p), Figures: f, Matched: map[string][]lantern.ID{},
		Known: map[string]bool{}, Decided: map[lantern.HitDecision][]string{}, Via: map[string]string{}, N: n, Now: now, Signals: signals}
}

// Match has the company's agent look at records of the company's own.
func (w *Work) Match(ctx context.Context, records []lantern.Record) error {
	w.Figures.Records = len(records)
	bar := w.N.Bar("looking up", len(records))
	defer bar.Stop()
	account := make(map[string]string, len(records))
	for _, r := range records {
		account[r.Ref] = r.Account
	}
	answered := 0
	signals := map[lantern.ID]bool{}
	stream := client.Lines(slices.Values(records))
	defer stream.Close() //nolint:errcheck // a pipe
	err := w.Company.Desk[""].MatchStream(ctx, stream, false, func(a lantern.Answer) error {
		bar.Add(1)
		answered++
		if a.State != lantern.AnswerOK {
			return fmt.Errorf("the agent of %s could not look: %s", w.Company.Name, a.State)
		}
		if len(a.Matches) > 0 {
			w.Figures.Matched++
		}
		for _, m := range a.Matches {
			signals[m.Signal] = true
			who := account[a.Ref]
			if !slices.Contains(w.Matched[who], m.Signal) {
				w.Matched[who] = append(w.Matched[who], m.Signal)
			}
		}
		return nil
	})
	w.Figures.Signals = len(signals)
	if err == nil && answered != len(records) {
		err = fmt.Errorf("the agent of %s answered %d of %d records", w.Company.Name, answered, len(records))
	}
	return err
}

// Open opens a case on everything that matched.
func (w *Work) Open(ctx context.Context, title string, program lantern.ID) (err error) {
	all := map[lantern.ID]bool{}
	for _, signals := range w.Matched {
		for _, id := range signals {
			all[id] = true
		}
	}
	draft := lantern.CaseDraft{Title: title, Program: program}
	for id := range all {
		draft.Signals = append(draft.Signals, id)
	}
	slices.Sort(draft.Signals)
	w.Case, err = w.Company.Desk[stage.Investigator].OpenCase(ctx, draft)
	if err != nil {
		return fmt.Errorf("opening a case: %w", err)
	}
	w.Round(w.Case.Rounds[0], 0)
	return nil
}

// Round counts a round.
func (w *Work) Round(r lantern.Round, broad int) {
	w.Figures.Rounds = append(w.Figures.Rounds, tally.RoundFigures{Links: r.Links, Added: r.Added, Total: r.Total, TooBroad: broad,
		Warning: r.Warning, Decided: map[lantern.HitDecision]int{}})
	w.Figures.Accounts = r.Total
}

// Review has the investigator rule on the accounts of a round.
func (w *Work) Review(ctx context.Context, round int) error {
	var ids []string
	var accounts []lantern.CaseAccount
	err := w.Company.Desk[stage.Investigator].Candidates(ctx, w.Case.ID, func(a lantern.CaseAccount) error {
		if a.Round == round {
			ids, accounts = append(ids, a.Account), append(accounts, a)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reading candidates: %w", err)
	}
	evidence, err := w.Company.Desk[stage.Investigator].CaseEvidence(ctx, w.Case.ID)
	if err != nil {
		return fmt.Errorf("reading evidence: %w", err)
	}
	rulings := byTheRule(w.Reviewer.Rule(ids), accounts, evidence, w.Reviewer.Copy)
	if w.Silent {
		for i := range rulings {
			rulings[i] = lantern.Ruling{Account: rulings[i].Account, Decision: lantern.Escalate, Reason: lantern.ToLegal}
		}
	}
	bar := w.N.Bar("reviewing", len(rulings))
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
	if w.Case, err = w.Company.Desk[stage.Investigator].Rule(ctx, w.Case.ID, lines); err != nil {
		return fmt.Errorf("ruling on candidates: %w", err)
	}
	for _, r := range rulings {
		w.Known[r.Account] = true
		w.Decided[r.Decision] = append(w.Decided[r.Decision], r.Account)
		w.Figures.Rounds[round].Decided[r.Decision]++
	}
	w.Figures.Decided = w.Case.Decided
	return nil
}

// Outcome records what was done, attested by the investigator.
func (w *Work) Outcome(ctx context.Context, kind lantern.OutcomeKind, ground string, n int) (lantern.Outcome, error) {
	o, err := w.Company.Desk[stage.Investigator].SendOutcome(ctx, w.Case.ID, lantern.CaseOutcome{Kind: kind, Ground: ground, Count: n})
	if err != nil {
		return o, fmt.Errorf("recording the outcome %s: %w", kind, err)
	}
	w.Figures.Outcomes[kind] += o.Count
	if kind == lantern.AccountsActioned {
		w.Figures.Singly, w.Figures.InBulk = o.Attestation.Singly, o.Attestation.InBulk
	}
	return o, nil
}

// Roots are the signals an account's place in the case rests on: its own matches, or
// those of the accounts it was linked through.
func (w *Work) Roots(account string) []lantern.ID {
	for len(w.Matched[account]) == 0 && w.Via[account] != "" {
		account = w.Via[account]
	}
	return w.Matched[account]
}
