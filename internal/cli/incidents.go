package cli

import (
	"context"
	"errors"
	"io"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/web"
)

func incidentColumns() []display.Column[lantern.Incident] {
	return []display.Column[lantern.Incident]{
		display.Col("id", func(i lantern.Incident) string { return i.ID.String() }),
		display.Col("signals", func(i lantern.Incident) string { return display.Count(i.States) }),
		display.Col("programs", func(i lantern.Incident) string { return ids(i.Programs) }),
		display.Col("created", func(i lantern.Incident) string { return display.Stamp(i.Created) }),
		display.Col("withdrawn", func(i lantern.Incident) string { return display.Stamp(i.Withdrawn) }),
		display.Col("member", func(i lantern.Incident) string { return i.Member.String() }),
	}
}

// ids shows a list of ids in one cell.
func ids(list []lantern.ID) string {
	text := make([]string, len(list))
	for i, id := range list {
		text[i] = id.String()
	}
	return display.Words(text)
}

type incidentsShare struct {
	command.ExchangeAccess
	File    string       `arg:"" help:"JSON of one incident; - is standard input."`
	Program []lantern.ID `help:"Program to share with, if the file names none; repeat for several."`
}

// Help explains the file.
func (*incidentsShare) Help() string {
	return "The file holds one JSON object: programs (who may see it), signals (1 to 100 drafts as in lantern share, without programs of their own) " +
		"and links between them by their places from 0, such as {\"kind\":\"posted-at\",\"from\":1,\"to\":0}. All are shared or none; " +
		"sharing the same again changes nothing. More signals are added by lantern share --incident."
}

// signalResult is what became of one signal of an incident.
type signalResult struct {
	Incident lantern.ID `json:"incident"`
	Place    int        `json:"place"`
	lantern.ShareResult
}

func (c *incidentsShare) Run(ctx context.Context, a *command.App) error {
	draft, err := readIncident(ctx, a, c.File)
	if err != nil {
		return err
	}
	if len(draft.Programs) == 0 {
		draft.Programs = c.Program
	}
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	r, err := x.ShareIncident(ctx, draft)
	if err != nil {
		return refusedIncident(a, err)
	}
	l := display.List(a.Printer,
		display.Col("incident", func(r signalResult) string { return r.Incident.String() }),
		display.Col("place", func(r signalResult) string { return strconv.Itoa(r.Place) }),
		display.Col("status", func(r signalResult) string { return string(r.Status) }),
		display.Col("signal", func(r signalResult) string { return r.Signal.String() }),
	)
	held := 0
	for i, s := range r.Results {
		if s.Status == lantern.HeldBack {
			held++
		}
		if err := l.Add(signalResult{r.Incident, i, s}); err != nil {
			return err
		}
	}
	if err := l.Close(); err != nil {
		return err
	}
	a.Note("incident %s: %s", r.Incident, r.Status)
	if held > 0 {
		a.Note("%d held: an upheld challenge marks the value, and a second person must look", held)
	}
	return nil
}

// readIncident reads the file as strictly as the exchange would, and fills in what the
// signals leave to the incident.
func readIncident(ctx context.Context, a *command.App, file string) (d lantern.IncidentDraft, err error) {
	in, name, err := a.Input(ctx, file)
	if err != nil {
		return d, err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, web.MaxBatch+1))
	if err != nil {
		return d, err
	}
	if len(text) > web.MaxBatch {
		return d, command.Misuse("an incident holds at most 100 signals", "%s: too large", name)
	}
	if err := web.Decode(text, &d); err != nil {
		return d, command.Misuse("lantern incidents share --help says what the file holds", "%s: %w", name, err)
	}
	return d, nil
}

// refusedIncident shows every complaint, one a line, and returns the first.
func refusedIncident(a *command.App, err error) error {
	var e *lantern.Error
	if !errors.As(err, &e) || len(e.Also) == 0 {
		return err
	}
	for _, also := range e.Also {
		a.Note("%s", also.Error())
	}
	first := *e
	first.Also = nil
	return command.Failed("mend them and share again: nothing was shared", "%w", &first)
}

type incidentsGet struct {
	command.ExchangeAccess
	Incident lantern.ID `arg:"" help:"Id of the incident."`
}

// Run shows the signals of an incident as a table, or the whole incident as JSON.
func (c *incidentsGet) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	i, err := x.Incident(ctx, c.Incident)
	if err != nil {
		return err
	}
	if a.Printer.Format == display.Table || a.Printer.Format == display.CSV {
		return display.All(a.Printer, i.Signals, command.SignalColumns()...)
	}
	return display.One(a.Printer, i, incidentColumns()...)
}

type incidentsList struct{ command.ExchangeAccess }

// Run lists all pages.
func (c *incidentsList) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	l := display.List(a.Printer, incidentColumns()...)
	for after := lantern.ID(0); ; {
		page, err := x.Incidents(ctx, after, lantern.MaxPage)
		if err != nil {
			return err
		}
		for _, i := range page {
			if err := l.Add(i); err != nil {
				return err
			}
			after = i.ID
		}
		if len(page) < lantern.MaxPage {
			return l.Close()
		}
	}
}

type incidentsWithdraw struct {
	command.ExchangeAccess
	Incident lantern.ID `arg:"" help:"Id of the incident."`
	Reason   string     `required:"" enum:"shared-in-error,appeal-upheld,identifier-reused,outdated,lawful-request" help:"shared-in-error, appeal-upheld, identifier-reused, outdated or lawful-request."`
	Erase    bool       `help:"Destroy the values and their keys at once; this cannot be taken back and needs --yes."`
	Yes      bool       `help:"Yes, erase."`
}

func (c *incidentsWithdraw) Run(ctx context.Context, a *command.App) error {
	if err := mayErase(c.Erase, c.Yes); err != nil {
		return err
	}
	return command.AskAll(a, &c.ExchangeAccess, correctionColumns(), func(x *client.Client) ([]lantern.Correction, error) {
		r, err := x.WithdrawIncident(ctx, c.Incident, lantern.Withdrawal{Reason: lantern.WithdrawReason(c.Reason), Erase: c.Erase})
		return r.Corrections, err
	})
}
