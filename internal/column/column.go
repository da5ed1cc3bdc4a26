// Package column knows the members of a signal by name, each as text: what a cell of a table
// holds, or a label in a format that has no better place for it. Every format that keeps a
// member as text writes and reads it here, so that a member is spelled alike in all of them.
//
// The text of a member that is not set is "". [Missing] names the members that a format did not
// bring back as they were: a member that drafts gain is lost, and said to be, until it has
// a column.
package column

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// Column is one member of a signal as text. Columns are shared by all callers, who must not
// change them, and are safe for concurrent use.
type Column struct {
	Name string
	also []string // other spellings people use
	set  func(s *lantern.Signal, text string) (fix string)
	get  func(s *lantern.Signal) string
}

// Get returns the member as text, which [Column.Set] reads back, or "" if it is not set.
func (c *Column) Get(s *lantern.Signal) string { return c.get(s) }

// Set puts a text that is not empty into the member of the signal. If the text cannot be read
// the error is a *lantern.Error that says what a readable one looks like, and holds no text.
func (c *Column) Set(s *lantern.Signal, text string) *lantern.Error {
	if fix := c.set(s, text); fix != "" {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/" + c.Name, Reason: "cannot be read", Fix: fix}
	}
	return nil
}

// columns is the list of them; docs/formats/csv.md explains each one. The kinds of links
// stand in the order in which an exchange lists links.
var columns = []*Column{
	{"type", []string{"signal_type"}, setText(kind), getText(kind)},
	{"value", []string{"indicator"}, setText(value), getText(value)},
	{"programs", []string{"program"}, setPrograms, getPrograms},
	{"tags", []string{"tag"}, setTags, getTags},
	{"status", nil, setText(status), getText(status)},
	{"severity", nil, setText(severity), getText(severity)},
	{"imminent", nil, setTruth(imminent), getTruth(imminent)},
	{"confidence", nil, setConfidence, getConfidence},
	{"policy", nil, setText(policy), getText(policy)},
	{"reviewed_by", nil, setText(reviewedBy), getText(reviewedBy)},
	{"action", nil, setText(action), getText(action)},
	{"reviewed_at", nil, setTime(reviewedAt), getTime(reviewedAt)},
	{"first_seen", nil, setTime(firstSeen), getTime(firstSeen)},
	{"last_seen", nil, setTime(lastSeen), getTime(lastSeen)},
	{"language", nil, setText(language), getText(language)},
	{"subject_role", []string{"role"}, setText(role), getText(role)},
	{"suspected_minor", nil, setTruth(minor), getTruth(minor)},
	{"handling", []string{"tlp"}, setText(handling), getText(handling)},
	{"use_restriction", nil, setText(restriction), getText(restriction)},
	{"expires", []string{"expires_at", "expiry"}, setTime(expires), getTime(expires)},
	{"note", []string{"notes"}, setText(note), getText(note)},
	{"derived_from", nil, setLinks(lantern.DerivedFrom), getLinks(lantern.DerivedFrom)},
	{"posted_at", nil, setLinks(lantern.PostedAt), getLinks(lantern.PostedAt)},
	{"same_account", nil, setLinks(lantern.SameAccount), getLinks(lantern.SameAccount)},
	{"signal", nil, setID(id), getID(id)},
	{"member", nil, setID(member), getID(member)},
}

// identity is how many of the columns, at the end, say whose signal it is. A draft has no
// such cells.
const identity = 2

func kind(s *lantern.Signal) *lantern.SignalType       { return &s.Type }
func value(s *lantern.Signal) *string                  { return &s.Value }
func status(s *lantern.Signal) *lantern.Status         { return &s.Status }
func severity(s *lantern.Signal) *lantern.Severity     { return &s.Severity }
func imminent(s *lantern.Signal) *bool                 { return &s.Imminent }
func policy(s *lantern.Signal) *string                 { return &s.Basis.Policy }
func reviewedBy(s *lantern.Signal) *lantern.ReviewedBy { return &s.Basis.ReviewedBy }
func action(s *lantern.Signal) *string                 { return &s.Basis.Action }
func reviewedAt(s *lantern.Signal) *time.Time          { return &s.Basis.At }
func firstSeen(s *lantern.Signal) *time.Time           { return &s.FirstSeen }
func lastSeen(s *lantern.Signal) *time.Time            { return &s.LastSeen }
func language(s *lantern.Signal) *string               { return &s.Language }
func role(s *lantern.Signal) *lantern.SubjectRole      { return &s.Role }
func minor(s *lantern.Signal) *bool                    { return &s.SuspectedMinor }
func handling(s *lantern.Signal) *lantern.Handling     { return &s.Handling }
func restriction(s *lantern.Signal) *string            { return &s.UseRestriction }
func expires(s *lantern.Signal) *time.Time             { return &s.Expires }
func note(s *lantern.Signal) *string                   { return &s.Note }
func id(s *lantern.Signal) *lantern.ID                 { return &s.ID }
func member(s *lantern.Signal) *lantern.ID             { return &s.Member }

// All returns the columns of a signal in documented order; those from All()[len(Draft()):]
// say whose signal it is. The slice is the caller's own.
func All() []*Column { return slices.Clone(columns) }

// Draft returns the columns that a draft has.
func Draft() []*Column { return slices.Clone(columns[:len(columns)-identity]) }

// Names lists the names of all columns.
func Names() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// Lookup finds a column by its name, or another that people use, as [Spelled] spells it.
func Lookup(name string) (*Column, bool) {
	for _, c := range columns {
		if c.Name == name || slices.Contains(c.also, name) {
			return c, true
		}
	}
	return nil, false
}

// Spelled brings a name to the one spelling: "Reviewed By" is reviewed_by.
func Spelled(name string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
}

func setText[S ~string](field func(*lantern.Signal) *S) func(*lantern.Signal, string) string {
	return func(s *lantern.Signal, cell string) string {
		*field(s) = S(cell)
		return ""
	}
}

func getText[S ~string](field func(*lantern.Signal) *S) func(*lantern.Signal) string {
	return func(s *lantern.Signal) string { return string(*field(s)) }
}

func setTruth(field func(*lantern.Signal) *bool) func(*lantern.Signal, string) string {
	return func(s *lantern.Signal, cell string) string {
		switch strings.ToLower(cell) {
		case "true", "yes", "1":
			*field(s) = true
		case "false", "no", "0":
			*field(s) = false
		default:
			return "true or false"
		}
		return ""
	}
}

func getTruth(field func(*lantern.Signal) *bool) func(*lantern.Signal) string {
	return func(s *lantern.Signal) string {
		if *field(s) {
			return "true"
		}
		return ""
	}
}

func setTime(field func(*lantern.Signal) *time.Time) func(*lantern.Signal, string) string {
	return func(s *lantern.Signal, cell string) string {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, cell); err == nil {
				*field(s) = t.UTC()
				return ""
			}
		}
		return "a time such as 2026-03-01T12:00:00Z, or a date such as 2026-03-01"
	}
}

func getTime(field func(*lantern.Signal) *time.Time) func(*lantern.Signal) string {
	return func(s *lantern.Signal) string {
		if t := *field(s); !t.IsZero() {
			return t.UTC().Format(time.RFC3339Nano)
		}
		return ""
	}
}

func setID(field func(*lantern.Signal) *lantern.ID) func(*lantern.Signal, string) string {
	return func(s *lantern.Signal, cell string) string {
		id, err := lantern.ParseID(cell)
		if err != nil {
			return "an id"
		}
		*field(s) = id
		return ""
	}
}

func getID(field func(*lantern.Signal) *lantern.ID) func(*lantern.Signal) string {
	return func(s *lantern.Signal) string { return field(s).String() }
}

// items splits a cell that holds a list.
func items(cell string) []string {
	return strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == ';' || r == ',' })
}

// listed makes such a cell.
func listed[T any](all []T, text func(T) string) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = text(v)
	}
	return strings.Join(parts, " ")
}

func setPrograms(s *lantern.Signal, cell string) string {
	for _, item := range items(cell) {
		id, err := lantern.ParseID(item)
		if err != nil {
			return "ids of programs, separated by spaces"
		}
		s.Programs = append(s.Programs, id)
	}
	return ""
}

func getPrograms(s *lantern.Signal) string { return listed(s.Programs, lantern.ID.String) }

func setTags(s *lantern.Signal, cell string) string {
	for _, item := range items(cell) {
		s.Tags = append(s.Tags, lantern.Tag(item))
	}
	return ""
}

func getTags(s *lantern.Signal) string {
	return listed(s.Tags, func(t lantern.Tag) string { return string(t) })
}

func setConfidence(s *lantern.Signal, cell string) string {
	n, err := strconv.Atoi(strings.TrimSuffix(cell, "%"))
	if err != nil {
		return "a whole number, 0 to 100"
	}
	s.Confidence = n
	return ""
}

func getConfidence(s *lantern.Signal) string {
	if s.Confidence == 0 {
		return ""
	}
	return strconv.Itoa(s.Confidence)
}

func setLinks(kind lantern.LinkKind) func(*lantern.Signal, string) string {
	return func(s *lantern.Signal, cell string) string {
		for _, item := range items(cell) {
			id, err := lantern.ParseID(item)
			if err != nil {
				return "ids of signals, separated by spaces"
			}
			s.Links = append(s.Links, lantern.Link{Kind: kind, Signal: id})
		}
		return ""
	}
}

func getLinks(kind lantern.LinkKind) func(*lantern.Signal) string {
	return func(s *lantern.Signal) string {
		var ids []lantern.ID
		for _, l := range s.Links {
			if l.Kind == kind {
				ids = append(ids, l.Signal)
			}
		}
		return listed(ids, lantern.ID.String)
	}
}
