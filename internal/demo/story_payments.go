package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// The rules of the program with the payment service: a month, then a clue is gone, and a
// month, then sums show what came of it.
const (
	clueDays  = 30
	delayDays = 30
)

// purposePlan is a program of its own: few members, two types, one purpose, one tag.
func purposePlan() stage.Plan {
	policy := policyOf()
	for _, t := range []lantern.SignalType{"payment", "email"} {
		policy.Types[t] = lantern.TypePolicy{Retention: clueDays, MaxRetention: clueDays}
	}
	policy.Tags, policy.OutcomeDelay = []lantern.Tag{"trade"}, delayDays
	return stage.Plan{Program: lantern.Program{Name: purpose, Purpose: "Find payments for access to abuse material, and for nothing else", Policy: policy},
		Members: []string{stage.Facegram, stage.Chatter, stage.PayRail}}
}

// drawClues draws the world of accounts that take payments.
func (s *story) drawClues() {
	s.clues = world.NewClues(s.o.Seed, s.o.Size, s.day)
	s.platforms = map[string]*world.Platform{stage.Facegram: s.clues.Social, stage.Chatter: s.clues.Chat, stage.PayRail: s.clues.Pay}
}

// payments is the story of a payment service, which must never let on whether it reported
// somebody: many clues, few investigations, and nothing in what others see tells which.
func (s *story) payments(ctx context.Context) error {
	s.f.Clues = tally.ClueFigures{Refused: map[string]int{}, Shared: tally.NewShareFigures(), Back: tally.NewShareFigures()}
	ids, err := s.giveClues(ctx)
	if err != nil {
		return err
	}
	if err := s.later(ctx, 2*day); err != nil {
		return err
	}
	pay, err := s.investigate(ctx, ids)
	if err != nil {
		return err
	}
	if err := s.giveBack(ctx, pay); err != nil {
		return err
	}
	if err := s.later(ctx, (delayDays+1)*day); err != nil {
		return err
	}
	if err := s.afterDelay(ctx, ids); err != nil {
		return err
	}
	return s.verifyLog(ctx)
}

// giveClues has the two platforms share the handles of accounts they confirmed, and shows
// what the program does not take.
func (s *story) giveClues(ctx context.Context) (ids []lantern.ID, err error) {
	s.chapter("Facegram and Chatter give clues",
		"A payment service needs little: a handle. The program is separate, takes two types and one tag, for one purpose, and forgets in a month.")
	social := s.Company(stage.Facegram)
	tooMuch := s.clue(social, "phrase", "zorbly plim trade")
	tooLong := s.clue(social, "payment", s.clues.SocialFound[0].Paytag)
	tooLong.Expires = s.clock.Now().Add(90 * day)
	offTopic := s.clue(social, "payment", s.clues.SocialFound[0].Paytag)
	offTopic.Tags = []lantern.Tag{"grooming"}
	tried := tally.NewShareFigures()
	if err := s.shareAs(ctx, social, &tried, []lantern.Draft{tooMuch, tooLong, offTopic}); err != nil {
		return nil, err
	}
	s.f.Clues.Refused = tried.Refused
	s.n.Says(social.Name, "tries what the program does not take: words, a clue for three months, a clue about something else. All %s are refused, by the program's rules and not by good will.",
		tell.Count(tried.Results[lantern.Refused]))
	s.n.Screen("Facegram: refused", desk.SortedKeys(tried.Refused)...)
	for _, from := range []struct {
		name  string
		found []*world.Account
	}{{stage.Facegram, s.clues.SocialFound}, {stage.Chatter, s.clues.ChatFound}} {
		c := s.Company(from.name)
		var drafts []lantern.Draft
		for _, a := range from.found {
			drafts = append(drafts, s.clue(c, "payment", a.Paytag))
		}
		if err := s.shareAs(ctx, c, &s.f.Clues.Shared, drafts); err != nil {
			return nil, err
		}
		for _, d := range drafts {
			ids = append(ids, s.signals[d.Value])
		}
		s.n.Says(c.Name, "shares %s: payment handles of accounts its people confirmed.", tell.Some(len(drafts), "clue", "clues"))
	}
	slices.Sort(ids)
	days, err := s.life(ctx, social, s.signals[s.clues.SocialFound[0].Paytag])
	if err != nil {
		return nil, err
	}
	s.n.Adds("Each ends by itself after %d days. None may be used for anything but the purpose.", days)
	return ids, s.Company(stage.PayRail).CaughtUp(ctx, s.program(purpose), len(ids))
}

// clue is one signal for the payment service.
func (s *story) clue(c *stage.Company, t lantern.SignalType, value string) lantern.Draft {
	return lantern.Draft{Programs: []lantern.ID{s.program(purpose)}, Type: t, Value: value, Status: lantern.Lead, Severity: lantern.High, Tags: []lantern.Tag{"trade"},
		Confidence: 80, Role: lantern.SuspectedOffender, UseRestriction: "child-safety-investigation",
		Basis: lantern.Basis{Policy: c.Name + " rules, child safety", ReviewedBy: lantern.ByHuman, Action: "account disabled", At: s.clock.Now().UTC()}}
}

// investigate is what happens at the payment service. Everything that others could see is
// the same for each clue, whether it has such a customer or not.
func (s *story) investigate(ctx context.Context, ids []lantern.ID) (*desk.Work, error) {
	c := s.Company(stage.PayRail)
	s.chapter("PayRail looks, and does not let on",
		"Whoever learned that a payment was reported could warn the one it was about. So nothing that others see may differ between a clue that led somewhere and one that did not.")
	figures := tally.NewCaseFigures()
	w := s.desk(c.Name, &figures)
	w.Silent = true
	if err := w.Match(ctx, desk.UsersOf(s.platforms[c.Name])); err != nil {
		return nil, err
	}
	f := &s.f.Clues
	var err error
	w.Case, err = c.Desk[stage.Investigator].OpenCase(ctx, lantern.CaseDraft{Title: "Clues of the month", Program: s.program(purpose), Signals: ids})
	if err != nil {
		return nil, fmt.Errorf("opening a case: %w", err)
	}
	w.Round(w.Case.Rounds[0], 0)
	if err := w.Review(ctx, 0); err != nil {
		return nil, err
	}
	f.Investigations = w.Case.Accounts
	s.n.Screen("PayRail, seen by nobody else", tell.Pad(tell.Count(len(ids)), 6)+"clues", tell.Pad(tell.Count(figures.Signals), 6)+"of them name a customer",
		tell.Pad(tell.Count(f.Investigations), 6)+"investigations opened, in files of PayRail's own")
	for _, id := range ids {
		if _, err := c.People[stage.Investigator].React(ctx, lantern.Feedback{Signal: id, Reaction: lantern.InReview}); err != nil {
			return nil, fmt.Errorf("reacting to a clue: %w", err)
		}
	}
	if _, err := w.Outcome(ctx, lantern.ReviewedUndisclosed, "PayRail terms, section 9", len(ids)); err != nil {
		return nil, err
	}
	s.n.Says(c.Name, "says the same of each of the %s clues: in review. One outcome covers all of them: %s reviewed, cannot disclose. It needs no statement of what was found.",
		tell.Count(len(ids)), tell.Count(figures.Outcomes[lantern.ReviewedUndisclosed]))
	if err := s.tellReactions(ctx, ids); err != nil {
		return nil, err
	}
	w.Figures.Decided = nil // it may not say
	return w, nil
}

// tellReactions shows what the sharers see at once: the same reaction on each clue.
func (s *story) tellReactions(ctx context.Context, ids []lantern.ID) error {
	f := &s.f.Clues
	var took []time.Duration
	for _, name := range []string{stage.Facegram, stage.Chatter} {
		own, err := desk.SignalsOf(ctx, s.Company(name).People[stage.Submitter])
		if err != nil {
			return err
		}
		for _, sig := range own {
			f.InReview += sig.Reactions[lantern.InReview]
			reactions, err := s.Company(name).People[stage.Submitter].Reactions(ctx, sig.ID)
			if err != nil {
				return fmt.Errorf("reading reactions: %w", err)
			}
			for _, r := range reactions {
				took = append(took, r.At.Sub(sig.Created))
			}
		}
	}
	if len(took) != len(ids) {
		return errors.New("not every clue was answered alike")
	}
	slices.Sort(took)
	s.n.Says("sharers", "see %s in review, %s after half of the clues were given, and sums that show nothing yet.", tell.Some(f.InReview, "clue", "clues"), days(took[len(took)/2]))
	return nil
}

// days is a duration in whole days.
func days(d time.Duration) string { return tell.Some(int(d.Round(day)/day), "day", "days") }

// giveBack has the payment service share what it may, and another find accounts with it.
func (s *story) giveBack(ctx context.Context, pay *desk.Work) error {
	c := s.Company(stage.PayRail)
	s.chapter("PayRail gives back what it may",
		"Its counsel agreed to payment handles and nothing else, and those are all the program takes. A clue back says nothing of what became of the first.")
	var from []string
	for id := range pay.Matched {
		from = append(from, id)
	}
	slices.Sort(from)
	found, _ := world.NewTools(s.platforms[c.Name]).Widen(from, pay.Known, world.SameDevice)
	var drafts []lantern.Draft
	for _, a := range found {
		d := s.clue(c, "payment", pay.Reviewer.Accounts[a.Account].Paytag)
		d.Basis.Action = "" // not even that
		drafts = append(drafts, d)
	}
	if err := s.shareAs(ctx, c, &s.f.Clues.Back, drafts); err != nil {
		return err
	}
	s.n.Says(c.Name, "shares %s of accounts that share a device with others, as leads, without a word on what was done.", tell.Some(s.f.Clues.Back.Stand(), "handle", "handles"))
	chat := s.Company(stage.Chatter)
	if err := chat.CaughtUp(ctx, s.program(purpose), s.f.Clues.Shared.Stand()+s.f.Clues.Back.Stand()); err != nil {
		return err
	}
	figures := tally.NewCaseFigures()
	w := s.desk(chat.Name, &figures)
	if err := w.Match(ctx, desk.UsersOf(s.platforms[chat.Name])); err != nil {
		return err
	}
	if err := w.Open(ctx, "Handles from PayRail", s.program(purpose)); err != nil {
		return err
	}
	if err := w.Review(ctx, 0); err != nil {
		return err
	}
	if _, err := w.Outcome(ctx, lantern.AccountsActioned, "Chatter rules, child safety", 0); err != nil {
		return err
	}
	s.f.Clues.Found = figures.Decided[lantern.Confirmed]
	s.n.Says(chat.Name, "finds %s that name them, confirms %s on what it sees itself, and disables those.", tell.Some(len(w.Matched), "account", "accounts"), tell.Count(s.f.Clues.Found))
	sums, err := s.Company(stage.Facegram).People[stage.Submitter].ProgramOutcomes(ctx, s.program(purpose))
	if err != nil {
		return fmt.Errorf("reading a program's outcomes: %w", err)
	}
	s.f.Clues.Before = tally.SumFigures{Members: sums.Members, Outcomes: sums.Counts}
	s.n.Screen(fmt.Sprintf("Facegram: sums of the program, through %s", sums.Through.Format(time.DateOnly)), shown(sums)...)
	s.n.Says(stage.Facegram, "sees nothing of this yet: the program shows outcomes %d days late, so that no day points to an act.", delayDays)
	return nil
}

// shown are the lines of sums, or that there is nothing.
func shown(sums lantern.ProgramOutcomes) []string {
	if len(sums.Counts) == 0 {
		return []string{"nothing to show"}
	}
	return append(desk.Cells(sums.Counts), tell.Pad(sums.Members.String(), 16)+"members")
}

// afterDelay is a month later: sums show, and the clues are gone.
func (s *story) afterDelay(ctx context.Context, ids []lantern.ID) error {
	s.chapter("A month later",
		"Sums show now, as ranges; what could point at one act does not. And the clues are gone: what they were for is done.")
	sums, err := s.Company(stage.Facegram).People[stage.Submitter].ProgramOutcomes(ctx, s.program(purpose))
	if err != nil {
		return fmt.Errorf("reading a program's outcomes: %w", err)
	}
	f := &s.f.Clues
	f.After = tally.SumFigures{Members: sums.Members, Outcomes: sums.Counts}
	s.n.Screen(fmt.Sprintf("Facegram: sums of the program, through %s", sums.Through.Format(time.DateOnly)), shown(sums)...)
	s.n.Says(stage.Facegram, "reads that the clues were reviewed, not which; and that fewer than five accounts were acted on, not how many. Whether PayRail reported anybody is in no figure.")
	status, err := s.Company(stage.PayRail).Desk[""].Status(ctx)
	if err != nil {
		return fmt.Errorf("asking the agent of PayRail: %w", err)
	}
	f.LeftAtEnd = status.Signals
	s.n.Says("agents", "of the %s clues PayRail's agent holds %s any more: they ended %d days after they were shared, and their bytes with them.", tell.Count(len(ids)), tell.None(f.LeftAtEnd), clueDays)
	return nil
}
