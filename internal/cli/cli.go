package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"lantern"
	"lantern/internal/cli/command"
)

// Main runs the command line of this process and returns its exit code. The first SIGINT
// or SIGTERM asks the command to end in good order; the second kills the process.
func Main() int {
	CollectSeldom()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // from here on a signal has its usual effect again
	return Run(ctx, command.Process{
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

// CollectSeldom has garbage collected when it is four times what is in use, unless the environment
// says otherwise (GOGC). What an agent, or a command, holds of Go's memory is a few megabytes, since engines and
// databases lie outside of it; collecting at each doubling of that took a fifth of the processor time of lantern match.
func CollectSeldom() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(400)
	}
}

// Run executes one command line and returns the exit code. It ends early, in good order,
// when ctx is done.
func Run(ctx context.Context, p command.Process) int {
	var cmds commands
	ended := atomic.Bool{} // --help prints and asks for an end
	parser, err := newParser(&cmds, p, func(int) { ended.Store(true) })
	if err != nil {
		return command.Report(p.Err, fmt.Errorf("building the command line: %w", err))
	}
	if len(p.Args) == 0 {
		p.Args = []string{"--help"}
	}
	parsed, err := parser.Parse(p.Args)
	switch {
	case ended.Load():
		return command.ExitOK
	case err != nil:
		return command.Report(p.Err, command.AsMisuse(err))
	}
	a := command.NewApp(p, &cmds.Common)
	a.Model = parser.Model
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(a)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return command.ExitInterrupted
	}
	return command.Report(p.Err, err)
}

// newParser builds the parser over cmds.
func newParser(cmds *commands, p command.Process, exit func(int)) (*kong.Kong, error) {
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
