package member

import (
	"context"
	"strconv"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

// reasonsText lists for a --help which reasons each decision takes.
func reasonsText(decisions ...lantern.HitDecision) string {
	lines := make([]string, len(decisions))
	for i, d := range decisions {
		words := make([]string, len(d.Reasons()))
		for j, r := range d.Reasons() {
			words[j] = string(r)
		}
		lines[i] = string(d) + ": " + strings.Join(words, ", ") + "."
	}
	return strings.Join(lines, "\n\n")
}

func actColumns() []display.Column[lantern.Act] {
	return []display.Column[lantern.Act]{
		display.Col("act", func(a lantern.Act) string { return a.ID.String() }),
		display.Col("person", func(a lantern.Act) string { return a.Person.String() }),
		display.Col("case", func(a lantern.Act) string { return a.Case.String() }),
		display.Col("decision", func(a lantern.Act) string { return string(a.Decision) }),
		display.Col("reason", func(a lantern.Act) string { return string(a.Reason) }),
		display.Col("count", func(a lantern.Act) string { return strconv.Itoa(a.Count) }),
		display.Col("in bulk", func(a lantern.Act) string { return display.Yes(a.Bulk != 0) }),
		display.Col("at", func(a lantern.Act) string { return display.Stamp(a.At) }),
		display.Col("undo until", func(a lantern.Act) string { return display.Stamp(a.Until) }),
		display.Col("undone", func(a lantern.Act) string { return display.Stamp(a.Undone) }),
	}
}

type hitsActs struct{ command.AgentAccess }

func (c *hitsActs) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, actColumns(), func(agent *client.Agent) ([]lantern.Act, error) { return agent.Acts(ctx) })
}

type hitsUndo struct {
	command.AgentAccess
	Act lantern.ID `arg:"" help:"Id of the act; lantern hits acts lists them."`
}

// Help says what comes back and what does not.
func (*hitsUndo) Help() string {
	return "Puts back exactly what was, within 15 minutes. Feedback that was sent is taken back at the exchange. " +
		"A challenge is decided by others, and an outcome is corrected: neither is undone. An act that a later one decided again is undone after that one."
}

func (c *hitsUndo) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, actColumns(), func(agent *client.Agent) (lantern.Act, error) { return agent.Undo(ctx, c.Act) })
}

func bulkColumns() []display.Column[lantern.Bulk] {
	return []display.Column[lantern.Bulk]{
		display.Col("preview", func(b lantern.Bulk) string { return b.ID.String() }),
		display.Col("decision", func(b lantern.Bulk) string { return string(b.Decision) }),
		display.Col("reason", func(b lantern.Bulk) string { return string(b.Reason) }),
		display.Col("evidence", func(b lantern.Bulk) string { return evidenceText(b.Evidence) }),
		display.Col("would decide", func(b lantern.Bulk) string { return strconv.Itoa(b.Count) }),
		display.Col("sample", func(b lantern.Bulk) string { return strconv.Itoa(len(b.Sample)) }),
		display.Col("looked at", func(b lantern.Bulk) string { return strconv.Itoa(lookedAt(b.Sample)) }),
		display.Col("ready", func(b lantern.Bulk) string { return strconv.FormatBool(b.Ready) }),
		display.Col("four eyes", func(b lantern.Bulk) string { return display.Yes(b.FourEyes) }),
		display.Col("digest", func(b lantern.Bulk) string { return b.Digest }),
		display.Col("expires", func(b lantern.Bulk) string { return display.Stamp(b.Expires) }),
		display.Col("act", func(b lantern.Bulk) string { return b.Act.String() }),
		display.Col("came later", func(b lantern.Bulk) string { return strconv.Itoa(b.Waiting) }),
	}
}

// evidenceText shows evidence in one cell.
func evidenceText(e lantern.Evidence) string {
	if e.Case != 0 {
		return "round " + strconv.Itoa(e.Round) + ", " + e.Link + " " + e.Via
	}
	text := "signal " + e.Signal.String() + ", " + string(e.How)
	if e.Distance != "" {
		text += " " + e.Distance + " bits"
	}
	if e.Weak {
		text += ", weak"
	}
	return text
}

// lookedAt counts those of a sample that were decided singly.
func lookedAt(sample []lantern.Sampled) (n int) {
	for _, s := range sample {
		if s.Decision != "" {
			n++
		}
	}
	return n
}

type hitsPreview struct {
	command.AgentAccess
	Hit      lantern.ID `arg:"" help:"Id of a hit; all open ones like it are meant."`
	Decision string     `arg:"" enum:"confirmed,not-violating-here,unsure,escalate" help:"confirmed, not-violating-here, unsure or escalate."`
	Reason   string     `required:"" help:"Why; lantern hits decide --help lists the reasons."`
}

// Help says what is alike and what comes next.
func (*hitsPreview) Help() string {
	return "Shows what a decision on all identical evidence would be: the same signal, matched in the same way, equally weak, of one class of distance. " +
		"Nothing is decided. Decide each of the sample singly (lantern hits sample), then lantern hits bulk."
}

func (c *hitsPreview) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, bulkColumns(), func(agent *client.Agent) (lantern.Bulk, error) {
		return agent.PreviewBulk(ctx, lantern.BulkDraft{Hit: c.Hit, Decision: lantern.HitDecision(c.Decision), Reason: lantern.DecisionReason(c.Reason)})
	})
}

func sampledColumns() []display.Column[lantern.Sampled] {
	return []display.Column[lantern.Sampled]{
		display.Col("hit", func(s lantern.Sampled) string { return s.Hit.String() }),
		display.Col("ref", func(s lantern.Sampled) string { return s.Ref }),
		display.Col("account", func(s lantern.Sampled) string { return s.Account }),
		display.Col("decision", func(s lantern.Sampled) string { return string(s.Decision) }),
		display.Col("reason", func(s lantern.Sampled) string { return string(s.Reason) }),
	}
}

type hitsSample struct {
	command.AgentAccess
	Preview lantern.ID `arg:"" help:"Id of the preview."`
}

func (c *hitsSample) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, sampledColumns(), func(agent *client.Agent) ([]lantern.Sampled, error) {
		b, err := agent.Bulk(ctx, c.Preview)
		return b.Sample, err
	})
}

type hitsBulk struct {
	command.AgentAccess
	Preview lantern.ID `arg:"" help:"Id of the preview."`
	Digest  string     `arg:"" help:"The preview's digest: of exactly what is decided."`
	Number  int        `name:"count" help:"How many are decided, as the preview says; needed above 100."`
}

// Help says when it is refused.
func (*hitsBulk) Help() string {
	return "Does what a preview of hits or candidates showed, as one act that lantern hits undo takes back. " +
		"Exactly what the preview showed is decided; what else has the same evidence waits for a preview of its own, and is counted. " +
		"It is refused unless the sample was decided singly and alike, and if some of what the preview showed does not wait any more. " +
		"Where a program asks for four eyes, more than 100 need a colleague's approval: lantern cases propose."
}

func (c *hitsBulk) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, actColumns(), func(agent *client.Agent) (lantern.Act, error) {
		act, err := agent.CommitBulk(ctx, c.Preview, lantern.BulkCommit{Digest: c.Digest, Count: c.Number})
		if err == nil && act.Waiting > 0 {
			a.Note("not decided, since the preview did not show them: %d more with the same evidence; preview again for these", act.Waiting)
		}
		return act, err
	})
}

type casesPreview struct {
	command.AgentAccess
	Case     lantern.ID `arg:"" help:"Id of the case."`
	Account  string     `arg:"" help:"A candidate; all undecided ones like it are meant."`
	Decision string     `arg:"" enum:"confirmed,not-violating-here,unsure,escalate" help:"confirmed, not-violating-here, unsure or escalate."`
	Reason   string     `required:"" help:"Why; lantern hits decide --help lists the reasons."`
}

// Help says what is alike.
func (*casesPreview) Help() string {
	return "Candidates are alike if one round brought them by the same kind of link to the same thing. " +
		"Nothing is decided. Rule on each of the sample singly (lantern hits sample, lantern cases rule), then lantern hits bulk."
}

func (c *casesPreview) Run(ctx context.Context, a *command.App) error {
	return command.Tell(a, &c.AgentAccess, bulkColumns(), func(agent *client.Agent) (lantern.Bulk, error) {
		return agent.PreviewBulk(ctx, lantern.BulkDraft{Case: c.Case, Account: c.Account, Decision: lantern.HitDecision(c.Decision), Reason: lantern.DecisionReason(c.Reason)})
	})
}

type casesEvidence struct {
	command.AgentAccess
	Case lantern.ID `arg:"" help:"Id of the case."`
}

func (c *casesEvidence) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, []display.Column[lantern.CaseEvidence]{
		display.Col("round", func(e lantern.CaseEvidence) string { return strconv.Itoa(e.Evidence.Round) }),
		display.Col("link", func(e lantern.CaseEvidence) string { return e.Evidence.Link }),
		display.Col("via", func(e lantern.CaseEvidence) string { return e.Evidence.Via }),
		display.Col("accounts", func(e lantern.CaseEvidence) string { return strconv.Itoa(e.Accounts) }),
		display.Col("decided", func(e lantern.CaseEvidence) string { return strconv.Itoa(e.Decided) }),
		display.Col("sample", func(e lantern.CaseEvidence) string { return strconv.Itoa(len(e.Sample)) }),
		display.Col("looked at", func(e lantern.CaseEvidence) string { return strconv.Itoa(lookedAt(e.Sample)) }),
	}, func(agent *client.Agent) ([]lantern.CaseEvidence, error) { return agent.CaseEvidence(ctx, c.Case) })
}
