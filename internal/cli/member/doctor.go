package member

import (
	"context"
	"path/filepath"
	"strings"

	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/doctor"
)

// Doctor finds out what is wrong with an agent: lantern agent doctor.
type Doctor struct {
	command.AgentServer
	command.AgentKey
	Agent  string `key:"agent" default:"http://127.0.0.1:8430" placeholder:"URL" help:"Address of your agent, or unix:/path of its socket (${default})."`
	LogKey string `key:"log-key" type:"path" placeholder:"FILE" help:"File with the verifier key of the exchange's log. Default: the one that was pinned."`
}

// Help says what is looked at and what the exit code means.
func (*Doctor) Help() string {
	return "Looks at the agent's folder, permissions, keys, disk, database, fence (which tells an older copy of the database) and own log; at the way to the exchange, its certificate, the clock, what the key may do " +
		"and the key of the log; and at the agent itself, if it runs. Changes nothing. Exit code 1 means that something failed; each failure names what to do."
}

func (c *Doctor) Run(ctx context.Context, a *command.App) error {
	keys, data := filepath.Join(c.Dir, command.KeysDir), filepath.Join(c.Dir, command.DataDir)
	access := c.Access(c.AgentServer)
	p := doctor.Patient{
		Keys: keys, Data: data, KEK: filepath.Join(keys, command.KEKName), KeyFile: access.KeyFile,
		Database: filepath.Join(data, agent.DatabaseFile), Engine: filepath.Join(data, agent.EngineDir), Token: filepath.Join(data, agent.TokenFile), Fence: filepath.Join(keys, command.FenceName),
		Exchange: access.Exchange, Clock: a.Clock,
	}
	if err := command.CheckAddress(access.Exchange, "--exchange"); err != nil {
		return err
	}
	g := command.AgentAccess{Agent: c.Agent}
	if err := g.CheckAgent(); err != nil {
		return err
	}
	if c.LogKey != "" {
		b, err := command.ReadSmall(c.LogKey)
		if err != nil {
			return command.Misuse("", "the log's key: %w", err)
		}
		p.LogKey = strings.TrimSpace(string(b))
	}
	p.Key = firstLine(access.KeyFile, command.APIKey)
	if token := firstLine(p.Token, command.AgentToken); token != "" {
		p.Agent = client.NewAgent(c.Agent, token, client.Options{Retries: -1})
		defer p.Agent.Close()
	}
	l := display.List(a.Printer,
		display.Col("check", func(f doctor.Finding) string { return f.Check }),
		display.Col("state", func(f doctor.Finding) string { return string(f.State) }),
		display.Col("found", func(f doctor.Finding) string { return f.Found }),
		display.Col("what to do", func(f doctor.Finding) string { return f.Fix }),
	)
	failures, err := doctor.Examine(ctx, p, l.Add)
	if err != nil {
		return err
	}
	if err := l.Close(); err != nil {
		return err
	}
	if failures > 0 {
		return command.Failed("each says what to do", "%s failed", display.Some(failures, "check", "checks"))
	}
	return nil
}

// firstLine is the credential in a file, "" if there is none: the doctor says so itself.
func firstLine(path string, kind command.Credential) string {
	b, err := command.ReadSmall(path)
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSpace(line); err != nil || !kind.Is(line) {
		return ""
	}
	return line
}
