package member

import (
	"context"
	"slices"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

// HitColumns show a hit.
func HitColumns() []display.Column[lantern.Hit] {
	return []display.Column[lantern.Hit]{
		display.Col("id", func(h lantern.Hit) string { return h.ID.String() }),
		display.Col("account", func(h lantern.Hit) string { return h.Account }),
		display.Col("ref", func(h lantern.Hit) string { return h.Ref }),
		display.Col("state", func(h lantern.Hit) string { return string(h.State) }),
		display.Col("decision", func(h lantern.Hit) string { return string(h.Decision) }),
		display.Col("reason", func(h lantern.Hit) string { return string(h.Reason) }),
		display.Col("type", func(h lantern.Hit) string { return string(h.Match.Type) }),
		display.Col("how", func(h lantern.Hit) string { return string(h.Match.How) }),
		display.Col("weak", func(h lantern.Hit) string { return display.Yes(h.Match.Weak) }),
		display.Col("disputed", func(h lantern.Hit) string { return display.Yes(h.Match.Disputed) }),
		display.Col("imminent", func(h lantern.Hit) string { return display.Yes(h.Match.Imminent) }),
		display.Col("severity", func(h lantern.Hit) string { return string(h.Match.Severity) }),
		display.Col("signal", func(h lantern.Hit) string { return h.Match.Signal.String() }),
		display.Col("incident", func(h lantern.Hit) string { return h.Match.Incident.String() }),
		display.Col("found", func(h lantern.Hit) string { return display.Stamp(h.Found) }),
	}
}

type hitsList struct {
	command.AgentAccess
	State    string     `enum:"open,quarantined,decided,void" default:"open" help:"open, quarantined, decided or void (${default})."`
	Account  string     `help:"Only those of this account."`
	Incident lantern.ID `help:"Only those of this incident."`
	By       string     `enum:",account" default:"" help:"account: list your accounts instead, each with how many open hits it has, of how many independent sharers, and the most urgent one."`
	Limit    int        `help:"At most so many. Default: all."`
}

// hitPage is how many hits are asked for at once.
const hitPage = 500

// Run lists all pages.
func (c *hitsList) Run(ctx context.Context, a *command.App) error {
	agent, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	if c.By == "account" {
		return c.byAccount(ctx, a, agent)
	}
	l := display.List(a.Printer, HitColumns()...)
	filter := client.HitFilter{State: lantern.HitState(c.State), Account: c.Account, Incident: c.Incident}
	for left := c.Limit; ; {
		filter.Limit = hitPage
		if c.Limit > 0 {
			filter.Limit = min(left, hitPage)
		}
		page, err := agent.Hits(ctx, filter)
		if err != nil {
			return err
		}
		for _, h := range page {
			if err := l.Add(h); err != nil {
				return err
			}
			filter.After = h.ID
		}
		left -= len(page)
		if len(page) < filter.Limit || c.Limit > 0 && left <= 0 {
			return l.Close()
		}
	}
}

// byAccount lists accounts instead of hits.
func (c *hitsList) byAccount(ctx context.Context, a *command.App, agent *client.Agent) error {
	if c.Account != "" || c.Incident != 0 || c.State != string(lantern.HitOpen) {
		return command.Misuse("leave --account, --incident and --state out", "accounts are listed with all their open hits")
	}
	l := display.List(a.Printer,
		display.Col("account", func(h lantern.AccountHits) string { return h.Account }),
		display.Col("hits", func(h lantern.AccountHits) string { return strconv.Itoa(h.Hits) }),
		display.Col("signals", func(h lantern.AccountHits) string { return strconv.Itoa(h.Signals) }),
		display.Col("sharers", func(h lantern.AccountHits) string { return strconv.Itoa(h.Sharers) }),
		display.Col("imminent", func(h lantern.AccountHits) string { return display.Yes(h.Imminent) }),
		display.Col("first", func(h lantern.AccountHits) string { return h.First.ID.String() }),
		display.Col("type", func(h lantern.AccountHits) string { return string(h.First.Match.Type) }),
		display.Col("how", func(h lantern.AccountHits) string { return string(h.First.Match.How) }),
		display.Col("severity", func(h lantern.AccountHits) string { return string(h.First.Match.Severity) }),
		display.Col("found", func(h lantern.AccountHits) string { return display.Stamp(h.First.Found) }),
	)
	after := ""
	for left := c.Limit; ; {
		ask := hitPage
		if c.Limit > 0 {
			ask = min(left, hitPage)
		}
		page, err := agent.HitAccounts(ctx, after, ask)
		if err != nil {
			return err
		}
		for _, h := range page {
			if err := l.Add(h); err != nil {
				return err
			}
			after = h.Account
		}
		left -= len(page)
		if len(page) < ask || c.Limit > 0 && left <= 0 {
			return l.Close()
		}
	}
}

type hitsShow struct {
	command.AgentAccess
	Hit lantern.ID `arg:"" help:"Id of the hit."`
}

func (c *hitsShow) Run(ctx context.Context, a *command.App) error {
	agent, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	h, err := agent.Hit(ctx, c.Hit)
	if err != nil {
		return err
	}
	return display.One(a.Printer, h, HitColumns()...)
}

type hitsDecide struct {
	command.AgentAccess
	Decision string       `arg:"" enum:"confirmed,not-violating-here,wrong-signal,unsure,escalate" help:"confirmed, not-violating-here (becomes feedback), wrong-signal (becomes a challenge), unsure or escalate."`
	Hits     []lantern.ID `arg:"" help:"Ids of the hits you looked at."`
	Reason   string       `help:"Why. wrong-signal and escalate need one; the reasons of each decision are listed above."`
}

// Help lists the reasons.
func (*hitsDecide) Help() string {
	return "Each decision is an act that lantern hits undo takes back within 15 minutes, unless it opened a challenge. " +
		"Where all programs of a signal want training, whoever lacks it may only escalate what waits.\n\n" +
		reasonsText(lantern.Confirmed, lantern.NotHere, lantern.WrongSignal, lantern.Unsure, lantern.Escalate)
}

func (c *hitsDecide) Run(ctx context.Context, a *command.App) error {
	if c.Decision == string(lantern.WrongSignal) && c.Reason == "" {
		return command.Misuse("give --reason", "a wrong signal needs the reason of the challenge")
	}
	agent, err := c.Open(a, true)
	if err != nil {
		return err
	}
	defer agent.Close()
	l := display.List(a.Printer,
		display.Col("hit", func(r lantern.HitResult) string { return r.Hit.String() }),
		display.Col("recorded", func(r lantern.HitResult) string { return strconv.FormatBool(r.Recorded) }),
		display.Col("act", func(r lantern.HitResult) string { return r.Act.String() }),
		display.Col("challenge", func(r lantern.HitResult) string { return r.Challenge.String() }),
		display.Col("problem", func(r lantern.HitResult) string { return command.ProblemText(r.Problem) }),
	)
	bad := 0
	for part := range slices.Chunk(c.Hits, lantern.MaxMatchBatch) {
		var rulings []lantern.HitRuling
		for _, id := range part {
			rulings = append(rulings, lantern.HitRuling{Hit: id, Decision: lantern.HitDecision(c.Decision), Reason: lantern.DecisionReason(c.Reason)})
		}
		results, err := agent.DecideHits(ctx, rulings)
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Problem != nil {
				bad++
			}
			if err := l.Add(r); err != nil {
				return err
			}
		}
	}
	if err := l.Close(); err != nil {
		return err
	}
	if bad > 0 {
		return command.Failed("", "%d of %d decisions have a problem", bad, len(c.Hits))
	}
	return nil
}

// Reveal shows a signal with its value to a person: lantern signals reveal.
type Reveal struct {
	command.AgentAccess
	Signal lantern.ID `arg:"" help:"Id of the signal."`
}

// Help says what is recorded.
func (*Reveal) Help() string {
	return "Your agent shows a signal that was shared with you, with its value, to a person, and records in its own log who looked."
}

func (c *Reveal) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, command.SignalColumns(), func(agent *client.Agent) (lantern.Signal, error) {
		return agent.Reveal(ctx, c.Signal)
	})
}
