package cli

import (
	"context"
	"errors"

	"lantern/internal/cli/command"
)

type agentRun struct {
	command.AgentServer
	AgentListen
	command.AgentKey
	Listener
}

// Help says how it ends.
func (*agentRun) Help() string {
	return "Follows the feeds of your programs and answers on this machine until it is told to stop (SIGTERM or Ctrl-C). " +
		"Its API key is the one agent init copied, unless --key-file names another."
}

func (c *agentRun) Run(ctx context.Context, a *command.App) (err error) {
	p, err := openAgent(ctx, a, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	public, admin := p.handlers()
	sites := []*site{{name: "api", address: c.Listen, handler: public, group: c.SocketGroup}}
	if c.AdminListen != "" {
		sites = append(sites, &site{name: "admin", address: c.AdminListen, handler: admin})
	}
	if err := c.listen(sites); err != nil {
		return err
	}
	if err := announce(a, sites, c.TLSCert != ""); err != nil {
		closeSites(sites)
		return err
	}
	return serveSites(ctx, p.log, sites, p.agent.Run, p.courier.Run)
}
