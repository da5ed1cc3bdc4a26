package demo

import (
	"context"
	"fmt"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/world"
)

// usersOf are a platform's users as records for its agent: what each is known by.
func usersOf(p *world.Platform) (records []lantern.Record) {
	for _, a := range p.Accounts {
		r := lantern.Record{Ref: "user/" + a.ID, Account: a.ID, At: a.Seen}
		r.Values = append(r.Values, lantern.TypedValue{Type: "email", Value: a.Email}, lantern.TypedValue{Type: "username", Value: p.Domain + "/" + a.Handle})
		if a.Paytag != "" {
			r.Values = append(r.Values, lantern.TypedValue{Type: "payment", Value: a.Paytag})
		}
		records = append(records, r)
	}
	return records
}

// othersAct is the fourth chapter: three more companies look among their own users.
func (s *story) othersAct(ctx context.Context) (map[string]*work, error) {
	s.chapter("Chatter, Pixelplay and PayRail look among their own users",
		"Each decides for itself, on its own evidence and under its own rules. The one who shared learns sums and reactions, never which account.")
	works := map[string]*work{}
	back := 0
	for _, name := range []string{chatter, pixelplay, payrail} {
		c := s.company(name)
		program, want := s.hosting.ID, s.f.Shared.stand()+s.f.SharedBack.stand()+back
		if name == payrail {
			program, want = s.payments.ID, s.f.Payments.stand()
		}
		if err := s.caughtUp(ctx, c, program, want); err != nil {
			return nil, err
		}
		figures := &OtherReview{CaseFigures: newCaseFigures()}
		s.f.Others[name] = figures
		w := s.newWork(c, &figures.CaseFigures)
		works[name] = w
		if err := w.lookAndAct(ctx, program, name == payrail); err != nil {
			return nil, err
		}
		if name == chatter {
			if err := w.passOn(ctx, figures); err != nil {
				return nil, err
			}
			back = figures.SharedBack.stand()
		}
	}
	return works, s.returned(ctx)
}

// lookAndAct matches a company's users, reviews them and records what was done.
func (w *work) lookAndAct(ctx context.Context, program lantern.ID, silent bool) error {
	if err := w.match(ctx, usersOf(w.c.platform)); err != nil {
		return err
	}
	if err := w.open(ctx, "What the case at Facegram brought", program); err != nil {
		return err
	}
	if err := w.review(ctx, 0); err != nil {
		return err
	}
	f := w.figures
	found := fmt.Sprintf("%s of %s matched.", some(f.Matched, "user", "users"), count(f.Records))
	if silent {
		_, err := w.outcome(ctx, lantern.ReviewedUndisclosed, "PayRail terms, section 9", 0)
		w.s.n.says(w.c.name, "%s A payment service must not let on what followed: its outcome says reviewed, cannot disclose, and this demo does not tell either.", found)
		f.Decided, f.Rounds[0].Decided = nil, nil
		return err
	}
	w.s.n.says(w.c.name, "%s Reviewers: %s confirmed, %s not violating here.", found, count(f.Decided[lantern.Confirmed]), count(f.Decided[lantern.NotHere]))
	ground := w.c.name + " rules, child safety"
	if _, err := w.outcome(ctx, lantern.AccountsActioned, ground, 0); err != nil {
		return err
	}
	if len(w.decided[lantern.NotHere]) > 0 {
		if _, err := w.outcome(ctx, lantern.ReviewedNoViolation, ground, 0); err != nil {
			return err
		}
	}
	w.s.n.adds("%s disabled, attested by its investigator; the reactions go back to Facegram.", some(f.Outcomes[lantern.AccountsActioned], "account", "accounts"))
	return nil
}

// passOn shares the handles elsewhere that confirmed accounts name: the third company in
// the chain adds to what the first one began.
func (w *work) passOn(ctx context.Context, f *OtherReview) error {
	back := newShareFigures()
	f.SharedBack = &back
	var drafts []lantern.Draft
	for _, id := range w.decided[lantern.Confirmed] {
		a := w.reviewer.Accounts[id]
		for _, h := range a.Elsewhere {
			k := lantern.TypedValue{Type: "username", Value: h}
			drafts = append(drafts, w.draft(k, &finding{accounts: []*world.Account{a}, roots: w.roots(id)}))
		}
	}
	if len(drafts) == 0 {
		return nil
	}
	err := w.share(ctx, f.SharedBack, drafts)
	w.s.n.adds("Some of them name a handle at Pixelplay. Chatter shares %s, derived from Facegram's: the chain is three companies long.",
		some(back.stand(), "handle", "handles"))
	return err
}

// returned gathers what the sharers learned about their own signals.
func (s *story) returned(ctx context.Context) error {
	r := &s.f.Returned
	r.Outcomes, r.Reactions = map[lantern.OutcomeKind]lantern.Cell{}, map[lantern.Reaction]int{}
	host, social := s.company(cloudbin), s.company(facegram)
	own, err := signalsOf(ctx, host.people[submitter])
	if err != nil {
		return err
	}
	r.Signals = len(own)
	bar := s.n.bar("reading totals", len(own))
	defer bar.Stop()
	for _, sig := range own {
		totals, err := host.people[submitter].OutcomeTotals(ctx, sig.ID)
		if err != nil {
			return fmt.Errorf("reading totals: %w", err)
		}
		bar.Add(1)
		if totals.Members.AtLeast > 0 {
			r.Productive++
		}
		if totals.Members.AtLeast > r.Members.AtLeast {
			r.Members = totals.Members
		}
		for kind, n := range totals.Counts {
			if n.AtLeast > r.Outcomes[kind].AtLeast {
				r.Outcomes[kind] = n
			}
		}
	}
	bar.Stop()
	shared, err := signalsOf(ctx, social.people[submitter])
	if err != nil {
		return err
	}
	for _, sig := range shared {
		for reaction, n := range sig.Reactions {
			r.Reactions[reaction] += n
		}
	}
	var sums []string
	for _, kind := range sortedKeys(r.Outcomes) {
		sums = append(sums, fmt.Sprintf("%s %s", r.Outcomes[kind], strings.ReplaceAll(string(kind), "-", " ")))
	}
	s.n.says(host.name, "sees on its own signals: %s of %s led somewhere; together they show %s. It sees ranges, no account and no name.",
		count(r.Productive), count(r.Signals), strings.Join(sums, ", "))
	s.n.says(social.name, "sees on its own: %s said helpful, %s not violating here.", some(r.Reactions[lantern.Helpful], "reaction", "reactions"), count(r.Reactions[lantern.NotViolating]))
	return nil
}

// signalsOf lists a member's own active signals.
func signalsOf(ctx context.Context, c *client.Client) (all []lantern.Signal, err error) {
	var after lantern.ID
	for {
		page, err := c.Signals(ctx, client.SignalFilter{State: lantern.Active, After: after, Limit: lantern.MaxPage})
		if err != nil {
			return nil, fmt.Errorf("listing signals: %w", err)
		}
		if len(page) == 0 {
			return all, nil
		}
		all, after = append(all, page...), page[len(page)-1].ID
	}
}
