package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/cli/command"
	"lantern/internal/cli/member"
	"lantern/internal/corpus"
	"lantern/internal/display"
	"lantern/internal/pending"
	"lantern/internal/seal"
	"lantern/internal/starter"
)

type agentInit struct {
	command.AgentServer
	command.ExchangeAccess
	Region   string   `key:"agent-region" placeholder:"CC" help:"Country whose national phone numbers are read in texts, such as US."`
	Platform platform `enum:"forum,chat,image-host,game,other" default:"other" help:"What your platform is, for advice on what to match first: forum, chat, image-host, game or other (${default})."`
	Match    string   `type:"path" placeholder:"CSV" help:"Match this table of usernames, mail addresses or links at once, and explain what is found."`
	Yes      bool     `short:"y" help:"Ask nothing."`
}

// Help says what is made, what is asked and which key is needed.
func (*agentInit) Help() string {
	return "Makes the folder, with a key for what the agent keeps, a file with its settings and a copy of the API key it will use: that of a service of your organisation, " +
		"with the scopes read and respond. On a terminal it asks five questions first; what flags say is the default. " +
		"A table is matched on this machine, once the agent has loaded what is shared; nothing of it leaves. While the agent runs, use lantern match instead."
}

// platform is the name of a preset; flags take it in capital letters as well.
type platform string

// UnmarshalText reads a flag.
func (p *platform) UnmarshalText(text []byte) error {
	*p = platform(strings.ToLower(string(text)))
	return nil
}

// settingsName is the file that agent init writes for agent run --config.
const settingsName = "lantern.json"

// prepared is what `agent init` made.
type prepared struct {
	Folder   string `json:"folder"`
	Member   string `json:"member"`
	Token    string `json:"token_file"`
	Settings string `json:"settings"`
}

func (c *agentInit) Run(ctx context.Context, a *command.App) error {
	in := bufio.NewReader(a.In)
	asked := a.InTTY && a.ErrTTY && !c.Yes
	if asked {
		if err := c.ask(in, a); err != nil {
			return err
		}
	}
	if err := starter.CheckRegion(c.Region); err != nil || c.Region == "-" {
		if err == nil {
			err = errors.New("leave it out for none")
		}
		return command.Misuse("", "--region: %w", err)
	}
	me, err := c.prepare(ctx, a)
	if err != nil {
		return err
	}
	made := prepared{Folder: c.Dir, Member: me.Member.Name, Token: filepath.Join(c.Dir, command.DataDir, agent.TokenFile), Settings: filepath.Join(c.Dir, settingsName)}
	if c.Match == "" {
		err = display.One(a.Printer, made,
			display.Col("folder", func(p prepared) string { return p.Folder }),
			display.Col("works for", func(p prepared) string { return p.Member }),
			display.Col("token file", func(p prepared) string { return p.Token + " (made at the first run)" }),
			display.Col("settings", func(p prepared) string { return p.Settings }),
		)
	} else {
		err = c.first(ctx, a, in, asked)
	}
	if err == nil {
		preset, _ := starter.FindPreset(string(c.Platform))
		a.Note("next: lantern agent run --config %s", made.Settings)
		a.Note("then match %s: lantern match FILE… --token-file %s", preset.First, made.Token)
		a.Note("and once a week look what waits: lantern hits digest --token-file %s", made.Token)
	}
	return err
}

// ask puts the five questions.
func (c *agentInit) ask(in *bufio.Reader, a *command.App) error {
	answers := starter.Answers{Exchange: c.Exchange, KeyFile: c.KeyFile, Platform: string(c.Platform), Region: c.Region, Dir: c.Dir, Table: c.Match}
	if err := starter.Ask(in, a.Err, &answers, starter.Looks{Key: command.APIKey.Is, File: readable, Folder: possible}); err != nil {
		return command.Failed("start again, or give the answers as flags with --yes", "%w", err)
	}
	c.Exchange, c.KeyFile, c.Platform, c.Region, c.Dir, c.Match = answers.Exchange, answers.KeyFile, platform(answers.Platform), answers.Region, answers.Dir, answers.Table
	return nil
}

// readable says why a file cannot be read, without its name: that was just typed.
func readable(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return errors.New(corpus.Reason(err))
	}
	defer f.Close()
	switch info, err := f.Stat(); {
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("that is a folder; the name of a file is needed")
	}
	return nil
}

// possible says why there can be no folder of that name.
func possible(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return errors.New(corpus.Reason(err))
	case !info.IsDir():
		return errors.New("that is a file; the name of a folder is needed")
	}
	return nil
}

// prepare makes the folder, the keys and the settings.
func (c *agentInit) prepare(ctx context.Context, a *command.App) (me lantern.Whoami, err error) {
	x, err := c.ExchangeAccess.Open(a)
	if err != nil {
		return me, err
	}
	defer x.Close()
	if me, err = x.Whoami(ctx); err != nil {
		return me, err
	}
	if me.Service == nil {
		return me, command.Failed("give the key of a service: an admin makes one with lantern exchange service add NAME --responsible PERSON "+
			"and lantern exchange key issue SERVICE --scope read --scope respond --to service.key",
			"the key is that of a person; with it, whoever reads the agent's folder could decide and attest in that person's name")
	}
	key, err := a.Secret(c.KeyFile, "LANTERN_KEY", command.APIKey)
	if err != nil {
		return me, err
	}
	keys := filepath.Join(c.Dir, command.KeysDir)
	for _, dir := range []string{keys, filepath.Join(c.Dir, command.DataDir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return me, command.Misuse("", "%w", err)
		}
	}
	if err := seal.CreateKEKFile(filepath.Join(keys, command.KEKName)); err != nil && !errors.Is(err, fs.ErrExist) {
		return me, err
	}
	if err := pending.Replace(filepath.Join(keys, command.ExchangeKeyName), []byte(key+"\n")); err != nil {
		return me, err
	}
	return me, c.writeSettings()
}

// writeSettings writes what agent run needs to know, so that nobody types it twice.
func (c *agentInit) writeSettings() error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	settings := map[string]string{"exchange": c.Exchange, "agent-dir": dir}
	if c.Region != "" {
		settings["agent-region"] = c.Region
	}
	b, err := json.MarshalIndent(settings, "", "  ")
	if err != nil {
		return err
	}
	return pending.Replace(filepath.Join(c.Dir, settingsName), append(b, '\n'))
}

// first loads what is shared, matches the table and explains what it found. Its hits wait
// in the queue as all others do.
func (c *agentInit) first(ctx context.Context, a *command.App, in *bufio.Reader, asked bool) error {
	f, err := os.Open(c.Match)
	if err != nil {
		return command.Misuse("", "%w", err)
	}
	defer f.Close()
	table, err := starter.Open(f, filepath.Base(c.Match))
	if err != nil {
		return command.Failed("save it as CSV and try again", "%w", err)
	}
	run := &agentRun{AgentServer: c.AgentServer, AgentKey: command.AgentKey{Exchange: c.Exchange}, AgentListen: AgentListen{Region: c.Region}}
	p, err := openAgentWith(ctx, a, run, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	following, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.agent.Run(following) }()
	defer func() {
		stop()
		_ = errors.Join(<-ended, p.close()) // what was found is in the database
	}()
	a.Note("loading what is shared with you")
	n, err := starter.Load(ctx, p.agent)
	if err != nil {
		return err
	}
	a.Note("%s loaded", display.Some(n, "signal is", "signals are"))
	if n == 0 {
		a.Note("nothing is shared with you yet, so nothing can match: that nothing is found will not mean that there is nothing")
	}
	count, hits, err := starter.Match(ctx, p.agent, table)
	if err != nil {
		return err
	}
	for _, t := range count.Troubles {
		a.Note("not read in full: %s", t)
	}
	a.Note("%s", count.Sentence())
	if !asked || !a.OutTTY || a.Common.Output != "" {
		return display.All(a.Printer, hits, member.HitColumns()...)
	}
	return explainAll(in, a, hits)
}

// explainAll shows a page for each hit, one at a time.
func explainAll(in *bufio.Reader, a *command.App, hits []lantern.Hit) error {
	for i, h := range hits {
		if _, err := fmt.Fprintln(a.Out); err != nil {
			return err
		}
		if err := member.Explain(a, h, 0); err != nil {
			return err
		}
		if i == len(hits)-1 {
			break
		}
		if _, err := fmt.Fprintf(a.Err, "\n%d of %d. Enter for the next, q to stop: ", i+1, len(hits)); err != nil {
			return err
		}
		line, err := in.ReadString('\n')
		if err != nil || len(line) > 0 && (line[0] == 'q' || line[0] == 'Q') {
			break // the others wait in the queue
		}
	}
	return nil
}
