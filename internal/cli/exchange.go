package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/seal"
)

type exchangeInit struct {
	ExchangeServer
	Name   string `arg:"" help:"Name of the organisation that runs the exchange."`
	Origin string `help:"Name of the log, such as exchange.example.com/log. Default: a random one under .invalid."`
}

// Help says what is made.
func (*exchangeInit) Help() string {
	return "Makes the folder with two keys and the database, the operator as its first member, and a steward, whose API key is written to " +
		"keys/steward. Keep copies of keys/kek and keys/log in a safe place: nobody can replace them."
}

// founded is what `exchange init` made.
type founded struct {
	Folder     string     `json:"folder"`
	Steward    lantern.ID `json:"steward"`
	StewardKey string     `json:"steward_key_file"`
	LogKey     string     `json:"log_key"`
}

func (c *exchangeInit) Run(ctx context.Context, a *command.App) error {
	keys := filepath.Join(c.Dir, command.KeysDir)
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return command.Misuse("", "%w", err)
	}
	if err := c.makeKeys(a, keys); err != nil {
		return err
	}
	p, err := openExchange(ctx, a, c.ExchangeServer, ExchangeQuotas{}, WebhookSending{}, nil)
	if err != nil {
		return err
	}
	defer p.close() //nolint:errcheck // what was founded is committed
	// The file is made before the key is: a key that cannot be written down is lost.
	path := filepath.Join(keys, stewardName)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return command.Failed("use another folder for another exchange", "there is an exchange in %s already", c.Dir)
	}
	if err != nil {
		return command.Misuse("", "%w", err)
	}
	key, err := p.service.Init(ctx, c.Name)
	if err != nil {
		return errors.Join(err, file.Close(), os.Remove(path))
	}
	_, err = io.WriteString(file, key.Secret+"\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return command.Failed("delete the folder and the database and begin again: nobody can get in without that key", "writing the steward's key: %w", err)
	}
	return display.One(a.Printer, founded{Folder: c.Dir, Steward: key.Actor, StewardKey: path, LogKey: p.service.LogKey()},
		display.Col("folder", func(f founded) string { return f.Folder }),
		display.Col("steward", func(f founded) string { return f.Steward.String() }),
		display.Col("steward's key", func(f founded) string { return f.StewardKey }),
		display.Col("log key", func(f founded) string { return f.LogKey }),
	)
}

// makeKeys makes the two keys, unless an earlier attempt did.
func (c *exchangeInit) makeKeys(a *command.App, dir string) error {
	if err := seal.CreateKEKFile(filepath.Join(dir, command.KEKName)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	random := make([]byte, 40)
	if _, err := io.ReadFull(a.Random, random); err != nil {
		return fmt.Errorf("drawing the log's key: %w", err)
	}
	origin := c.Origin
	if origin == "" {
		origin = "lantern-" + hex.EncodeToString(random[32:]) + ".invalid/log"
	}
	err := command.SaveSecret(filepath.Join(dir, logKeyName), fmt.Sprintf("%s %s %x", logKeyWord, origin, random[:32]))
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

type exchangeServe struct {
	ExchangeServer
	ExchangeListen
	ExchangeQuotas
	ForeignFaces
	WarningLists
	WebhookSending
	Listener
}

// Help says how it ends.
func (*exchangeServe) Help() string {
	return "Prints where it answers and serves until it is told to stop (SIGTERM or Ctrl-C): requests under way are finished first. " +
		"Without a certificate it answers only on this machine. Several may serve one PostgreSQL database."
}

func (c *exchangeServe) Run(ctx context.Context, a *command.App) (err error) {
	screen, err := newScreen(c.WarningLists, serverLog(a))
	if err != nil {
		return err
	}
	p, err := openExchange(ctx, a, c.ExchangeServer, c.ExchangeQuotas, c.WebhookSending, screen.check)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	public, admin, err := p.handlers(c.ForeignFaces)
	if err != nil {
		return err
	}
	sites := []*site{{name: "api", address: c.Listen, handler: public}}
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
	p.log.Info("clients of other protocols", "threatexchange", c.ThreatExchange, "taxii", c.TAXII)
	return serveSites(ctx, p.log, sites, screen.reload)
}

// answering is where a server answers.
type answering struct {
	API   string `json:"api"`
	Admin string `json:"admin,omitempty"`
}

// announce prints where a server answers, for people and for scripts that wait for it.
func announce(a *command.App, sites []*site, encrypted bool) error {
	var at answering
	for _, s := range sites {
		switch s.name {
		case "api":
			at.API = s.url(encrypted)
		case "admin":
			at.Admin = s.url(encrypted)
		}
	}
	return display.One(a.Printer, at,
		display.Col("api", func(at answering) string { return at.API }),
		display.Col("admin", func(at answering) string { return at.Admin }),
	)
}
