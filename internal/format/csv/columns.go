package csv

import (
	"strconv"
	"strings"
	"time"

	"lantern"
)

// column is one name a heading may hold. Its set puts a cell, never empty, into a draft
// and returns "" or what a readable cell looks like.
type column struct {
	name string
	set  func(d *lantern.Draft, cell string) (fix string)
}

// columns is the list of them; docs/formats/csv.md explains each one.
var columns = []*column{
	{"type", text(func(d *lantern.Draft) *lantern.SignalType { return &d.Type })},
	{"value", text(func(d *lantern.Draft) *string { return &d.Value })},
	{"programs", setPrograms},
	{"tags", setTags},
	{"status", text(func(d *lantern.Draft) *lantern.Status { return &d.Status })},
	{"severity", text(func(d *lantern.Draft) *lantern.Severity { return &d.Severity })},
	{"imminent", truth(func(d *lantern.Draft) *bool { return &d.Imminent })},
	{"confidence", setConfidence},
	{"policy", text(func(d *lantern.Draft) *string { return &d.Basis.Policy })},
	{"reviewed_by", text(func(d *lantern.Draft) *lantern.ReviewedBy { return &d.Basis.ReviewedBy })},
	{"action", text(func(d *lantern.Draft) *string { return &d.Basis.Action })},
	{"reviewed_at", moment(func(d *lantern.Draft) *time.Time { return &d.Basis.At })},
	{"first_seen", moment(func(d *lantern.Draft) *time.Time { return &d.FirstSeen })},
	{"last_seen", moment(func(d *lantern.Draft) *time.Time { return &d.LastSeen })},
	{"language", text(func(d *lantern.Draft) *string { return &d.Language })},
	{"subject_role", text(func(d *lantern.Draft) *lantern.SubjectRole { return &d.Role })},
	{"suspected_minor", truth(func(d *lantern.Draft) *bool { return &d.SuspectedMinor })},
	{"handling", text(func(d *lantern.Draft) *lantern.Handling { return &d.Handling })},
	{"use_restriction", text(func(d *lantern.Draft) *string { return &d.UseRestriction })},
	{"expires", moment(func(d *lantern.Draft) *time.Time { return &d.Expires })},
	{"note", text(func(d *lantern.Draft) *string { return &d.Note })},
	{"derived_from", setDerivedFrom},
}

// Columns lists the names a heading may hold.
func Columns() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// lookup finds a column by its name; a remark has none. The complaint about an unknown
// name does not repeat it: a file without a heading starts with values.
func lookup(name string) (*column, error) {
	if strings.HasPrefix(name, "#") {
		return nil, nil
	}
	for _, c := range columns {
		if c.name == name {
			return c, nil
		}
	}
	return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the heading names a column that does not exist",
		Fix: "the first line must hold names out of: " + strings.Join(Columns(), ", ") + "; start a name with # to pass a column over"}
}

func text[S ~string](field func(*lantern.Draft) *S) func(*lantern.Draft, string) string {
	return func(d *lantern.Draft, cell string) string {
		*field(d) = S(cell)
		return ""
	}
}

func truth(field func(*lantern.Draft) *bool) func(*lantern.Draft, string) string {
	return func(d *lantern.Draft, cell string) string {
		switch strings.ToLower(cell) {
		case "true", "yes", "1":
			*field(d) = true
		case "false", "no", "0":
			*field(d) = false
		default:
			return "true or false"
		}
		return ""
	}
}

func moment(field func(*lantern.Draft) *time.Time) func(*lantern.Draft, string) string {
	return func(d *lantern.Draft, cell string) string {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, cell); err == nil {
				*field(d) = t.UTC()
				return ""
			}
		}
		return "a time such as 2026-03-01T12:00:00Z, or a date such as 2026-03-01"
	}
}

// items splits a cell that holds a list.
func items(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ';' || r == ',' })
}

func setPrograms(d *lantern.Draft, cell string) string {
	for _, s := range items(cell) {
		id, err := lantern.ParseID(s)
		if err != nil {
			return "ids of programs, separated by spaces"
		}
		d.Programs = append(d.Programs, id)
	}
	return ""
}

func setTags(d *lantern.Draft, cell string) string {
	for _, s := range items(cell) {
		d.Tags = append(d.Tags, lantern.Tag(s))
	}
	return ""
}

func setConfidence(d *lantern.Draft, cell string) string {
	n, err := strconv.Atoi(strings.TrimSuffix(cell, "%"))
	if err != nil {
		return "a whole number, 0 to 100"
	}
	d.Confidence = n
	return ""
}

func setDerivedFrom(d *lantern.Draft, cell string) string {
	for _, s := range items(cell) {
		id, err := lantern.ParseID(s)
		if err != nil {
			return "ids of signals, separated by spaces"
		}
		d.Links = append(d.Links, lantern.Link{Kind: lantern.DerivedFrom, Signal: id})
	}
	return ""
}
