package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/internal/pending"
)

type auditVerify struct {
	LogTrust
	Folder string `arg:"" type:"existingdir" help:"A downloaded log."`
}

// Help says what is checked.
func (*auditVerify) Help() string {
	return "Works offline. Every entry, every tile and the signed head are recomputed and compared, so one changed, missing, " +
		"moved or added bit is found. With --seen a log that is older than, or not a continuation of, the newest checkpoint you have seen is refused."
}

// verified is what a log in order looks like.
type verified struct {
	Origin string           `json:"origin"`
	Size   int64            `json:"size"`
	Root   audit.Hash       `json:"root"`
	First  time.Time        `json:"first,omitzero"`
	Last   time.Time        `json:"last,omitzero"`
	Leaves map[string]int64 `json:"leaves"`
}

func (c *auditVerify) Run(ctx context.Context, a *command.App) error {
	if c.LogKey == "" {
		c.LogKey = filepath.Join(c.Folder, keyFile)
		a.Note("using the key that came with the log; for a real check name one from elsewhere with --log-key")
	}
	key, err := c.verifierKey(ctx, a, nil)
	if err != nil {
		return err
	}
	seen, err := c.seen(key)
	if err != nil {
		return err
	}
	report, err := audit.VerifyLog(os.DirFS(c.Folder), key, seen)
	if err != nil {
		return blame(fmt.Errorf("the log is not in order: %w", err))
	}
	note, err := os.ReadFile(filepath.Join(c.Folder, audit.CheckpointPath))
	if err != nil {
		return err
	}
	if err := c.remember(note, audit.Checkpoint{Size: report.Size, Root: report.Root}, seen); err != nil {
		return err
	}
	v := verified{Origin: report.Origin, Size: report.Size, Root: report.Root, First: report.First, Last: report.Last, Leaves: map[string]int64{}}
	counts := map[string]int{}
	for k, n := range report.Leaves {
		v.Leaves[k.String()], counts[k.String()] = n, int(n)
	}
	return display.One(a.Printer, v,
		display.Col("log", func(v verified) string { return v.Origin }),
		display.Col("result", func(verified) string { return "in order" }),
		display.Col("entries", func(v verified) string { return strconv.FormatInt(v.Size, 10) }),
		display.Col("first", func(v verified) string { return display.Stamp(v.First) }),
		display.Col("last", func(v verified) string { return display.Stamp(v.Last) }),
		display.Col("root", func(v verified) string { return v.Root.String() }),
		display.Col("kinds", func(verified) string { return display.Count(counts) }),
	)
}

type auditConsistency struct {
	command.ExchangeAccess
	LogTrust
}

// Help says what is checked.
func (*auditConsistency) Help() string {
	return "Fetches the newest checkpoint and a proof that the log you saw before is its beginning. Run it now and then with the " +
		"same --seen file, and compare that file with other members'."
}

// continuation is the answer of a consistency check.
type continuation struct {
	Origin string     `json:"origin"`
	From   int64      `json:"from"`
	Size   int64      `json:"size"`
	Root   audit.Hash `json:"root"`
}

func (c *auditConsistency) Run(ctx context.Context, a *command.App) error {
	x, err := c.Public()
	if err != nil {
		return err
	}
	defer x.Close()
	before, head, _, err := c.advance(ctx, a, x)
	if err != nil {
		return err
	}
	out := continuation{Origin: head.Origin, Size: head.Size, Root: head.Root}
	if before != nil {
		out.From = before.Size
	}
	return display.One(a.Printer, out,
		display.Col("log", func(v continuation) string { return v.Origin }),
		display.Col("continues", func(v continuation) string { return strconv.FormatInt(v.From, 10) + " entries" }),
		display.Col("entries", func(v continuation) string { return strconv.FormatInt(v.Size, 10) }),
		display.Col("root", func(v continuation) string { return v.Root.String() }),
	)
}

type auditInclusion struct {
	command.ExchangeAccess
	LogTrust
	Entry string `arg:"" help:"Number of a log entry, to fetch its receipt; or the file of a receipt, to check it offline."`
	Save  string `type:"path" placeholder:"FILE" help:"Keep the receipt in this file."`
}

// included is what a receipt proves.
type included struct {
	Leaf   int64     `json:"leaf"`
	Kind   string    `json:"kind"`
	Time   time.Time `json:"time"`
	Origin string    `json:"origin"`
	Size   int64     `json:"size"` // of the log that holds it
}

func (c *auditInclusion) Run(ctx context.Context, a *command.App) error {
	text, key, err := c.receipt(ctx, a)
	if err != nil {
		return err
	}
	receipt, head, err := audit.VerifyProof(text, key)
	if err != nil {
		return fmt.Errorf("the receipt does not hold: %w", err)
	}
	if c.Save != "" {
		if err := pending.Replace(c.Save, text); err != nil {
			return err
		}
	}
	return display.One(a.Printer, included{Leaf: receipt.Index, Kind: receipt.Leaf.Kind().String(), Time: receipt.Leaf.Time(), Origin: head.Origin, Size: head.Size},
		display.Col("entry", func(v included) string { return strconv.FormatInt(v.Leaf, 10) }),
		display.Col("kind", func(v included) string { return v.Kind }),
		display.Col("time", func(v included) string { return display.Stamp(v.Time) }),
		display.Col("log", func(v included) string { return v.Origin }),
		display.Col("entries", func(v included) string { return strconv.FormatInt(v.Size, 10) }),
	)
}

// receipt reads the receipt from its file or fetches it.
func (c *auditInclusion) receipt(ctx context.Context, a *command.App) (text []byte, key string, err error) {
	leaf, err := strconv.ParseInt(c.Entry, 10, 64)
	if err != nil {
		if key, err = c.verifierKey(ctx, a, nil); err != nil {
			return nil, "", err
		}
		if text, err = command.ReadSmall(c.Entry); err != nil {
			return nil, "", command.Misuse("", "%w", err)
		}
		return text, key, nil
	}
	x, err := c.Public()
	if err != nil {
		return nil, "", err
	}
	defer x.Close()
	if _, _, key, err = c.advance(ctx, a, x); err != nil {
		return nil, "", err
	}
	text, err = x.Receipt(ctx, leaf)
	return text, key, err
}

type auditObject struct {
	command.ExchangeAccess
	LogTrust
	Leaf int64 `arg:"" help:"Number of the log entry."`
}

// Help says what is checked.
func (*auditObject) Help() string {
	return "Shows what a log entry commits to and proves that it does: the record fits the entry, and the entry is in the signed log. " +
		"What identified somebody is gone after an erasure; the facts stay provable."
}

func (c *auditObject) Run(ctx context.Context, a *command.App) error {
	x, err := c.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	_, _, key, err := c.advance(ctx, a, x)
	if err != nil {
		return err
	}
	opening, err := proven(ctx, x, c.Leaf, key)
	if err != nil {
		return err
	}
	return display.One(a.Printer, opening,
		display.Col("entry", func(o lantern.Opening) string { return strconv.FormatInt(o.Leaf, 10) }),
		display.Col("kind", func(o lantern.Opening) string { return o.Kind }),
		display.Col("time", func(o lantern.Opening) string { return display.Stamp(o.Time) }),
		display.Col("facts", func(o lantern.Opening) string { return string(o.Facts) }),
		display.Col("person part", func(o lantern.Opening) string {
			if len(o.Person) == 0 {
				return "not shown, or erased"
			}
			return string(o.Person)
		}),
	)
}

// proven fetches the record of a log entry and checks it against the log.
func proven(ctx context.Context, x *client.Client, leaf int64, key string) (lantern.Opening, error) {
	o, err := x.Opening(ctx, leaf)
	if err != nil {
		return o, err
	}
	text, err := x.Receipt(ctx, leaf)
	if err != nil {
		return o, err
	}
	receipt, _, err := audit.VerifyProof(text, key)
	if err != nil {
		return o, fmt.Errorf("the receipt does not hold: %w", err)
	}
	if receipt.Index != leaf {
		return o, fmt.Errorf("the exchange sent the receipt of another entry")
	}
	opening, err := asOpening(o)
	if err != nil {
		return o, err
	}
	if err := opening.Verify(receipt.Leaf); err != nil {
		return o, fmt.Errorf("the record does not fit its log entry: %w", err)
	}
	return o, nil
}

// asOpening converts the wire form.
func asOpening(o lantern.Opening) (audit.Opening, error) {
	kind, err := audit.ParseKind(o.Kind)
	if err != nil {
		return audit.Opening{}, err
	}
	out := audit.Opening{Record: audit.Record{Kind: kind, Time: o.Time, Person: o.Person, Facts: json.RawMessage(o.Facts)}}
	for _, part := range []struct {
		to   *[32]byte
		from []byte
		may  bool // be absent
	}{{&out.FactsSalt, o.FactsSalt, false}, {&out.PersonSalt, o.PersonSalt, true}, {&out.PersonCommit, o.PersonCommit, false}} {
		if len(part.from) != len(part.to) && !(part.may && len(part.from) == 0) {
			return out, fmt.Errorf("the record of the log entry is malformed")
		}
		copy(part.to[:], part.from)
	}
	return out, nil
}
