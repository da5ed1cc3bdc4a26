package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/world"
)

// wrong is a signal that turns out to be wrong, as the company that found out knows it.
type wrong struct {
	signal  lantern.ID
	value   string
	hit     lantern.ID
	account *world.Account
}

// correct is the fifth chapter: one signal is challenged, stops matching everywhere, and
// is taken back with everything that rested on it.
func (s *story) correct(ctx context.Context, others map[string]*work) error {
	s.chapter("One signal is wrong, and is taken back everywhere",
		"A wrong signal harms somebody who did nothing. It must stop before anybody has argued about it, and what was done because of it must be found again.")
	s.f.Correction.Tasks = map[string]*TaskFigures{}
	finder := s.company(pixelplay)
	bad, err := s.appeal(ctx, others[pixelplay])
	if err != nil {
		return err
	}
	receivers := s.others(facegram)
	before, err := s.matching(ctx, receivers, bad)
	if err != nil {
		return err
	}
	s.f.Correction.MatchedBefore = len(before)
	challenge, err := s.challenge(ctx, finder, bad)
	if err != nil {
		return err
	}
	if err := s.masked(ctx, before, bad); err != nil {
		return err
	}
	if err := s.decided(ctx, challenge); err != nil {
		return err
	}
	if err := s.derivedFall(ctx); err != nil {
		return err
	}
	if err := s.purged(ctx); err != nil {
		return err
	}
	return s.reviewAgain(ctx, others)
}

// others are all companies but one.
func (s *story) others(but string) (list []*company) {
	for _, c := range s.companies {
		if c.name != but {
			list = append(list, c)
		}
	}
	return list
}

// appeal has a user of the game object, and an investigator look again: the address was
// last seen with its former holder before this user had an account.
func (s *story) appeal(ctx context.Context, w *work) (*wrong, error) {
	for _, id := range w.decided[lantern.Confirmed] {
		a := w.reviewer.Accounts[id]
		if w.reviewer.StandsAlone(id) {
			continue // an appeal would find evidence of its own
		}
		hits, err := w.c.desk[investigator].Hits(ctx, client.HitFilter{State: lantern.HitDecided, Account: id})
		if err != nil {
			return nil, fmt.Errorf("listing hits: %w", err)
		}
		for _, h := range hits {
			if h.Match.Type != "email" {
				continue
			}
			sig, err := w.c.desk[investigator].Reveal(ctx, h.Match.Signal)
			if err != nil {
				return nil, fmt.Errorf("revealing a signal: %w", err)
			}
			if a.Joined.After(sig.LastSeen) {
				s.n.says(w.c.name, "a user whose account was disabled appeals. The investigator reveals the signal (logged): the mail address was last seen "+
					"%d days before this user joined. It passed to somebody else.", int(a.Joined.Sub(sig.LastSeen).Hours()/24))
				return &wrong{signal: sig.ID, value: sig.Value, hit: h.ID, account: a}, nil
			}
		}
	}
	return nil, errors.New("nobody appeals in this world")
}

// probe asks a company's agent whether a value matches the signal, keeping no hit.
func (c *company) probe(ctx context.Context, bad *wrong) (bool, error) {
	answers, err := c.desk[""].Match(ctx, []lantern.Record{{Ref: "probe", Values: []lantern.TypedValue{{Type: "email", Value: bad.value}}}}, true)
	if err != nil {
		return false, fmt.Errorf("asking the agent of %s: %w", c.name, err)
	}
	if answers[0].State != lantern.AnswerOK {
		return false, fmt.Errorf("the agent of %s could not look", c.name)
	}
	return slices.ContainsFunc(answers[0].Matches, func(m lantern.Match) bool { return m.Signal == bad.signal }), nil
}

// matching are the companies whose agents match the signal.
func (s *story) matching(ctx context.Context, of []*company, bad *wrong) (list []*company, err error) {
	for _, c := range of {
		yes, err := c.probe(ctx, bad)
		if err != nil {
			return nil, err
		}
		if yes {
			list = append(list, c)
		}
	}
	return list, nil
}

// challenge rules that the hit came from a wrong signal, which opens the challenge.
func (s *story) challenge(ctx context.Context, c *company, bad *wrong) (lantern.ID, error) {
	results, err := c.desk[investigator].DecideHits(ctx, []lantern.HitRuling{{Hit: bad.hit, Decision: lantern.WrongSignal, Reason: lantern.IdentifierReused}})
	s.began = s.o.Clock()
	if err != nil {
		return 0, fmt.Errorf("challenging a signal: %w", err)
	}
	if r := results[0]; !r.Recorded || r.Challenge == 0 {
		return 0, fmt.Errorf("challenging a signal: %+v", r.Problem)
	}
	s.n.says(c.name, "challenges it: identifier reused. It is suspended in the same transaction, before anybody has decided.")
	return results[0].Challenge, nil
}

// masked waits until no agent matches the signal any more, and measures how long each took.
func (s *story) masked(ctx context.Context, matching []*company, bad *wrong) error {
	start := s.began
	took := make([]time.Duration, len(matching))
	errs := make([]error, len(matching))
	var all sync.WaitGroup
	for i, c := range matching {
		all.Go(func() {
			errs[i] = until(ctx, func() (bool, error) {
				yes, err := c.probe(ctx, bad)
				return !yes, err
			})
			took[i] = s.o.Clock().Sub(start)
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var told []string
	for i, c := range matching {
		s.f.TimesAndLog.Masked[c.name] = took[i]
		told = append(told, fmt.Sprintf("%s after %d ms", c.name, took[i].Milliseconds()))
	}
	after, err := s.matching(ctx, matching, bad)
	s.f.Correction.MatchedAfter = len(after)
	s.n.says("agents", "%s matched the address before; none does any more: %s.", some(len(matching), "agent", "agents"), strings.Join(told, ", "))
	return err
}

// decided has the sharer look at the challenge and agree.
func (s *story) decided(ctx context.Context, id lantern.ID) error {
	c := s.company(facegram)
	open, err := c.people[officer].Challenges(ctx)
	if err != nil {
		return fmt.Errorf("listing challenges: %w", err)
	}
	i := slices.IndexFunc(open, func(ch lantern.Challenge) bool { return ch.ID == id })
	if i < 0 {
		return errors.New("the sharer does not see the challenge")
	}
	_, err = c.people[officer].Decide(ctx, id, lantern.Decision{Verdict: lantern.Uphold, Reason: "the address passed to somebody else after we last saw it"})
	if err != nil {
		return fmt.Errorf("deciding a challenge: %w", err)
	}
	s.n.says(c.name, "owns the signal; its dispute officer checks and upholds the challenge. The signal is withdrawn, and a mark holds back anyone who would share the address again.")
	return nil
}

// derivedFall looks at what was derived from the wrong signal alone: it is suspended with
// it, and its owner withdraws it.
func (s *story) derivedFall(ctx context.Context) error {
	c := s.company(chatter)
	suspended, err := c.people[submitter].Signals(ctx, client.SignalFilter{State: lantern.Suspended})
	if err != nil {
		return fmt.Errorf("listing signals: %w", err)
	}
	for _, sig := range suspended {
		s.f.Correction.Derived++
		if _, err := c.people[submitter].Withdraw(ctx, sig.ID, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			return fmt.Errorf("withdrawing a signal: %w", err)
		}
	}
	if n := s.f.Correction.Derived; n > 0 {
		s.n.says(c.name, "had derived %s from it alone: suspended with its root. Chatter finds no ground of its own and withdraws.", some(n, "signal", "signals"))
	}
	return nil
}

// purged waits until every recipient of every correction has acknowledged both steps.
func (s *story) purged(ctx context.Context) error {
	f := &s.f.Correction
	bar := s.n.bar("waiting for acknowledgements", -1)
	defer bar.Stop()
	err := until(ctx, func() (bool, error) {
		all, err := s.steward.Corrections(ctx)
		if err != nil {
			return false, fmt.Errorf("reading corrections: %w", err)
		}
		f.Corrections, f.Recipients, f.Masked, f.Purged = len(all), 0, 0, 0
		for _, c := range all {
			for _, r := range c.Recipients {
				f.Recipients++
				if !r.Masked.IsZero() {
					f.Masked++
				}
				if !r.Purged.IsZero() {
					f.Purged++
				}
			}
		}
		return f.Recipients > 0 && f.Purged == f.Recipients && f.Masked == f.Recipients, nil
	})
	bar.Stop()
	if err != nil {
		return err
	}
	s.f.TimesAndLog.Purged = s.o.Clock().Sub(s.began)
	s.n.says("agents", "everyone who was ever sent it acknowledges twice: %s masked, %s purged, of %s, over %s. The freed bytes were overwritten first.",
		count(f.Masked), count(f.Purged), count(f.Recipients), some(f.Corrections, "correction", "corrections"))
	return nil
}

// reviewAgain has each company look at the list of what it did because of the signals
// that fell.
func (s *story) reviewAgain(ctx context.Context, others map[string]*work) error {
	for _, c := range s.companies {
		tasks, err := c.desk[investigator].ReviewTasks(ctx)
		if err != nil {
			return fmt.Errorf("listing review tasks: %w", err)
		}
		f := &TaskFigures{Results: map[string]int{}}
		if c.name == payrail {
			f.Results = nil // it may not say
		}
		for _, t := range tasks {
			f.Hits += t.Hits
			f.Accounts += len(t.Accounts)
			f.Outcomes += len(t.Outcomes)
			ruling := lantern.TaskRuling{Result: "stands", Ground: "nothing was done because of it"}
			if w := others[c.name]; w != nil && slices.ContainsFunc(t.Accounts, func(id string) bool { return !w.reviewer.StandsAlone(id) }) {
				ruling = lantern.TaskRuling{Result: "reversed", Ground: "no evidence of its own without the signal"}
			}
			if _, err := c.desk[investigator].RuleTask(ctx, t.Correction, ruling); err != nil {
				return fmt.Errorf("settling a review task of %s: %w", c.name, err)
			}
			if f.Results != nil {
				f.Results[ruling.Result]++
			}
		}
		if len(tasks) == 0 {
			continue // the sharer, who was sent nothing
		}
		s.f.Correction.Tasks[c.name] = f
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
func (s *story) reversed(ctx context.Context, c *company) (n int, err error) {
	all, err := c.people[investigator].Outcomes(ctx)
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

func (s *story) tellTasks(c *company, f *TaskFigures, reversed int) {
	switch {
	case f.Hits == 0:
		s.n.says(c.name, "its own list is empty: it did nothing because of what fell.")
	case reversed == 0:
		s.n.says(c.name, "its own list: %s on %s. What it did about that, it may not say; it looks again all the same.",
			some(f.Hits, "hit", "hits"), some(f.Accounts, "account", "accounts"))
	default:
		s.n.says(c.name, "its own list: %s on %s, %s. Looks again without the signal, restores %s and records that the act is reversed.",
			some(f.Hits, "hit", "hits"), some(f.Accounts, "account", "accounts"), some(f.Outcomes, "outcome", "outcomes"), some(reversed, "account", "accounts"))
	}
}

// compare holds what people decided against the truth of the world.
func (s *story) compare(social *work, others map[string]*work) {
	c := &s.f.Comparison
	for _, a := range s.w.Social.Accounts {
		if a.Violating {
			c.Trade++
			if social.known[a.ID] {
				c.Reached++
			}
		}
	}
	works := append([]*work{social}, slices.Collect(maps.Values(others))...)
	for _, w := range works {
		if w.c.name == payrail {
			continue // nobody learns what it did
		}
		for _, id := range w.decided[lantern.Confirmed] {
			if w.reviewer.Accounts[id].Violating {
				if w == social {
					c.Actioned++
				}
			} else {
				c.WronglyActioned++
			}
		}
	}
	c.WronglyRemaining = c.WronglyActioned - s.f.Correction.Reversed
	s.n.printf("\n")
	s.n.says("The world", "knows what the people could not: %s of Facegram's accounts belonged to the trade; the case reached %s and %s were disabled. "+
		"%s disabled wrongly, over all companies; after the correction, %s.", count(c.Trade), count(c.Reached), count(c.Actioned),
		some(c.WronglyActioned, "account was", "accounts were"), none(c.WronglyRemaining))
}
