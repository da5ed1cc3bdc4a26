package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/draft"
)

type exportCmd struct {
	command.ExchangeAccess
	File    string             `arg:"" help:"File to write. - is standard output, for a pipe."`
	Format  draft.Format       `enum:",csv,ndjson,list,misp,ncmec,threatexchange" default:"" placeholder:"FORMAT" help:"What is written: csv, ndjson, list (the values of --type alone, one a line), misp (an event, as JSON), ncmec (a hash list, as XML) or threatexchange (descriptors, as a table). Default: a table if the name ends in .csv or with -o csv, else NDJSON."`
	Type    lantern.SignalType `help:"Of a list: the signal type of its values."`
	Program []lantern.ID       `help:"Write what others share in this program instead of your own signals; repeat for several."`
	Own     bool               `help:"With --program: your own signals too."`
	Force   bool               `help:"Replace the file if there is one."`
}

// Help says what becomes of what is written.
func (*exportCmd) Help() string {
	return "Your own signals are written as lantern import reads them: imported where the same programs are, they are the same signals. " +
		"What others share with you is read through the feed and logged as a disclosure to your organisation; what is RED or bound to " +
		"one use is left out, and so is what is not active. Corrections do not reach a file: withdrawn signals stay in it until you delete it."
}

// Run writes the file.
func (c *exportCmd) Run(ctx context.Context, a *command.App) (err error) {
	format, err := c.format(a)
	if err != nil {
		return err
	}
	x, me, err := c.OpenPatient(ctx, a)
	if err != nil {
		return err
	}
	defer x.Close()
	out, done := io.Writer(a.Out), func(err error) error { return err }
	if c.File != "-" {
		file, err := command.CreateFile(c.File, c.Force)
		if err != nil {
			return command.Misuse("name another file, or add --force", "%w", err)
		}
		out, done = file, file.End
	}
	e := &exporting{me: me.Member.ID, x: x, began: a.Clock(), clock: a.Clock, left: map[string]int{}, bar: a.Meter("writing", -1)}
	if e.out, err = draft.NewWriter(out, format, len(c.Program) > 0, e.began, c.Type); err == nil {
		err = errors.Join(e.all(ctx, c), e.out.Flush())
	}
	e.bar.Stop()
	if err = done(err); err != nil {
		return err
	}
	e.tell(a, c.File)
	return nil
}

// format is what the file holds.
func (c *exportCmd) format(a *command.App) (draft.Format, error) {
	output := draft.Format(a.Common.Output)
	switch {
	case c.File == "-" && a.OutTTY:
		return "", command.Misuse("name a file, or send it through a pipe; lantern signals list is for reading", "this is not written to a terminal")
	case c.Format != "":
		return c.Format, nil
	case output == "" && strings.EqualFold(filepath.Ext(c.File), ".csv"):
		return draft.CSV, nil
	case output == "":
		return draft.NDJSON, nil
	case output != draft.CSV && output != draft.NDJSON:
		return "", command.Misuse("-o csv or -o ndjson, or another --format", "an export is CSV or NDJSON")
	}
	return output, nil
}

// exporting is one export.
type exporting struct {
	me     lantern.ID
	x      *client.Client
	out    *draft.Writer
	bar    *display.Bar
	began  time.Time
	clock  func() time.Time
	left   map[string]int // what was left out, and how often
	others int
}

func (e *exporting) all(ctx context.Context, c *exportCmd) error {
	if len(c.Program) == 0 || c.Own {
		if err := e.own(ctx); err != nil {
			return err
		}
	}
	for _, program := range c.Program {
		if err := e.shared(ctx, program); err != nil {
			return err
		}
	}
	return nil
}

// own writes the member's own signals that are active.
func (e *exporting) own(ctx context.Context) error {
	for after := lantern.ID(0); ; {
		page, err := e.x.Signals(ctx, client.SignalFilter{After: after, Limit: lantern.MaxPage})
		if err != nil {
			return err
		}
		for _, s := range page {
			after = s.ID
			if err := e.write(s); err != nil {
				return err
			}
		}
		e.move()
		if len(page) < lantern.MaxPage {
			return nil
		}
	}
}

// errFell says that what is written must not be kept.
var errFell = &lantern.Error{Kind: lantern.Conflict, Reason: "signals fell while they were written, and what was written holds them", Fix: "delete it if it went through a pipe, and export again"}

// shared writes what others share in a program and is active.
func (e *exporting) shared(ctx context.Context, program lantern.ID) error {
	var cursor lantern.Cursor
	var began time.Time
	for {
		page, err := e.x.Feed(ctx, program, cursor, lantern.MaxPage, 0)
		if err != nil {
			return err
		}
		if cursor == "" {
			began = page.AsOf
		}
		for _, change := range page.Changes {
			switch s := change.Signal; {
			case s.Member == e.me:
			case s.State != lantern.Active && change.Time.After(began):
				return errFell // it may stand in an earlier page
			case s.State == lantern.Active && s.Handling == lantern.Red:
				e.left["RED"]++
			case s.State == lantern.Active && s.UseRestriction != "":
				e.left["bound to one use"]++
			default:
				err = e.write(s)
			}
			if err != nil {
				return err
			}
		}
		e.move()
		if cursor = page.Next; !page.More {
			return nil
		}
	}
}

// write adds a signal if it is active.
func (e *exporting) write(s lantern.Signal) error {
	if s.State != lantern.Active {
		e.left[string(s.State)]++
		return nil
	}
	if s.Member != e.me {
		e.others++
	}
	return e.out.Add(s)
}

func (e *exporting) move() {
	rate := float64(e.out.Rows) / max(1, e.clock().Sub(e.began).Seconds())
	e.bar.Move(int64(e.out.Rows), fmt.Sprintf("writing %d signals, %.0f/s", e.out.Rows, rate))
}

// tell reports what was written, what was left out and what a table could not hold.
func (e *exporting) tell(a *command.App, file string) {
	a.Note("%d signals were written", e.out.Rows)
	if len(e.left) > 0 {
		a.Note("left out: %s", display.Count(e.left))
	}
	if len(e.out.NoPlace) > 0 {
		a.Note("not written, since the format has no place for signals of their types: %s; NDJSON holds them", display.Count(e.out.NoPlace))
	}
	if len(e.out.Lost) > 0 {
		a.Note("not in the file as it is, and how often: %s; NDJSON holds it", display.Count(e.out.Lost))
	}
	if e.others > 0 {
		a.Note("%d of them are other members': corrections do not reach %s, so delete it as soon as it has served", e.others, file)
	}
}
