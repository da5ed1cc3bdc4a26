package command

import (
	"context"
	"net"
	"net/url"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/display"
)

// Open returns a client of the exchange that speaks with the key from the key file or
// the environment. Whoever calls it closes it.
func (e *ExchangeAccess) Open(a *App) (*client.Client, error) {
	return e.openWith(a, client.Options{})
}

// OpenPatient returns a client for a long run, which outlives a restart of the exchange
// and waits for its quota, and who it speaks for. An exchange that cannot be reached at
// the beginning is told at once.
func (e *ExchangeAccess) OpenPatient(ctx context.Context, a *App) (x *client.Client, me lantern.Whoami, err error) {
	first, err := e.Open(a)
	if err != nil {
		return nil, me, err
	}
	defer first.Close()
	if me, err = first.Whoami(ctx); err != nil {
		return nil, me, err
	}
	x, err = e.openWith(a, client.Options{Retries: 12})
	return x, me, err
}

// openWith is open with other options than the usual ones.
func (e *ExchangeAccess) openWith(a *App, opts client.Options) (*client.Client, error) {
	key, err := a.Secret(e.KeyFile, "LANTERN_KEY", APIKey)
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, Misuse("set --key-file or LANTERN_KEY_FILE to the file that holds it", "an API key is needed")
	}
	if err := CheckAddress(e.Exchange, "--exchange"); err != nil {
		return nil, err
	}
	if e.KeyFile != "" {
		opts.Key = CurrentKey(e.KeyFile)
	}
	return client.New(e.Exchange, key, opts), nil
}

// Open returns a client of the agent. Without the need of a person it speaks with the
// agent's token, or with the person's key if there is no token. Whoever calls it closes it.
func (g *AgentAccess) Open(a *App, person bool) (*client.Agent, error) {
	if err := g.CheckAgent(); err != nil {
		return nil, err
	}
	credential, err := "", error(nil)
	if !person {
		if credential, err = a.Secret(g.TokenFile, "LANTERN_TOKEN", AgentToken); err != nil {
			return nil, err
		}
	}
	if credential == "" {
		if credential, err = a.Secret(g.PersonKey, "LANTERN_KEY", APIKey); err != nil {
			return nil, err
		}
	}
	switch {
	case credential != "":
		return client.NewAgent(g.Agent, credential, client.Options{}), nil
	case person:
		return nil, Misuse("set --key-file or LANTERN_KEY_FILE to the file that holds it", "a person's API key is needed: only a person can do this")
	}
	return nil, Misuse("set --token-file or LANTERN_TOKEN_FILE to agent.token in the data folder of the agent", "the agent's token is needed")
}

// CheckAgent refuses what is no address of an agent.
func (g *AgentAccess) CheckAgent() error {
	if path, ok := strings.CutPrefix(g.Agent, "unix:"); ok {
		if path == "" {
			return Misuse("a socket is named like unix:/run/lantern/agent.sock", "--agent is not an address")
		}
		return nil
	}
	return CheckAddress(g.Agent, "--agent")
}

// Public returns a client for what an exchange tells everybody: its log.
func (e *ExchangeAccess) Public() (*client.Client, error) {
	if err := CheckAddress(e.Exchange, "--exchange"); err != nil {
		return nil, err
	}
	return client.New(e.Exchange, "", client.Options{}), nil
}

// CheckAddress refuses an address that would carry a key in the clear over a network.
func CheckAddress(address, flag string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return Misuse("an address looks like https://exchange.example.com", "%s is not an address", flag)
	}
	if u.User != nil {
		return Misuse("put the key into a file and name it with --key-file", "%s holds a user name or password", flag)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return Misuse("use https", "%s would send keys and signals unencrypted over a network", flag)
	}
	return nil
}

// loopback reports whether a host is this machine, without asking a name server.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Ask calls the exchange once and shows the one thing it answers.
func Ask[T any](a *App, e *ExchangeAccess, cols []display.Column[T], call func(*client.Client) (T, error)) error {
	x, err := e.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	v, err := call(x)
	if err != nil {
		return err
	}
	return display.One(a.Printer, v, cols...)
}

// AskAll calls the exchange once and shows the list it answers.
func AskAll[T any](a *App, e *ExchangeAccess, cols []display.Column[T], call func(*client.Client) ([]T, error)) error {
	x, err := e.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	all, err := call(x)
	if err != nil {
		return err
	}
	return display.All(a.Printer, all, cols...)
}

// Tell opens the agent with a person's key, calls it once and shows the one thing it
// answers.
func Tell[T any](a *App, g *AgentAccess, cols []display.Column[T], call func(*client.Agent) (T, error)) error {
	agent, err := g.Open(a, true)
	if err != nil {
		return err
	}
	defer agent.Close()
	v, err := call(agent)
	if err != nil {
		return err
	}
	return display.One(a.Printer, v, cols...)
}

// Look opens the agent with its token or a person's key, calls it once and shows the
// list it answers.
func Look[T any](a *App, g *AgentAccess, cols []display.Column[T], call func(*client.Agent) ([]T, error)) error {
	return lookBy(a, g, false, cols, call)
}

func lookBy[T any](a *App, g *AgentAccess, person bool, cols []display.Column[T], call func(*client.Agent) ([]T, error)) error {
	agent, err := g.Open(a, person)
	if err != nil {
		return err
	}
	defer agent.Close()
	all, err := call(agent)
	if err != nil {
		return err
	}
	return display.All(a.Printer, all, cols...)
}

// LookAs is [look] for what only a person may see.
func LookAs[T any](a *App, g *AgentAccess, cols []display.Column[T], call func(*client.Agent) ([]T, error)) error {
	return lookBy(a, g, true, cols, call)
}
