package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lantern/internal/backup"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
)

type exchangeBackup struct {
	ExchangeServer
	File string `arg:"" type:"path" help:"File to write; it must not exist."`
}

// Help says what is in it and what is not.
func (*exchangeBackup) Help() string {
	return "Writes the whole database, as one moment shows it, while the exchange runs. Values in it are sealed; keys/kek, which opens them, " +
		"is not in it, nor is keys/log: keep copies of these elsewhere. Names of members and labels of people are in it. A value erased " +
		"later is gone from the backup only when the backup is: delete backups after 30 days. See docs/operate/backup.md."
}

// backedUp is what a backup holds.
type backedUp struct {
	File    string    `json:"file"`
	Made    time.Time `json:"made"`
	Entries int64     `json:"entries"` // of the log
	Root    string    `json:"root"`    // of its tree
	Rows    int64     `json:"rows"`
}

func showBackup(a *command.App, file string, r backup.Report) error {
	return display.One(a.Printer, backedUp{file, r.Made, r.Entries, r.Root.String(), r.Rows},
		display.Col("file", func(b backedUp) string { return b.File }),
		display.Col("made", func(b backedUp) string { return display.Stamp(b.Made) }),
		display.Col("log entries", func(b backedUp) string { return strconv.FormatInt(b.Entries, 10) }),
		display.Col("log root", func(b backedUp) string { return b.Root }),
		display.Col("rows", func(b backedUp) string { return strconv.FormatInt(b.Rows, 10) }),
	)
}

func (c *exchangeBackup) Run(ctx context.Context, a *command.App) (err error) {
	config, err := backupParts(ctx, a, c.ExchangeServer, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, config.DB.Close()) }()
	if _, err := os.Lstat(c.File); err == nil {
		return command.Misuse("give another name", "%s exists", c.File)
	}
	tmp, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".*") // mode 0600
	if err != nil {
		return command.Misuse("", "%w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone after the rename
	report, err := backup.Write(ctx, config, tmp)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	// A link, unlike a rename, never replaces what somebody put there meanwhile.
	if err := os.Link(tmp.Name(), c.File); err != nil {
		return err
	}
	return showBackup(a, c.File, report)
}

type exchangeRestore struct {
	ExchangeServer
	File string `arg:"" type:"existingfile" help:"File that lantern exchange backup wrote."`
}

// Help says what must be there and what follows.
func (*exchangeRestore) Help() string {
	return "Reads a backup into an empty database, of either engine. The folder must hold the exchange's keys (keys/kek, keys/log); the backup's " +
		"checksums, seal and whole log are checked before anything of it stays. The exchange is read-only afterwards until a steward accepts " +
		"what is lost (lantern exchange accept-restore), unless keys/log.newest shows that nothing is."
}

func (c *exchangeRestore) Run(ctx context.Context, a *command.App) (err error) {
	config, err := backupParts(ctx, a, c.ExchangeServer, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, config.DB.Close()) }()
	f, err := os.Open(c.File)
	if err != nil {
		return command.Misuse("", "%w", err)
	}
	defer f.Close()
	report, err := backup.Load(ctx, config, f)
	if err != nil {
		return err
	}
	return showBackup(a, c.File, report)
}

// backupParts puts together what backup and restore need of an exchange's folder. A
// database that must be there is not made.
func backupParts(ctx context.Context, a *command.App, c ExchangeServer, there bool) (backup.Config, error) {
	keys := filepath.Join(c.Dir, command.KeysDir)
	kek, err := seal.FileRing(filepath.Join(keys, command.KEKName))
	if errors.Is(err, fs.ErrNotExist) {
		return backup.Config{}, command.Failed("the folder must hold the exchange's keys, keys/kek and keys/log", "there is no exchange in %s", c.Dir)
	}
	if err != nil {
		return backup.Config{}, err
	}
	signer, err := readSigner(filepath.Join(keys, logKeyName))
	if err != nil {
		return backup.Config{}, err
	}
	address, err := c.database(a)
	if err != nil {
		return backup.Config{}, err
	}
	if there && !strings.Contains(address, "://") {
		path, _, _ := strings.Cut(strings.TrimPrefix(address, "sqlite:"), "?")
		if _, err := os.Stat(path); err != nil {
			return backup.Config{}, command.Misuse("--db names the database", "the database: %w", err)
		}
	}
	db, err := sqldb.Open(ctx, address)
	return backup.Config{DB: db, Sealer: seal.New(kek), Signer: signer, Clock: a.Clock}, err
}
