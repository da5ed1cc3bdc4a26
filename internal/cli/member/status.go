package member

import (
	"context"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

// Status shows how the agent stands: lantern agent status.
type Status struct {
	command.AgentAccess
	Ready bool `help:"Fail unless every answer can be relied on."`
}

func (c *Status) Run(ctx context.Context, a *command.App) error {
	g, err := c.Open(a, false)
	if err != nil {
		return err
	}
	defer g.Close()
	s, err := g.Status(ctx)
	if err != nil {
		return err
	}
	err = display.One(a.Printer, s,
		display.Col("answers", func(s lantern.AgentStatus) string { return string(s.Answers) }),
		display.Col("because", func(s lantern.AgentStatus) string { return display.Join(s.Reasons) }),
		display.Col("signals", func(s lantern.AgentStatus) string { return strconv.Itoa(s.Signals) }),
		display.Col("programs", func(s lantern.AgentStatus) string { return programsText(s.Programs) }),
		display.Col("last contact", func(s lantern.AgentStatus) string { return display.Stamp(s.LastContact) }),
		display.Col("log verified", func(s lantern.AgentStatus) string { return strconv.FormatInt(s.Log.Size, 10) + " entries" }),
		display.Col("log fault", func(s lantern.AgentStatus) string { return s.Log.Fault }),
		display.Col("hits", func(s lantern.AgentStatus) string { return display.Count(s.Hits) }),
		display.Col("held", func(s lantern.AgentStatus) string { return strconv.Itoa(s.Held) }),
		display.Col("quarantined", func(s lantern.AgentStatus) string { return strconv.Itoa(s.Quarantined) }),
		display.Col("shadow", func(s lantern.AgentStatus) string { return display.Yes(s.Shadow) }),
		display.Col("sampling", func(s lantern.AgentStatus) string { return samplingText(s.Sampling) }),
		display.Col("overdue", func(s lantern.AgentStatus) string { return display.Count(s.Overdue) }),
		display.Col("acks owed", func(s lantern.AgentStatus) string { return strconv.Itoa(s.Acks) }),
		display.Col("tasks", func(s lantern.AgentStatus) string { return strconv.Itoa(s.Tasks) }),
		display.Col("held back", func(s lantern.AgentStatus) string { return strconv.Itoa(s.HeldBack) }),
		display.Col("withdraw again", func(s lantern.AgentStatus) string { return display.Join(idTexts(s.Redo)) }),
	)
	if err == nil && c.Ready && s.Answers != lantern.AnswerOK {
		return command.Failed("", "the agent's answers cannot be relied on: %s", s.Answers)
	}
	return err
}

// programsText shows in one cell how far each program was followed.
func programsText(programs []lantern.ProgramStatus) string {
	parts := make([]string, len(programs))
	for i, p := range programs {
		parts[i] = p.Name + " (" + strconv.Itoa(p.Signals) + " signals, "
		switch {
		case p.Problem != "":
			parts[i] += p.Problem + ")"
		case !p.Loaded:
			parts[i] += "loading)"
		default:
			parts[i] += (time.Duration(p.Behind) * time.Second).String() + " behind)"
		}
	}
	return display.Join(parts)
}

// idTexts writes ids.
func idTexts(ids []lantern.ID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}
