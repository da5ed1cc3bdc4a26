package exchange

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/archive"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// BackupReport says what is in a backup.
type BackupReport struct {
	Made    time.Time  // when it was begun
	Entries int64      // of the log
	Root    audit.Hash // of the log's tree
	Rows    int64      // of all tables
}

// backupLine is the extension line of a backup's seal: a checkpoint of the log that also
// binds the digest of the whole stream, so that nobody without the log's key makes one.
const backupLine = "lantern-backup sha256:"

// Backup writes the whole database to w as one moment shows it, while the exchange runs: a
// stream of package archive, sealed with the log's key, that [LoadBackup] restores on
// either engine. Values in it are sealed as they are in the database, and the
// key-encryption key is not in it; names of members, labels of people and the wrapped
// keys are. It uses DB, Signer and Clock of the configuration and starts nothing.
func Backup(ctx context.Context, c Config, w io.Writer) (BackupReport, error) {
	report := BackupReport{Made: c.now().UTC().Truncate(time.Second)}
	totals, err := archive.Dump(ctx, c.DB, store.Migrations(), report.Made, w, func(ctx context.Context, tx *sqldb.Tx, digest [sha256.Size]byte) ([]byte, error) {
		var tree audit.Tree
		if err := readTree(ctx, tx, &tree); err != nil {
			return nil, err
		}
		report.Entries, report.Root = tree.Size(), tree.Root()
		return c.Signer.Sign(audit.Checkpoint{Size: tree.Size(), Root: tree.Root(), Extra: []string{backupLine + hex.EncodeToString(digest[:])}})
	})
	report.Rows = totals.Rows()
	return report, err
}

func (c Config) now() time.Time {
	if c.Clock == nil {
		return time.Now()
	}
	return c.Clock()
}

// LoadBackup reads a backup into the database of the configuration, which must hold
// nothing. Before anything of it stays, the checksums, the seal by the log's key, the schema,
// every entry of the log with the facts it commits to, every tile and the root of the tree
// must be right, and the key-encryption key must open the values. The database is then
// fenced: the exchange is read-only until a steward accepted what is lost.
func LoadBackup(ctx context.Context, c Config, r io.Reader) (BackupReport, error) {
	var report BackupReport
	h, totals, err := archive.Load(ctx, c.DB, store.Migrations(), r, func(ctx context.Context, tx *sqldb.Tx, digest [sha256.Size]byte, seal []byte) error {
		head, err := audit.OpenCheckpoint(seal, c.Signer.VerifierKey())
		if err != nil || len(head.Extra) != 1 || head.Extra[0] != backupLine+hex.EncodeToString(digest[:]) {
			return &lantern.Error{Kind: lantern.Invalid, Reason: "the backup is not sealed by the log's key in the exchange's folder", Fix: "put the keys of that exchange into the folder, or use another copy"}
		}
		if err := checkLoaded(ctx, tx, head); err != nil {
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

// checkBatch is how many log entries are checked at once.
const checkBatch = 16 * audit.TileWidth

// checkLoaded recomputes the log from its entries.
func checkLoaded(ctx context.Context, tx *sqldb.Tx, head audit.Checkpoint) error {
	wrong := func(what string) error {
		return &lantern.Error{Kind: lantern.Invalid, Reason: "the backup's log is damaged: " + what, Fix: "use another backup"}
	}
	var edge, tree audit.Tree
	if err := readTree(ctx, tx, &edge); err != nil {
		return err
	}
	n, err := store.CountLeaves(ctx, tx)
	if err != nil {
		return err
	}
	if edge.Size() != head.Size || edge.Root() != head.Root || n != head.Size {
		return wrong("its head is not the one that was signed")
	}
	for from := int64(0); from < head.Size; from += checkBatch {
		rows, err := store.LeafRows(ctx, tx, from, from+checkBatch)
		if err != nil {
			return err
		}
		for _, row := range rows {
			leaf, err := checkLeaf(row)
			if err != nil || row.Index != tree.Size() {
				return wrong(fmt.Sprintf("entry %d", tree.Size()))
			}
			tree.Append(audit.LeafHash(leaf))
		}
	}
	if tree.Size() != head.Size || tree.Root() != head.Root {
		return wrong("its entries do not give the root that was signed")
	}
	for _, id := range audit.CompletedTiles(0, head.Size) {
		want, err := audit.BuildTile(ctx, id, leafReader(tx), rootReader(tx))
		if err != nil {
			return wrong(id.Path())
		}
		got, ok, err := store.Tile(ctx, tx, id.Level, id.N)
		if err != nil {
			return err
		}
		if !ok || !bytes.Equal(got, want) {
			return wrong(id.Path())
		}
	}
	return nil
}

// checkLeaf holds an entry to the facts it commits to.
func checkLeaf(row store.LeafRow) (leaf audit.Leaf, err error) {
	if leaf, err = audit.ParseLeaf(row.Data); err != nil {
		return leaf, err
	}
	o := audit.Opening{Record: audit.Record{Kind: leaf.Kind(), Time: leaf.Time(), Facts: []byte(row.Facts)}}
	if copy(o.FactsSalt[:], row.FactsSalt) != len(o.FactsSalt) || copy(o.PersonCommit[:], row.Commitment) != len(o.PersonCommit) {
		return leaf, fmt.Errorf("log entry %d has no salt", row.Index)
	}
	return leaf, o.Verify(leaf)
}
