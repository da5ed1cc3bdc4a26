package exchange

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// fence keeps a database that went back to an older state from going on as if nothing had
// been lost. It remembers, outside the database, the longest log that was ever seen: in a
// file that is on stable storage before a checkpoint of that size leaves the exchange. A
// database whose log does not continue it is fenced: nothing is written and nothing
// disclosed until a steward accepted the loss, see [Exchange.AcceptRestore].
//
// Other members hold checkpoints of the lost part, and signals that were suspended or
// withdrawn in it are active again in the backup: going on silently would be a fork of the
// log, and would bring back what was corrected.
type fence struct {
	path   string // "": the file is left out, and a start trusts the database
	signer *audit.Signer

	saving sync.Mutex // held while the file is written

	mu     sync.Mutex
	known  mark   // the longest log seen; guarded by mu, like what follows
	saved  int64  // size of the log in the file
	closed string // why nothing may be written; "" if it may
}

// mark is a head of the log, and how many restores the exchange had accepted then.
type mark struct {
	size     int64
	root     audit.Hash
	restores int64
}

// The extension line of the checkpoint in the file that counts accepted restores.
const fenceLine = "lantern-restores "

// loadFence reads the file, if there is one.
func loadFence(path string, signer *audit.Signer) (*fence, error) {
	f := &fence{path: path, signer: signer}
	if path == "" {
		return f, nil
	}
	note, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the newest checkpoint: %w", err)
	}
	c, err := audit.OpenCheckpoint(note, signer.VerifierKey())
	if err == nil && (len(c.Extra) != 1 || !strings.HasPrefix(c.Extra[0], fenceLine)) {
		err = errors.New("it is no file of this kind")
	}
	var n int64
	if err == nil {
		n, err = strconv.ParseInt(strings.TrimPrefix(c.Extra[0], fenceLine), 10, 64)
	}
	if err != nil {
		return nil, &lantern.Error{Kind: lantern.Unsupported,
			Reason: fmt.Sprintf("the file %s, which tells how long the log was, is damaged or of another log: %v", path, err),
			Fix:    "bring it back from the machine that ran the exchange; moving it away means to trust the database as it is"}
	}
	f.known, f.saved = mark{c.Size, c.Root, n}, c.Size
	return f, nil
}

// seen returns the longest log seen so far. Take it before the transaction whose view of
// the log is to be compared with it.
func (f *fence) seen() mark {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.known
}

// err says why nothing may be written, or nil.
func (f *fence) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed == "" {
		return nil
	}
	return &lantern.Error{Kind: lantern.Unavailable, Reason: "read-only: " + f.closed,
		Fix: "a steward accepts the loss with: lantern exchange accept-restore, or the operator brings a newer database"}
}

// shut fences the database and returns the error that says so.
func (f *fence) shut(why string) error {
	f.mu.Lock()
	f.closed = why
	f.mu.Unlock()
	return f.err()
}

// rise raises the longest log seen; restores is -1 if it cannot have changed.
func (f *fence) rise(tree audit.Tree, restores int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if tree.Size() >= f.known.size {
		f.known.size, f.known.root = tree.Size(), tree.Root()
		f.known.restores = max(f.known.restores, restores)
	}
}

// turn makes a log the longest seen even if it is shorter: its loss was accepted.
func (f *fence) turn(tree audit.Tree, restores int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known, f.saved, f.closed = mark{tree.Size(), tree.Root(), restores}, -1, ""
}

// count notes how many restores were accepted.
func (f *fence) count(restores int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known.restores, f.saved = restores, -1
}

// open lifts the fence.
func (f *fence) open() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = ""
}

// save puts the longest log seen on stable storage, unless it is there.
func (f *fence) save() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	f.mu.Lock()
	known, done := f.known, f.path == "" || f.saved >= f.known.size
	f.mu.Unlock()
	if done {
		return nil
	}
	note, err := f.signer.Sign(audit.Checkpoint{Size: known.size, Root: known.root,
		Extra: []string{fenceLine + strconv.FormatInt(known.restores, 10)}})
	if err == nil {
		err = replaceSynced(f.path, note)
	}
	if err != nil {
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err // anybody may ask for a checkpoint, and where it is kept is the operator's
		}
		return &lantern.Error{Kind: lantern.Unavailable, Reason: fmt.Sprintf("the newest checkpoint cannot be kept: %v", err), Fix: "see that there is room where the exchange's keys are"}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.saved = known.size
	return nil
}

// replaceSynced replaces a file in one step that survives a power cut.
func replaceSynced(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone after the rename
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// startFence holds the database, as it was found, to the fence.
func (x *Exchange) startFence(ctx context.Context) error {
	trusted := x.fence.path != "" && x.fence.seen().size == 0
	if err := x.checkFence(ctx); err != nil {
		if x.fence.err() == nil {
			return err
		}
		x.Log.ErrorContext(ctx, "the exchange is read-only", "error", err)
		return nil
	}
	if trusted && x.fence.seen().size > 1 { // more than the entry every log begins with
		x.Log.WarnContext(ctx, "no newest checkpoint is kept yet: the database is trusted as it is", "file", x.fence.path)
	}
	if err := x.settleRestore(ctx); err != nil {
		return err
	}
	if err := x.fence.save(); err != nil {
		x.Log.ErrorContext(ctx, "keeping the newest checkpoint", "error", err)
	}
	return nil
}

// fenceLoop holds the log to the fence and moves the fence on, also after other
// processes' writes, and lifts it when another process accepted a restore.
func (x *Exchange) fenceLoop() {
	failing := false
	for x.ctx.Err() == nil {
		x.pause(time.Second)
		err := x.checkFence(x.ctx)
		if err == nil {
			err = errors.Join(x.fence.save(), x.followSealing(x.ctx))
		}
		if err != nil && !failing && x.ctx.Err() == nil {
			x.Log.ErrorContext(x.ctx, "holding the log to the newest checkpoint, and the key in force", "error", err)
		}
		failing = err != nil
	}
}

// checkFence reads the log and holds it to the fence.
func (x *Exchange) checkFence(ctx context.Context) error {
	seen := x.fence.seen()
	return x.read(ctx, func(tx *sqldb.Tx) error {
		_, err := x.provenTree(ctx, tx, seen)
		return err
	})
}

// provenTree reads the log's head and returns it if it continues the longest log seen
// before the transaction began. Otherwise it fences the database.
func (x *Exchange) provenTree(ctx context.Context, tx *sqldb.Tx, seen mark) (tree audit.Tree, err error) {
	if err := store.ReadTree(ctx, tx, &tree); err != nil {
		return tree, err
	}
	if x.fence.err() == nil && tree.Size() == seen.size && tree.Root() == seen.root {
		return tree, nil
	}
	restores, err := store.Restores(ctx, tx)
	if err != nil {
		return tree, err
	}
	accepted, waits := accepted(restores)
	if seen.covered(restores[:accepted]) {
		x.heads.forget()
		x.fence.turn(tree, int64(accepted))
		return tree, nil
	}
	why, err := x.breach(ctx, tx, seen, tree)
	if err != nil {
		return tree, err
	}
	if why == "" && waits && seen != (mark{tree.Size(), tree.Root(), seen.restores}) {
		why = fmt.Sprintf("the database was restored from a backup of %d log entries", tree.Size())
	}
	if why != "" {
		return tree, x.fence.shut(why)
	}
	x.fence.open()
	x.fence.rise(tree, int64(accepted))
	return tree, nil
}

// accepted says how many restores were accepted, and whether one waits.
func accepted(list []store.RestoreRow) (n int, waits bool) {
	for n < len(list) && !list[n].Accepted.IsZero() {
		n++
	}
	return n, n < len(list)
}

// covered reports whether a restore that was accepted after the mark was made owned up to
// the loss of what the mark knows.
func (m mark) covered(list []store.RestoreRow) bool {
	for i, r := range list {
		if int64(i) >= m.restores && r.Kept < m.size && m.size <= r.Lost {
			return true
		}
	}
	return false
}

// breach says how a log does not continue the longest one seen, "" if it does.
func (x *Exchange) breach(ctx context.Context, tx *sqldb.Tx, seen mark, tree audit.Tree) (string, error) {
	if seen.size == 0 {
		return "", nil
	}
	if tree.Size() < seen.size {
		return fmt.Sprintf("the log went back from %d to %d entries, as after a restore from a backup", seen.size, tree.Size()), nil
	}
	proof, err := audit.Consistency(ctx, seen.size, tree.Size(), store.TileReader(tx))
	if err != nil {
		return "", err
	}
	if audit.VerifyConsistency(proof, seen.size, seen.root, tree.Size(), tree.Root()) != nil {
		return fmt.Sprintf("the log of %d entries does not continue the one of %d entries seen before, as after a restore from a backup", tree.Size(), seen.size), nil
	}
	return "", nil
}

// admit lets a writing transaction, which holds the log's head, go on if the log is no
// shorter than the longest one seen.
func (f *fence) admit(tree audit.Tree) error {
	f.mu.Lock()
	known, closed := f.known, f.closed != ""
	f.mu.Unlock()
	switch {
	case closed:
		return f.err()
	case tree.Size() < known.size:
		return f.shut(fmt.Sprintf("the log went back from %d to %d entries, as after a restore from a backup", known.size, tree.Size()))
	case tree.Size() == known.size && tree.Root() != known.root:
		return f.shut(fmt.Sprintf("the log's %d entries are not those seen before, as after a restore from a backup", tree.Size()))
	}
	return nil
}

// linked reports whether a tree is the longest one seen, so that what is appended to it
// continues what was seen.
func (f *fence) linked(tree audit.Tree) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return tree.Size() == f.known.size
}
