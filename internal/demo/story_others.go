package demo

import (
	"context"
	"fmt"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// othersAct is the fourth chapter: three more companies look among their own users.
func (s *story) othersAct(ctx context.Context) (map[string]*desk.Work, error) {
	s.chapter("Chatter, Pixelplay and PayRail look among their own users",
		"Each decides for itself, on its own evidence and under its own rules. The one who shared learns sums and reactions, never which account.")
	works := map[string]*desk.Work{}
	back := 0
	for _, name := range []string{stage.Chatter, stage.Pixelplay, stage.PayRail} {
		c := s.Company(name)
		program, want := s.program(hosting), s.f.Shared.Stand()+s.f.SharedBack.Stand()+back
		if name == stage.PayRail {
			program, want = s.program(payments), s.f.Payments.Stand()
		}
		if err := c.CaughtUp(ctx, program, want); err != nil {
			return nil, err
		}
		figures := &tally.OtherReview{CaseFigures: tally.NewCaseFigures()}
		s.f.Others[name] = figures
		w := s.desk(c.Name, &figures.CaseFigures)
		w.Silent = name == stage.PayRail
		works[name] = w
		if err := s.lookAndAct(ctx, w, program); err != nil {
			return nil, err
		}
		if name == stage.Chatter {
			if err := s.passOn(ctx, w, figures); err != nil {
				return nil, err
			}
			back = figures.SharedBack.Stand()
		}
	}
	return works, s.ownersLearn(ctx)
}

// lookAndAct matches a company's users, reviews them and records what was done.
func (s *story) lookAndAct(ctx context.Context, w *desk.Work, program lantern.ID) error {
	if err := w.Match(ctx, desk.UsersOf(s.platforms[w.Company.Name])); err != nil {
		return err
	}
	if err := w.Open(ctx, "What the case at Facegram brought", program); err != nil {
		return err
	}
	if err := w.Review(ctx, 0); err != nil {
		return err
	}
	f := w.Figures
	found := fmt.Sprintf("%s of %s matched.", tell.Some(f.Matched, "user", "users"), tell.Count(f.Records))
	if w.Silent {
		_, err := w.Outcome(ctx, lantern.ReviewedUndisclosed, "PayRail terms, section 9", 0)
		w.N.Says(w.Company.Name, "%s A payment service must not let on what followed: it decides in files of its own, its outcome says reviewed, cannot disclose, and this demo does not tell either.", found)
		f.Decided, f.Rounds[0].Decided = nil, nil
		return err
	}
	w.N.Says(w.Company.Name, "%s Reviewers: %s confirmed, %s not violating here.", found, tell.Count(f.Decided[lantern.Confirmed]), tell.Count(f.Decided[lantern.NotHere]))
	ground := w.Company.Name + " rules, child safety"
	if _, err := w.Outcome(ctx, lantern.AccountsActioned, ground, 0); err != nil {
		return err
	}
	if len(w.Decided[lantern.NotHere]) > 0 {
		if _, err := w.Outcome(ctx, lantern.ReviewedNoViolation, ground, 0); err != nil {
			return err
		}
	}
	w.N.Adds("%s disabled, attested by its investigator; the reactions go back to Facegram.", tell.Some(f.Outcomes[lantern.AccountsActioned], "account", "accounts"))
	return nil
}

// passOn shares the handles elsewhere that confirmed accounts name: the third company in
// the chain adds to what the first one began.
func (s *story) passOn(ctx context.Context, w *desk.Work, f *tally.OtherReview) error {
	back := tally.NewShareFigures()
	f.SharedBack = &back
	var drafts []lantern.Draft
	for _, id := range w.Decided[lantern.Confirmed] {
		a := w.Reviewer.Accounts[id]
		for _, h := range a.Elsewhere {
			k := lantern.TypedValue{Type: "username", Value: h}
			drafts = append(drafts, w.Draft(k, &desk.Finding{Accounts: []*world.Account{a}, Roots: w.Roots(id)}))
		}
		if a.Archive != "" {
			k := lantern.TypedValue{Type: "url", Value: a.Archive}
			drafts = append(drafts, w.Draft(k, &desk.Finding{Accounts: []*world.Account{a}, Roots: w.Roots(id)}))
		}
	}
	if len(drafts) == 0 {
		return nil
	}
	err := w.Share(ctx, f.SharedBack, drafts)
	for _, d := range drafts {
		if id := s.signals[d.Value]; id != 0 {
			s.passedOn = append(s.passedOn, id)
		}
	}
	w.N.Adds("Some of them name a handle at Pixelplay, or an address in an old room. Chatter shares %s, derived from Facegram's.",
		tell.Some(back.Stand(), "signal", "signals"))
	return err
}

// hostLearns gathers what the file host learned about its own signals.
func (s *story) hostLearns(ctx context.Context) error {
	r := &s.f.Returned
	r.Outcomes = map[lantern.OutcomeKind]lantern.Cell{}
	host := s.Company(stage.Cloudbin)
	own, err := desk.SignalsOf(ctx, host.People[stage.Submitter])
	if err != nil {
		return err
	}
	r.Signals = len(own)
	bar := s.n.Bar("reading totals", len(own))
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
	s.n.Says(host.Name, "sees what came of its own signals, as ranges. It sees no account and no name.")
	s.n.Screen("Cloudbin: outcomes", append([]string{fmt.Sprintf("%s of %s signals led somewhere, at %s other members", tell.Count(r.Productive), tell.Count(r.Signals), r.Members)},
		desk.Cells(r.Outcomes)...)...)
	return nil
}

// ownersLearn gathers what others said to the social network's signals.
func (s *story) ownersLearn(ctx context.Context) error {
	r := &s.f.Returned
	r.Reactions = map[lantern.Reaction]int{}
	social := s.Company(stage.Facegram)
	shared, err := desk.SignalsOf(ctx, social.People[stage.Submitter])
	if err != nil {
		return err
	}
	for _, sig := range shared {
		for reaction, n := range sig.Reactions {
			r.Reactions[reaction] += n
		}
	}
	s.n.Says(social.Name, "sees on its own: %s said helpful, %s not violating here. The second is no reproach: a handle can be somebody else's elsewhere.",
		tell.Some(r.Reactions[lantern.Helpful], "reaction", "reactions"), tell.Count(r.Reactions[lantern.NotViolating]))
	return nil
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
	s.n.Screen(fmt.Sprintf("%s: through %s, acts of %s companies", hosting, sums.Through.Format(time.DateOnly), f.Members), desk.Cells(f.Outcomes)...)
	s.n.Says("report", "%s companies shared in the longest chain, each on evidence of its own. These are accounts and acts, never people: who had accounts at two companies counts twice.",
		tell.Count(f.ChainDepth))
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
