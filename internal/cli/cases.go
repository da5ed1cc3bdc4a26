package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/display"
	"lantern/internal/draft"
)

func caseColumns() []display.Column[lantern.Case] {
	return []display.Column[lantern.Case]{
		display.Col("id", func(c lantern.Case) string { return c.ID.String() }),
		display.Col("title", func(c lantern.Case) string { return c.Title }),
		display.Col("program", func(c lantern.Case) string { return c.Program.String() }),
		display.Col("signals", func(c lantern.Case) string { return strconv.Itoa(len(c.Signals)) }),
		display.Col("rounds", func(c lantern.Case) string { return strconv.Itoa(len(c.Rounds)) }),
		display.Col("accounts", func(c lantern.Case) string { return strconv.Itoa(c.Accounts) }),
		display.Col("decided", func(c lantern.Case) string { return display.Count(c.Decided) }),
		display.Col("outcomes", func(c lantern.Case) string { return strconv.Itoa(len(c.Outcomes)) }),
		display.Col("shared", func(c lantern.Case) string { return strconv.Itoa(len(c.Shared)) }),
		display.Col("opened", func(c lantern.Case) string { return display.Stamp(c.Opened) }),
		display.Col("closed", func(c lantern.Case) string { return display.Stamp(c.Closed) }),
	}
}

type casesOpen struct {
	AgentAccess
	Title   string       `arg:"" help:"A title without personal data."`
	Program lantern.ID   `required:"" help:"The program that outcomes and findings go to."`
	Signal  []lantern.ID `required:"" help:"A signal whose hits the case starts from; repeat for several."`
}

func (c *casesOpen) Run(ctx context.Context, a *app) error {
	return tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.OpenCase(ctx, lantern.CaseDraft{Title: c.Title, Program: c.Program, Signals: c.Signal})
	})
}

type casesList struct{ AgentAccess }

func (c *casesList) Run(ctx context.Context, a *app) error {
	return look(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) ([]lantern.Case, error) {
		return agent.Cases(ctx)
	})
}

type casesShow struct {
	AgentAccess
	Case     lantern.ID `arg:"" help:"Id of the case."`
	Accounts bool       `help:"List its accounts instead."`
}

func (c *casesShow) Run(ctx context.Context, a *app) error {
	agent, err := c.open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	if !c.Accounts {
		found, err := agent.Case(ctx, c.Case)
		if err != nil {
			return err
		}
		return display.One(a.out, found, caseColumns()...)
	}
	l := display.List(a.out,
		display.Col("account", func(v lantern.CaseAccount) string { return v.Account }),
		display.Col("round", func(v lantern.CaseAccount) string { return strconv.Itoa(v.Round) }),
		display.Col("link", func(v lantern.CaseAccount) string { return v.Link }),
		display.Col("via", func(v lantern.CaseAccount) string { return v.Via }),
		display.Col("decision", func(v lantern.CaseAccount) string { return string(v.Decision) }),
		display.Col("in bulk", func(v lantern.CaseAccount) string { return display.Yes(v.Bulk) }),
		display.Col("decided", func(v lantern.CaseAccount) string { return display.Stamp(v.Decided) }),
	)
	if err := agent.Candidates(ctx, c.Case, l.Add); err != nil {
		return err
	}
	return l.Close()
}

type casesRound struct {
	AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	File string     `arg:"" help:"NDJSON of candidates, {\"account\":…,\"link\":…,\"via\":…}; - is standard input."`
}

// Help says what a round is.
func (*casesRound) Help() string {
	return "Your own tools find the candidates; each comes with the reason it is linked (same-device, posted-url, paid-same-handle…). " +
		"The round says which links it used and how much the case grew. It stands as a whole or not at all."
}

func (c *casesRound) Run(ctx context.Context, a *app) error {
	in, _, err := a.input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	return tell(a, &c.AgentAccess, []display.Column[lantern.Round]{
		display.Col("round", func(r lantern.Round) string { return strconv.Itoa(r.Number) }),
		display.Col("links", func(r lantern.Round) string { return display.Count(r.Links) }),
		display.Col("added", func(r lantern.Round) string { return strconv.Itoa(r.Added) }),
		display.Col("total", func(r lantern.Round) string { return strconv.Itoa(r.Total) }),
		display.Col("warning", func(r lantern.Round) string { return r.Warning }),
	}, func(agent *client.Agent) (lantern.Round, error) { return agent.AddRound(ctx, c.Case, in) })
}

type casesRule struct {
	AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	File string     `arg:"" help:"NDJSON of rulings, {\"account\":…,\"decision\":\"confirmed\",\"bulk\":false}; - is standard input."`
}

func (c *casesRule) Run(ctx context.Context, a *app) error {
	in, _, err := a.input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	return tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.Rule(ctx, c.Case, in)
	})
}

type casesOutcome struct {
	AgentAccess
	Case   lantern.ID `arg:"" help:"Id of the case."`
	Kind   string     `arg:"" enum:"accounts-actioned,content-removed,urls-blocked,reports-filed,reviewed-no-violation,reviewed-cannot-disclose,reversed" help:"accounts-actioned, content-removed, urls-blocked, reports-filed, reviewed-no-violation, reviewed-cannot-disclose or reversed."`
	Ground string     `required:"" help:"Your own policy the decisions rest on."`
	Number int        `name:"count" help:"How many, for kinds that do not count accounts. Default: the confirmed accounts."`
}

// Help says what is attested.
func (*casesOutcome) Help() string {
	return "The agent counts the decisions and digests their list; you attest with your key that people reviewed them. No account leaves your agent."
}

func (c *casesOutcome) Run(ctx context.Context, a *app) error {
	return tell(a, &c.AgentAccess, outcomeColumns(), func(agent *client.Agent) (lantern.Outcome, error) {
		return agent.SendOutcome(ctx, c.Case, lantern.CaseOutcome{Kind: lantern.OutcomeKind(c.Kind), Ground: c.Ground, Count: c.Number})
	})
}

type casesShare struct {
	AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	File string     `arg:"" help:"What you found, as lantern share reads it: CSV with a heading or NDJSON; - is standard input."`
}

// Help says what is filled in.
func (*casesShare) Help() string {
	return "Shares back what a case found: the program and the links to the signals it came from are filled in."
}

func (c *casesShare) Run(ctx context.Context, a *app) error {
	in, name, err := a.input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := draft.NewReader(in, nil)
	if err != nil {
		return misuse("lantern share --help says what the file holds", "%s: %w", name, err)
	}
	body, lines, err := encodeDrafts(rows)
	if err != nil {
		return misuse("mend it and share again", "%s: %w", name, err)
	}
	agent, err := c.open(a, true)
	if err != nil {
		return err
	}
	defer agent.Close()
	l := display.List(a.out, resultColumns()...)
	n, refused := 0, 0
	err = agent.ShareBack(ctx, c.Case, body, func(answer lantern.ShareResult) error {
		if n >= len(lines) {
			return errors.New("the agent answered more drafts than it was sent")
		}
		row := rowResult{Line: lines[n]}
		row.take(answer)
		if n++; row.Status == lantern.Refused {
			refused++
		}
		return l.Add(row)
	})
	if err = errors.Join(err, l.Close()); err != nil {
		return err
	}
	if refused > 0 {
		return failed("mend them and share again: what was shared already stays as it is", "%d of %d rows were refused", refused, n)
	}
	return nil
}

// encodeDrafts reads a whole file of drafts into NDJSON and says on which line each one
// stood. A row that cannot be read fails the file: a case is shared back in whole.
func encodeDrafts(rows *draft.Reader) (body io.Reader, lines []int, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return &b, lines, nil
		}
		if err == nil {
			err = row.Err
		}
		if err == nil {
			err = enc.Encode(row.Signal.Draft)
		}
		if err != nil {
			return nil, nil, lineError(row.Line, err)
		}
		lines = append(lines, row.Line)
	}
}

// lineError puts the line in front of a complaint.
func lineError(line int, err error) error {
	var e *lantern.Error
	if line == 0 || !errors.As(err, &e) {
		return err
	}
	return e.At("/" + strconv.Itoa(line))
}
