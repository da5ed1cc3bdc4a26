package member

import (
	"context"
	"fmt"
	"strconv"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
)

// Match looks the member's own files up: lantern match.
type Match struct {
	command.AgentAccess
	Files   []string `arg:"" help:"Files, folders with everything in them, or - for standard input."`
	Account string   `help:"Your own account the files belong to; hits are grouped by it."`
	Source  string   `help:"Where the files come from, by the names your agent's sampling ratios are set for."`
	DryRun  bool     `help:"Only show matches; keep no hits for review."`
}

// Help says what is found and what a match is not.
func (*Match) Help() string {
	return "Your agent looks at each file, whatever it is: identifiers and phrases in text of any size, pictures by what they show (a copy that was turned or mirrored shows something else), files by " +
		"their hashes, frame hashes of videos (vPDQ, one line a frame: number,quality,hash,seconds) by how many frames match, NDJSON records (.ndjson, .jsonl) by their fields: each line an object with ref (your own reference) and any of account, at, " +
		"text, urls, accounts, hashes (lists of texts) and values (a list of objects with type and value); and what is compressed or packed (gzip, zstd, bzip2, tar, zip) by what is in it. Nothing leaves your machines. A match is a clue that waits for a " +
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
		display.Col("frames", func(m matchRow) string {
			if m.QueryPercent == 0 {
				return ""
			}
			return fmt.Sprintf("%.0f%% of it, %.0f%% of the signal", m.QueryPercent, m.SignalPercent)
		}),
		display.Col("signal", func(m matchRow) string { return m.Signal.String() }),
	}
}

func (c *Match) Run(ctx context.Context, a *command.App) error {
	l := &looking{a: a, account: c.Account, source: c.Source, dry: c.DryRun}
	if err := l.over(ctx, &c.AgentAccess, c.Files); err != nil {
		return err
	}
	if l.Shadow {
		a.Note("the agent is in shadow mode: what it found in %s is counted and not shown; see lantern agent volume", display.Some(l.Files, "file", "files"))
	} else {
		a.Note("%s%s", l.counted(), l.reminder())
		l.setApart()
	}
	return l.verdict()
}
