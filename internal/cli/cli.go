package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"lantern"
	"lantern/internal/display"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1   // what was asked for did not happen, or not in whole
	exitMisuse      = 2   // the command line or the configuration is wrong
	exitInterrupted = 130 // ended by SIGINT or SIGTERM before the work was done
)

// Process is what a run of the command line takes from its surroundings, so that a test
// can hand it others.
type Process struct {
	Args     []string // without the program's name
	In       io.Reader
	Out, Err io.Writer
	InTTY    bool                             // whether In is a terminal
	OutTTY   bool                             // whether Out is a terminal
	ErrTTY   bool                             // whether Err is a terminal
	Env      func(name string) (string, bool) // looks an environment variable up
	Clock    func() time.Time                 // the time
	Random   io.Reader                        // randomness for ids and keys
}

// Main runs the command line of this process and returns its exit code. The first SIGINT
// or SIGTERM asks the command to end in good order; the second kills the process.
func Main() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from here on a signal has its usual effect again
	return Run(ctx, Process{
		Args:   os.Args[1:],
		In:     os.Stdin,
		Out:    os.Stdout,
		Err:    os.Stderr,
		InTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Env:    os.LookupEnv,
		Clock:  time.Now,
		Random: rand.Reader,
	})
}

// Run executes one command line and returns the exit code. It ends early, in good order,
// when ctx is done.
func Run(ctx context.Context, p Process) int {
	var cmds commands
	ended := atomic.Bool{} // --help prints and asks for an end
	parser, err := newParser(&cmds, p, func(int) { ended.Store(true) })
	if err != nil {
		return report(p.Err, fmt.Errorf("building the command line: %w", err))
	}
	if len(p.Args) == 0 {
		p.Args = []string{"--help"}
	}
	parsed, err := parser.Parse(p.Args)
	switch {
	case ended.Load():
		return exitOK
	case err != nil:
		return report(p.Err, asMisuse(err))
	}
	a := newApp(p, &cmds.Common)
	a.model = parser.Model
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(a)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return exitInterrupted
	}
	return report(p.Err, err)
}

// newParser builds the parser over cmds.
func newParser(cmds *commands, p Process, exit func(int)) (*kong.Kong, error) {
	return kong.New(cmds,
		kong.Name("lantern"),
		kong.Description("Share child-safety signals between platforms, match them against your own, review, and feed back."),
		kong.Writers(p.Out, p.Err),
		kong.Exit(exit),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.Vars{"hunt": lantern.DefaultHunt},
		kong.ValueFormatter(describeSetting),
		kong.PostBuild(showExamples),
		kong.Resolvers(&settings{env: p.Env}),
	)
}

// app is what a command works with.
type app struct {
	Process
	common *Common
	model  *kong.Application
	out    *display.Printer
	shown  *display.Bar // the progress on standard error
}

func newApp(p Process, c *Common) *app {
	a := &app{Process: p, common: c, shown: &display.Bar{}}
	if p.OutTTY {
		a.Out = besideBar{a, p.Out}
	}
	a.out = display.NewPrinter(a.Out, c.Output, p.OutTTY, p.Env)
	return a
}

// besideBar writes to standard output where that is a terminal, as standard error may be:
// data must not go on in the line that shows progress.
type besideBar struct {
	a   *app
	out io.Writer
}

func (b besideBar) Write(text []byte) (int, error) {
	b.a.shown.Hide()
	return b.out.Write(text)
}

// bar shows progress on standard error, and nothing unless that is a terminal. Whoever
// asks for it stops it.
func (a *app) bar(what string, steps int64) *display.Bar { return a.progress(what, steps, true) }

// meter is a bar whose steps, bytes of a file, mean nothing to a person.
func (a *app) meter(what string, steps int64) *display.Bar { return a.progress(what, steps, false) }

// bytesBar is a bar over bytes, with rate and time to go.
func (a *app) bytesBar(what string, total int64) *display.Bar {
	return a.drawn(func(color bool) *display.Bar { return display.NewBytesBar(a.Err, what, total, color) })
}

func (a *app) progress(what string, steps int64, count bool) *display.Bar {
	return a.drawn(func(color bool) *display.Bar { return display.NewBar(a.Err, what, steps, count, color) })
}

// drawn makes a bar if it is seen.
func (a *app) drawn(bar func(color bool) *display.Bar) *display.Bar {
	if !a.watched() {
		return &display.Bar{}
	}
	_, noColor := a.Env("NO_COLOR")
	a.shown = bar(!noColor)
	return a.shown
}

// watched reports whether somebody looks at standard error.
func (a *app) watched() bool { return a.ErrTTY && !a.common.Quiet }

// note tells the person something that is not data.
func (a *app) note(format string, args ...any) {
	if !a.common.Quiet {
		a.shown.Hide()
		fmt.Fprintf(a.Err, "lantern: %s\n", display.Clean(fmt.Sprintf(format, args...)))
	}
}
