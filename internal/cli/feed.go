package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/pending"
)

func changeColumns() []display.Column[lantern.Change] {
	return []display.Column[lantern.Change]{
		display.Col("seq", func(c lantern.Change) string { return strconv.FormatInt(c.Seq, 10) }),
		display.Col("time", func(c lantern.Change) string { return display.Stamp(c.Time) }),
		display.Col("signal", func(c lantern.Change) string { return c.Signal.ID.String() }),
		display.Col("type", func(c lantern.Change) string { return string(c.Signal.Type) }),
		display.Col("state", func(c lantern.Change) string { return string(c.Signal.State) }),
		display.Col("status", func(c lantern.Change) string { return string(c.Signal.Status) }),
		display.Col("tags", func(c lantern.Change) string { return display.Words(c.Signal.Tags) }),
		display.Col("disputed", func(c lantern.Change) string { return display.Yes(c.Signal.Disputed) }),
		display.Col("correction", func(c lantern.Change) string { return c.Correction.String() }),
		display.Col("value", func(c lantern.Change) string { return c.Signal.Value }),
	}
}

// feedFlags are what pull and follow have in common.
type feedFlags struct {
	command.ExchangeAccess
	Program lantern.ID `help:"The program. Default: your only one."`
	Cursor  string     `type:"path" placeholder:"FILE" help:"Remember in this file how far you have read, and go on from there."`

	Type             []lantern.SignalType `placeholder:"TYPE" help:"Only these signal types."`
	Tag              []lantern.Tag        `placeholder:"TAG" help:"Only signals with one of these tags."`
	MinSeverity      lantern.Severity     `placeholder:"SEVERITY" help:"Only signals of at least this severity."`
	Status           []lantern.Status     `placeholder:"STATUS" help:"Only signals with one of these statuses."`
	Sharer           []lantern.ID         `placeholder:"MEMBER" help:"Only signals of these members."`
	MinCorroboration int                  `placeholder:"N" help:"Only what at least so many independent groups of other members say too."`
	CreatedSince     time.Time            `placeholder:"TIME" help:"Only signals shared then or later (RFC 3339)."`
	SeenSince        time.Time            `placeholder:"TIME" help:"Only signals last seen then or later (RFC 3339)."`
	Imminent         bool                 `help:"Only what is about a child at risk now."`
}

// filter is what the flags let through.
func (c *feedFlags) filter() lantern.FeedFilter {
	return lantern.FeedFilter{Types: c.Type, Tags: c.Tag, MinSeverity: c.MinSeverity, Statuses: c.Status, Sharers: c.Sharer,
		MinCorroboration: c.MinCorroboration, CreatedSince: c.CreatedSince, SeenSince: c.SeenSince, Imminent: c.Imminent}
}

type feedPull struct{ feedFlags }

// Help explains what an entry is.
func (*feedPull) Help() string {
	return "Each entry is the current state of one signal. One that is not active carries no value: stop matching it, " +
		"and delete it unless it is only suspended. What you read is recorded in the log as a disclosure to your organisation.\n\n" +
		"A filter never holds back what takes a claim back that you were sent. A file of --cursor goes with its filter."
}

func (c *feedPull) Run(ctx context.Context, a *command.App) error { return c.read(ctx, a, false) }

type feedFollow struct{ feedFlags }

func (c *feedFollow) Run(ctx context.Context, a *command.App) error {
	if a.Printer.Format == display.JSON {
		return command.Misuse("use -o ndjson", "a feed that is followed never ends, a JSON array must")
	}
	return c.read(ctx, a, true)
}

// read shows pages until there are no more, or forever.
func (c *feedFlags) read(ctx context.Context, a *command.App, follow bool) error {
	cursor, err := c.load()
	if err != nil {
		return err
	}
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	program, err := findProgram(ctx, x, c.Program)
	if err != nil {
		return err
	}
	l := display.List(a.Printer, changeColumns()...)
	if cursor == "" && !follow {
		shown := 0
		mark, err := x.Snapshot(ctx, program, c.filter(), func(change lantern.Change) error {
			if shown++; shown%lantern.MaxPage == 0 {
				if err := l.Flush(); err != nil {
					return err
				}
			}
			return l.Add(change)
		})
		if err != nil {
			return errors.Join(c.explain(ctx, err), l.Close())
		}
		if err := l.Close(); err != nil {
			return err
		}
		return c.save(mark.Next)
	}
	wait := time.Duration(0)
	for {
		page, err := x.FilteredFeed(ctx, program, c.filter(), cursor, 0, wait)
		if follow && lantern.KindOf(err) == lantern.Unavailable && ctx.Err() == nil {
			a.Note("the exchange cannot be reached; trying again: %v", err)
			if !pause(ctx, retryAfter) {
				return context.Canceled
			}
			continue
		}
		if err != nil {
			return errors.Join(c.explain(ctx, err), l.Close())
		}
		for _, change := range page.Changes {
			if err := l.Add(change); err != nil {
				return err
			}
		}
		if err := l.Flush(); err != nil {
			return err
		}
		// Only what was written out counts as read.
		cursor = page.Next
		if err := c.save(cursor); err != nil {
			return err
		}
		if !page.More && !follow {
			return l.Close()
		}
		if !page.More {
			wait = lantern.MaxWait
		}
	}
}

// retryAfter is the pause before a feed is asked for again, after the client's own
// attempts came to nothing.
const retryAfter = 5 * time.Second

// pause waits, and reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// explain turns the end of a feed into advice.
func (c *feedFlags) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Canceled
	}
	if lantern.KindOf(err) == lantern.Resync && c.Cursor != "" {
		return command.Failed("drop what you hold, delete "+c.Cursor+" and read from the beginning", "%w", err)
	}
	return err
}

func (c *feedFlags) load() (lantern.Cursor, error) {
	if c.Cursor == "" {
		return "", nil
	}
	b, err := command.ReadSmall(c.Cursor)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", command.Misuse("", "%w", err)
	}
	return lantern.Cursor(bytes.TrimSpace(b)), nil
}

func (c *feedFlags) save(cursor lantern.Cursor) error {
	if c.Cursor == "" {
		return nil
	}
	return pending.Replace(c.Cursor, []byte(cursor+"\n"))
}
