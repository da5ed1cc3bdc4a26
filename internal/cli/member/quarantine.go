package member

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type quarantineList struct {
	command.AgentAccess
}

// Help says what quarantine is and what a person can do.
func (*quarantineList) Help() string {
	return "A signal that suddenly hits too much leaves the queue and waits here for a person. Look at the sample, then release it, or decide " +
		"on one of its hits that the signal is wrong (lantern hits decide wrong-signal), which challenges it. Whoever shared it learns only " +
		"what you send. The cause fell-before is a signal on a value that fell to a challenge and was not reviewed since: it is not matched."
}

func (c *quarantineList) Run(ctx context.Context, a *command.App) error {
	return command.Look(a, &c.AgentAccess, []display.Column[lantern.Quarantine]{
		display.Col("signal", func(q lantern.Quarantine) string { return q.Signal.String() }),
		display.Col("type", func(q lantern.Quarantine) string { return string(q.Type) }),
		display.Col("sharer", func(q lantern.Quarantine) string { return q.Sharer.String() }),
		display.Col("imminent", func(q lantern.Quarantine) string { return display.Yes(q.Imminent) }),
		display.Col("cause", func(q lantern.Quarantine) string { return string(q.Cause) }),
		display.Col("since", func(q lantern.Quarantine) string { return display.Stamp(q.Since) }),
		display.Col("matches", func(q lantern.Quarantine) string { return strconv.Itoa(q.Matches) }),
		display.Col("references", func(q lantern.Quarantine) string { return strconv.Itoa(q.References) }),
		display.Col("accounts", func(q lantern.Quarantine) string { return strconv.Itoa(q.Accounts) }),
		display.Col("missed", func(q lantern.Quarantine) string { return strconv.Itoa(q.Missed) }),
		display.Col("sample", sampleText),
	}, func(agent *client.Agent) ([]lantern.Quarantine, error) { return agent.Quarantine(ctx) })
}

// sampleText names the hits of a sample.
func sampleText(q lantern.Quarantine) string {
	ids := make([]lantern.ID, len(q.Sample))
	for i, h := range q.Sample {
		ids[i] = h.ID
	}
	return display.Join(idTexts(ids))
}

type quarantineRelease struct {
	command.AgentAccess
	Signal lantern.ID `arg:"" help:"Id of the signal."`
	Hits   string     `enum:"open,drop" required:"" help:"What becomes of the hits that were kept: open (they enter the queue) or drop (they are deleted)."`
	Reason string     `required:"" placeholder:"TEXT" help:"Why it may hit again, for your agent's own log."`
}

// released is what was decided.
type released struct {
	Signal lantern.ID `json:"signal"`
	lantern.QuarantineRelease
}

func (c *quarantineRelease) Run(ctx context.Context, a *command.App) error {
	r := lantern.QuarantineRelease{Hits: lantern.KeptHits(c.Hits), Reason: c.Reason}
	return command.Tell(a, &c.AgentAccess, []display.Column[released]{
		display.Col("released", func(r released) string { return r.Signal.String() }),
		display.Col("hits", func(r released) string { return string(r.Hits) }),
		display.Col("reason", func(r released) string { return r.Reason }),
	}, func(agent *client.Agent) (released, error) {
		return released{c.Signal, r}, agent.Release(ctx, c.Signal, r)
	})
}

// Volume shows what shadow mode counted: lantern agent volume.
type Volume struct {
	command.AgentAccess
	Since string `placeholder:"DAY" help:"First day to count, such as 2026-11-23. Default: the last 90 days."`
}

// Help says what is counted.
func (*Volume) Help() string {
	return "What would have been hits while the agent ran in shadow mode (lantern agent run --shadow), by program, type, way of matching and " +
		"distance. A record that was looked up twice counts twice; a signal that came through two programs counts under each."
}

func (c *Volume) Run(ctx context.Context, a *command.App) error {
	var since time.Time
	if c.Since != "" {
		day, err := time.Parse(time.DateOnly, c.Since)
		if err != nil {
			return command.Misuse("give it as YYYY-MM-DD", "--since is not a day")
		}
		since = day
	}
	return command.Look(a, &c.AgentAccess, []display.Column[lantern.VolumeCount]{
		display.Col("program", func(v lantern.VolumeCount) string { return v.Name }),
		display.Col("type", func(v lantern.VolumeCount) string { return string(v.Type) }),
		display.Col("how", func(v lantern.VolumeCount) string { return string(v.How) }),
		display.Col("bits", func(v lantern.VolumeCount) string { return strconv.Itoa(v.Distance) }),
		display.Col("matches", func(v lantern.VolumeCount) string { return strconv.Itoa(v.Matches) }),
	}, func(agent *client.Agent) ([]lantern.VolumeCount, error) {
		v, err := agent.Volume(ctx, since)
		if err == nil && !v.Shadow {
			a.Note("the agent is not in shadow mode at present: nothing is being counted")
		}
		return v.Items, err
	})
}

// samplingText shows ratios in one cell.
func samplingText(ratios map[string]float64) string {
	var parts []string
	for _, source := range slices.Sorted(maps.Keys(ratios)) {
		parts = append(parts, source+" "+strconv.FormatFloat(ratios[source], 'g', -1, 64)+" %")
	}
	return display.Join(parts)
}
