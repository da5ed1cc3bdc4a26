package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
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
func (s *story) before(ctx context.Context) (social *desk.Work, others map[string]*desk.Work, err error) {
	s.chapter("What came before",
		"The story urls tells this in full: addresses were shared, accounts were found, and what those had in common was shared back.")
	s.n.Silent = true
	defer func() { s.n.Silent = false }()
	if err := s.shareRemoved(ctx); err != nil {
		return nil, nil, err
	}
	if social, err = s.campaign(ctx); err != nil {
		return nil, nil, err
	}
	if err := s.act(ctx, social); err != nil {
		return nil, nil, err
	}
	if err := s.shareBack(ctx, social); err != nil {
		return nil, nil, err
	}
	if others, err = s.othersAct(ctx); err != nil {
		return nil, nil, err
	}
	s.n.Silent, s.n.Step = false, 1
	s.n.Says(stage.Cloudbin, "shared %s.", tell.Some(s.f.Shared.Stand(), "address", "addresses"))
	s.n.Says(stage.Facegram, "confirmed and disabled %s, and shared back %s that they had in common.",
		tell.Some(s.f.Review.Outcomes[lantern.AccountsActioned], "account", "accounts"), tell.Some(s.f.SharedBack.Stand(), "signal", "signals"))
	for _, name := range []string{stage.Chatter, stage.Pixelplay} {
		o := s.f.Others[name]
		s.n.Says(name, "found %s among its own users and disabled %s.", tell.Count(o.Matched), tell.Count(o.Outcomes[lantern.AccountsActioned]))
		if o.SharedBack != nil {
			s.n.Adds("It shared %s it derived from that.", tell.Some(o.SharedBack.Stand(), "signal", "signals"))
		}
	}
	s.n.Says(stage.PayRail, "looked at %s of its own. What it did, nobody is told.", tell.Some(s.f.Others[stage.PayRail].Matched, "user", "users"))
	return social, others, nil
}

// stops is the challenge: somebody objects, and the signal stops matching before anybody
// decides. One agent is off at that moment.
func (s *story) stops(ctx context.Context, others map[string]*desk.Work) (*wrong, lantern.ID, error) {
	s.chapter("Somebody objects, and the signal stops at once",
		"A wrong signal harms somebody who did nothing. It must stop before anybody has argued about it.")
	s.f.Correction.Tasks = map[string]*tally.TaskFigures{}
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
	s.n.Says(away.Name, "has its agent off just then: the machine is being moved. It cannot hear what comes.")
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
	return s.purged(ctx, "who was ever sent what fell acknowledges twice, also if it has left since: masked, when it matches no longer, and purged, when the freed bytes were overwritten.",
		func(r lantern.Receivership) bool { return r.Member == away })
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
	s.n.Says("steward", "sees %s overdue: Chatter has not answered for two hours, and a minute is what an agent has to stop matching.",
		tell.Some(s.f.Correction.Overdue, "acknowledgement", "acknowledgements"))
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
	s.n.Says(c.Name, "starts its agent again. It goes on where it was, and %d ms after the start the address matches there no longer either.", s.f.TimesAndLog.Masked[c.Name].Milliseconds())
	return s.purged(ctx, "everybody who was ever sent what fell has now acknowledged both steps.", func(lantern.Receivership) bool { return false })
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
func (s *story) appeal(ctx context.Context, w *desk.Work) (*wrong, error) {
	for _, id := range w.Decided[lantern.Confirmed] {
		a := w.Reviewer.Accounts[id]
		if w.Reviewer.StandsAlone(id) {
			continue // an appeal would find evidence of its own
		}
		hits, err := w.Company.Desk[stage.Investigator].Hits(ctx, client.HitFilter{State: lantern.HitDecided, Account: id})
		if err != nil {
			return nil, fmt.Errorf("listing hits: %w", err)
		}
		for _, h := range hits {
			if h.Match.Type != "email" {
				continue
			}
			sig, err := w.Company.Desk[stage.Investigator].Reveal(ctx, h.Match.Signal)
			if err != nil {
				return nil, fmt.Errorf("revealing a signal: %w", err)
			}
			if a.Joined.After(sig.LastSeen) {
				s.n.Says(w.Company.Name, "a user whose account was disabled appeals. The investigator reveals the signal (logged): the mail address was last seen "+
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
	results, err := c.Desk[stage.Investigator].DecideHits(ctx, []lantern.HitRuling{{Hit: bad.hit, Decision: lantern.WrongSignal, Reason: lantern.DecisionReason(lantern.IdentifierReused)}})
	s.began = s.o.Clock()
	if err != nil {
		return 0, fmt.Errorf("challenging a signal: %w", err)
	}
	if r := results[0]; !r.Recorded || r.Challenge == 0 {
		return 0, fmt.Errorf("challenging a signal: %+v", r.Problem)
	}
	s.n.Says(c.Name, "challenges it: identifier reused. It is suspended in the same transaction, before anybody has decided.")
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
	s.n.Says("agents", "%s that hear of it matched the address before; none does any more: %s.", tell.Some(len(matching), "agent", "agents"), strings.Join(told, ", "))
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
	s.n.Says(c.Name, "owns the signal; its dispute officer checks and upholds the challenge. The signal is withdrawn, and a mark holds back anyone who would share the address again.")
	return nil
}
