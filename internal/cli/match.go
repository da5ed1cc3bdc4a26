package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"lantern"
	"lantern/client"
	"lantern/internal/display"
)

type matchCmd struct {
	AgentAccess
	Files   []string `arg:"" help:"Files, folders with everything in them, or - for standard input."`
	Account string   `help:"Your own account the files belong to; hits are grouped by it."`
	DryRun  bool     `help:"Only show matches; keep no hits for review."`
}

// Help says what is found and what a match is not.
func (*matchCmd) Help() string {
	return "Your agent looks at each file, whatever it is: identifiers and phrases in text of any size, pictures by what they show, files by " +
		"their hashes, NDJSON records (.ndjson, .jsonl) by their fields: each line an object with ref (your own reference) and any of account, at, " +
		"text, urls, accounts, hashes (lists of texts) and values (a list of objects with type and value). Nothing leaves your machines. A match is a clue that waits for a " +
		"person: see lantern hits. Exit code 1 means that something could not be looked at, never that nothing was found."
}

// matchRow is one match in one file.
type matchRow struct {
	File string `json:"file"`
	Ref  string `json:"ref,omitempty"` // of the record, in a file of records
	lantern.Match
	State   lantern.AnswerState `json:"state"`
	Account string              `json:"account,omitempty"` // of a file that is not one of records
}

func matchColumns() []display.Column[matchRow] {
	num := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return []display.Column[matchRow]{
		display.Col("file", func(m matchRow) string { return m.File }),
		display.Col("line", func(m matchRow) string { return num(m.Line) }),
		display.Col("column", func(m matchRow) string { return num(m.Column) }),
		display.Col("record", func(m matchRow) string { return m.Ref }),
		display.Col("field", func(m matchRow) string { return m.Field }),
		display.Col("type", func(m matchRow) string { return string(m.Type) }),
		display.Col("how", func(m matchRow) string { return string(m.How) }),
		display.Col("bits", func(m matchRow) string {
			if m.How != lantern.HowNear && m.Type != "pdq" {
				return ""
			}
			return strconv.Itoa(m.Distance)
		}),
		display.Col("weak", func(m matchRow) string { return display.Yes(m.Weak) }),
		display.Col("disputed", func(m matchRow) string { return display.Yes(m.Disputed) }),
		display.Col("severity", func(m matchRow) string { return string(m.Severity) }),
		display.Col("tags", func(m matchRow) string { return display.Words(m.Tags) }),
		display.Col("signal", func(m matchRow) string { return m.Signal.String() }),
	}
}

func (c *matchCmd) Run(ctx context.Context, a *app) error {
	agent, err := c.open(a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	m := &matching{cmd: c, a: a, agent: agent, out: display.List(a.out, matchColumns()...), troubles: map[string]bool{}}
	files := m.collect(c.Files)
	m.bar = a.bar("matching", int64(len(files)))
	defer m.bar.Stop()
	for _, f := range files {
		if err := m.file(ctx, f); err != nil {
			return errors.Join(err, m.out.Close())
		}
		m.bar.Add(1)
	}
	m.bar.Stop()
	if err := m.out.Close(); err != nil {
		return err
	}
	a.note("%d matches in %d files%s", m.found, len(files), m.reminder())
	if len(m.troubles) > 0 {
		return failed("no match there does not mean that there is nothing", "%d files could not be looked at in full", len(m.troubles))
	}
	return nil
}

// reminder says what a match is, if there are any.
func (m *matching) reminder() string {
	if m.found == 0 {
		return ""
	}
	return "; each is a clue that a person must look at"
}

// matching is one run over files.
type matching struct {
	cmd      *matchCmd
	a        *app
	agent    *client.Agent
	out      *display.Listing[matchRow]
	bar      *display.Bar
	found    int
	stale    bool            // whether somebody was told that the agent's answers are stale
	troubles map[string]bool // files that were not looked at in full
}

// collect lists the files meant. Links are followed where they are named, not within folders.
func (m *matching) collect(args []string) (files []string) {
	for _, arg := range args {
		if arg == "-" {
			files = append(files, arg)
			continue
		}
		root := arg
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			root += string(filepath.Separator) // a link to a folder is walked like the folder
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				m.trouble(path, reason(err))
			case d.Type().IsRegular() || path == arg && !d.IsDir():
				files = append(files, path)
			case !d.IsDir():
				m.a.note("%s: not looked at: a link or no regular file", path)
			}
			return nil
		})
		if err != nil {
			m.trouble(arg, reason(err))
		}
	}
	return files
}

// reason is an error of the file system without the path.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

func (m *matching) trouble(file, why string) {
	m.troubles[file] = true
	m.a.note("%s: could not be looked at: %s", file, why)
}

// file has the agent look at one file. Only what ends the whole run is an error.
func (m *matching) file(ctx context.Context, path string) error {
	in, _, err := m.a.input(ctx, path)
	if err != nil {
		m.trouble(path, reason(err))
		return nil
	}
	defer in.Close()
	if f, ok := in.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil
		}
	}
	err = m.agent.Scan(ctx, client.ScanFile{Name: filepath.Base(path), Ref: shortRef(path), Account: m.cmd.Account, Dry: m.cmd.DryRun},
		in, func(answer lantern.Answer) error { return m.answer(path, answer) })
	switch lantern.KindOf(err) {
	case lantern.Invalid, lantern.TooLarge, lantern.Unsupported:
		m.trouble(path, recordText(err))
		return nil
	}
	return err
}

// recordText says which record of a file an error is about: agents count them from 0, in a
// pointer.
func recordText(err error) string {
	var e *lantern.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	first, rest, nested := strings.Cut(strings.TrimPrefix(e.Field, "/"), "/")
	n, bad := strconv.Atoi(first)
	if bad != nil || !strings.HasPrefix(e.Field, "/") {
		return err.Error()
	}
	plain := *e
	if plain.Field = ""; nested {
		plain.Field = "/" + rest
	}
	return "record " + strconv.Itoa(n+1) + ": " + plain.Error()
}

// shortRef is the agent's reference of a file: its path. One that is long, or holds what cannot
// be shown, becomes the end of what can, behind a digest that keeps it apart from others.
func shortRef(path string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(path, ""))
	if clean == path && len(path) <= 200 {
		return path
	}
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8]) + "…" + strings.ToValidUTF8(clean[max(0, len(clean)-180):], "")
}

// answer shows the matches of one answer and says what could not be looked at.
func (m *matching) answer(file string, answer lantern.Answer) error {
	if answer.State == lantern.AnswerStale && !m.stale {
		m.stale = true
		m.a.note("warning: the agent has had no contact with the exchange for a while: %s", display.Join(answer.Reasons))
	}
	for _, r := range answer.Reasons {
		switch answer.State {
		case lantern.CouldNotLook:
			m.trouble(file, r)
		case lantern.AnswerOK: // looked at, with something to say about it
			m.a.note("%s: %s", file, r)
		}
	}
	for _, match := range answer.Matches {
		row := matchRow{File: file, Match: match, State: answer.State}
		if answer.Ref == shortRef(file) {
			row.Account = m.cmd.Account
		} else {
			row.Ref = answer.Ref // a record, which may say itself whose it is
		}
		m.found++
		if err := m.out.Add(row); err != nil {
			return err
		}
	}
	return m.out.Flush()
}
