package cli

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/display"
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
	ExchangeAccess
	Program lantern.ID `help:"The program. Default: your only one."`
	Cursor  string     `type:"path" placeholder:"FILE" help:"Remember in this file how far you have read, and go on from there."`
}

type feedPull struct{ feedFlags }

// Help explains what an entry is.
func (*feedPull) Help() string {
	return "Each entry is the current state of one signal. One that is not active carries no value: stop matching it, " +
		"and delete it unless it is only suspended. Every page is recorded in the log as a disclosure to your organisation."
}

func (c *feedPull) Run(ctx context.Context, a *app) error { return c.read(ctx, a, false) }

type feedFollow struct{ feedFlags }

func (c *feedFollow) Run(ctx context.Context, a *app) error {
	if a.out.Format == display.JSON {
		return misuse("use -o ndjson", "a feed that is followed never ends, a JSON array must")
	}
	return c.read(ctx, a, true)
}

// read shows pages until there are no more, or forever.
func (c *feedFlags) read(ctx context.Context, a *app, follow bool) error {
	cursor, err := c.load()
	if err != nil {
		return err
	}
	x, err := c.open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	program, err := findProgram(ctx, x, c.Program)
	if err != nil {
		return err
	}
	l := display.List(a.out, changeColumns()...)
	wait := time.Duration(0)
	for {
		page, err := x.Feed(ctx, program, cursor, 0, wait)
		if follow && lantern.KindOf(err) == lantern.Unavailable && ctx.Err() == nil {
			a.note("the exchange cannot be reached; trying again: %v", err)
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
		return failed("drop what you hold, delete "+c.Cursor+" and read from the beginning", "%w", err)
	}
	return err
}

func (c *feedFlags) load() (lantern.Cursor, error) {
	if c.Cursor == "" {
		return "", nil
	}
	b, err := readSmall(c.Cursor)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", misuse("", "%w", err)
	}
	return lantern.Cursor(bytes.TrimSpace(b)), nil
}

func (c *feedFlags) save(cursor lantern.Cursor) error {
	if c.Cursor == "" {
		return nil
	}
	return replaceFile(c.Cursor, []byte(cursor+"\n"))
}
