package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

type auditOwn struct{ command.AgentServer }

// Help says what is checked.
func (*auditOwn) Help() string {
	return "Works offline, beside a running agent too. Every entry of the log in which an agent keeps who revealed and decided what is " +
		"recomputed and compared with the log's head, so one changed, missing, moved or added bit is found. The log stays with the member."
}

// kept is how many entries of one kind there are.
type kept struct {
	Kind    string `json:"kind"`
	Entries int    `json:"entries"`
}

func (c *auditOwn) Run(ctx context.Context, a *command.App) (err error) {
	path := filepath.Join(c.Dir, command.DataDir, "agent.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return command.Misuse("name the folder that lantern agent init made", "there is no agent in %s", c.Dir)
	}
	db, err := sqldb.Open(ctx, "sqlite:"+path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var list []kept
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		list = nil
		counts, err := ownlog.Verify(ctx, tx)
		for kind, n := range counts {
			list = append(list, kept{kind.String(), n})
		}
		return err
	})
	if err != nil {
		return blame(fmt.Errorf("the log is not in order: %w", err))
	}
	slices.SortFunc(list, func(a, b kept) int { return b.Entries - a.Entries })
	a.Note("the log is in order")
	return display.All(a.Printer, list,
		display.Col("kind", func(k kept) string { return k.Kind }),
		display.Col("entries", func(k kept) string { return strconv.Itoa(k.Entries) }))
}
