package member

import (
	"context"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/starter"
)

type hitsDigest struct {
	command.AgentAccess
	Days int  `default:"7" help:"Of so many days (${default})."`
	All  bool `help:"Weak matches too. Default: strong ones."`
}

// Help says what is strong.
func (*hitsDigest) Help() string {
	return "Lists what was found in the last days and waits for a person, the greatest risk first. A match is strong if its value says something on its own, " +
		"nobody disputes it and its sharer found a violation. What is about a child at risk now is listed in any case."
}

func (c *hitsDigest) Run(ctx context.Context, a *command.App) error {
	if c.Days < 1 {
		return command.Misuse("give a number of days", "--days is less than 1")
	}
	since := a.Clock().Add(-time.Duration(c.Days) * 24 * time.Hour)
	l := display.List(a.Printer, HitColumns()...)
	strong, all := 0, 0
	err := eachHit(ctx, a, &c.AgentAccess, lantern.HitOpen, func(h lantern.Hit) (bool, error) {
		if h.Found.Before(since) {
			return true, nil
		}
		if all++; starter.Strong(h.Match) {
			strong++
		} else if !c.All && !h.Match.Imminent {
			return true, nil
		}
		return true, l.Add(h)
	})
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	a.Note("%s, found in the last %s, %d strong; lantern hits explain ID says what one means",
		display.Some(all, "possible match waits", "possible matches wait"), display.Some(c.Days, "day", "days"), strong)
	return nil
}

// eachHit calls f for each hit in a state until it says no.
func eachHit(ctx context.Context, a *command.App, g *command.AgentAccess, state lantern.HitState, f func(lantern.Hit) (bool, error)) error {
	agent, err := g.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	for filter := (client.HitFilter{State: state, Limit: hitPage}); ; {
		page, err := agent.Hits(ctx, filter)
		if err != nil {
			return err
		}
		for _, h := range page {
			filter.After = h.ID
			if more, err := f(h); err != nil || !more {
				return err
			}
		}
		if len(page) < filter.Limit {
			return nil
		}
	}
}

type hitsExplain struct {
	command.AgentAccess
	Hit lantern.ID `arg:"" help:"Id of the hit."`
}

// Help says what the page is not.
func (*hitsExplain) Help() string {
	return "Says in plain words what a possible match means and does not mean, what to check, whom to call and what to do next. It is guidance and no legal advice."
}

func (c *hitsExplain) Run(ctx context.Context, a *command.App) error {
	for _, state := range []lantern.HitState{lantern.HitOpen, lantern.HitDecided} {
		found := false
		err := eachHit(ctx, a, &c.AgentAccess, state, func(h lantern.Hit) (bool, error) {
			if found = h.ID == c.Hit; !found {
				return true, nil
			}
			agent, err := c.Open(a, false)
			if err != nil {
				return false, err
			}
			defer agent.Close()
			s, err := agent.Status(ctx)
			if err != nil {
				return false, err
			}
			return false, Explain(a, h, s.Member)
		})
		if err != nil || found {
			return err
		}
	}
	return command.Failed("lantern hits list shows those that wait", "there is no such hit")
}

// Explain writes the page of a hit, made safe for a terminal line by line, for a member to read.
func Explain(a *command.App, h lantern.Hit, own lantern.ID) error {
	h.Ref, h.Account = display.Clean(h.Ref), display.Clean(h.Account)
	return starter.Explain(a.Out, h, own)
}
