// Package backup writes the database of an exchange as one sealed stream, while the
// exchange runs, and reads such a stream into an empty database. A backup is sealed with
// the log's key: nobody without it can make one that is read. What a restored exchange may
// do is not decided here: it is fenced until a steward accepts what is lost. See
// docs/operate/backup.md.
package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/archive"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// Config is what a backup needs of an exchange. It starts nothing.
type Config struct {
	DB     *sqldb.DB
	Sealer *seal.Sealer  // only [Load] needs it
	Signer *audit.Signer // of the log
	Clock  func() time.Time
}

// Report says what is in a backup.
type Report struct {
	Made    time.Time  // when it was begun
	Entries int64      // of the log
	Root    audit.Hash // of the log's tree
	Rows    int64      // of all tables
}

// sealLine is the extension line of a backup's seal: a checkpoint of the log that also
// binds the digest of the whole stream, so that nobody without the log's key makes one.
const sealLine = "lantern-backup sha256:"

// Write writes the whole database to w as one moment shows it, while the exchange runs: a
// stream of package archive, sealed with the log's key, that [Load] restores on either
// engine. Values in it are sealed as they are in the database, and the
// key-encryption key is not in it; names of members, labels of people and the wrapped
// keys are.
func Write(ctx context.Context, c Config, w io.Writer) (Report, error) {
	report := Report{Made: c.Clock().UTC().Truncate(time.Second)}
	totals, err := archive.Dump(ctx, c.DB, store.Migrations(), report.Made, w, func(ctx context.Context, tx *sqldb.Tx, digest [sha256.Size]byte) ([]byte, error) {
		var tree audit.Tree
		if err := store.ReadTree(ctx, tx, &tree); err != nil {
			return nil, err
		}
		report.Entries, report.Root = tree.Size(), tree.Root()
		return c.Signer.Sign(audit.Checkpoint{Size: tree.Size(), Root: tree.Root(), Extra: []string{sealLine + hex.EncodeToString(digest[:])}})
	})
	report.Rows = totals.Rows()
	return report, err
}

// Load reads a backup into the database of the configuration, which must hold
// nothing. Before anything of it stays, the checksums, the seal by the log's key, the schema,
// every entry of the log with the facts it commits to, every tile and the root of the tree
// must be right, and the key-encryption key must open the values. The database is then
// fenced: the exchange is read-only until a steward accepted what is lost.
func Load(ctx context.Context, c Config, r io.Reader) (Report, error) {
	var report Report
	h, totals, err := archive.Load(ctx, c.DB, store.Migrations(), r, func(ctx context.Context, tx *sqldb.Tx, digest [sha256.Size]byte, sealed []byte) error {
		head, err := audit.OpenCheckpoint(sealed, c.Signer.VerifierKey())
		if err != nil || len(head.Extra) != 1 || head.Extra[0] != sealLine+hex.EncodeToString(digest[:]) {
			return &lantern.Error{Kind: lantern.Invalid, Reason: "the backup is not sealed by the log's key in the exchange's folder", Fix: "put the keys of that exchange into the folder, or use another copy"}
		}
		if err := store.CheckLog(ctx, tx, head); err != nil {
			return err
		}
		if err := c.opens(ctx, tx); err != nil {
			return err
		}
		report.Entries, report.Root = head.Size, head.Root
		return store.PutRestore(ctx, tx, store.RestoreRow{Kept: head.Size})
	})
	report.Made, report.Rows = h.Made, totals.Rows()
	return report, err
}

// opens checks that the key-encryption key is the one the values were sealed with.
func (c Config) opens(ctx context.Context, tx *sqldb.Tx) error {
	wrapped, ok, err := store.AnyWrapped(ctx, tx)
	if err != nil || !ok {
		return err
	}
	if _, err := c.Sealer.OpenRecord(ctx, wrapped); err != nil {
		return &lantern.Error{Kind: lantern.Conflict, Reason: "the key-encryption key in the exchange's folder does not open this backup", Fix: "put the kek of that exchange into the folder"}
	}
	return nil
}
