package member

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/draft"
)

func caseColumns() []display.Column[lantern.Case] {
	return []display.Column[lantern.Case]{
		display.Col("id", func(c lantern.Case) string { return c.ID.String() }),
		display.Col("title", func(c lantern.Case) string { return c.Title }),
		display.Col("program", func(c lantern.Case) string { return c.Program.String() }),
		display.Col("owner", func(c lantern.Case) string { return c.Owner.String() }),
		display.Col("signals", func(c lantern.Case) string { return strconv.Itoa(len(c.Signals)) }),
		display.Col("rounds", func(c lantern.Case) string { return strconv.Itoa(len(c.Rounds)) }),
		display.Col("accounts", func(c lantern.Case) string { return strconv.Itoa(c.Accounts) }),
		display.Col("decided", func(c lantern.Case) string { return display.Count(c.Decided) }),
		display.Col("outcomes", func(c lantern.Case) string { return strconv.Itoa(len(c.Outcomes)) }),
		display.Col("shared", func(c lantern.Case) string { return strconv.Itoa(len(c.Shared)) }),
		display.Col("tasks", func(c lantern.Case) string { return strconv.Itoa(c.Tasks) }),
		display.Col("notes", func(c lantern.Case) string { return strconv.Itoa(c.Notes) }),
		display.Col("opened", func(c lantern.Case) string { return display.Stamp(c.Opened) }),
		display.Col("closed", func(c lantern.Case) string { return display.Stamp(c.Closed) }),
		display.Col("ended", func(c lantern.Case) string { return string(c.Ended) }),
	}
}

type casesOpen struct {
	command.AgentAccess
	Title   string       `arg:"" help:"A title without personal data."`
	Program lantern.ID   `required:"" help:"The program that outcomes and findings go to."`
	Signal  []lantern.ID `required:"" help:"A signal whose hits the case starts from; repeat for several."`
}

func (c *casesOpen) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.OpenCase(ctx, lantern.CaseDraft{Title: c.Title, Program: c.Program, Signals: c.Signal})
	})
}

type casesList struct{ command.AgentAccess }

func (c *casesList) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) ([]lantern.Case, error) {
		return agent.Cases(ctx)
	})
}

type casesShow struct {
	command.AgentAccess
	Case     lantern.ID `arg:"" help:"Id of the case."`
	Accounts bool       `help:"List its accounts instead."`
}

func (c *casesShow) Run(ctx context.Context, a *command.App) error {
	agent, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	if !c.Accounts {
		found, err := agent.Case(ctx, c.Case)
		if err != nil {
			return err
		}
		return display.One(a.Printer, found, caseColumns()...)
	}
	l := display.List(a.Printer,
		display.Col("account", func(v lantern.CaseAccount) string { return v.Account }),
		display.Col("round", func(v lantern.CaseAccount) string { return strconv.Itoa(v.Round) }),
		display.Col("link", func(v lantern.CaseAccount) string { return v.Link }),
		display.Col("via", func(v lantern.CaseAccount) string { return v.Via }),
		display.Col("decision", func(v lantern.CaseAccount) string { return string(v.Decision) }),
		display.Col("reason", func(v lantern.CaseAccount) string { return string(v.Reason) }),
		display.Col("in bulk", func(v lantern.CaseAccount) string { return display.Yes(v.Bulk) }),
		display.Col("decided", func(v lantern.CaseAccount) string { return display.Stamp(v.Decided) }),
	)
	if err := agent.Candidates(ctx, c.Case, l.Add); err != nil {
		return err
	}
	return l.Close()
}

type casesRound struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	File string     `arg:"" help:"NDJSON of candidates, {\"account\":…,\"link\":…,\"via\":…}; - is standard input."`
}

// Help says what a round is.
func (*casesRound) Help() string {
	return "Your own tools find the candidates; each comes with the reason it is linked (same-device, posted-url, paid-same-handle…). " +
		"The round says which links it used and how much the case grew. It stands as a whole or not at all."
}

func (c *casesRound) Run(ctx context.Context, a *command.App) error {
	in, _, err := a.Input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	return command.Tell(a, &c.AgentAccess, []display.Column[lantern.Round]{
		display.Col("round", func(r lantern.Round) string { return strconv.Itoa(r.Number) }),
		display.Col("links", func(r lantern.Round) string { return display.Count(r.Links) }),
		display.Col("added", func(r lantern.Round) string { return strconv.Itoa(r.Added) }),
		display.Col("total", func(r lantern.Round) string { return strconv.Itoa(r.Total) }),
		display.Col("warning", func(r lantern.Round) string { return r.Warning }),
	}, func(agent *client.Agent) (lantern.Round, error) { return agent.AddRound(ctx, c.Case, in) })
}

type casesRule struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	File string     `arg:"" help:"NDJSON of rulings, {\"account\":…,\"decision\":\"confirmed\",\"reason\":\"linked-account\",\"bulk\":false}; - is standard input."`
}

// Help says when bulk is taken.
func (*casesRule) Help() string {
	return "All of the file is one act, which lantern hits undo takes back within 15 minutes. " +
		"A line with \"bulk\":true is taken only if the sample of its evidence (lantern cases evidence) was decided singly and alike, and needs a reason."
}

func (c *casesRule) Run(ctx context.Context, a *command.App) error {
	in, _, err := a.Input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	return command.Tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.Rule(ctx, c.Case, in)
	})
}

type casesOutcome struct {
	command.AgentAccess
	Case   lantern.ID `arg:"" help:"Id of the case."`
	Kind   string     `arg:"" enum:"accounts-actioned,content-removed,urls-blocked,reports-filed,reviewed-no-violation,reviewed-cannot-disclose,reversed" help:"accounts-actioned, content-removed, urls-blocked, reports-filed, reviewed-no-violation, reviewed-cannot-disclose or reversed."`
	Ground string     `required:"" help:"Your own policy the decisions rest on."`
	Number int        `name:"count" help:"How many, for kinds that do not count accounts. Default: the confirmed accounts."`
}

// Help says what is attested.
func (*casesOutcome) Help() string {
	return "The agent counts the decisions and digests their list; you attest with your key that people reviewed them. No account leaves your agent."
}

func (c *casesOutcome) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, command.OutcomeColumns(), func(agent *client.Agent) (lantern.Outcome, error) {
		return agent.SendOutcome(ctx, c.Case, lantern.CaseOutcome{Kind: lantern.OutcomeKind(c.Kind), Ground: c.Ground, Count: c.Number})
	})
}

type casesShare struct {
	command.AgentAccess
	Case    lantern.ID `arg:"" help:"Id of the case."`
	File    string     `arg:"" help:"What you found, as lantern share reads it: CSV with a heading or NDJSON; - is standard input."`
	Preview bool       `help:"Show exactly what the program would receive, and share nothing."`
	Digest  string     `help:"Of a preview: share exactly what it showed, or nothing."`
}

// Help says what is filled in.
func (*casesShare) Help() string {
	return "Shares back what a case found: the program and the links to the signals it came from are filled in. " +
		"What must not leave is refused before anything is sent: personal data, content, accounts nobody confirmed, what the program does not take."
}

func (c *casesShare) Run(ctx context.Context, a *command.App) error {
	in, name, err := a.Input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := draft.NewReader(in, draft.Options{Own: true})
	if err != nil {
		return command.Misuse("lantern share --help says what the file holds", "%s: %w", name, err)
	}
	body, lines, err := encodeDrafts(rows)
	if err != nil {
		return command.Misuse("mend it and share again", "%s: %w", name, err)
	}
	agent, err := c.Open(a, true)
	if err != nil {
		return err
	}
	defer agent.Close()
	if c.Preview {
		return c.preview(ctx, a, agent, body, lines)
	}
	send := agent.ShareBack
	if c.Digest != "" {
		send = func(ctx context.Context, id lantern.ID, drafts io.Reader, emit func(lantern.ShareResult) error) error {
			return agent.ShareExactly(ctx, id, c.Digest, drafts, emit)
		}
	}
	l := display.List(a.Printer, command.RowColumns()...)
	n, refused := 0, 0
	err = send(ctx, c.Case, body, func(answer lantern.ShareResult) error {
		if n >= len(lines) {
			return errors.New("the agent answered more drafts than it was sent")
		}
		row := lantern.ImportRow{Line: lines[n]}
		row.Take(answer)
		if n++; row.Status == lantern.Refused {
			refused++
		}
		return l.Add(row)
	})
	if err = errors.Join(err, l.Close()); err != nil {
		return err
	}
	if refused > 0 {
		return command.Failed("mend them and share again: what was shared already stays as it is", "%d of %d rows were refused", refused, n)
	}
	return nil
}

// viewRow is what a preview says of one row.
type viewRow struct {
	Line int `json:"line"`
	lantern.ShareView
	Digest string `json:"digest"` // of the whole preview
}

// preview shows what would leave, row by row, and says the digest beside it.
func (c *casesShare) preview(ctx context.Context, a *command.App, agent *client.Agent, body io.Reader, lines []int) error {
	p, err := agent.PreviewShare(ctx, c.Case, body)
	if err != nil {
		return err
	}
	if len(p.Items) != len(lines) {
		return errors.New("the agent answered another number of drafts than it was sent")
	}
	of := func(show func(*lantern.Draft) string) func(viewRow) string {
		return func(r viewRow) string {
			if r.Receives == nil {
				return ""
			}
			return show(r.Receives)
		}
	}
	l := display.List(a.Printer,
		display.Col("line", func(r viewRow) string { return strconv.Itoa(r.Line) }),
		display.Col("type", of(func(d *lantern.Draft) string { return string(d.Type) })),
		display.Col("value", of(func(d *lantern.Draft) string { return d.Value })),
		display.Col("status", of(func(d *lantern.Draft) string { return string(d.Status) })),
		display.Col("tags", of(func(d *lantern.Draft) string { return display.Words(d.Tags) })),
		display.Col("links", of(func(d *lantern.Draft) string { return strconv.Itoa(len(d.Links)) })),
		display.Col("note", of(func(d *lantern.Draft) string { return d.Note })),
		display.Col("expires", of(func(d *lantern.Draft) string { return display.Stamp(d.Expires) })),
		display.Col("refused", func(r viewRow) string { return command.ProblemText(r.Problem) }),
	)
	for i, v := range p.Items {
		if err := l.Add(viewRow{lines[i], v, p.Digest}); err != nil {
			return err
		}
	}
	if err := l.Close(); err != nil {
		return err
	}
	a.Note("%d of %d would reach %s of %s, under version %d of its policy.", p.Receiving, len(p.Items), display.Some(p.Members, "other member", "other members"), p.Name, p.Policy)
	if p.Receiving == 0 {
		a.Note("Nothing was shared, and nothing would be: each row says why.")
		return nil
	}
	a.Note("Nothing was shared. To share exactly this: --digest %s", p.Digest)
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
