package member

import (
	"context"
	"errors"
	"io"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/corpus"
	"lantern/internal/display"
	"lantern/internal/lookup"
)

// looking is one run of the agent over a member's own files, by lantern match or lantern
// hunt, as it is shown.
type looking struct {
	a       *command.App
	account string
	source  string // of lantern match
	hunt    string // its name; "" for lantern match
	dry     bool
	lookup.Tally

	of    map[lantern.ID]matched // of each signal, up to mostSignals
	apart string                 // what is told of those that went into quarantine
}

// matched counts the matches of a signal, and those found when it was in quarantine.
type matched struct{ all, late int }

// mostSignals bounds of how many signals the matches are counted.
const mostSignals = 100_000

// over opens the agent and looks at the files.
func (l *looking) over(ctx context.Context, g *command.AgentAccess, paths []string) error {
	agent, err := g.Open(l.a, false)
	if err != nil {
		return err
	}
	defer agent.Close()
	bar := l.measure(ctx, paths)
	defer bar.Stop()
	l.of = make(map[lantern.ID]matched)
	out := display.List(l.a.Printer, matchColumns()...)
	l.Tally, err = lookup.Run(ctx, lookup.Config{
		Agent: agent, Account: l.account, Source: l.source, Hunt: l.hunt, Dry: l.dry,
		Open: func(ctx context.Context, path string) (io.ReadCloser, error) {
			in, _, err := l.a.Input(ctx, path)
			return in, err
		},
		Found: func(f lookup.Found) error {
			row := matchRow{File: f.File, Ref: f.Record, Match: f.Match, State: f.State}
			l.count(&f.Match)
			if f.Record == "" { // a record may say itself whose it is
				row.Account = l.account
			}
			return errors.Join(out.Add(row), out.Flush())
		},
		Failed: func(ref, why string) { l.a.Note("%s: could not be looked at: %s", ref, why) },
		Note:   func(ref, what string) { l.a.Note("%s: %s", ref, what) },
		Stale: func(reasons []string) {
			l.a.Note("warning: the agent looks up an older state of what is shared: %s", display.Join(reasons))
		},
		Passed: func(n int64) { bar.Add(int(n)) },
	}, paths)
	bar.Stop()
	if err == nil && l.Found > 0 && !l.dry {
		err = l.locked(ctx, agent)
	}
	return errors.Join(err, out.Close())
}

// count notes of which signal a match is.
func (l *looking) count(m *lantern.Match) {
	n, known := l.of[m.Signal]
	if !known && len(l.of) == mostSignals {
		return
	}
	n.all++
	if m.Quarantined {
		n.late++
	}
	l.of[m.Signal] = n
}

// locked finds out which of the matches are of signals in quarantine, so that nobody looks
// for them in the queue.
func (l *looking) locked(ctx context.Context, agent *client.Agent) error {
	all, err := agent.Quarantine(ctx)
	signals, matches := 0, 0
	for _, q := range all {
		n := l.of[q.Signal].all
		if q.Imminent {
			n = l.of[q.Signal].late // what brought it there stays in the queue
		}
		if n > 0 {
			signals, matches = signals+1, matches+n
		}
	}
	if signals > 0 {
		l.apart = display.Some(matches, "match is", "matches are") + " in quarantine and not in the queue, since " +
			display.Some(signals, "signal hits", "signals hit") + " too much; a person must look: lantern quarantine list"
	}
	return err
}

// setApart says what went into quarantine, if anything did.
func (l *looking) setApart() {
	if l.apart != "" {
		l.a.Note("%s", l.apart)
	}
}

// measure starts the progress bar, over all bytes there are.
func (l *looking) measure(ctx context.Context, paths []string) *display.Bar {
	what := "matching"
	if l.hunt != "" {
		what = "hunting"
	}
	if !l.a.Watched() {
		return &display.Bar{}
	}
	return l.a.BytesBar(what, corpus.Bytes(ctx, paths))
}

// verdict fails a run that did not see everything.
func (l *looking) verdict() error {
	const sampling = "your agent looks up a part of this source only (lantern agent run --sampling)"
	switch left := display.Some(l.Left, "file was", "files were") + " not in the sample"; {
	case l.Left > 0 && l.Troubled > 0:
		l.a.Note("%s: %s", left, sampling)
	case l.Left > 0:
		return command.Failed(sampling+"; no match there does not mean that there is nothing", "%s", left)
	}
	if l.Troubled > 0 {
		hint := "no match there does not mean that there is nothing"
		if l.Unread > 0 {
			hint = `a record is one JSON object on a line, with "ref" and any of account, at, source, text, urls, accounts, hashes, values; ` + hint
		}
		return command.Failed(hint, "%s could not be looked at in full", display.Some(l.Troubled, "file", "files"))
	}
	return nil
}

// counted says what was found and in how much.
func (l *looking) counted() string {
	return display.Some(l.Found, "match", "matches") + " in " + display.Some(l.Files, "file", "files")
}

// reminder says what a match is, if there are any.
func (l *looking) reminder() string {
	if l.Found == 0 {
		return ""
	}
	return "; each is a clue that a person must look at"
}
