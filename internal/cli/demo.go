package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lantern/internal/agent"
	"lantern/internal/cli/command"
	"lantern/internal/demo"
	"lantern/internal/demo/stage"
)

type demoCmd struct {
	Story    string `arg:"" optional:"" enum:"urls,sextortion,payments,correction" default:"urls" help:"Which story: urls, sextortion, payments or correction (${default})."`
	Seed     uint64 `default:"1" help:"Which world. The same seed gives the same figures."`
	Dir      string `type:"path" placeholder:"FOLDER" help:"Keep everything in this folder. Default: a temporary one that is removed at the end."`
	Listen   string `default:"127.0.0.1" placeholder:"HOST" help:"Address everything answers on, without a port (${default})."`
	Headless bool   `help:"End after the story instead of staying up."`
}

// Help says what is shown and what is not.
func (*demoCmd) Help() string {
	var stories []string
	for _, s := range demo.Stories() {
		stories = append(stories, s[0]+": "+s[1])
	}
	return "Starts an exchange and the agents of five invented companies on this machine, offline, and tells a story with them. " +
		strings.Join(stories, "; ") + ". All of it runs by one clock, which moves on where the story waits for days. All data are synthetic. Unless --headless, everything stays up afterwards, to be tried, until Ctrl-C. " +
		"With -o json the figures are printed as JSON and the story is told on standard error."
}

func (c *demoCmd) Run(ctx context.Context, a *command.App) error {
	json := a.Common.Output == "json" || a.Common.Output == "ndjson"
	if !json && a.Common.Output != "" && a.Common.Output != "table" {
		return command.Misuse("-o json prints the figures", "the demo is told in words or, with -o json, counted")
	}
	errs := a.Err
	if a.Common.Quiet {
		errs = io.Discard
	}
	_, noColor := a.Env("NO_COLOR")
	terminal, _ := a.Env("TERM")
	return demo.Run(ctx, demo.Options{
		Story: c.Story, Seed: c.Seed, Dir: c.Dir, Listen: c.Listen, Headless: c.Headless, JSON: json,
		Terminal: json && a.ErrTTY && !a.Common.Quiet || !json && a.OutTTY, Color: !noColor && terminal != "dumb",
		Out: a.Out, Err: errs, Clock: a.Clock,
		StartExchange: stagehand{a}.exchange, StartAgent: stagehand{a}.agent,
	})
}

// stagehand starts the demo's servers.
type stagehand struct{ *command.App }

// exchange founds and starts an exchange with the commands a user would give.
func (a stagehand) exchange(ctx context.Context, s stage.ExchangeSite) (stage.Server, error) {
	a = a.by(s.Clock)
	if err := a.command(ctx, s.Dir, "exchange", "init", s.Operator, "--dir", s.Dir); err != nil {
		return stage.Server{}, err
	}
	server, err := a.serve(ctx, s.Dir, "exchange", "serve", "--dir", s.Dir, "--listen", s.Listen, "--admin-listen=", "--webhook-loopback")
	server.Credential = filepath.Join(s.Dir, command.KeysDir, stewardName)
	return server, err
}

// by is the same by another clock: that of the demo, which moves on.
func (a stagehand) by(clock func() time.Time) stagehand {
	b := *a.App
	b.Clock = clock
	return stagehand{&b}
}

// agent does the same for an agent. One that ran before only runs again.
func (a stagehand) agent(ctx context.Context, s stage.AgentSite) (stage.Server, error) {
	to := []string{"--dir", s.Dir, "--exchange", s.Exchange}
	a = a.by(s.Clock)
	if !s.Again {
		if err := a.command(ctx, s.Dir, append([]string{"agent", "init", "--key-file", s.KeyFile}, to...)...); err != nil {
			return stage.Server{}, err
		}
	}
	server, err := a.serve(ctx, s.Dir, append([]string{"agent", "run", "--listen", s.Listen, "--admin-listen="}, to...)...)
	server.Credential = filepath.Join(s.Dir, command.DataDir, agent.TokenFile)
	return server, err
}

// inside is this process with other arguments: none of the user's own settings reach the
// demo, and what the command would print on standard error goes to a file.
func (a stagehand) inside(out, errs io.Writer, args []string) command.Process {
	return command.Process{
		Args: append(args, "-o", "json"), In: strings.NewReader(""), Out: out, Err: errs,
		Env: func(string) (string, bool) { return "", false }, Clock: a.Clock, Random: a.Random,
	}
}

// serverLogName is the file a demo server logs to, in its folder.
const serverLogName = "log.ndjson"

// openLog opens a server's log file to add to it.
func openLog(dir string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, serverLogName), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
}

// command runs a command to its end.
func (a stagehand) command(ctx context.Context, dir string, args ...string) error {
	var errs strings.Builder
	switch code := Run(ctx, a.inside(io.Discard, &errs, args)); {
	case ctx.Err() != nil:
		return ctx.Err()
	case code != command.ExitOK:
		return fmt.Errorf("lantern %s %s: %s", args[0], args[1], strings.TrimSpace(errs.String()))
	}
	return nil
}

// serve runs a command that serves until it is stopped, and waits until it says where.
func (a stagehand) serve(ctx context.Context, dir string, args ...string) (stage.Server, error) {
	log, err := openLog(dir)
	if err != nil {
		return stage.Server{}, fmt.Errorf("opening a log file: %w", err)
	}
	// Only the demo stops it, after the demo's own work has ended.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	says, hears := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		code := Run(running, a.inside(hears, log, args))
		_ = hears.Close() // always nil
		if code != command.ExitOK && code != command.ExitInterrupted {
			ended <- fmt.Errorf("lantern %s %s ended with %d: %s", args[0], args[1], code, lastWords(log.Name()))
			return
		}
		ended <- nil
	}()
	server := stage.Server{Stop: func(wait context.Context) error {
		stop()
		select {
		case err := <-ended:
			return errors.Join(err, log.Close())
		case <-wait.Done():
			return fmt.Errorf("lantern %s %s did not end in time", args[0], args[1])
		}
	}}
	var at answering
	if json.NewDecoder(says).Decode(&at) != nil {
		err := server.Stop(context.WithoutCancel(ctx))
		return server, errors.Join(err, fmt.Errorf("lantern %s %s did not start", args[0], args[1]))
	}
	server.URL = at.API
	go func() { _, _ = io.Copy(io.Discard, says) }() // ends with the pipe
	return server, nil
}

// lastWords is the end of a server's log, where it says why it ended.
func lastWords(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(b[max(0, len(b)-500):]))
}
