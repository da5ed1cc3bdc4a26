package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"lantern"
	"lantern/client"
	"lantern/internal/display"
)

// open returns a client of the exchange that speaks with the key from the key file or
// the environment. Whoever calls it closes it.
func (e *ExchangeAccess) open(a *app) (*client.Client, error) {
	return e.openWith(a, client.Options{})
}

// openPatient returns a client for a long run, which outlives a restart of the exchange
// and waits for its quota, and who it speaks for. An exchange that cannot be reached at
// the beginning is told at once.
func (e *ExchangeAccess) openPatient(ctx context.Context, a *app) (x *client.Client, me lantern.Whoami, err error) {
	first, err := e.open(a)
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
func (e *ExchangeAccess) openWith(a *app, opts client.Options) (*client.Client, error) {
	key, err := a.secret(e.KeyFile, "LANTERN_KEY", apiKey)
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, misuse("set --key-file or LANTERN_KEY_FILE to the file that holds it", "an API key is needed")
	}
	if err := checkAddress(e.Exchange, "--exchange"); err != nil {
		return nil, err
	}
	if e.KeyFile != "" {
		opts.Key = currentKey(e.KeyFile)
	}
	return client.New(e.Exchange, key, opts), nil
}

// open returns a client of the agent. Without the need of a person it speaks with the
// agent's token, or with the person's key if there is no token. Whoever calls it closes it.
func (g *AgentAccess) open(a *app, person bool) (*client.Agent, error) {
	if err := g.checkAgent(); err != nil {
		return nil, err
	}
	credential, err := "", error(nil)
	if !person {
		if credential, err = a.secret(g.TokenFile, "LANTERN_TOKEN", agentToken); err != nil {
			return nil, err
		}
	}
	if credential == "" {
		if credential, err = a.secret(g.PersonKey, "LANTERN_KEY", apiKey); err != nil {
			return nil, err
		}
	}
	switch {
	case credential != "":
		return client.NewAgent(g.Agent, credential, client.Options{}), nil
	case person:
		return nil, misuse("set --key-file or LANTERN_KEY_FILE to the file that holds it", "a person's API key is needed: only a person can do this")
	}
	return nil, misuse("set --token-file or LANTERN_TOKEN_FILE to agent.token in the data folder of the agent", "the agent's token is needed")
}

// checkAgent refuses what is no address of an agent.
func (g *AgentAccess) checkAgent() error {
	if path, ok := strings.CutPrefix(g.Agent, "unix:"); ok {
		if path == "" {
			return misuse("a socket is named like unix:/run/lantern/agent.sock", "--agent is not an address")
		}
		return nil
	}
	return checkAddress(g.Agent, "--agent")
}

// public returns a client for what an exchange tells everybody: its log.
func (e *ExchangeAccess) public() (*client.Client, error) {
	if err := checkAddress(e.Exchange, "--exchange"); err != nil {
		return nil, err
	}
	return client.New(e.Exchange, "", client.Options{}), nil
}

// checkAddress refuses an address that would carry a key in the clear over a network.
func checkAddress(address, flag string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return misuse("an address looks like https://exchange.example.com", "%s is not an address", flag)
	}
	if u.User != nil {
		return misuse("put the key into a file and name it with --key-file", "%s holds a user name or password", flag)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return misuse("use https", "%s would send keys and signals unencrypted over a network", flag)
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

// The two credentials a command can be given.
var (
	apiKey     = credential{"API key", regexp.MustCompile(`^(lk_[0-9]+_[!-~]+|[0-9]+[|][!-~]+)$`)}
	agentToken = credential{"agent's token", regexp.MustCompile(`^la_[!-~]+$`)}
)

// credential is a kind of secret, and the form that tells it from other secrets.
type credential struct {
	name string
	form *regexp.Regexp
}

// smallFile is the size above which a file holds no key, checkpoint, policy or configuration.
const smallFile = 1 << 20

// readSmall reads such a file, and no more of it: /dev/zero has no end.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, smallFile+1))
	if err == nil && len(b) > smallFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, smallFile)
	}
	return b, err
}

// secret reads the first line of a file, else the environment variable. It returns "" if
// neither is set, and warns if others on the machine can read the file. What does not look
// like the credential is refused here: it may be another secret, such as a key that values
// are sealed under, and must not be sent anywhere.
func (a *app) secret(file, env string, kind credential) (string, error) {
	if file == "" {
		v, _ := a.Env(env)
		if v = strings.TrimSpace(v); v != "" && !kind.form.MatchString(v) {
			return "", misuse("it was sent nowhere", "%s holds no %s", env, kind.name)
		}
		return v, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", misuse("", "the key file: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		a.note("warning: others on this machine can read %s; chmod 600 it", file)
	}
	b, err := readSmall(file)
	if err != nil {
		return "", misuse("", "the key file: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	if line = strings.TrimSpace(line); !kind.form.MatchString(line) {
		return "", misuse("such a file holds it in its first line and nothing else; what this one holds was sent nowhere", "%s holds no %s", file, kind.name)
	}
	return line, nil
}

// saveSecret writes a secret to a file that must not exist yet, readable by its owner.
func saveSecret(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// replaceSecret writes a secret over a file in one step: who reads it finds the earlier or
// the later one, never a part.
func replaceSecret(path, text string) error {
	next := path + ".next"
	if err := errors.Join(saveSecret(next, text), os.Rename(next, path)); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// currentKey returns a function that gives the key in a file as it is at the moment, so that
// it can be replaced under a running server. What is no key is passed over: a file that is
// being written.
func currentKey(path string) func() string {
	var mu sync.Mutex
	var seen fs.FileInfo // guarded by mu, as key is
	key := ""
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || seen != nil && os.SameFile(seen, info) && seen.ModTime().Equal(info.ModTime()) && seen.Size() == info.Size() {
			return key
		}
		b, err := readSmall(path)
		line, _, _ := strings.Cut(string(b), "\n")
		if line = strings.TrimSpace(line); err == nil && apiKey.form.MatchString(line) {
			key, seen = line, info
		}
		return key
	}
}

// ask calls the exchange once and shows the one thing it answers.
func ask[T any](a *app, e *ExchangeAccess, cols []display.Column[T], call func(*client.Client) (T, error)) error {
	x, err := e.open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	v, err := call(x)
	if err != nil {
		return err
	}
	return display.One(a.out, v, cols...)
}

// askAll calls the exchange once and shows the list it answers.
func askAll[T any](a *app, e *ExchangeAccess, cols []display.Column[T], call func(*client.Client) ([]T, error)) error {
	x, err := e.open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	all, err := call(x)
	if err != nil {
		return err
	}
	return display.All(a.out, all, cols...)
}

// tell opens the agent with a person's key, calls it once and shows the one thing it
// answers.
func tell[T any](a *app, g *AgentAccess, cols []display.Column[T], call func(*client.Agent) (T, error)) error {
	agent, err := g.open(a, true)
	if err != nil {
		return err
	}
	defer agent.Close()
	v, err := call(agent)
	if err != nil {
		return err
	}
	return display.One(a.out, v, cols...)
}

// look opens the agent with its token or a person's key, calls it once and shows the
// list it answers.
func look[T any](a *app, g *AgentAccess, cols []display.Column[T], call func(*client.Agent) ([]T, error)) error {
	return lookBy(a, g, false, cols, call)
}

func lookBy[T any](a *app, g *AgentAccess, person bool, cols []display.Column[T], call func(*client.Agent) ([]T, error)) error {
	agent, err := g.open(a, person)
	if err != nil {
		return err
	}
	defer agent.Close()
	all, err := call(agent)
	if err != nil {
		return err
	}
	return display.All(a.out, all, cols...)
}

// input opens a file to read, or standard input for "-". The name is for messages. What
// may wait for somebody who never writes, a pipe or a terminal, is read until ctx is done.
func (a *app) input(ctx context.Context, path string) (in io.ReadCloser, name string, err error) {
	if path == "-" {
		return untilDone(ctx, func() (io.ReadCloser, error) { return io.NopCloser(a.In), nil }), "standard input", nil
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0 {
		return untilDone(ctx, func() (io.ReadCloser, error) { return os.Open(path) }), path, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", misuse("", "%w", err)
	}
	return f, path, nil
}

// untilDone reads what open returns until ctx is done. Nothing ends an open or a read that
// waits for a writer, so they wait in a goroutine that ends with the process.
func untilDone(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	r, w := io.Pipe()
	context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		in, err := open()
		if err == nil {
			_, err = io.Copy(w, in)
			err = errors.Join(err, in.Close())
		}
		w.CloseWithError(err) // nil is the end of the input
	}()
	return r
}
