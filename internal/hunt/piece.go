package hunt

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
)

// Piece is one piece being looked at in a hunt.
type Piece struct {
	ledger Ledger
	name   string
	item   []byte
	piece  []byte // nil for the last piece of a file
	p      *lantern.Piece

	hunt   lantern.ID
	file   int64               // up to which arrival the whole file was looked at, as it is
	before agentstore.PieceRow // what is known of the piece
	known  bool

	Began   int64    // checks of the engine's files that had begun before it was looked at
	Checks  int64    // and after
	Looked  int64    // up to which arrival it was looked at
	Trouble []string // what could not be looked at
}

// Piece begins to look at a piece, which must be one of a hunt. It returns the reader of its
// bytes: a piece that another follows is told by them, and is read into memory.
func (l Ledger) Piece(name string, p *lantern.Piece, r io.Reader) (*Piece, io.Reader, error) {
	h := &Piece{ledger: l, name: name, item: l.item(p.Hunted.Path), p: p}
	if p.Hunted.Last {
		return h, r, nil
	}
	b, err := io.ReadAll(r) // bounded by its kind
	if err != nil {
		return nil, nil, fmt.Errorf("reading a piece: %w", err)
	}
	h.piece, err = l.pieceDigest(p, b)
	return h, bytes.NewReader(b), err
}

// Load reads what is known of the file and the piece.
func (h *Piece) Load(ctx context.Context, tx *sqldb.Tx) (err error) {
	h.file, h.known = 0, false
	var found bool
	if h.hunt, found, err = agentstore.LoadHuntID(ctx, tx, h.name); err != nil || !found {
		return err // a dry run of a hunt that never ran
	}
	files, err := agentstore.LoadHunted(ctx, tx, h.hunt, [][]byte{h.item})
	if err != nil {
		return err
	}
	if row := files[string(h.item)]; row != nil && (h.ledger.sameTime(row, h.p.Hunted) || h.ledger.sameBytes(row, h.p.Hunted)) {
		h.file = row.Looked
	}
	if h.piece != nil {
		h.before, h.known, err = agentstore.LoadPiece(ctx, tx, h.hunt, h.item, h.piece)
	}
	return err
}

// Skip reports whether the piece was looked at for all that arrived, and says then what
// came of it.
func (h *Piece) Skip(arrived int64) bool {
	if !h.known || h.before.Looked == 0 || h.before.Looked < arrived {
		return false
	}
	h.Looked, h.Trouble = h.before.Looked, readTrouble(h.before.Trouble)
	return true
}

// Alone reports whether the piece is all of its file.
func (h *Piece) Alone() bool { return h.p.Hunted.Last && h.p.Hunted.Pieces == 0 }

// Since is the arrival up to which the piece was looked at.
func (h *Piece) Since() int64 {
	if h.known {
		return max(h.file, h.before.Looked)
	}
	return h.file
}

// Note keeps that the piece was looked at, and with a last one that the file was. A hunt that
// was forgotten meanwhile, or a file of which pieces are missing, is a Conflict.
func (h *Piece) Note(ctx context.Context, tx *sqldb.Tx) error {
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
		Piece: h.piece, Pass: h.p.Hunted.Pass, Looked: h.Looked, Trouble: writeTrouble(h.Trouble), Checks: h.Checks,
	})
}

// noteFile notes a whole file, if every piece of this pass is noted.
func (h *Piece) noteFile(ctx context.Context, tx *sqldb.Tx) error {
	f := h.p.Hunted
	pieces, err := agentstore.LoadPieces(ctx, tx, h.hunt, h.item, f.Pass)
	if err != nil {
		return err
	}
	if len(pieces) < f.Pieces {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "pieces of the file are missing", Fix: "run the hunt again"}
	}
	row := agentstore.HuntedRow{
		Item: h.item, Size: f.Size, Modified: f.Modified, Content: []byte{}, Looked: h.Looked, Reading: h.ledger.Reading,
		Checks: h.Checks,
	}
	trouble := slices.Concat(f.Trouble, h.Trouble)
	for _, p := range pieces {
		row.Looked = min(row.Looked, p.Looked)
		trouble = append(trouble, readTrouble(p.Trouble)...)
	}
	slices.Sort(trouble)
	trouble = slices.Compact(trouble) // pieces may have the same
	row.Trouble = writeTrouble(trouble)
	if f.SHA256 != "" {
		row.Content = h.ledger.digest("content", []byte(f.SHA256))
	}
	if err := agentstore.DropPieces(ctx, tx, h.hunt, h.item, f.Pass); err != nil {
		return err
	}
	return agentstore.SaveHunted(ctx, tx, h.hunt, &row)
}

// MostTrouble is how many complaints about one file are kept.
const MostTrouble = 5

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
	b, err := json.Marshal(trouble[:min(len(trouble), MostTrouble)])
	if err != nil {
		return "[]" // strings can always be written
	}
	return string(b)
}
