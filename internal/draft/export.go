package draft

import (
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
)

// Export chooses the signals of a file: what is active, of others' only what may leave in a file. It
// reads page by page and belongs to one goroutine.
type Export struct {
	Me      lantern.ID
	To      *Writer
	LeftOut map[string]int // signals that were not written, by why
	Others  int            // signals of others that were written
	Moved   func() error   // called after each page; its error ends the export. nil: nothing is
}

// NewExport returns an Export for a member.
func NewExport(me lantern.ID, to *Writer) *Export {
	return &Export{Me: me, To: to, LeftOut: map[string]int{}}
}

// Own writes the member's own signals: of a program, or with 0 all. read returns those behind an
// id, at most [lantern.MaxPage].
func (e *Export) Own(program lantern.ID, read func(after lantern.ID) ([]lantern.Signal, error)) error {
	for after := lantern.ID(0); ; {
		page, err := read(after)
		if err != nil {
			return err
		}
		for _, s := range page {
			after = s.ID
			if program != 0 && !slices.Contains(s.Programs, program) {
				continue
			}
			if err := e.write(s); err != nil {
				return err
			}
		}
		if err := e.moved(); err != nil || len(page) < lantern.MaxPage {
			return err
		}
	}
}

// errFell says that what is written must not be kept.
var errFell = &lantern.Error{Kind: lantern.Conflict, Reason: "signals fell while they were written, and what was written holds them", Fix: "delete it if it went through a pipe, and export again"}

// Shared writes what others share in a program. read returns the page of its feed behind a cursor,
// and enters it as a disclosure. It fails if a signal fell meanwhile: then nothing may be kept.
func (e *Export) Shared(read func(lantern.Cursor) (lantern.FeedPage, error)) error {
	var cursor lantern.Cursor
	var began time.Time
	for {
		page, err := read(cursor)
		if err != nil {
			return err
		}
		if cursor == "" {
			began = page.AsOf
		}
		for _, change := range page.Changes {
			switch s := change.Signal; {
			case s.Member == e.Me:
			case s.State != lantern.Active && change.Time.After(began):
				return errFell // it may stand in an earlier page
			default:
				err = e.write(s)
			}
			if err != nil {
				return err
			}
		}
		if err := e.moved(); err != nil {
			return err
		}
		if cursor = page.Next; !page.More {
			return nil
		}
	}
}

// write adds a signal if it may be in a file.
func (e *Export) write(s lantern.Signal) error {
	why := ""
	switch {
	case s.State != lantern.Active:
		why = string(s.State)
	case s.Member != e.Me:
		why = policy.Exportable(&s)
	}
	if why != "" {
		e.LeftOut[why]++
		return nil
	}
	if s.Member != e.Me {
		e.Others++
	}
	return e.To.Add(s)
}

func (e *Export) moved() error {
	if e.Moved == nil {
		return nil
	}
	return e.Moved()
}

// Report says what became of all that was read.
func (e *Export) Report() lantern.ExportReport {
	return lantern.ExportReport{Rows: e.To.Rows, Others: e.Others, LeftOut: e.LeftOut, NoPlace: e.To.NoPlace, Lost: e.To.Lost}
}
