package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lantern"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// urls is the story of a file host's removed addresses: one company shares them, another
// follows them to the accounts that pass them on, and three more act on what that brings.
func (s *story) urls(ctx context.Context) error {
	if err := s.shareRemoved(ctx); err != nil {
		return err
	}
	social, err := s.campaign(ctx)
	if err != nil {
		return err
	}
	if err := s.later(ctx, 2*day); err != nil {
		return err
	}
	s.chapter("Facegram acts, and says what it rests on",
		"The decisions took two days. What was done is told as numbers, under the word of a person; the accounts stay at Facegram.")
	if err := s.act(ctx, social); err != nil {
		return err
	}
	if err := s.later(ctx, day); err != nil {
		return err
	}
	if err := s.shareBack(ctx, social); err != nil {
		return err
	}
	if err := s.hostLearns(ctx); err != nil {
		return err
	}
	if err := s.later(ctx, day); err != nil {
		return err
	}
	others, err := s.othersAct(ctx)
	if err != nil {
		return err
	}
	if err := s.later(ctx, 26*day); err != nil {
		return err
	}
	if err := s.transparency(ctx); err != nil {
		return err
	}
	if err := s.verifyLog(ctx); err != nil {
		return err
	}
	s.compare(social, others)
	return nil
}

// campaign is the second chapter: the social network looks for the addresses among its
// own posts, widens from what it confirms, and acts.
func (s *story) campaign(ctx context.Context) (*desk.Work, error) {
	c := s.Company(stage.Facegram)
	s.chapter("Facegram looks for them among its own posts, and follows the links",
		"A match is a clue. People at Facegram decide about each account, on what Facegram itself can see; its users' data never leaves its own agent.")
	s.f.Review = tally.NewCaseFigures()
	w := s.desk(c.Name, &s.f.Review)
	if err := w.Match(ctx, desk.PostsOf(s.platforms[c.Name])); err != nil {
		return nil, err
	}
	f := &s.f.Review
	s.n.Says(c.Name, "its agent reads %s: %s of the addresses occur, passed on by %s.", tell.Some(f.Records, "post", "posts"), tell.Count(f.Signals),
		tell.Some(len(w.Matched), "account", "accounts"))
	if err := w.Open(ctx, "Removed folders passed on", s.program(hosting)); err != nil {
		return nil, err
	}
	tools := world.NewTools(s.platforms[c.Name])
	s.n.Adds("It opens a case on them. The case widens in rounds, each from what people confirmed and by kinds of link that it names.")
	for round, links := range [][]string{{"hit"}, {world.SameDevice}, {world.SamePayment, world.PostedURL}, {world.RepliedTo, world.SameDevice}} {
		if round > 0 {
			if err := w.Widen(ctx, tools, links); err != nil {
				return nil, err
			}
		}
		if err := w.Review(ctx, round); err != nil {
			return nil, err
		}
		w.Tell(round)
	}
	return w, nil
}

// act records what the company did.
func (s *story) act(ctx context.Context, w *desk.Work) error {
	confirmed := w.Decided[lantern.Confirmed]
	posts, complete, urls := 0, 0, map[string]bool{}
	for _, id := range confirmed {
		a := w.Reviewer.Accounts[id]
		posts += len(a.Posts)
		if a.Complete {
			complete++
		}
		for _, p := range a.Posts {
			if p.URL != "" {
				urls[p.URL] = true
			}
		}
	}
	w.Figures.Incomplete = len(confirmed) - complete
	const ground = "Facegram community rules, child safety"
	for _, o := range []struct {
		kind lantern.OutcomeKind
		n    int
	}{{lantern.AccountsActioned, 0}, {lantern.ReviewedNoViolation, 0}, {lantern.ContentRemoved, posts}, {lantern.URLsBlocked, len(urls)}, {lantern.ReportsFiled, complete}} {
		if _, err := w.Outcome(ctx, o.kind, ground, o.n); err != nil {
			return err
		}
	}
	f := w.Figures
	w.N.Says(w.Company.Name, "disables %s, removes %s, blocks %s. %s are complete and would be filed by Facegram's own process with the authorities; "+
		"Lantern files nothing and takes Facegram's word for the number. %s wait for data.",
		tell.Some(f.Outcomes[lantern.AccountsActioned], "account", "accounts"), tell.Some(f.Outcomes[lantern.ContentRemoved], "post", "posts"),
		tell.Some(f.Outcomes[lantern.URLsBlocked], "address", "addresses"), tell.Some(f.Outcomes[lantern.ReportsFiled], "report", "reports"), tell.Count(f.Incomplete))
	w.N.Adds("Its investigator attests to %s decisions made one by one and %s made together on identical copies of one text, with a digest of the list. "+
		"Without that statement the exchange takes no outcome.", tell.Count(f.Singly), tell.Count(f.InBulk))
	return nil
}

// shareBack is the third chapter: the social network shares what its confirmed accounts
// have in common.
func (s *story) shareBack(ctx context.Context, w *desk.Work) error {
	s.chapter("Facegram shares back what the accounts had in common",
		"Accounts are thrown away; mail addresses, payment handles and names elsewhere are kept. They lead others to people who moved on.")
	var wide, narrow []lantern.Draft
	for _, f := range w.Findings() {
		if f.Draft.Type != "payment" {
			wide = append(wide, f.Draft)
		}
		if f.Draft.Type == "payment" || f.Draft.Type == "email" && f.Paid() {
			narrow = append(narrow, f.Draft)
		}
	}
	s.f.SharedBack = tally.NewShareFigures()
	if err := w.Share(ctx, &s.f.SharedBack, wide); err != nil {
		return err
	}
	s.f.Payments = tally.NewShareFigures()
	if err := s.shareToPayments(ctx, w.Company, narrow); err != nil {
		return err
	}
	f := &s.f.SharedBack
	var types []string
	for _, t := range desk.SortedKeys(f.Types) {
		types = append(types, fmt.Sprintf("%s %s", tell.Count(f.Types[t]), t))
	}
	s.n.Says(w.Company.Name, "its submitter shares %s from the case (%s), each linked to the addresses it was derived from, and only what at least %d confirmed accounts share.",
		tell.Some(f.Stand(), "signal", "signals"), strings.Join(types, ", "), desk.CommonFrom)
	if n := f.Results[lantern.Refused]; n > 0 {
		s.n.Says("agent", "%s refused before they left: a note %s. Somebody had jotted down what could lead to a victim.", tell.Some(n, "draft", "drafts"),
			strings.Join(desk.SortedKeys(f.Refused), "; a note "))
	}
	s.n.Says(w.Company.Name, "shares %s with PayRail in the program %q, which takes nothing but mail addresses and payment handles.",
		tell.Some(s.f.Payments.Stand(), "signal", "signals"), payments)
	return nil
}

// shareToPayments shares outside the case, which belongs to one program: what may have to
// do with money goes to the payment service too.
func (s *story) shareToPayments(ctx context.Context, c *stage.Company, drafts []lantern.Draft) error {
	for batch := range slices.Chunk(slices.Clone(drafts), lantern.MaxBatch) {
		for i := range batch {
			batch[i].Programs = []lantern.ID{s.program(payments)}
		}
		if err := s.shareAs(ctx, c, &s.f.Payments, batch); err != nil {
			return err
		}
	}
	return nil
}
