package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/draft"
)

type exportCmd struct {
	command.ExchangeAccess
	File    string             `arg:"" help:"File to write. - is standard output, for a pipe."`
	Format  draft.Format       `enum:",csv,ndjson,list,misp,ncmec,stix,threatexchange" default:"" placeholder:"FORMAT" help:"What is written: csv, ndjson, list (the values of --type alone, one a line), misp (an event, as JSON), ncmec (a hash list, as XML), stix (a bundle of STIX 2.1) or threatexchange (descriptors, as a table). Default: a table if the name ends in .csv or with -o csv, else NDJSON."`
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
	began, bar := a.Clock(), a.Meter("writing", -1)
	var report lantern.ExportReport
	writer, err := draft.NewWriter(out, format, len(c.Program) > 0, began, c.Type)
	if err == nil {
		e := draft.NewExport(me.Member.ID, writer)
		e.Moved = func() error {
			rate := float64(writer.Rows) / max(1, a.Clock().Sub(began).Seconds())
			bar.Move(int64(writer.Rows), fmt.Sprintf("writing %d signals, %.0f/s", writer.Rows, rate))
			return nil
		}
		err = errors.Join(c.all(ctx, x, e), writer.Flush())
		report = e.Report()
	}
	bar.Stop()
	if err = done(err); err != nil {
		return err
	}
	tellExport(a, c.File, report)
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

// all writes what the flags ask for.
func (c *exportCmd) all(ctx context.Context, x *client.Client, e *draft.Export) error {
	if len(c.Program) == 0 || c.Own {
		err := e.Own(0, func(after lantern.ID) ([]lantern.Signal, error) {
			return x.Signals(ctx, client.SignalFilter{After: after, Limit: lantern.MaxPage})
		})
		if err != nil {
			return err
		}
	}
	for _, program := range c.Program {
		err := e.Shared(func(cursor lantern.Cursor) (lantern.FeedPage, error) {
			return x.Feed(ctx, program, cursor, lantern.MaxPage, 0)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellExport reports what was written, what was left out and what the format could not hold.
func tellExport(a *command.App, file string, r lantern.ExportReport) {
	a.Note("%s written", display.Some(r.Rows, "signal was", "signals were"))
	if len(r.LeftOut) > 0 {
		a.Note("left out: %s", display.Count(r.LeftOut))
	}
	if len(r.NoPlace) > 0 {
		a.Note("not written, since the format has no place for signals of their types: %s; NDJSON holds them", display.Count(r.NoPlace))
	}
	if len(r.Lost) > 0 {
		a.Note("not in the file as it is, and how often: %s; NDJSON holds it", display.Count(r.Lost))
	}
	if r.Others > 0 {
		a.Note("%d of them are other members': corrections do not reach %s, so delete it as soon as it has served", r.Others, file)
	}
}
