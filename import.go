package lantern

// ImportRow is what became of one row of a file, or one complaint about it. It holds no value.
type ImportRow struct {
	Line   int         `json:"line"`             // where the row begins, from 1; its number where the format knows no lines
	Type   SignalType  `json:"type,omitempty"`   // if it is one
	Status ShareStatus `json:"status"`           // what became of the row
	Signal ID          `json:"signal,omitempty"` // the signal that it is
	Leaf   *int64      `json:"leaf,omitempty"`   // the log entry, if something changed
	Field  string      `json:"field,omitempty"`  // what the complaint is about, in the file's own words: a heading, a member
	Reason string      `json:"reason,omitempty"`
	Fix    string      `json:"fix,omitempty"`
}

// Take records what the exchange answered to the row's draft.
func (r *ImportRow) Take(answer ShareResult) {
	r.Status, r.Signal = answer.Status, answer.Signal
	if p := answer.Problem; p != nil {
		r.Field, r.Reason, r.Fix = p.Pointer, p.Reason, p.Fix
	} else if answer.Status != Unchanged {
		r.Leaf = &answer.Leaf
	}
}

// ImportReport is the last line of the answer to an import.
type ImportReport struct {
	Rows      int            `json:"rows"`                  // that were done with
	Line      int            `json:"through"`               // of the last of them; 0: none
	Counts    map[string]int `json:"counts"`                // of the rows, by what became of them; ok: in order, in a dry run
	NotTaken  map[string]int `json:"not_taken,omitempty"`   // what the file holds that a signal has no place for, and how often
	Unchecked []string       `json:"not_checked,omitempty"` // of a dry run: what it cannot know
	Problem   *Problem       `json:"problem,omitempty"`     // why the import ended before its file did; the rows behind are not done
}

// ExportReport says what an export left out and could not hold.
type ExportReport struct {
	Rows    int                `json:"rows"`               // signals that were written
	Others  int                `json:"others,omitempty"`   // of them other members': corrections do not reach a file
	LeftOut map[string]int     `json:"left_out,omitempty"` // signals that were not written, by why
	NoPlace map[SignalType]int `json:"no_place,omitempty"` // signals of types that the format cannot hold
	Lost    map[string]int     `json:"lost,omitempty"`     // members of drafts that the file does not hold as they are
}
