package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
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
	for _, name := range []string{stage.Chatter, stage.Pixelplay, stage.PayRail} {
		c := s.Company(name)
		program, want := s.program(hosting), s.f.Shared.stand()+s.f.SharedBack.stand()+back
		if name == stage.PayRail {
			program, want = s.program(payments), s.f.Payments.stand()
		}
		if err := c.CaughtUp(ctx, program, want); err != nil {
			return nil, err
		}
		figures := &OtherReview{CaseFigures: newCaseFigures()}
		s.f.Others[name] = figures
		w := s.newWork(c, &figures.CaseFigures)
		w.silent = name == stage.PayRail
		works[name] = w
		if err := w.lookAndAct(ctx, program); err != nil {
			return nil, err
		}
		if name == stage.Chatter {
			if err := w.passOn(ctx, figures); err != nil {
				return nil, err
			}
			back = figures.SharedBack.stand()
		}
	}
	return works, s.ownersLearn(ctx)
}

// lookAndAct matches a company's users, reviews them and records what was done.
func (w *work) lookAndAct(ctx context.Context, program lantern.ID) error {
	if err := w.match(ctx, usersOf(w.s.platforms[w.c.Name])); err != nil {
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
	if w.silent {
		_, err := w.outcome(ctx, lantern.ReviewedUndisclosed, "PayRail terms, section 9", 0)
		w.s.n.says(w.c.Name, "%s A payment service must not let on what followed: it decides in files of its own, its outcome says reviewed, cannot disclose, and this demo does not tell either.", found)
		f.Decided, f.Rounds[0].Decided = nil, nil
		return err
	}
	w.s.n.says(w.c.Name, "%s Reviewers: %s confirmed, %s not violating here.", found, count(f.Decided[lantern.Confirmed]), count(f.Decided[lantern.NotHere]))
	ground := w.c.Name + " rules, child safety"
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
		if a.Archive != "" {
			k := lantern.TypedValue{Type: "url", Value: a.Archive}
			drafts = append(drafts, w.draft(k, &finding{accounts: []*world.Account{a}, roots: w.roots(id)}))
		}
	}
	if len(drafts) == 0 {
		return nil
	}
	err := w.share(ctx, f.SharedBack, drafts)
	for _, d := range drafts {
		if id := w.s.signals[d.Value]; id != 0 {
			w.s.passedOn = append(w.s.passedOn, id)
		}
	}
	w.s.n.adds("Some of them name a handle at Pixelplay, or an address in an old room. Chatter shares %s, derived from Facegram's.",
		some(back.stand(), "signal", "signals"))
	return err
}

// hostLearns gathers what the file host learned about its own signals.
func (s *story) hostLearns(ctx context.Context) error {
	r := &s.f.Returned
	r.Outcomes = map[lantern.OutcomeKind]lantern.Cell{}
	host := s.Company(stage.Cloudbin)
	own, err := signalsOf(ctx, host.People[stage.Submitter])
	if err != nil {
		return err
	}
	r.Signals = len(own)
	bar := s.n.bar("reading totals", len(own))
	defer bar.Stop()
	for _, sig := range own {
		totals, err := host.People[stage.Submitter].OutcomeTotals(ctx, sig.ID)
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
	s.n.says(host.Name, "sees what came of its own signals, as ranges. It sees no account and no name.")
	s.n.screen("Cloudbin: outcomes", append([]string{fmt.Sprintf("%s of %s signals led somewhere, at %s other members", count(r.Productive), count(r.Signals), r.Members)},
		cells(r.Outcomes)...)...)
	return nil
}

// cells are the lines of sums, a kind each.
func cells(counts map[lantern.OutcomeKind]lantern.Cell) (lines []string) {
	for _, kind := range sortedKeys(counts) {
		lines = append(lines, pad(counts[kind].String(), 16)+strings.ReplaceAll(string(kind), "-", " "))
	}
	return lines
}

// ownersLearn gathers what others said to the social network's signals.
func (s *story) ownersLearn(ctx context.Context) error {
	r := &s.f.Returned
	r.Reactions = map[lantern.Reaction]int{}
	social := s.Company(stage.Facegram)
	shared, err := signalsOf(ctx, social.People[stage.Submitter])
	if err != nil {
		return err
	}
	for _, sig := range shared {
		for reaction, n := range sig.Reactions {
			r.Reactions[reaction] += n
		}
	}
	s.n.says(social.Name, "sees on its own: %s said helpful, %s not violating here. The second is no reproach: a handle can be somebody else's elsewhere.",
		some(r.Reactions[lantern.Helpful], "reaction", "reactions"), count(r.Reactions[lantern.NotViolating]))
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

// transparency is what the program came to, as a member that did nothing of it itself may
// read it, and how far the chain went.
func (s *story) transparency(ctx context.Context) error {
	s.chapter("What the program came to",
		"A month later somebody writes the report. It may hold what the program's members may see anyway: ranges, each company's accounts counted once.")
	host := s.Company(stage.Cloudbin).People[stage.Submitter]
	sums, err := host.ProgramOutcomes(ctx, s.program(hosting))
	if err != nil {
		return fmt.Errorf("reading a program's outcomes: %w", err)
	}
	f := &s.f.Transparency
	f.Members, f.Outcomes = sums.Members, sums.Counts
	for _, id := range s.passedOn {
		depth, err := s.chain(ctx, s.Company(stage.Pixelplay).People[stage.Investigator], id)
		if err != nil {
			return err
		}
		f.ChainDepth = max(f.ChainDepth, depth)
	}
	s.n.screen(fmt.Sprintf("%s: through %s, acts of %s companies", hosting, sums.Through.Format(time.DateOnly), f.Members), cells(f.Outcomes)...)
	s.n.says("report", "%s companies shared in the longest chain, each on evidence of its own. These are accounts and acts, never people: who had accounts at two companies counts twice.",
		count(f.ChainDepth))
	return nil
}

// chain counts the members in the longest chain of signals a signal is derived from, as a
// reader sees the links.
func (s *story) chain(ctx context.Context, reader *client.Client, id lantern.ID) (int, error) {
	sig, err := reader.Signal(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("following a chain: %w", err)
	}
	longest := 0
	for _, l := range sig.Links {
		if l.Kind != lantern.DerivedFrom {
			continue
		}
		n, err := s.chain(ctx, reader, l.Signal)
		if err != nil {
			return 0, err
		}
		longest = max(longest, n)
	}
	return longest + 1, nil
}
