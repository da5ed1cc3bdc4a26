package cli

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/warninglist"
)

// load reads the folder, if there is one to read, and tells what of it is not applied.
func (c WarningLists) load(tell func(format string, args ...any)) (*warninglist.Set, error) {
	if c.WarningLists == "" {
		return nil, nil
	}
	lists, skipped, err := warninglist.Load(os.DirFS(c.WarningLists))
	if err != nil {
		return nil, command.Misuse("", "%s: %w", c.WarningLists, err)
	}
	for _, s := range skipped {
		tell("warning list not applied: %s %q: %s", s.File, s.List, s.Reason)
	}
	if lists.Lists() == 0 {
		return nil, command.Misuse("it must hold *.json files in MISP's format", "no warning list in %s can be applied", c.WarningLists)
	}
	return lists, nil
}

// screen holds the warning lists of a server, which may be read again while it runs.
type screen struct {
	from WarningLists
	log  *slog.Logger
	set  atomic.Pointer[warninglist.Set]
}

func newScreen(from WarningLists, log *slog.Logger) (*screen, error) {
	s := &screen{from: from, log: log}
	return s, s.read()
}

func (s *screen) read() error {
	lists, err := s.from.load(func(_ string, args ...any) {
		s.log.Warn("warning list not applied", "file", args[0], "list", args[1], "reason", args[2])
	})
	if err != nil || lists == nil {
		return err
	}
	s.set.Store(lists)
	s.log.Info("warning lists read", "lists", lists.Lists(), "entries", lists.Entries())
	return nil
}

// check is what the exchange asks.
func (s *screen) check(t lantern.SignalType, canonical string) error {
	return s.set.Load().Check(t, canonical)
}

// reload reads the folder again on each SIGHUP, until ctx ends. Lists that cannot be read
// leave the ones there are. Without a folder the signal ends the process as usual.
func (s *screen) reload(ctx context.Context) error {
	asked := make(chan os.Signal, 1)
	if s.from.WarningLists != "" {
		signal.Notify(asked, syscall.SIGHUP)
	}
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-asked:
			if err := s.read(); err != nil {
				s.log.Error("warning lists not read again", "error", err.Error())
			}
		}
	}
}
