package agent

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// readingRules numbers the rules by which files are read: how text is taken apart, how
// files are cut and opened. Raise it when something is found that was not found before:
// every file is then new to every hunt.
const readingRules = "1"

// reading names the rules and settings by which this agent reads.
func (a *Agent) reading() string { return readingRules + " " + a.region }

// PlanHunt says of each file whether a hunt must look at it. Unless dry, a hunt of the name
// begins if there is none. An error of kind Unavailable says that the agent cannot look.
func (a *Agent) PlanHunt(ctx context.Context, name string, files []lantern.HuntedFile, dry bool) ([]lantern.HuntResult, error) {
	if err := a.mayHunt(name); err != nil {
		return nil, err
	}
	items := make([][]byte, len(files))
	for i := range files {
		if err := files[i].Validate(); err != nil {
			return nil, err
		}
		items[i] = a.huntItem(files[i].Path)
	}
	arrived, now := a.arrived.Load(), a.clock()
	id, err := a.newID()
	if err != nil {
		return nil, err
	}
	results := make([]lantern.HuntResult, len(files))
	plan := func(tx *sqldb.Tx, hunt lantern.ID) error {
		known, err := agentstore.LoadHunted(ctx, tx, hunt, items)
		if err != nil {
			return err
		}
		for i := range files {
			row := known[string(items[i])]
			results[i].Verdict = a.verdict(row, &files[i], arrived)
			if row == nil {
				continue
			}
			if results[i].Verdict == lantern.HuntUnchanged {
				results[i].Trouble = readTrouble(row.Trouble)
			}
			if !dry && files[i].Modified != row.Modified && a.sameBytes(row, &files[i]) {
				if err := agentstore.TouchHunted(ctx, tx, hunt, items[i], files[i].Modified); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if dry {
		err = a.db.Read(ctx, func(tx *sqldb.Tx) error {
			hunt, _, err := agentstore.LoadHuntID(ctx, tx, name)
			if err != nil {
				return err
			}
			return plan(tx, hunt)
		})
	} else {
		err = a.db.Write(ctx, func(tx *sqldb.Tx) error {
			hunt, err := agentstore.OpenHunt(ctx, tx, name, id, now)
			if err != nil {
				return err
			}
			return plan(tx, hunt)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("planning a hunt: %w", err)
	}
	return results, nil
}

// huntName is what a hunt may be called; it stands in addresses.
var huntName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// mayHunt refuses a name that cannot be shown, and to hunt while nothing can be looked up.
func (a *Agent) mayHunt(name string) error {
	if !huntName.MatchString(name) {
		return &lantern.Error{Kind: lantern.Invalid, Field: "/name", Reason: "not a name of a hunt", Fix: "1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	if f := a.freshness(a.clock()); f.state == lantern.CouldNotLook || !f.personal {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: f.reasons[0], Fix: "run the hunt again when lantern agent status says ok; it goes on where it stopped"}
	}
	return nil
}

// verdict says whether a file must be looked at; row is what is known of it, or nil.
func (a *Agent) verdict(row *agentstore.HuntedRow, f *lantern.HuntedFile, arrived int64) lantern.HuntVerdict {
	switch {
	case row == nil || row.Reading != a.reading() || row.Size != f.Size:
		return lantern.HuntDue
	case a.sameTime(row, f) || a.sameBytes(row, f):
		if row.Looked >= arrived {
			return lantern.HuntUnchanged
		}
		return lantern.HuntDue
	case f.SHA256 == "":
		return lantern.HuntDigest
	}
	return lantern.HuntDue
}

// sameTime reports whether a file is, by its size and time, what was looked at.
func (a *Agent) sameTime(row *agentstore.HuntedRow, f *lantern.HuntedFile) bool {
	return row.Reading == a.reading() && row.Size == f.Size && row.Modified != 0 && row.Modified == f.Modified
}

// sameBytes reports whether a file is, by its digest, what was looked at.
func (a *Agent) sameBytes(row *agentstore.HuntedRow, f *lantern.HuntedFile) bool {
	return f.SHA256 != "" && row.Reading == a.reading() && row.Size == f.Size && hmac.Equal(row.Content, a.huntDigest("content", []byte(f.SHA256)))
}

// huntPiece looks at a piece of a hunt as far as that is due, and notes it.
func (a *Agent) huntPiece(ctx context.Context, p *lantern.Piece, r io.Reader, o PieceOptions, emit func(lantern.PieceAnswer) error) error {
	if err := a.mayHunt(o.Hunt); err != nil {
		return err
	}
	h := &hunted{a: a, name: o.Hunt, item: a.huntItem(p.Hunted.Path), p: p}
	if !p.Hunted.Last {
		b, err := io.ReadAll(r) // bounded by its kind
		if err != nil {
			return fmt.Errorf("reading a piece: %w", err)
		}
		r = bytes.NewReader(b)
		if h.piece, err = a.pieceDigest(p, b); err != nil {
			return err
		}
	}
	if err := h.load(ctx); err != nil {
		return err
	}
	done := lantern.PieceAnswer{Done: true}
	if h.before.Looked >= a.arrived.Load() && h.before.Looked > 0 && h.known {
		done.Skipped = true
		h.seen.trouble = readTrouble(h.before.Trouble)
		h.looked = h.before.Looked
		if len(h.seen.trouble) > 0 {
			answer := lantern.Answer{Ref: p.Ref, State: lantern.CouldNotLook, Reasons: h.seen.trouble, Matches: []lantern.Match{}}
			if err := emit(lantern.PieceAnswer{Answer: &answer}); err != nil {
				return err
			}
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return fmt.Errorf("reading a piece: %w", err)
		}
	} else {
		in, err := a.sightSince(ctx, h.since())
		if err != nil {
			return err
		}
		h.looked = in.upTo
		if h.seen, err = a.lookAt(ctx, p, in, r, o.Dry, emit); err != nil {
			return err
		}
	}
	if !o.Dry && !h.seen.blind {
		if err := h.keep(ctx, o.Notes); err != nil {
			return err
		}
		done.Kept = true
	}
	return emit(done)
}

// keep notes the piece, or has it noted later with others.
func (h *hunted) keep(ctx context.Context, later *Notes) error {
	if later == nil || !h.p.Hunted.Last || h.p.Hunted.Pieces > 0 {
		return h.a.note(ctx, []*hunted{h})
	}
	later.waiting = append(later.waiting, h)
	if len(later.waiting) < maxNotes {
		return nil
	}
	return later.Flush(ctx)
}

// Notes are what one stream of pieces has to note of small files, many in one transaction.
// A crash before that has these files looked at again, which doubles no hit. The zero Notes
// are ready; whoever has them flushes them at the end.
type Notes struct{ waiting []*hunted }

// maxNotes is how many files wait to be noted.
const maxNotes = 50

// Flush notes what waits.
func (n *Notes) Flush(ctx context.Context) error {
	waiting := n.waiting
	if n.waiting = nil; len(waiting) == 0 {
		return nil
	}
	return waiting[0].a.note(ctx, waiting)
}

// hunted is one piece being looked at in a hunt.
type hunted struct {
	a     *Agent
	name  string
	item  []byte
	piece []byte // nil for the last piece of a file
	p     *lantern.Piece

	hunt   lantern.ID
	file   int64               // up to which arrival the whole file was looked at, as it is
	before agentstore.PieceRow // what is known of the piece
	known  bool

	seen   seen
	looked int64
}

// load reads what is known of the file and the piece.
func (h *hunted) load(ctx context.Context) error {
	err := h.a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		h.file, h.known = 0, false
		var found bool
		if h.hunt, found, err = agentstore.LoadHuntID(ctx, tx, h.name); err != nil || !found {
			return err // a dry run of a hunt that never ran
		}
		files, err := agentstore.LoadHunted(ctx, tx, h.hunt, [][]byte{h.item})
		if err != nil {
			return err
		}
		if row := files[string(h.item)]; row != nil && (h.a.sameTime(row, h.p.Hunted) || h.a.sameBytes(row, h.p.Hunted)) {
			h.file = row.Looked
		}
		if h.piece != nil {
			h.before, h.known, err = agentstore.LoadPiece(ctx, tx, h.hunt, h.item, h.piece)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reading what was hunted: %w", err)
	}
	return nil
}

// since is the arrival up to which the piece was looked at.
func (h *hunted) since() int64 {
	if h.known {
		return max(h.file, h.before.Looked)
	}
	return h.file
}

// note keeps that pieces were looked at, and with a last one that the file was. Their hits
// are kept already: a crash in between has them looked at again.
func (a *Agent) note(ctx context.Context, all []*hunted) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, h := range all {
			if err := h.note(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("noting what was hunted: %w", err)
	}
	return nil
}

// note keeps one piece.
func (h *hunted) note(ctx context.Context, tx *sqldb.Tx) error {
	hunt, found, err := agentstore.LoadHuntID(ctx, tx, h.name)
	if err != nil {
		return err
	}
	if !found || hunt != h.hunt {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the hunt was forgotten meanwhile", Fix: "start it again"}
	}
	if h.piece == nil {
		return h.noteFile(ctx, tx)
	}
	return agentstore.SavePiece(ctx, tx, h.hunt, h.item, &agentstore.PieceRow{
		Piece: h.piece, Pass: h.p.Hunted.Pass, Looked: h.looked, Trouble: writeTrouble(h.seen.trouble),
	})
}

// noteFile notes a whole file, if every piece of this pass is noted.
func (h *hunted) noteFile(ctx context.Context, tx *sqldb.Tx) error {
	f := h.p.Hunted
	pieces, err := agentstore.LoadPieces(ctx, tx, h.hunt, h.item, f.Pass)
	if err != nil {
		return err
	}
	if len(pieces) < f.Pieces {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "pieces of the file are missing", Fix: "run the hunt again"}
	}
	row := agentstore.HuntedRow{
		Item: h.item, Size: f.Size, Modified: f.Modified, Content: []byte{}, Looked: h.looked, Reading: h.a.reading(),
	}
	trouble := slices.Concat(f.Trouble, h.seen.trouble)
	for _, p := range pieces {
		row.Looked = min(row.Looked, p.Looked)
		trouble = append(trouble, readTrouble(p.Trouble)...)
	}
	row.Trouble = writeTrouble(trouble)
	if f.SHA256 != "" {
		row.Content = h.a.huntDigest("content", []byte(f.SHA256))
	}
	if err := agentstore.DropPieces(ctx, tx, h.hunt, h.item, f.Pass); err != nil {
		return err
	}
	return agentstore.SaveHunted(ctx, tx, h.hunt, &row)
}

// readTrouble reads what writeTrouble wrote.
func readTrouble(text string) (trouble []string) {
	if text != "" && json.Unmarshal([]byte(text), &trouble) != nil {
		return []string{"something could not be looked at"}
	}
	return trouble
}

func writeTrouble(trouble []string) string {
	if len(trouble) == 0 {
		return ""
	}
	b, err := json.Marshal(trouble[:min(len(trouble), mostTrouble)])
	if err != nil {
		return "[]" // strings can always be written
	}
	return string(b)
}

// huntItem is how a path stands in the ledger.
func (a *Agent) huntItem(path string) []byte { return a.huntDigest("path", []byte(path)) }

// huntDigest is a digest under a key of this installation: neither the names of a member's
// files nor digests of their bytes can be read off a copy of the database.
func (a *Agent) huntDigest(of string, b []byte) []byte {
	key := a.sealer.Index("agent/hunt/" + of)
	m := hmac.New(sha256.New, key[:])
	m.Write(b)
	return m.Sum(nil)[:16]
}

// pieceDigest tells a piece from all others: what it is, where it stands, and its bytes.
func (a *Agent) pieceDigest(p *lantern.Piece, b []byte) ([]byte, error) {
	plain := *p
	plain.Hunted, plain.Account = nil, ""
	head, err := json.Marshal(struct {
		lantern.Piece
		Number int
	}{plain, p.Hunted.Pieces})
	if err != nil {
		return nil, fmt.Errorf("writing a piece: %w", err)
	}
	return a.huntDigest("piece "+a.reading(), append(append(head, '\n'), b...)), nil
}

// Hunts lists the hunts, the oldest first.
func (a *Agent) Hunts(ctx context.Context) ([]lantern.Hunt, error) {
	var all []lantern.Hunt
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = agentstore.LoadHunts(ctx, tx, a.arrived.Load())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing hunts: %w", err)
	}
	return append([]lantern.Hunt{}, all...), nil
}

// ForgetHunt forgets what a hunt looked at: the next of the name looks at everything. Hits stay.
func (a *Agent) ForgetHunt(ctx context.Context, name string) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		found, err := agentstore.ForgetHunt(ctx, tx, name)
		if err == nil && !found {
			err = &lantern.Error{Kind: lantern.NotFound, Field: "/name", Reason: "no such hunt", Fix: "lantern hunt list shows them"}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("forgetting a hunt: %w", err)
	}
	return nil
}
