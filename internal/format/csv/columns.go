package csv

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// column is one name a heading may hold. Its set puts a cell, never empty, into a signal
// and returns "" or what a readable cell looks like; its get is what set would read back.
type column struct {
	name string
	also []string // other spellings people use
	set  func(s *lantern.Signal, cell string) (fix string)
	get  func(s *lantern.Signal) string
}

// columns is the list of them; docs/formats/csv.md explains each one. The kinds of links
// stand in the order in which an exchange lists links.
var columns = []*column{
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

// Columns lists the names a heading may hold.
func Columns() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

// spelled brings a name to the one spelling: "Reviewed By" is reviewed_by.
func spelled(name string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(name)))
}

// lookup finds a column by its name; a remark has none. The complaint about an unknown
// name does not repeat it: a file without a heading starts with values.
func lookup(name string) (*column, error) {
	if strings.HasPrefix(name, "#") {
		return nil, nil
	}
	for _, c := range columns {
		if c.name == name || slices.Contains(c.also, name) {
			return c, nil
		}
	}
	return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the heading names a column that does not exist",
		Fix: "the first line must hold names out of: " + strings.Join(Columns(), ", ") +
			"; --map theirs=ours gives a column its name, and a name that starts with # is passed over"}
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
