package cli

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

type auditOwn struct {
	command.AgentServer
	Anchors string `type:"path" placeholder:"FILE" help:"Hold the log against its anchor in this file, which lantern audit anchors wrote."`
}

// Help says what is checked.
func (*auditOwn) Help() string {
	return "Works offline, beside a running agent too. Every entry of the log in which an agent keeps who revealed and decided what is " +
		"recomputed and compared with the log's head, so one changed, missing, moved or added bit is found; and what the agent shows of decisions with what the log says of them. What was lost with a damaged database, which " +
		"a start mended, is said and counted. The log stays with the member. " +
		"With --anchors a log that was written anew as a whole is found too: what it held when its head was entered in the exchange's log must be its beginning."
}

// kept is how many entries of one kind there are.
type kept struct {
	Kind    string `json:"kind"`
	Entries int    `json:"entries"`
}

func (c *auditOwn) Run(ctx context.Context, a *command.App) (err error) {
	path := filepath.Join(c.Dir, command.DataDir, agent.DatabaseFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return command.Misuse("name the folder that lantern agent init made", "there is no agent in %s", c.Dir)
	}
	var anchors []lantern.Anchor
	if c.Anchors != "" {
		if anchors, err = readAnchors(c.Anchors); err != nil {
			return command.Misuse("write it with lantern audit anchors -o json", "%w", err)
		}
	}
	db, err := sqldb.Open(ctx, "sqlite:"+path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var report ownlog.Report
	err = db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		report, err = ownlog.Verify(ctx, tx, anchors)
		return err
	})
	if err != nil {
		return blame(fmt.Errorf("the log is not in order: %w", err))
	}
	for _, said := range report.Lacks() {
		a.Note("%s", said)
	}
	if n := report.Acts.Proven; n > 0 {
		a.Note("%d decisions are shown as their entries say, in every part", n)
	}
	switch at := report.Anchor; {
	case c.Anchors == "":
		a.Note("the log is in order")
	case at.Size == 0:
		return blame(errors.New("the log is in order, and none of the anchors is of this log: it began anew, its first entry was lost, or it never reached the exchange"))
	case report.Unheld:
		a.Note("the log is in order by itself; it cannot be held against entry %d of the exchange's log, which is from before the damage and covers entries that were lost: "+
			"of the %d entries that it covers none is proven by it. Hold the log against an anchor from after the mend too", at.Entry, at.Size)
	default:
		a.Note("the log is in order, and begins with the %d entries that entry %d of the exchange's log covers", at.Size, at.Entry)
		if at.Breaks > 0 {
			a.Note("it did not always: %d times it did not continue what was entered before", at.Breaks)
		}
	}
	var list []kept
	for kind, n := range report.Counts {
		list = append(list, kept{kind.String(), n})
	}
	slices.SortFunc(list, func(a, b kept) int { return b.Entries - a.Entries })
	return display.All(a.Printer, list,
		display.Col("kind", func(k kept) string { return k.Kind }),
		display.Col("entries", func(k kept) string { return strconv.Itoa(k.Entries) }))
}

// readAnchors reads what lantern audit anchors wrote, as one list or as lines.
func readAnchors(path string) (list []lantern.Anchor, err error) {
	b, err := command.ReadSmall(path)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		err = json.Unmarshal(b, &list)
	} else {
		for d := json.NewDecoder(bytes.NewReader(b)); ; {
			var n lantern.Anchor
			if err = d.Decode(&n); err != nil {
				break
			}
			list = append(list, n)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s does not hold anchors", path)
	}
	for i := range list {
		if err := list[i].Validate(); err != nil {
			return nil, fmt.Errorf("%s: anchor %d: %w", path, i+1, err)
		}
	}
	return list, nil
}

type auditAnchors struct{ command.ExchangeAccess }

// Help says what an anchor is.
func (*auditAnchors) Help() string {
	return "An agent keeps a log of its own of who revealed and decided what. Every ten minutes in which it grew it has the log's head, " +
		"and nothing else of it, entered in the exchange's log. Shows the newest such entry of each log of your member's agents; " +
		"stewards and auditors of the operator see those of every member. A log that broke did not continue what was entered before: " +
		"a backup was brought in, entries were lost with a damaged database, or somebody changed it."
}

func (c *auditAnchors) Run(ctx context.Context, a *command.App) error {
	return command.AskAll(a, &c.ExchangeAccess, anchorColumns(), func(x *client.Client) ([]lantern.Anchor, error) { return x.Anchors(ctx) })
}

func anchorColumns() []display.Column[lantern.Anchor] {
	return []display.Column[lantern.Anchor]{
		display.Col("member", func(n lantern.Anchor) string { return n.Member.String() }),
		display.Col("log", func(n lantern.Anchor) string { return hex.EncodeToString(n.Log[:min(8, len(n.Log))]) }),
		display.Col("entries", func(n lantern.Anchor) string { return strconv.FormatInt(n.Size, 10) }),
		display.Col("breaks", func(n lantern.Anchor) string { return strconv.Itoa(n.Breaks) }),
		display.Col("in entry", func(n lantern.Anchor) string { return strconv.FormatInt(n.Entry, 10) }),
		display.Col("at", func(n lantern.Anchor) string { return display.Stamp(n.At) }),
	}
}
