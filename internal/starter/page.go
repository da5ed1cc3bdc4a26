package starter

import (
	"embed"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/template"
	"time"

	"lantern"
)

//go:embed pages/*.txt
var pages embed.FS

var page = template.Must(template.New("page.txt").Funcs(template.FuncMap{"part": part}).ParseFS(pages, "pages/page.txt"))

// part returns the text of a page's part for a word, or of "other" if there is none for it.
func part(about, word string) (string, error) {
	b, err := pages.ReadFile("pages/" + about + "-" + word + ".txt")
	if err != nil {
		b, err = pages.ReadFile("pages/" + about + "-other.txt")
	}
	return strings.TrimSpace(string(b)), err
}

// Strong reports whether a match says something on its own: an exact or near comparison of
// a value that is no weak one, that nobody disputes and whose sharer says that it broke its
// rules. It still says nothing about guilt.
func Strong(m lantern.Match) bool {
	return !m.Weak && !m.Disputed && m.Status == lantern.Violating
}

// shown is what a page is made of.
type shown struct {
	lantern.Hit
	Strong  bool
	Tags    string
	Shared  string
	Helpful int
	Own     bool   // the member's own signal
	Kind    string // identifier, link, file or phrase
	Noun    string // the same more closely
}

// Explain writes the page of one hit: what it means and does not mean, what to check, which
// words to use, whom to call, how to keep evidence, when not to open a file, what to do next.
// own is the member that reads it; 0 if none of its own signals match.
func Explain(w io.Writer, h lantern.Hit, own lantern.ID) error {
	words := make([]string, len(h.Match.Tags))
	for i, t := range h.Match.Tags {
		words[i] = string(t)
	}
	s := shown{Hit: h, Strong: Strong(h.Match), Tags: strings.Join(words, ", "), Kind: kind(h.Match.Type), Noun: noun(h.Match.Type), Helpful: h.Match.Reactions[lantern.Helpful], Own: own != 0 && h.Match.Sharer == own}
	if !h.Match.Shared.IsZero() {
		s.Shared = h.Match.Shared.UTC().Format(time.DateOnly)
	}
	return page.Execute(w, s)
}

// kind is how people speak of a signal type.
func kind(t lantern.SignalType) string {
	switch t {
	case "url", "domain":
		return "link"
	case "md5", "sha1", "sha256", "pdq", "video-md5", "vpdq", "photodna":
		return "file"
	case "phrase":
		return "phrase"
	}
	return "identifier"
}

// noun is what people call a value of the type: a row of a table has several.
func noun(t lantern.SignalType) string {
	switch t {
	case "email":
		return "mail address"
	case "username":
		return "username"
	case "account":
		return "account"
	case "phone":
		return "phone number"
	case "payment":
		return "payment handle"
	case "ip":
		return "network address"
	case "domain":
		return "web site"
	}
	return kind(t)
}

// Count is what came of matching a table.
type Count struct {
	Rows, Unread    int // rows that were looked up, and those of which something could not be
	Matches, Strong int
	Troubles        []string // what could not be looked up in the first of these, by row and column
}

// maxTroubles bounds Count.Troubles: the first ones show what is wrong with a table.
const maxTroubles = 5

// take counts the answer to one row.
func (c *Count) take(row *Row, a lantern.Answer) {
	c.Rows++
	if a.State == lantern.AnswerOK && len(a.Reasons) == 0 {
		return
	}
	if c.Unread++; len(c.Troubles) < maxTroubles {
		why := make([]string, len(a.Reasons))
		for i, reason := range a.Reasons {
			why[i] = row.why(reason)
		}
		c.Troubles = append(c.Troubles, row.Ref+", "+strings.Join(why, "; "))
	}
}

// rows writes a number of them.
func rows(n int) string {
	if n == 1 {
		return "1 row"
	}
	return strconv.Itoa(n) + " rows"
}

// Sentence says it in plain words.
func (c Count) Sentence() string {
	switch {
	case c.Matches == 0 && c.Unread == 0:
		return fmt.Sprintf("No possible match in %s.", rows(c.Rows))
	case c.Matches == 0:
		return fmt.Sprintf("No possible match in what could be read of %s; %d could not be read in full.", rows(c.Rows), c.Unread)
	}
	match := "matches"
	if c.Matches == 1 {
		match = "match"
	}
	s := fmt.Sprintf("%d possible %s in %s; %d strong. Each is a clue that a person must look at, and proof of nothing.", c.Matches, match, rows(c.Rows), c.Strong)
	if c.Unread > 0 {
		s += " " + rows(c.Unread) + " could not be read in full."
	}
	return s
}
