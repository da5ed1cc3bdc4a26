package csv

import (
	"io"
	"strings"

	"lantern"
	"lantern/internal/bounded"
	"lantern/internal/column"
)

// Form reads a row of a table in somebody else's words. get returns what the row says under a
// heading, spelled as [column.Spelled] does, or "" if the table has none. It reports false for a
// row that is passed over. The error is a *lantern.Error that holds nothing of the row.
type Form func(get func(heading string) string) (s lantern.Signal, taken bool, err error)

// NewForm is [NewReader] for a table whose rows form reads. Whatever headings it has are
// taken; rename gives them the names that form knows. Of two headings alike the first counts.
func NewForm(in io.Reader, rename map[string]string, form Form) (*Reader, error) {
	r, err := begin(in)
	if err != nil {
		return nil, err
	}
	r.form = form
	for _, name := range r.heading {
		name = column.Spelled(name)
		for theirs, ours := range rename {
			if column.Spelled(theirs) == name {
				name = column.Spelled(ours)
				break
			}
		}
		r.names = append(r.names, name)
	}
	return r, nil
}

// formed reads a row by the form.
func (r *Reader) formed(rec Record) (Record, bool) {
	var taken bool
	var broken *lantern.Error
	rec.Signal, taken, rec.Err = r.form(func(heading string) string {
		for i, name := range r.names {
			if name != heading {
				continue
			}
			cell, err := text(rec.Cells[i])
			if err != nil {
				err.Field = ""
				broken = err
			}
			return cell
		}
		return ""
	})
	if broken != nil {
		rec.Err = broken
	}
	return rec, taken || rec.Err != nil
}

// Names returns the headings a text begins with, as [column.Spelled] spells them.
func Names(head []byte) []string {
	names := heading(head)
	for i, name := range names {
		names[i] = column.Spelled(strings.TrimPrefix(name, bounded.Mark))
	}
	return names
}
