package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/exchange"
	"lantern/internal/seal"
)

type exchangeRekey struct {
	ExchangeServer
	Prepare bool          `help:"Only make the next key, keys/kek.next, to be copied to the other servers of the exchange."`
	Settle  time.Duration `default:"65s" placeholder:"TIME" help:"How long servers are given to take the next key up (${default}). One that is slower cannot write until it does."`
}

// Help says what happens to which file.
func (*exchangeRekey) Help() string {
	return "Makes keys/kek.next if it is not there, wraps the keys of all values under it, and then makes it keys/kek; the earlier one becomes " +
		"keys/kek.old-ID. Servers go on meanwhile and take the next key up by themselves, from the same folder; copy kek.next to those that have " +
		"another folder first. If it is broken off, run it again. Keep the earlier key for as long as you keep backups from before, then delete it: " +
		"the database opens without it. Keep a copy of the next one in a safe place: nobody can replace it."
}

// rekeyed is what a rekey came to.
type rekeyed struct {
	Key string `json:"key"`
	Old string `json:"old_key_file,omitempty"`
}

func (c *exchangeRekey) Run(ctx context.Context, a *command.App) (err error) {
	current := filepath.Join(c.Dir, command.KeysDir, command.KEKName)
	next := current + ".next"
	if _, err := seal.FileRing(current); errors.Is(err, fs.ErrNotExist) {
		return command.Failed("lantern exchange init founds one", "there is no exchange in %s", c.Dir)
	}
	if err := seal.CreateKEKFile(next); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	key, err := seal.FileKEK(next)
	if err != nil {
		return err
	}
	done := rekeyed{Key: key.ID()}
	if !c.Prepare {
		if err := c.wrapAll(ctx, a, key.ID()); err != nil {
			return err
		}
		if done.Old, err = putInForce(current); err != nil {
			return err
		}
	}
	return display.One(a.Printer, done,
		display.Col("key", func(r rekeyed) string { return r.Key }),
		display.Col("earlier key", func(r rekeyed) string { return r.Old }),
	)
}

// wrapAll has the exchange's service do the work. The fence file is a server's own.
func (c *exchangeRekey) wrapAll(ctx context.Context, a *command.App, key string) (err error) {
	p, err := openExchange(ctx, a, c.ExchangeServer, ExchangeQuotas{}, WebhookSending{}, nil, func(x *exchange.Config) {
		x.Fence, x.SweepEvery, x.WebhookEvery = "", -1, -1
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	said := time.Time{}
	return p.service.Rekey(ctx, key, c.Settle, func(done, total int64) {
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			a.Note("wrapped %d of %d keys", done, total)
		}
	})
}

// putInForce moves the files: kek to kek.old-ID, kek.next to kek. Broken off between the two,
// the second is made up for.
func putInForce(current string) (old string, err error) {
	k, err := seal.FileKEK(current)
	switch {
	case err == nil:
		old = current + ".old-" + k.ID()
		err = os.Rename(current, old)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return "", err
	}
	if err := os.Rename(current+".next", current); err != nil {
		return "", err
	}
	dir, err := os.Open(filepath.Dir(current))
	if err != nil {
		return "", err
	}
	return old, errors.Join(dir.Sync(), dir.Close())
}
