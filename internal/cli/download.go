package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"lantern/audit"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/pending"
)

// keyFile is where a download keeps the log's verifier key, beside the log.
const keyFile = "key"

type auditDownload struct {
	command.ExchangeAccess
	Folder string `arg:"" type:"path" help:"Folder for the log; made if it is missing, continued if it holds an earlier download."`
}

// Help says what comes.
func (*auditDownload) Help() string {
	return "The folder has the layout of C2SP tlog-tiles: checkpoint, tile/… and tile/entries/…, and the log's verifier key as it was " +
		"at the first download. Anybody may download a log: entries name nobody."
}

// downloaded is what a download brought.
type downloaded struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Files  int    `json:"files"` // fetched by this run
}

func (c *auditDownload) Run(ctx context.Context, a *command.App) error {
	x, err := c.Public()
	if err != nil {
		return err
	}
	defer x.Close()
	key, err := c.key(ctx, x)
	if err != nil {
		return err
	}
	note, err := x.Checkpoint(ctx)
	if err != nil {
		return err
	}
	head, err := audit.OpenCheckpoint(note, key)
	if err != nil {
		return command.Failed("the exchange may have another key than at the first download; find out why before you trust it", "the checkpoint: %w", err)
	}
	files, err := c.tiles(ctx, a, x, head.Size)
	if err != nil {
		return err
	}
	// The head comes last: what it names is there.
	if err := pending.Replace(filepath.Join(c.Folder, audit.CheckpointPath), note); err != nil {
		return err
	}
	return display.One(a.Printer, downloaded{Origin: head.Origin, Size: head.Size, Files: files},
		display.Col("log", func(d downloaded) string { return d.Origin }),
		display.Col("entries", func(d downloaded) string { return strconv.FormatInt(d.Size, 10) }),
		display.Col("files fetched", func(d downloaded) string { return strconv.Itoa(d.Files) }),
	)
}

// key returns the log's key as it was at the first download.
func (c *auditDownload) key(ctx context.Context, x *client.Client) (string, error) {
	trust := LogTrust{LogKey: filepath.Join(c.Folder, keyFile)}
	if _, err := os.Stat(trust.LogKey); err == nil {
		return trust.verifierKey(ctx, nil, nil)
	}
	key, err := x.LogKey(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(c.Folder, 0o755); err != nil {
		return "", command.Misuse("", "%w", err)
	}
	return key, pending.Replace(trust.LogKey, []byte(key+"\n"))
}

// tiles fetches the tiles and entry bundles of a log of this size that are not there yet.
func (c *auditDownload) tiles(ctx context.Context, a *command.App, x *client.Client, size int64) (files int, err error) {
	var paths []string
	for id := range audit.Tiles(0, size) {
		paths = append(paths, id.Path())
		if id.Level == 0 {
			paths = append(paths, audit.EntriesPath(id.N, id.Width))
		}
	}
	b := a.Bar("downloading the log", int64(len(paths)))
	defer b.Stop()
	for _, path := range paths {
		fresh, err := c.fetch(ctx, x, path)
		if err != nil {
			return files, err
		}
		if fresh {
			files++
		}
		b.Add(1)
	}
	return files, nil
}

// fetch gets one file unless it is there: a tile of a given width never changes.
func (c *auditDownload) fetch(ctx context.Context, x *client.Client, path string) (fresh bool, err error) {
	file := filepath.Join(c.Folder, filepath.FromSlash(path))
	if _, err := os.Stat(file); err == nil {
		return false, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	data, err := x.Tile(ctx, path)
	if err != nil {
		return false, fmt.Errorf("fetching %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return false, err
	}
	return true, pending.Replace(file, data)
}
