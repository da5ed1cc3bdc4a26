package threatexchange_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

var update = flag.Bool("update", false, "write the answers of the recorded dialogues anew")

// TestDialogues plays the recorded dialogues of testdata/*.http, row by row of the contract that
// clients rely on. A dialogue is a list of turns:
//
//	### what it shows
//	WHO METHOD PATH?QUERY [as NAME]     WHO is red, blue, green or nobody
//	Header: value
//
//	a body
//	--- STATUS
//	the answer, ids and tokens as {names}
//
// or acts that clients have no words for: "@ wait 3s", "@ withdraw red {d}", "@ challenge blue
// {d}", "@ decide red {challenge} dispute". {group}, {token}, {app}, {base} and what "as" named stand for what differs
// from run to run; a name is the id of the answer. Other ids show by when they were first seen.
func TestDialogues(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal("no dialogues", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			sqldbtest.Each(t, func(t *testing.T, database string) {
				d := &dialogue{world: newWorld(t, database), t: t, names: map[string]string{}, shown: map[string]string{}}
				b, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				got := d.play(string(b))
				if *update {
					if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				} else if got != string(b) {
					t.Errorf("%s is not what was recorded:\n%s", file, firstDifference(string(b), got))
				}
			})
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1, strings.Join(w[i:min(i+12, len(w))], "\n     "), strings.Join(g[min(i, len(g)):min(i+12, len(g))], "\n     "))
		}
	}
	return "more at the end"
}

// dialogue is one that is being played.
type dialogue struct {
	*world
	t     *testing.T
	names map[string]string // name → id
	shown map[string]string // id → name
	next  int
}

var (
	hole   = regexp.MustCompile(`\{(\w+)\}`)
	longID = regexp.MustCompile(`\b\d{9,19}\b`)
)

// play plays a dialogue and returns it with the answers that came.
func (d *dialogue) play(text string) string {
	var out strings.Builder
	for i, turn := range strings.Split("\n"+text, "\n### ") {
		if i == 0 {
			out.WriteString(strings.TrimPrefix(turn, "\n"))
			if turn != "" {
				out.WriteString("\n")
			}
			continue
		}
		title, rest, _ := strings.Cut(turn, "\n")
		asked, _, _ := strings.Cut(rest, "\n--- ")
		out.WriteString("### " + title + "\n")
		for strings.HasPrefix(asked, "@ ") {
			act, more, _ := strings.Cut(asked, "\n")
			d.act(d.fill(nil, act))
			out.WriteString(act + "\n")
			asked = more
		}
		if asked = strings.TrimRight(asked, "\n"); asked != "" {
			fmt.Fprintf(&out, "%s\n--- %s\n", asked, d.turn(asked))
		}
	}
	return out.String()
}

// act does what clients have no words for.
func (d *dialogue) act(line string) {
	d.t.Helper()
	words := strings.Fields(line)[1:]
	id := func(i int) lantern.ID {
		n, err := lantern.ParseID(words[i])
		if err != nil {
			d.t.Fatalf("%s: %v", line, err)
		}
		return n
	}
	var err error
	ctx := d.t.Context()
	switch words[0] {
	case "wait":
		var long time.Duration
		long, err = time.ParseDuration(words[1])
		d.Clock.Add(long)
	case "withdraw":
		_, err = d.Withdraw(ctx, d.company(words[1]).Service, id(2), lantern.Withdrawal{Reason: lantern.WithdrawnInError})
	case "challenge":
		var c lantern.Challenge
		c, err = d.OpenChallenge(ctx, d.company(words[1]).Investigator, lantern.Challenge{Signal: id(2), Reason: lantern.OutOfScope})
		d.names["challenge"] = c.ID.String()
	case "decide":
		by := d.company(words[1]).Submitter
		if words[3] == "reject" {
			by = d.company(words[1]).Officer
		}
		_, err = d.Decide(ctx, by, id(2), lantern.Decision{Verdict: lantern.Verdict(words[3]), Reason: "looked again"})
	case "persons":
		rules := d.Program.Policy
		rules.ForeignPersons = words[1] == "on"
		_, err = d.SetPolicy(ctx, d.Steward, d.Program.ID, rules)
	case "suspend":
		_, err = d.SetMemberState(ctx, d.Steward, d.company(words[1]).ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "testing"})
	default:
		d.t.Fatalf("unknown act %s", line)
	}
	if err != nil {
		d.t.Fatalf("%s: %v", line, err)
	}
}

func (d *dialogue) company(name string) exchangetest.Company {
	return map[string]exchangetest.Company{"red": d.red, "blue": d.blue, "green": d.green}[name]
}

// fill puts into a text what its names stand for.
func (d *dialogue) fill(who *exchangetest.Company, text string) string {
	return hole.ReplaceAllStringFunc(text, func(s string) string {
		name := s[1 : len(s)-1]
		switch {
		case name == "group":
			return d.Program.ID.String()
		case name == "red_member":
			return d.red.ID.String()
		case name == "token" && who != nil:
			return url.QueryEscape(token(who.ServiceKey))
		case name == "app" && who != nil:
			return app(*who)
		case d.names[name] != "":
			return d.names[name]
		}
		return s
	})
}

// turn makes the request and returns what came, with names for what differs.
func (d *dialogue) turn(asked string) string {
	d.t.Helper()
	head, body, _ := strings.Cut(asked, "\n\n")
	lines := strings.Split(head, "\n")
	words := strings.Fields(lines[0])
	var who *exchangetest.Company
	if words[0] != "nobody" {
		c := d.company(words[0])
		who = &c
	}
	address := d.url + d.fill(who, words[2])
	if who != nil && !strings.Contains(asked, "access_token") && !strings.Contains(head, "Authorization") {
		sep := "?"
		if strings.Contains(address, "?") {
			sep = "&"
		}
		address += sep + "access_token=" + url.QueryEscape(token(who.ServiceKey))
	}
	var header []string
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ": ")
		value, _ = url.QueryUnescape(d.fill(who, value))
		header = append(header, name, value)
	}
	status, text, _ := d.send(words[1], address, d.fill(who, body), header...)
	if len(words) == 5 {
		var v struct{ ID string }
		if err := json.Unmarshal([]byte(text), &v); err != nil || v.ID == "" {
			d.t.Fatalf("%s: the answer has no id: %s", lines[0], text)
		}
		d.names[words[4]], d.shown[v.ID] = v.ID, words[4]
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(text), "", " "); err != nil {
		d.t.Fatalf("%s: the answer is no JSON", lines[0])
	}
	return fmt.Sprintf("%d\n%s", status, d.hide(who, pretty.String()))
}

// trace is the id of a request, and a cursor.
var trace = regexp.MustCompile(`((?:fbtrace_id|after|before|nextPageToken)(?:\\?": ?\\?"|=))([\w-]{12,})`)

// hide names what differs from run to run.
func (d *dialogue) hide(who *exchangetest.Company, text string) string {
	text = strings.TrimSuffix(text, "\n")
	text = trace.ReplaceAllString(text, "$1{trace}")
	if who != nil {
		for _, form := range []string{token(who.ServiceKey), url.QueryEscape(token(who.ServiceKey))} {
			text = strings.ReplaceAll(text, form, "{token}")
		}
		text = strings.ReplaceAll(text, app(*who), "{app}")
	}
	text = strings.ReplaceAll(strings.ReplaceAll(text, d.url, "{base}"), d.Program.ID.String(), "{group}")
	for _, c := range []exchangetest.Company{d.red, d.blue, d.green} {
		text = strings.ReplaceAll(text, c.ID.String(), "{"+c.Name+"}")
	}
	return longID.ReplaceAllStringFunc(text, func(id string) string {
		if len(id) < 11 { // seconds
			return id
		}
		if d.shown[id] == "" {
			d.next++
			d.shown[id] = fmt.Sprintf("id%d", d.next)
		}
		return "{" + d.shown[id] + "}"
	})
}
