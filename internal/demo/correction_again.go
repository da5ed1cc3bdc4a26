package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"lantern"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
)

// reviewAgain has each company look at the list of what it did because of the signals
// that fell.
func (s *story) reviewAgain(ctx context.Context, others map[string]*desk.Work) error {
	for _, c := range s.Companies {
		tasks, err := c.Desk[stage.Investigator].ReviewTasks(ctx)
		if err != nil {
			return fmt.Errorf("listing review tasks: %w", err)
		}
		f := &tally.TaskFigures{Results: map[string]int{}}
		if c.Name == stage.PayRail {
			f.Results = nil // it may not say
		}
		for _, t := range tasks {
			f.Hits += t.Hits
			f.Accounts += len(t.Accounts)
			f.Outcomes += len(t.Outcomes)
			ruling := lantern.TaskRuling{Result: "stands", Ground: "nothing was done because of it"}
			if w := others[c.Name]; w != nil && slices.ContainsFunc(t.Accounts, func(id string) bool { return !w.Reviewer.StandsAlone(id) }) {
				ruling = lantern.TaskRuling{Result: "reversed", Ground: "no evidence of its own without the signal"}
			}
			if _, err := c.Desk[stage.Investigator].RuleTask(ctx, t.Correction, ruling); err != nil {
				return fmt.Errorf("settling a review task of %s: %w", c.Name, err)
			}
			if f.Results != nil {
				f.Results[ruling.Result]++
			}
		}
		if len(tasks) == 0 {
			continue // the sharer, who was sent nothing
		}
		s.f.Correction.Tasks[c.Name] = f
		reversed, err := s.reversed(ctx, c)
		if err != nil {
			return err
		}
		s.f.Correction.Reversed += reversed
		s.tellTasks(c, f, reversed)
	}
	return nil
}

// reversed sums the acts a company took back, as the exchange's ledger has them.
func (s *story) reversed(ctx context.Context, c *stage.Company) (n int, err error) {
	all, err := c.People[stage.Investigator].Outcomes(ctx)
	if err != nil {
		return 0, fmt.Errorf("listing outcomes: %w", err)
	}
	for _, o := range all {
		if o.Kind == lantern.Reversed {
			n += o.Count
		}
	}
	return n, nil
}

func (s *story) tellTasks(c *stage.Company, f *tally.TaskFigures, reversed int) {
	switch {
	case f.Hits == 0:
		s.n.Says(c.Name, "its own list is empty: it did nothing because of what fell.")
	case reversed == 0:
		s.n.Says(c.Name, "its own list: %s on %s. What it did about that, it may not say; it looks again all the same.",
			tell.Some(f.Hits, "hit", "hits"), tell.Some(f.Accounts, "account", "accounts"))
	default:
		s.n.Says(c.Name, "its own list: %s on %s, %s. Looks again without the signal, restores %s and records that the act is reversed.",
			tell.Some(f.Hits, "hit", "hits"), tell.Some(f.Accounts, "account", "accounts"), tell.Some(f.Outcomes, "outcome", "outcomes"), tell.Some(reversed, "account", "accounts"))
	}
}

// compare holds what people decided against the truth of the world.
func (s *story) compare(social *desk.Work, others map[string]*desk.Work) {
	c := &s.f.Comparison
	for _, a := range s.trade.Social.Accounts {
		if a.Violating {
			c.Trade++
			if social.Known[a.ID] {
				c.Reached++
			}
		}
	}
	works := append([]*desk.Work{social}, slices.Collect(maps.Values(others))...)
	for _, w := range works {
		if w.Company.Name == stage.PayRail {
			continue // nobody learns what it did
		}
		for _, id := range w.Decided[lantern.Confirmed] {
			if w.Reviewer.Accounts[id].Violating {
				if w == social {
					c.Actioned++
				}
			} else {
				c.WronglyActioned++
			}
		}
	}
	c.WronglyRemaining = c.WronglyActioned - s.f.Correction.Reversed
	if s.plot.name != "correction" {
		s.n.Space()
		s.n.Says("The world", "knows what the people could not: %s of Facegram's accounts belonged to the trade; the case reached %s and %s were disabled. "+
			"%s disabled wrongly, over all companies. How that is found and mended, the story correction tells.", tell.Count(c.Trade), tell.Count(c.Reached), tell.Count(c.Actioned),
			tell.Some(c.WronglyActioned, "account was", "accounts were"))
		return
	}
	s.n.Space()
	s.n.Says("The world", "knows what the people could not: %s of Facegram's accounts belonged to the trade; the case reached %s and %s were disabled. "+
		"%s disabled wrongly, over all companies; after the correction, %s.", tell.Count(c.Trade), tell.Count(c.Reached), tell.Count(c.Actioned),
		tell.Some(c.WronglyActioned, "account was", "accounts were"), tell.None(c.WronglyRemaining))
}
