package draft

import (
	"lantern"
	"lantern/signal"
)

// Defaults are what rows get that leave it out.
type Defaults struct {
	Programs   []lantern.ID
	Incident   lantern.ID
	Tags       []lantern.Tag
	Policy     string
	ReviewedBy lantern.ReviewedBy
}

// Complete fills in what a draft leaves out.
func (f *Defaults) Complete(d *lantern.Draft) {
	if len(d.Programs) == 0 {
		d.Programs = f.Programs
	}
	if d.Incident == 0 {
		d.Incident = f.Incident
	}
	if len(d.Tags) == 0 {
		d.Tags = f.Tags
	}
	if d.Basis.Policy == "" {
		d.Basis.Policy = f.Policy
	}
	if d.Basis.ReviewedBy == "" {
		d.Basis.ReviewedBy = f.ReviewedBy
	}
}

// Passed is the status of a row that a dry run found in order.
const Passed lantern.ShareStatus = "ok"

// Tally tells and counts what becomes of the rows of a run. It belongs to one goroutine.
type Tally struct {
	From *Reader
	Each bool                          // tell of every row; else of refused ones
	Emit func(lantern.ImportRow) error // is told, a refused row once for each complaint

	// Reject is given each refused row with the complaints about it. May be nil.
	Reject func(row Row, about []*lantern.Error) error

	Counts map[string]int // rows, by what became of them
	Rows   int
	Line   int // of the last row that was done with
}

// Done is the Done of a [Sharing].
func (t *Tally) Done(row Row, answer lantern.ShareResult) error {
	t.Rows, t.Line = t.Rows+1, row.Line
	result := lantern.ImportRow{Line: row.Line, Status: Passed}
	if kind, ok := signal.Lookup(row.Signal.Type); ok { // else it may be anything, a value among it
		result.Type = kind.Name
	}
	about := t.about(row, answer)
	if len(about) > 0 {
		result.Status = lantern.Refused
	} else if answer.Status != "" {
		result.Take(answer)
	}
	if t.Counts == nil {
		t.Counts = map[string]int{}
	}
	t.Counts[string(result.Status)]++
	if len(about) == 0 {
		if !t.Each {
			return nil
		}
		return t.Emit(result)
	}
	for _, e := range about {
		result.Field, result.Reason, result.Fix = e.Field, e.Reason, e.Fix
		if err := t.Emit(result); err != nil {
			return err
		}
	}
	if t.Reject == nil {
		return nil
	}
	return t.Reject(row, about)
}

// about lists the complaints about a row, each about a place in the file.
func (t *Tally) about(row Row, answer lantern.ShareResult) (about []*lantern.Error) {
	switch p := answer.Problem; {
	case row.Err != nil:
		about = Complaints(row.Err)
	case p != nil:
		about = []*lantern.Error{{Kind: p.Kind, Field: p.Pointer, Reason: p.Reason, Fix: p.Fix}}
	}
	for i, e := range about {
		named := *e
		named.Field = t.From.Field(row, e.Field)
		about[i] = &named
	}
	return about
}
