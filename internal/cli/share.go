package cli

import (
	"context"
	"errors"
	"io"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/display"
	"lantern/signal"
)

// shareBatch is how many drafts go to the exchange at once: small enough that a person
// sees it move and an interrupted run repeats little.
const shareBatch = 200

type shareCmd struct {
	ExchangeAccess
	File       string             `arg:"" help:"CSV with a heading or NDJSON, one draft a row; - is standard input."`
	DryRun     bool               `help:"Check every row on this machine and share nothing."`
	Rejects    string             `type:"path" placeholder:"FILE" help:"Write the rows that were refused to this file, to mend and share again."`
	Program    []lantern.ID       `help:"Program to share with, for rows that name none; repeat for several."`
	Tag        []lantern.Tag      `help:"Tag for rows that name none; repeat for several."`
	Policy     string             `help:"Your own policy that was broken, for rows that name none."`
	ReviewedBy lantern.ReviewedBy `enum:",human,machine,both" default:"" help:"Who reviewed, for rows that do not say: human, machine or both."`
}

// Help explains the file.
func (*shareCmd) Help() string {
	return "The file holds one signal a row: at least type and value, and who may see it (programs), what it is about (tags), " +
		"which of your policies it broke (policy) and who looked (reviewed_by). Sharing a row again changes nothing, so a run " +
		"that was interrupted can be repeated. With --dry-run nothing leaves this machine."
}

// rowResult is what became of one row.
type rowResult struct {
	Line   int                 `json:"line"`
	Type   lantern.SignalType  `json:"type,omitempty"`
	Status lantern.ShareStatus `json:"status"` // or "ok" of a dry run
	Signal lantern.ID          `json:"signal,omitempty"`
	Leaf   *int64              `json:"leaf,omitempty"`
	Field  string              `json:"field,omitempty"`
	Reason string              `json:"reason,omitempty"`
	Fix    string              `json:"fix,omitempty"`
}

// wouldShare is the status of a row that a dry run found in order.
const wouldShare lantern.ShareStatus = "ok"

func (r rowResult) lineText() string { return strconv.Itoa(r.Line) }

func resultColumns() []display.Column[rowResult] {
	return []display.Column[rowResult]{
		display.Col("line", rowResult.lineText),
		display.Col("type", func(r rowResult) string { return string(r.Type) }),
		display.Col("status", func(r rowResult) string { return string(r.Status) }),
		display.Col("signal", func(r rowResult) string { return r.Signal.String() }),
		display.Col("field", func(r rowResult) string { return r.Field }),
		display.Col("reason", func(r rowResult) string { return r.Reason }),
		display.Col("fix", func(r rowResult) string { return r.Fix }),
	}
}

func (c *shareCmd) Run(ctx context.Context, a *app) error {
	in, name, err := a.input(ctx, c.File)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := newDraftReader(in)
	if err != nil {
		return misuse("lantern share --help says what the file holds", "%s: %w", name, err)
	}
	s := &sharing{cmd: c, out: display.List(a.out, resultColumns()...), bar: a.bar("sharing", -1), counts: map[lantern.ShareStatus]int{}}
	defer s.bar.Stop()
	if !c.DryRun {
		if s.x, err = c.open(a); err != nil {
			return err
		}
		defer s.x.Close()
	}
	if s.rejects, err = newRejects(c.Rejects, rows); err != nil {
		return err
	}
	err = s.all(ctx, rows)
	s.bar.Stop()
	if err = errors.Join(err, s.out.Close(), s.rejects.close()); err != nil {
		return err
	}
	a.note("%s: %s", name, display.Count(s.counts))
	hint := "mend them and share again: what was shared already stays as it is"
	if c.DryRun {
		hint = "nothing was shared"
	}
	if n := s.counts[lantern.Refused]; n > 0 {
		return failed(hint, "%d of %d rows were refused", n, s.seen)
	}
	return nil
}

// sharing is one run over a file.
type sharing struct {
	cmd     *shareCmd
	x       *client.Client // nil in a dry run
	out     *display.Listing[rowResult]
	rejects *rejects
	bar     *display.Bar
	batch   []draftRow
	counts  map[lantern.ShareStatus]int
	seen    int
}

// all goes through the file, a batch at a time.
func (s *sharing) all(ctx context.Context, rows *draftReader) error {
	for {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			return s.send(ctx)
		}
		if err != nil {
			return errors.Join(s.send(ctx), err)
		}
		s.seen++
		s.cmd.complete(&row.draft)
		if row.err == nil {
			row.err = check(&row.draft)
		}
		if s.batch = append(s.batch, row); len(s.batch) == shareBatch {
			if err := s.send(ctx); err != nil {
				return err
			}
		}
	}
}

// complete fills in what the flags say for rows that say nothing.
func (c *shareCmd) complete(d *lantern.Draft) {
	if len(d.Programs) == 0 {
		d.Programs = c.Program
	}
	if len(d.Tags) == 0 {
		d.Tags = c.Tag
	}
	if d.Basis.Policy == "" {
		d.Basis.Policy = c.Policy
	}
	if d.Basis.ReviewedBy == "" {
		d.Basis.ReviewedBy = c.ReviewedBy
	}
}

// send shares the good rows of the batch and shows what became of all of them.
func (s *sharing) send(ctx context.Context) error {
	var drafts []lantern.Draft
	for _, row := range s.batch {
		if row.err == nil {
			drafts = append(drafts, row.draft)
		}
	}
	var answers []lantern.ShareResult
	if s.x != nil && len(drafts) > 0 {
		var err error
		if answers, err = s.x.ShareBatch(ctx, drafts); err != nil {
			return err
		}
		if len(answers) != len(drafts) {
			return errors.New("the exchange answered another number of drafts than it was sent")
		}
	}
	for _, row := range s.batch {
		result := rowResult{Line: row.line, Status: wouldShare}
		if t, ok := signal.Lookup(row.draft.Type); ok { // else it may be anything, a value among it
			result.Type = t.Name
		}
		switch {
		case row.err != nil:
			result.refuse(row.err)
		case s.x != nil:
			result.take(answers[0])
			answers = answers[1:]
		}
		if err := s.show(row, result); err != nil {
			return err
		}
	}
	s.bar.Add(len(s.batch))
	s.batch = s.batch[:0]
	return s.out.Flush()
}

func (s *sharing) show(row draftRow, r rowResult) error {
	s.counts[r.Status]++
	if r.Status == lantern.Refused {
		if err := s.rejects.add(row, r); err != nil {
			return err
		}
	}
	return s.out.Add(r)
}

// refuse records why a row cannot be shared: its first complaint.
func (r *rowResult) refuse(err error) {
	r.Status = lantern.Refused
	var e *lantern.Error
	if !errors.As(err, &e) {
		r.Reason = "cannot be read"
		return
	}
	r.Field, r.Reason, r.Fix = e.Field, e.Reason, e.Fix
	if n := len(e.Also); n > 0 {
		r.Fix += " (and " + strconv.Itoa(n) + " more)"
	}
}

// take records the exchange's answer.
func (r *rowResult) take(answer lantern.ShareResult) {
	r.Status, r.Signal = answer.Status, answer.Signal
	if p := answer.Problem; p != nil {
		r.Field, r.Reason, r.Fix = p.Pointer, p.Reason, p.Fix
	} else if answer.Status != lantern.Unchanged {
		r.Leaf = &answer.Leaf
	}
}
