package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"slices"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

type outcomeAdd struct {
	command.ExchangeAccess
	Kind      string       `arg:"" enum:"accounts-actioned,content-removed,urls-blocked,reports-filed,reviewed-no-violation,reviewed-cannot-disclose,reversed" help:"accounts-actioned, content-removed, urls-blocked, reports-filed, reviewed-no-violation, reviewed-cannot-disclose or reversed."`
	Count     int          `required:"" help:"How many; negative to correct an earlier outcome."`
	Signal    []lantern.ID `required:"" help:"A signal that contributed; repeat for several."`
	Program   lantern.ID   `help:"The program. Default: your only one."`
	Ground    string       `help:"Your own policy the decisions rest on."`
	Singly    int          `help:"How many cases a person reviewed one by one."`
	InBulk    int          `help:"How many cases were decided together on identical evidence."`
	Decisions string       `type:"existingfile" placeholder:"FILE" help:"The list of decisions you keep; only its SHA-256 is sent."`
	Corrects  lantern.ID   `help:"The earlier outcome that a negative count takes back."`
}

// Help says what an attestation is.
func (*outcomeAdd) Help() string {
	return "The person whose key this is attests with it that people reviewed the cases: --ground, --singly or --in-bulk, and --decisions " +
		"are needed for every kind but reviewed-cannot-disclose. An agent records outcomes from its cases by itself; this is for members who work without one."
}

func (c *outcomeAdd) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	o := lantern.Outcome{Kind: lantern.OutcomeKind(c.Kind), Count: c.Count, Signals: c.Signal, Corrects: c.Corrects}
	if o.Program, err = findProgram(ctx, x, c.Program); err != nil {
		return err
	}
	if o.Attestation, err = c.attestation(ctx, x); err != nil {
		return err
	}
	if err := o.Validate(); err != nil {
		return command.Misuse("", "%w", err)
	}
	if o, err = x.RecordOutcome(ctx, o); err != nil {
		return err
	}
	return display.One(a.Printer, o, command.OutcomeColumns()...)
}

// attestation makes the statement of the person who asks, nil if nothing was stated.
func (c *outcomeAdd) attestation(ctx context.Context, x *client.Client) (*lantern.Attestation, error) {
	if c.Ground == "" && c.Singly == 0 && c.InBulk == 0 && c.Decisions == "" {
		return nil, nil
	}
	if c.Decisions == "" {
		return nil, command.Misuse("name the list with --decisions", "an attestation needs the list of decisions it stands for")
	}
	b, err := os.ReadFile(c.Decisions)
	if err != nil {
		return nil, command.Misuse("", "%w", err)
	}
	me, err := x.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	if me.Person == nil {
		return nil, command.Failed("use a person's key", "a service cannot attest")
	}
	digest := sha256.Sum256(b)
	return &lantern.Attestation{Person: me.Person.ID, Ground: c.Ground, Singly: c.Singly, InBulk: c.InBulk, Digest: hex.EncodeToString(digest[:])}, nil
}

type outcomeList struct{ command.ExchangeAccess }

func (c *outcomeList) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, command.OutcomeColumns(), func(x *client.Client) ([]lantern.Outcome, error) {
		return x.Outcomes(ctx)
	})
}

type outcomeTotals struct {
	command.ExchangeAccess
	Signal  lantern.ID `arg:"" optional:"" help:"Id of your own signal. Without it: what came of a program's signals at all other members."`
	Program lantern.ID `help:"The program, without a signal. Default: your only one."`
}

// Help says how figures are shown.
func (*outcomeTotals) Help() string {
	return "Figures are ranges of five, so that no single act can be told from them: <5, 5–9, 10–14. A program may show outcomes later than they were made."
}

func (c *outcomeTotals) Run(ctx context.Context, a *command.App) error {
	if c.Signal != 0 && c.Program != 0 {
		return command.Misuse("", "give a signal or a program, not both")
	}
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	if c.Signal != 0 {
		o, err := x.OutcomeTotals(ctx, c.Signal)
		if err != nil {
			return err
		}
		return display.One(a.Printer, o, append([]display.Column[lantern.OutcomeTotals]{
			display.Col("signal", func(o lantern.OutcomeTotals) string { return o.Signal.String() })},
			sumColumns(func(o lantern.OutcomeTotals) lantern.Sums { return o.Sums })...)...)
	}
	program, err := findProgram(ctx, x, c.Program)
	if err != nil {
		return err
	}
	o, err := x.ProgramOutcomes(ctx, program)
	if err != nil {
		return err
	}
	return display.One(a.Printer, o, append([]display.Column[lantern.ProgramOutcomes]{
		display.Col("program", func(o lantern.ProgramOutcomes) string { return o.Program.String() })},
		sumColumns(func(o lantern.ProgramOutcomes) lantern.Sums { return o.Sums })...)...)
}

// sumColumns shows sums.
func sumColumns[T any](of func(T) lantern.Sums) []display.Column[T] {
	return []display.Column[T]{
		display.Col("members", func(o T) string { return of(o).Members.String() }),
		display.Col("outcomes", func(o T) string {
			var parts []string
			for _, k := range slices.Sorted(maps.Keys(of(o).Counts)) {
				parts = append(parts, string(k)+" "+of(o).Counts[k].String())
			}
			return display.Join(parts)
		}),
		display.Col("through", func(o T) string { return display.Stamp(of(o).Through) }),
	}
}
