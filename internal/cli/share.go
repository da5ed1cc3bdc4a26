package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/draft"
	"lantern/internal/pending"
)

// shareFlags are what share and import have in common: everything but what they print.
type shareFlags struct {
	command.ExchangeAccess
	WarningLists
	File       string             `arg:"" help:"File of signals; - is standard input."`
	Format     draft.Format       `enum:",csv,ndjson,list,misp,ncmec,stix,threatexchange" default:"" placeholder:"FORMAT" help:"What the file is: csv, ndjson, list (a value a line, of --type), misp (events, as JSON), ncmec (a hash list, as XML), stix (a bundle of STIX 2.1) or threatexchange (descriptors, as JSON). Default: told from how it begins."`
	Type       lantern.SignalType `help:"Signal type of rows that name none. A file without a heading is then a list of values."`
	DryRun     bool               `help:"Check every row as far as can be known and share nothing. With a key, the rules of your programs are asked for; nothing of the file leaves this machine."`
	Rejects    string             `type:"path" placeholder:"FILE" help:"Write the rows that were refused to this new file, to mend and share again. None refused: no file."`
	Map        map[string]string  `placeholder:"THEIRS=OURS" help:"Name of a column in the file and what it holds; # passes it over. Repeat for several."`
	Preset     draft.Preset       `enum:",misp,threatexchange" default:"" placeholder:"NAME" help:"Whose table it is, if it is not in Lantern's words: misp or threatexchange. Default: told from its heading."`
	Program    []lantern.ID       `help:"Program to share with, for rows that name none; repeat for several."`
	Incident   lantern.ID         `help:"Your incident that rows which name none are part of."`
	Tag        []lantern.Tag      `help:"Tag for rows that name none; repeat for several."`
	Policy     string             `help:"Your own policy that was broken, for rows that name none."`
	ReviewedBy lantern.ReviewedBy `enum:",human,machine,both" default:"" help:"Who reviewed, for rows that do not say: human, machine or both."`
}

type shareCmd struct{ shareFlags }

// Help explains the file.
func (*shareCmd) Help() string {
	return "The file holds one signal a row: at least type and value, and who may see it (programs), what it is about (tags), " +
		"which of your policies it broke (policy) and who looked (reviewed_by). Sharing a row again changes nothing, so a run " +
		"that was interrupted can be repeated. Prints what became of each row; for many rows, lantern import prints only the refused ones."
}

func (c *shareCmd) Run(ctx context.Context, a *command.App) error { return c.share(ctx, a, true) }

type importCmd struct{ shareFlags }

// Help says what is different.
func (*importCmd) Help() string {
	return "Does what lantern share does and prints only the rows that were refused: each with its line and every complaint, never the value. " +
		"The file may be of any size; memory does not grow with it. Importing again changes nothing, so a run that was " +
		"interrupted can be repeated."
}

func (c *importCmd) Run(ctx context.Context, a *command.App) error { return c.share(ctx, a, false) }

// share goes through the file. With each, it prints what became of each row.
func (c *shareFlags) share(ctx context.Context, a *command.App, each bool) error {
	file, name, err := a.Input(ctx, c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	in := &counted{Reader: file}
	rows, err := draft.NewReader(in.source(), draft.Options{Format: c.Format, Preset: c.Preset, Map: c.Map, Type: c.Type, Now: a.Clock()})
	if err != nil {
		return command.Misuse("lantern share --help says what the file holds", "%s: %w", name, err)
	}
	if err := checkNew(c.Rejects); err != nil {
		return err
	}
	s := &sharing{a: a, in: in, rejectsPath: c.Rejects, began: a.Clock(), out: display.List(a.Printer, command.RowColumns()...)}
	s.Tally = draft.Tally{From: rows, Each: each, Emit: s.out.Add, Reject: s.reject}
	defaults := draft.Defaults{Programs: c.Program, Incident: c.Incident, Tags: c.Tag, Policy: c.Policy, ReviewedBy: c.ReviewedBy}
	run := draft.Sharing{From: rows, Complete: defaults.Complete, Done: s.Done, Flush: s.flush}
	x, err := c.rules(ctx, a, &run.Rules)
	if err != nil {
		return err
	}
	if x != nil {
		defer x.Close()
	}
	if !c.DryRun {
		run.Share = x.ShareBatch
	}
	s.doing = "sharing"
	if c.DryRun {
		s.doing = "checking"
	}
	s.bar = a.Meter(s.doing, sizeOf(c.File))
	defer s.bar.Stop()
	err = run.Run(ctx)
	s.bar.Stop()
	err = errors.Join(err, s.out.Close(), s.closeRejects())
	a.Note("%s: %s", name, cmp.Or(display.Count(s.Counts), "no rows"))
	if err == nil && len(rows.Lost()) > 0 { // after an error the file may still be read from
		a.Note("not taken from the file, since a signal has no place for it: %s", display.Count(rows.Lost()))
	}
	if err != nil {
		if s.Line > 0 && !c.DryRun {
			a.Note("the rows to line %d are done; %s", s.Line, s.goOn())
		}
		return err
	}
	hint := "mend them and share again: what was shared already stays as it is"
	if c.DryRun {
		hint = "nothing was shared"
		a.Note("not checked: %s", strings.Join(run.Rules.Unchecked(), "; "))
	}
	if n := s.Counts[string(lantern.Refused)]; n > 0 {
		return command.Failed(hint, "%d of %d rows were refused", n, s.Rows)
	}
	return nil
}

// checkNew refuses a file that is there, and one that cannot be made, before any work is
// done. An empty path means none is wanted.
func checkNew(path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return command.Misuse("name a file that is not there yet", "%s exists", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return command.Misuse("", "%w", err)
	}
	return nil
}

// rules finds out what can be known before anything is sent, and returns a client if
// there is a key. A dry run needs none.
func (c *shareFlags) rules(ctx context.Context, a *command.App, r *draft.Rules) (*client.Client, error) {
	r.Now = a.Clock()
	lists, err := c.load(a.Note)
	if err != nil {
		return nil, err
	}
	if lists != nil {
		r.Screen = lists.Check
	}
	key, err := a.Secret(c.KeyFile, "LANTERN_KEY", command.APIKey)
	if err != nil || c.DryRun && key == "" {
		return nil, err
	}
	x, me, err := c.OpenPatient(ctx, a)
	switch {
	case err == nil:
		r.Me = &me
	case !c.DryRun || ctx.Err() != nil:
		return nil, err
	default:
		a.Note("the exchange could not be asked for the programs' rules: %v", err)
	}
	return x, nil
}

// counted counts the bytes read from a file.
type counted struct {
	io.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// source is what to read from, with a way to read it twice if the file has one. What is read
// the second time is not counted.
func (c *counted) source() io.Reader {
	if at, ok := c.Reader.(io.ReaderAt); ok {
		return struct {
			io.Reader
			io.ReaderAt
		}{c, at}
	}
	return c
}

// sizeOf is the size of a file, -1 if it has none.
func sizeOf(path string) int64 {
	if info, err := os.Stat(path); path != "-" && err == nil && info.Mode().IsRegular() {
		return info.Size()
	}
	return -1
}

// sharing shows one run over a file.
type sharing struct {
	draft.Tally
	a     *command.App
	in    *counted
	out   *display.Listing[lantern.ImportRow]
	doing string // in words for people
	bar   *display.Bar
	began time.Time

	rejectsPath string
	rejectsFile *pending.File
	rejects     *draft.Rejects
}

// reject writes a refused row to the file of refused rows, which begins with the first.
func (s *sharing) reject(row draft.Row, about []*lantern.Error) (err error) {
	if s.rejectsPath == "" {
		return nil
	}
	if s.rejects == nil {
		if s.rejectsFile, err = command.CreateFile(s.rejectsPath, false); err != nil {
			return err
		}
		if s.rejects, err = draft.NewRejects(s.rejectsFile, s.From); err != nil {
			return err
		}
	}
	return s.rejects.Add(row, about)
}

// goOn says how a run that ended early is taken up again.
func (s *sharing) goOn() string {
	if s.rejects != nil {
		return "the same command with another --rejects goes on from there"
	}
	return "the same command goes on from there"
}

// closeRejects puts the file of refused rows in its place, also that of a run that ended
// early.
func (s *sharing) closeRejects() error {
	if s.rejects == nil {
		return nil
	}
	return errors.Join(s.rejects.Flush(), s.rejectsFile.Commit())
}

// flush shows a batch and how far the file has been read.
func (s *sharing) flush() error {
	rate := ""
	if took := s.a.Clock().Sub(s.began).Seconds(); took >= 1 {
		rate = fmt.Sprintf(", %.0f/s", float64(s.Rows)/took)
	}
	s.bar.Move(s.in.n.Load(), fmt.Sprintf("%s %d rows%s", s.doing, s.Rows, rate))
	return s.out.Flush()
}
