package command

import (
	"fmt"
	"io"
	"time"

	"github.com/alecthomas/kong"

	"lantern/internal/display"
)

// The exit codes.
const (
	ExitOK          = 0
	ExitFailed      = 1   // what was asked for did not happen, or not in whole
	ExitMisuse      = 2   // the command line or the configuration is wrong
	ExitInterrupted = 130 // ended by SIGINT or SIGTERM before the work was done
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

// App is what a command works with.
type App struct {
	Process
	Common  *Common
	Model   *kong.Application // the whole command line
	Printer *display.Printer  // of data, on Out
	shown   *display.Bar      // the progress on standard error
}

// NewApp returns what the commands of one run work with.
func NewApp(p Process, c *Common) *App {
	a := &App{Process: p, Common: c, shown: &display.Bar{}}
	if p.OutTTY {
		a.Out = besideBar{a, p.Out}
	}
	a.Printer = display.NewPrinter(a.Out, c.Output, p.OutTTY, p.Env)
	return a
}

// besideBar writes to standard output where that is a terminal, as standard error may be:
// data must not go on in the line that shows progress.
type besideBar struct {
	a   *App
	out io.Writer
}

func (b besideBar) Write(text []byte) (int, error) {
	b.a.shown.Hide()
	return b.out.Write(text)
}

// Bar shows progress on standard error, and nothing unless that is a terminal. Whoever
// asks for it stops it.
func (a *App) Bar(what string, steps int64) *display.Bar { return a.progress(what, steps, true) }

// Meter is a bar whose steps, bytes of a file, mean nothing to a person.
func (a *App) Meter(what string, steps int64) *display.Bar { return a.progress(what, steps, false) }

// BytesBar is a bar over bytes, with rate and time to go.
func (a *App) BytesBar(what string, total int64) *display.Bar {
	return a.drawn(func(color bool) *display.Bar { return display.NewBytesBar(a.Err, what, total, color) })
}

func (a *App) progress(what string, steps int64, count bool) *display.Bar {
	return a.drawn(func(color bool) *display.Bar { return display.NewBar(a.Err, what, steps, count, color) })
}

// drawn makes a bar if it is seen.
func (a *App) drawn(bar func(color bool) *display.Bar) *display.Bar {
	if !a.Watched() {
		return &display.Bar{}
	}
	_, noColor := a.Env("NO_COLOR")
	a.shown = bar(!noColor)
	return a.shown
}

// Watched reports whether somebody looks at standard error.
func (a *App) Watched() bool { return a.ErrTTY && !a.Common.Quiet }

// Note tells the person something that is not data.
func (a *App) Note(format string, args ...any) {
	if !a.Common.Quiet {
		a.shown.Hide()
		fmt.Fprintf(a.Err, "lantern: %s\n", display.Clean(fmt.Sprintf(format, args...)))
	}
}
