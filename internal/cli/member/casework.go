package member

import (
	"context"
	"strconv"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type casesAssign struct {
	command.AgentAccess
	Case   lantern.ID `arg:"" help:"Id of the case."`
	Person lantern.ID `arg:"" optional:"" help:"Id of who gets it. Default: you take it over."`
}

// Help says who may.
func (*casesAssign) Help() string {
	return "Anybody may take a case over; only its owner hands it on to somebody else."
}

func (c *casesAssign) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.OwnCase(ctx, c.Case, lantern.CaseOwner{Person: c.Person})
	})
}

type casesNote struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	Text string     `arg:"" help:"What is to be remembered, without personal data."`
}

// Help says what is refused.
func (*casesNote) Help() string {
	return "Notes are sealed. What speaks of a child or its family, names an address or number, or holds content is refused: docs/notes-lint.md."
}

func noteColumns() []display.Column[lantern.CaseNote] {
	return []display.Column[lantern.CaseNote]{
		display.Col("note", func(n lantern.CaseNote) string { return n.ID.String() }),
		display.Col("person", func(n lantern.CaseNote) string { return n.Person.String() }),
		display.Col("at", func(n lantern.CaseNote) string { return display.Stamp(n.At) }),
		display.Col("text", func(n lantern.CaseNote) string { return n.Text }),
	}
}

func (c *casesNote) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, noteColumns(), func(agent *client.Agent) (lantern.CaseNote, error) {
		return agent.AddNote(ctx, c.Case, lantern.CaseNote{Text: c.Text})
	})
}

type casesNotes struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
}

func (c *casesNotes) Run(ctx context.Context, a *command.App) error {
	return command.LookAs(a, &c.AgentAccess, noteColumns(), func(agent *client.Agent) ([]lantern.CaseNote, error) { return agent.Notes(ctx, c.Case) })
}

func caseTaskColumns() []display.Column[lantern.CaseTask] {
	return []display.Column[lantern.CaseTask]{
		display.Col("task", func(t lantern.CaseTask) string { return t.ID.String() }),
		display.Col("text", func(t lantern.CaseTask) string { return t.Text }),
		display.Col("due", func(t lantern.CaseTask) string { return display.Stamp(t.Due) }),
		display.Col("done", func(t lantern.CaseTask) string { return display.Stamp(t.Done) }),
		display.Col("done by", func(t lantern.CaseTask) string { return t.DoneBy.String() }),
	}
}

type casesTask struct {
	command.AgentAccess
	Case lantern.ID   `arg:"" help:"Id of the case."`
	Text string       `arg:"" help:"What is to be done, without personal data."`
	Due  command.When `placeholder:"TIME" help:"By when: a time, a date, or days such as 2d."`
}

func (c *casesTask) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, caseTaskColumns(), func(agent *client.Agent) (lantern.CaseTask, error) {
		return agent.AddTask(ctx, c.Case, lantern.CaseTask{Text: c.Text, Due: c.Due.From(time.Now)})
	})
}

type casesTasks struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
}

func (c *casesTasks) Run(ctx context.Context, a *command.App) error {
	return command.LookAs(a, &c.AgentAccess, caseTaskColumns(), func(agent *client.Agent) ([]lantern.CaseTask, error) { return agent.CaseTasks(ctx, c.Case) })
}

type casesFinish struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
	Task lantern.ID `arg:"" help:"Id of the task."`
}

func (c *casesFinish) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, caseTaskColumns(), func(agent *client.Agent) (lantern.CaseTask, error) {
		return agent.FinishTask(ctx, c.Case, c.Task)
	})
}

type casesTimeline struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
}

// timelinePage is how many events are asked for at once.
const timelinePage = 500

// Run lists all pages.
func (c *casesTimeline) Run(ctx context.Context, a *command.App) error {
	agent, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	l := display.List(a.Printer,
		display.Col("number", func(e lantern.CaseEvent) string { return strconv.Itoa(e.Number) }),
		display.Col("at", func(e lantern.CaseEvent) string { return display.Stamp(e.At) }),
		display.Col("what", func(e lantern.CaseEvent) string { return string(e.Kind) }),
		display.Col("person", func(e lantern.CaseEvent) string { return e.Person.String() }),
		display.Col("object", func(e lantern.CaseEvent) string { return e.Object.String() }),
		display.Col("count", func(e lantern.CaseEvent) string { return strconv.Itoa(e.Count) }),
		display.Col("word", func(e lantern.CaseEvent) string { return e.Word }),
	)
	for after := 0; ; {
		page, err := agent.Timeline(ctx, c.Case, after, timelinePage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := l.Add(e); err != nil {
				return err
			}
			after = e.Number
		}
		if len(page) < timelinePage {
			return l.Close()
		}
	}
}

type casesClose struct {
	command.AgentAccess
	Case   lantern.ID `arg:"" help:"Id of the case."`
	Reason string     `arg:"" enum:"done,nothing-left,duplicate,handed-over" help:"done, nothing-left, duplicate or handed-over."`
}

func (c *casesClose) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.SetCaseState(ctx, c.Case, lantern.CaseState{Close: lantern.CloseReason(c.Reason)})
	})
}

type casesReopen struct {
	command.AgentAccess
	Case   lantern.ID `arg:"" help:"Id of the case."`
	Reason string     `arg:"" enum:"new-evidence,correction,closed-in-error" help:"new-evidence, correction or closed-in-error."`
}

func (c *casesReopen) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, caseColumns(), func(agent *client.Agent) (lantern.Case, error) {
		return agent.SetCaseState(ctx, c.Case, lantern.CaseState{Reopen: lantern.ReopenReason(c.Reason)})
	})
}

func proposalColumns() []display.Column[lantern.Proposal] {
	return []display.Column[lantern.Proposal]{
		display.Col("proposal", func(p lantern.Proposal) string { return p.ID.String() }),
		display.Col("case", func(p lantern.Proposal) string { return p.Case.String() }),
		display.Col("outcome", func(p lantern.Proposal) string { return string(p.Outcome) }),
		display.Col("preview", func(p lantern.Proposal) string { return p.Bulk.String() }),
		display.Col("decision", func(p lantern.Proposal) string { return string(p.Decision) }),
		display.Col("ground", func(p lantern.Proposal) string { return p.Ground }),
		display.Col("count", func(p lantern.Proposal) string { return strconv.Itoa(p.Count) }),
		display.Col("singly", func(p lantern.Proposal) string { return strconv.Itoa(p.Singly) }),
		display.Col("in bulk", func(p lantern.Proposal) string { return strconv.Itoa(p.InBulk) }),
		display.Col("person", func(p lantern.Proposal) string { return p.Person.String() }),
		display.Col("state", func(p lantern.Proposal) string { return string(p.State) }),
		display.Col("second", func(p lantern.Proposal) string { return p.Second.String() }),
		display.Col("digest", func(p lantern.Proposal) string { return p.Digest }),
		display.Col("expires", func(p lantern.Proposal) string { return display.Stamp(p.Expires) }),
	}
}

type casesPropose struct {
	command.AgentAccess
	Case    lantern.ID `help:"Of an outcome: id of the case."`
	Outcome string     `enum:",accounts-actioned,content-removed,urls-blocked,reports-filed" default:"" help:"accounts-actioned, content-removed, urls-blocked or reports-filed."`
	Ground  string     `help:"Your own policy the decisions rest on."`
	Number  int        `name:"count" help:"How many, for kinds that do not count accounts."`
	Preview lantern.ID `help:"Or of an act in bulk: id of the preview."`
}

// Help says when it is needed.
func (*casesPropose) Help() string {
	return "Where a program asks for four eyes, outcomes that tell of an act, and acts in bulk on more than 100, need a second person. " +
		"Propose here; a colleague approves within 72 hours (lantern cases approve); then send the outcome or commit the act as usual."
}

func (c *casesPropose) Run(ctx context.Context, a *command.App) error {
	d := lantern.ProposalDraft{Case: c.Case, Bulk: c.Preview}
	switch {
	case c.Preview != 0 && (c.Case != 0 || c.Outcome != ""), c.Preview == 0 && (c.Case == 0 || c.Outcome == ""):
		return command.Misuse("give --case, --outcome and --ground, or --preview", "an outcome of a case or an act in bulk is needed, and not both")
	case c.Preview == 0:
		d.Outcome = &lantern.CaseOutcome{Kind: lantern.OutcomeKind(c.Outcome), Ground: c.Ground, Count: c.Number}
	}
	return command.Tell(a, &c.AgentAccess, proposalColumns(), func(agent *client.Agent) (lantern.Proposal, error) { return agent.Propose(ctx, d) })
}

type casesProposals struct {
	command.AgentAccess
	State string `enum:"waits,approved,declined,lapsed,done,all" default:"waits" help:"waits, approved, declined, lapsed, done or all (${default})."`
}

func (c *casesProposals) Run(ctx context.Context, a *command.App) error {
	state := lantern.ProposalState(c.State)
	if c.State == "all" {
		state = ""
	}
	return command.Look(a, &c.AgentAccess, proposalColumns(), func(agent *client.Agent) ([]lantern.Proposal, error) { return agent.Proposals(ctx, state) })
}

// secondLook is what both answers to a proposal take.
type secondLook struct {
	command.AgentAccess
	Proposal lantern.ID `arg:"" help:"Id of the proposal."`
	Digest   string     `arg:"" help:"Its digest: of what you looked at."`
}

func (c *secondLook) answer(ctx context.Context, a *command.App, yes bool) error {
	return command.Tell(a, &c.AgentAccess, proposalColumns(), func(agent *client.Agent) (lantern.Proposal, error) {
		return agent.AnswerProposal(ctx, c.Proposal, lantern.ProposalAnswer{Approve: yes, Digest: c.Digest})
	})
}

type casesApprove struct{ secondLook }

func (c *casesApprove) Run(ctx context.Context, a *command.App) error { return c.answer(ctx, a, true) }

type casesDecline struct{ secondLook }

func (c *casesDecline) Run(ctx context.Context, a *command.App) error { return c.answer(ctx, a, false) }
