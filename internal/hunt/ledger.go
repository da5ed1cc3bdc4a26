package hunt

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
)

// Ledger says what hunts looked at. It holds nothing but what tells files apart.
type Ledger struct {
	Sealer  *seal.Sealer
	Reading string // names the rules and settings by which files are read: under others, all is due
}

// Plan says of each file whether a hunt must look at it, by what is known up to an arrival.
// touch notes that files whose time alone changed are the same.
func (l *Ledger) Plan(ctx context.Context, tx *sqldb.Tx, hunt lantern.ID, files []lantern.HuntedFile, arrived int64, touch bool) ([]lantern.HuntResult, error) {
	items := make([][]byte, len(files))
	for i := range files {
		items[i] = l.item(files[i].Path)
	}
	known, err := agentstore.LoadHunted(ctx, tx, hunt, items)
	if err != nil {
		return nil, err
	}
	results := make([]lantern.HuntResult, len(files))
	for i := range files {
		row := known[string(items[i])]
		results[i].Verdict = l.verdict(row, &files[i], arrived)
		if row == nil {
			continue
		}
		if results[i].Verdict == lantern.HuntUnchanged {
			results[i].Trouble = readTrouble(row.Trouble)
		}
		if touch && files[i].Modified != row.Modified && l.sameBytes(row, &files[i]) {
			if err := agentstore.TouchHunted(ctx, tx, hunt, items[i], files[i].Modified); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// verdict says whether a file must be looked at; row is what is known of it, or nil.
func (l *Ledger) verdict(row *agentstore.HuntedRow, f *lantern.HuntedFile, arrived int64) lantern.HuntVerdict {
	switch {
	case row == nil || row.Reading != l.Reading || row.Size != f.Size:
		return lantern.HuntDue
	case l.sameTime(row, f) || l.sameBytes(row, f):
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
func (l *Ledger) sameTime(row *agentstore.HuntedRow, f *lantern.HuntedFile) bool {
	return row.Reading == l.Reading && row.Size == f.Size && row.Modified != 0 && row.Modified == f.Modified
}

// sameBytes reports whether a file is, by its digest, what was looked at.
func (l *Ledger) sameBytes(row *agentstore.HuntedRow, f *lantern.HuntedFile) bool {
	return f.SHA256 != "" && row.Reading == l.Reading && row.Size == f.Size && hmac.Equal(row.Content, l.digest("content", []byte(f.SHA256)))
}

// item is how a path stands in the ledger.
func (l *Ledger) item(path string) []byte { return l.digest("path", []byte(path)) }

// digest is a digest under a key of this installation: neither the names of a member's
// files nor digests of their bytes can be read off a copy of the database.
func (l *Ledger) digest(of string, b []byte) []byte {
	key := l.Sealer.Index("agent/hunt/" + of)
	m := hmac.New(sha256.New, key[:])
	m.Write(b)
	return m.Sum(nil)[:16]
}

// pieceDigest tells a piece from all others: what it is, where it stands, and its bytes.
func (l *Ledger) pieceDigest(p *lantern.Piece, b []byte) ([]byte, error) {
	plain := *p
	plain.Hunted, plain.Account = nil, ""
	head, err := json.Marshal(struct {
		lantern.Piece
		Number int
	}{plain, p.Hunted.Pieces})
	if err != nil {
		return nil, fmt.Errorf("writing a piece: %w", err)
	}
	return l.digest("piece "+l.Reading, append(append(head, '\n'), b...)), nil
}
