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
	"lantern/internal/demo/stage"
	"lantern/internal/demo/world"
)

// wrong is a signal that turns out to be wrong, as the company that found out knows it.
type wrong struct {
	signal  lantern.ID
	value   string
	hit     lantern.ID
	account *world.Account
}

// correction is the story of a signal that turns out to be wrong. It begins where the
// story of the addresses ends, in a smaller world.
func (s *story) correction(ctx context.Context) error {
	social, others, err := s.before(ctx)
	if err != nil {
		return err
	}
	bad, challenge, err := s.stops(ctx, others)
	if err != nil {
		return err
	}
	if err := s.later(ctx, 4*time.Hour); err != nil {
		return err
	}
	s.chapter("The owner answers, and the signal is taken back",
		"Whoever shared it must answer within three days, or somebody of a third company decides. Withdrawn is not hidden: the value goes, everywhere.")
	if err := s.decided(ctx, challenge); err != nil {
		return err
	}
	if err := s.derivedFall(ctx, others[stage.Chatter]); err != nil {
		return err
	}
	if err := s.online(ctx); err != nil {
		return err
	}
	if err := s.later(ctx, 2*time.Hour); err != nil {
		return err
	}
	if err := s.catchesUp(ctx, bad); err != nil {
		return err
	}
	if err := s.later(ctx, 42*time.Hour); err != nil {
		return err
	}
	s.chapter("Everyone's own list of what it did",
		"Stopping is not enough. Each company gets the list of what it did itself because of the signal, and nobody else gets it.")
	if err := s.reviewAgain(ctx, others); err != nil {
		return err
	}
	if err := s.verifyLog(ctx); err != nil {
		return err
	}
	if err := s.tellPath(); err != nil {
		return err
	}
	s.compare(social, others)
	return nil
}

// before tells in short what the story of the addresses tells in full.
func (s *story) before(ctx context.Context) (social *work, others map[string]*work, err error) {
	s.chapter("What came before",
		"The story urls tells this in full: addresses were shared, accounts were found, and what those had in common was shared back.")
	s.n.silent = true
	defer func() { s.n.silent = false }()
	if err := s.shareRemoved(ctx); err != nil {
		return nil, nil, err
	}
	if social, err = s.campaign(ctx); err != nil {
		return nil, nil, err
	}
	if err := social.act(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.shareBack(ctx, social); err != nil {
		return nil, nil, err
	}
	if others, err = s.othersAct(ctx); err != nil {
		return nil, nil, err
	}
	s.n.silent, s.n.step = false, 1
	s.n.says(stage.Cloudbin, "shared %s.", some(s.f.Shared.stand(), "address", "addresses"))
	s.n.says(stage.Facegram, "confirmed and disabled %s, and shared back %s that they had in common.",
		some(s.f.Review.Outcomes[lantern.AccountsActioned], "account", "accounts"), some(s.f.SharedBack.stand(), "signal", "signals"))
	for _, name := range []string{stage.Chatter, stage.Pixelplay} {
		o := s.f.Others[name]
		s.n.says(name, "found %s among its own users and disabled %s.", count(o.Matched), count(o.Outcomes[lantern.AccountsActioned]))
		if o.SharedBack != nil {
			s.n.adds("It shared %s it derived from that.", some(o.SharedBack.stand(), "signal", "signals"))
		}
	}
	s.n.says(stage.PayRail, "looked at %s of its own. What it did, nobody is told.", some(s.f.Others[stage.PayRail].Matched, "user", "users"))
	return social, others, nil
}

// stops is the challenge: somebody objects, and the signal stops matching before anybody
// decides. One agent is off at that moment.
func (s *story) stops(ctx context.Context, others map[string]*work) (*wrong, lantern.ID, error) {
	s.chapter("Somebody objects, and the signal stops at once",
		"A wrong signal harms somebody who did nothing. It must stop before anybody has argued about it.")
	s.f.Correction.Tasks = map[string]*TaskFigures{}
	bad, err := s.appeal(ctx, others[stage.Pixelplay])
	if err != nil {
		return nil, 0, err
	}
	before, err := s.matching(ctx, s.others(stage.Facegram), bad)
	if err != nil {
		return nil, 0, err
	}
	s.f.Correction.MatchedBefore = len(before)
	away := s.Company(stage.Chatter)
	if err := s.Stop(ctx, away); err != nil {
		return nil, 0, err
	}
	before = slices.DeleteFunc(before, func(c *stage.Company) bool { return c == away })
	s.n.says(away.Name, "has its agent off just then: the machine is being moved. It cannot hear what comes.")
	challenge, err := s.challenge(ctx, s.Company(stage.Pixelplay), bad)
	if err != nil {
		return nil, 0, err
	}
	return bad, challenge, s.masked(ctx, before, bad)
}

// online waits until all recipients but the one that is off have acknowledged, and shows
// the map with its gap.
func (s *story) online(ctx context.Context) error {
	away := s.Company(stage.Chatter).Member.ID
	return s.purged(ctx, "agents", func(r lantern.Receivership) bool { return r.Member == away })
}

// catchesUp starts the agent that was off, and waits until nothing is left anywhere.
func (s *story) catchesUp(ctx context.Context, bad *wrong) error {
	c := s.Company(stage.Chatter)
	s.chapter("The agent that was away comes back",
		"A correction waits for whoever was sent the signal, however long they are away. It is seen who is missing.")
	all, err := s.Steward.Corrections(ctx)
	if err != nil {
		return fmt.Errorf("reading corrections: %w", err)
	}
	for _, cor := range all {
		if cor.Progress != nil {
			s.f.Correction.Overdue += cor.Progress.Overdue
		}
	}
	s.n.says("steward", "sees %s overdue: Chatter has not answered for two hours, and a minute is what an agent has to stop matching.",
		some(s.f.Correction.Overdue, "acknowledgement", "acknowledgements"))
	began := s.o.Clock()
	if err := s.Wake(ctx, c); err != nil {
		return err
	}
	err = stage.Until(ctx, func() (bool, error) {
		yes, err := probe(ctx, c, bad)
		if lantern.KindOf(err) == lantern.Unavailable {
			return false, nil // it does not answer yet
		}
		return !yes, err
	})
	if err != nil {
		return err
	}
	s.f.TimesAndLog.Masked[c.Name] = s.o.Clock().Sub(began)
	s.n.says(c.Name, "starts its agent again. It goes on where it was, and %d ms after the start the address matches there no longer either.", s.f.TimesAndLog.Masked[c.Name].Milliseconds())
	return s.purged(ctx, "all", func(lantern.Receivership) bool { return false })
}

// others are all companies but one.
func (s *story) others(but string) (list []*stage.Company) {
	for _, c := range s.Companies {
		if c.Name != but {
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
		hits, err := w.c.Desk[stage.Investigator].Hits(ctx, client.HitFilter{State: lantern.HitDecided, Account: id})
		if err != nil {
			return nil, fmt.Errorf("listing hits: %w", err)
		}
		for _, h := range hits {
			if h.Match.Type != "email" {
				continue
			}
			sig, err := w.c.Desk[stage.Investigator].Reveal(ctx, h.Match.Signal)
			if err != nil {
				return nil, fmt.Errorf("revealing a signal: %w", err)
			}
			if a.Joined.After(sig.LastSeen) {
				s.n.says(w.c.Name, "a user whose account was disabled appeals. The investigator reveals the signal (logged): the mail address was last seen "+
					"%d days before this user joined. It passed to somebody else.", int(a.Joined.Sub(sig.LastSeen).Hours()/24))
				return &wrong{signal: sig.ID, value: sig.Value, hit: h.ID, account: a}, nil
			}
		}
	}
	return nil, errors.New("nobody appeals in this world")
}

// probe asks a company's agent whether a value matches the signal, keeping no hit.
func probe(ctx context.Context, c *stage.Company, bad *wrong) (bool, error) {
	answers, err := c.Desk[""].Match(ctx, []lantern.Record{{Ref: "probe", Values: []lantern.TypedValue{{Type: "email", Value: bad.value}}}}, true)
	if err != nil {
		return false, fmt.Errorf("asking the agent of %s: %w", c.Name, err)
	}
	if answers[0].State != lantern.AnswerOK {
		return false, fmt.Errorf("the agent of %s could not look: %s", c.Name, answers[0].State)
	}
	return slices.ContainsFunc(answers[0].Matches, func(m lantern.Match) bool { return m.Signal == bad.signal }), nil
}

// matching are the companies whose agents match the signal.
func (s *story) matching(ctx context.Context, of []*stage.Company, bad *wrong) (list []*stage.Company, err error) {
	for _, c := range of {
		yes, err := probe(ctx, c, bad)
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
func (s *story) challenge(ctx context.Context, c *stage.Company, bad *wrong) (lantern.ID, error) {
	results, err := c.Desk[stage.Investigator].DecideHits(ctx, []lantern.HitRuling{{Hit: bad.hit, Decision: lantern.WrongSignal, Reason: lantern.IdentifierReused}})
	s.began = s.o.Clock()
	if err != nil {
		return 0, fmt.Errorf("challenging a signal: %w", err)
	}
	if r := results[0]; !r.Recorded || r.Challenge == 0 {
		return 0, fmt.Errorf("challenging a signal: %+v", r.Problem)
	}
	s.n.says(c.Name, "challenges it: identifier reused. It is suspended in the same transaction, before anybody has decided.")
	return results[0].Challenge, nil
}

// masked waits until no agent matches the signal any more, and measures how long each took.
func (s *story) masked(ctx context.Context, matching []*stage.Company, bad *wrong) error {
	start := s.began
	took := make([]time.Duration, len(matching))
	errs := make([]error, len(matching))
	var all sync.WaitGroup
	for i, c := range matching {
		all.Go(func() {
			errs[i] = stage.Until(ctx, func() (bool, error) {
				yes, err := probe(ctx, c, bad)
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
		s.f.TimesAndLog.Masked[c.Name] = took[i]
		told = append(told, fmt.Sprintf("%s after %d ms", c.Name, took[i].Milliseconds()))
	}
	after, err := s.matching(ctx, matching, bad)
	s.f.Correction.MatchedAfter = len(after)
	s.n.says("agents", "%s that hear of it matched the address before; none does any more: %s.", some(len(matching), "agent", "agents"), strings.Join(told, ", "))
	return err
}

// decided has the sharer look at the challenge and agree.
func (s *story) decided(ctx context.Context, id lantern.ID) error {
	c := s.Company(stage.Facegram)
	open, err := c.People[stage.Officer].Challenges(ctx)
	if err != nil {
		return fmt.Errorf("listing challenges: %w", err)
	}
	i := slices.IndexFunc(open, func(ch lantern.Challenge) bool { return ch.ID == id })
	if i < 0 {
		return errors.New("the sharer does not see the challenge")
	}
	_, err = c.People[stage.Officer].Decide(ctx, id, lantern.Decision{Verdict: lantern.Uphold, Reason: "the address passed to somebody else after we last saw it"})
	if err != nil {
		return fmt.Errorf("deciding a challenge: %w", err)
	}
	s.n.says(c.Name, "owns the signal; its dispute officer checks and upholds the challenge. The signal is withdrawn, and a mark holds back anyone who would share the address again.")
	return nil
}

// derivedFall looks at what was derived from the wrong signal alone: it is suspended with
// it, until its owner has looked on evidence of its own. What has some is reaffirmed, what
// has none is withdrawn.
func (s *story) derivedFall(ctx context.Context, w *work) error {
	own := w.c.People[stage.Submitter]
	suspended, err := own.Signals(ctx, client.SignalFilter{State: lantern.Suspended})
	if err != nil {
		return fmt.Errorf("listing signals: %w", err)
	}
	f := &s.f.Correction
	for _, sig := range suspended {
		f.Derived++
		if w.archived(sig.Value) {
			f.Reaffirmed++
			now := s.clock.Now().UTC()
			_, err = own.Renew(ctx, sig.ID, lantern.Renewal{Expires: now.Add(30 * day), Basis: lantern.Basis{Policy: w.c.Name + " rules, child safety",
				ReviewedBy: lantern.ByHuman, Action: "room closed", At: now}})
		} else {
			_, err = own.Withdraw(ctx, sig.ID, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		}
		if err != nil {
			return fmt.Errorf("settling a derived signal: %w", err)
		}
	}
	s.n.says(w.c.Name, "had derived %s from it alone. They were suspended with their root. Its people look again without it: %s stands on what Chatter sees itself and is reaffirmed, %s on nothing and is withdrawn.",
		some(f.Derived, "signal", "signals"), count(f.Reaffirmed), count(f.Derived-f.Reaffirmed))
	return nil
}

// archived reports whether an address stands in one of the company's own rooms: evidence
// that needs no signal.
func (w *work) archived(address string) bool {
	for _, a := range w.reviewer.Accounts {
		if a.Archive != "" && a.Archive == address {
			return true
		}
	}
	return false
}

// purged waits until every recipient of every correction, but those excused, has
// acknowledged both steps, and shows the map.
func (s *story) purged(ctx context.Context, who string, excused func(lantern.Receivership) bool) error {
	f := &s.f.Correction
	bar := s.n.bar("waiting for acknowledgements", -1)
	defer bar.Stop()
	var all []lantern.Correction
	err := stage.Until(ctx, func() (done bool, err error) {
		if all, err = s.Steward.Corrections(ctx); err != nil {
			return false, fmt.Errorf("reading corrections: %w", err)
		}
		f.Corrections, f.Recipients, f.Masked, f.Purged = len(all), 0, 0, 0
		waits := 0
		for _, c := range all {
			for _, r := range c.Recipients {
				f.Recipients++
				if !r.Masked.IsZero() {
					f.Masked++
				}
				if !r.Purged.IsZero() {
					f.Purged++
				}
				if (r.Masked.IsZero() || r.Purged.IsZero()) && !excused(r) {
					waits++
				}
			}
		}
		return f.Recipients > 0 && waits == 0, nil
	})
	bar.Stop()
	if err != nil {
		return err
	}
	s.f.TimesAndLog.Purged = s.o.Clock().Sub(s.began)
	s.n.says(who, "who was ever sent what fell acknowledges twice, also if it has left since: masked, when it matches no longer, and purged, when the freed bytes were overwritten.")
	s.n.screen(fmt.Sprintf("steward: %s, %s of %s purged (%d %%)", some(f.Corrections, "correction", "corrections"), count(f.Purged), count(f.Recipients), 100*f.Purged/f.Recipients),
		s.purgeMap(all)...)
	return nil
}

// purgeMap are the recipients of corrections, a line each.
func (s *story) purgeMap(all []lantern.Correction) (lines []string) {
	for _, c := range all {
		what := c.Kind
		for _, r := range c.Recipients {
			line := pad(fmt.Sprintf("%s, %s", c.Type, what), 29) + pad(s.nameOf(r.Member), nameWidth)
			switch {
			case r.Purged.IsZero():
				line += "waits"
			default:
				line += "masked, purged"
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// nameOf is a company's name by its id.
func (s *story) nameOf(id lantern.ID) string {
	for _, c := range s.Companies {
		if c.Member.ID == id {
			return c.Name
		}
	}
	return "another member"
}

// reviewAgain has each company look at the list of what it did because of the signals
// that fell.
func (s *story) reviewAgain(ctx context.Context, others map[string]*work) error {
	for _, c := range s.Companies {
		tasks, err := c.Desk[stage.Investigator].ReviewTasks(ctx)
		if err != nil {
			return fmt.Errorf("listing review tasks: %w", err)
		}
		f := &TaskFigures{Results: map[string]int{}}
		if c.Name == stage.PayRail {
			f.Results = nil // it may not say
		}
		for _, t := range tasks {
			f.Hits += t.Hits
			f.Accounts += len(t.Accounts)
			f.Outcomes += len(t.Outcomes)
			ruling := lantern.TaskRuling{Result: "stands", Ground: "nothing was done because of it"}
			if w := others[c.Name]; w != nil && slices.ContainsFunc(t.Accounts, func(id string) bool { return !w.reviewer.StandsAlone(id) }) {
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

func (s *story) tellTasks(c *stage.Company, f *TaskFigures, reversed int) {
	switch {
	case f.Hits == 0:
		s.n.says(c.Name, "its own list is empty: it did nothing because of what fell.")
	case reversed == 0:
		s.n.says(c.Name, "its own list: %s on %s. What it did about that, it may not say; it looks again all the same.",
			some(f.Hits, "hit", "hits"), some(f.Accounts, "account", "accounts"))
	default:
		s.n.says(c.Name, "its own list: %s on %s, %s. Looks again without the signal, restores %s and records that the act is reversed.",
			some(f.Hits, "hit", "hits"), some(f.Accounts, "account", "accounts"), some(f.Outcomes, "outcome", "outcomes"), some(reversed, "account", "accounts"))
	}
}

// compare holds what people decided against the truth of the world.
func (s *story) compare(social *work, others map[string]*work) {
	c := &s.f.Comparison
	for _, a := range s.trade.Social.Accounts {
		if a.Violating {
			c.Trade++
			if social.known[a.ID] {
				c.Reached++
			}
		}
	}
	works := append([]*work{social}, slices.Collect(maps.Values(others))...)
	for _, w := range works {
		if w.c.Name == stage.PayRail {
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
	if s.plot.name != "correction" {
		s.n.space()
		s.n.says("The world", "knows what the people could not: %s of Facegram's accounts belonged to the trade; the case reached %s and %s were disabled. "+
			"%s disabled wrongly, over all companies. How that is found and mended, the story correction tells.", count(c.Trade), count(c.Reached), count(c.Actioned),
			some(c.WronglyActioned, "account was", "accounts were"))
		return
	}
	s.n.space()
	s.n.says("The world", "knows what the people could not: %s of Facegram's accounts belonged to the trade; the case reached %s and %s were disabled. "+
		"%s disabled wrongly, over all companies; after the correction, %s.", count(c.Trade), count(c.Reached), count(c.Actioned),
		some(c.WronglyActioned, "account was", "accounts were"), none(c.WronglyRemaining))
}
