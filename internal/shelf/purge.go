package shelf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lantern/internal/segment"
)

// mergeFiles merges a run of files of v into one.
func (sh *Shelf) mergeFiles(v *View, run []*Piece) error {
	if err := sh.verify(context.Background(), run); err != nil {
		var damage *segment.Damage
		if errors.As(err, &damage) {
			return nil // it is out, and what is left is looked at again
		}
		return err
	}
	at := v.index(run)
	older, newer := v.Pieces[:at], v.Pieces[at+len(run):v.files]
	by, err := sh.written(v, run, func(id uint64) bool { return speak(older, id) })
	if errors.Is(err, errDamaged) {
		return sh.settle()
	}
	if err != nil {
		return err
	}
	if err := sh.commit(slices.Concat(older, by, newer), int(sh.last.Held), sh.last.Position, sh.Missing()); err != nil {
		return sh.disown(by, err)
	}
	_, err = sh.replaced(run, by)
	return err
}

// replaced puts files in place of a run that the manifest does not name any more, and
// overwrites the run's files. ok is false if one of the run was taken out in this moment, so
// that by may hold what it should not, and the run must be looked at again.
func (sh *Shelf) replaced(run, by []*Piece) (ok bool, err error) {
	if !sh.swap(run, by...) {
		err := sh.settle()
		if err == nil {
			sh.retired = append(sh.retired, by...)
		}
		return false, err
	}
	for _, p := range run {
		if p.file != nil {
			sh.retired = append(sh.retired, p)
		}
	}
	return true, sh.sweep(context.Background())
}

// Purge makes sure that no file holds a row that a later segment replaced or removed: from the
// first that does, files are merged with all newer segments, and overwritten. When it
// returns nil, that is on stable storage. It waits for readers, until ctx is done. The
// position stays. In memory it does nothing.
func (sh *Shelf) Purge(ctx context.Context) error {
	if done, err := sh.begin(); done {
		return err
	}
	defer sh.work.Unlock()
	for {
		if err := sh.settle(); err != nil {
			return err
		}
		again, err := sh.purge(ctx)
		if err != nil {
			return err
		}
		if !again {
			return sh.sweep(ctx)
		}
	}
}

// purge rewrites what must be. again: a damaged segment came between, and all must be looked
// at anew.
func (sh *Shelf) purge(ctx context.Context) (again bool, err error) {
	first := 0
	seen := sh.view.Load()
	if sh.guarded(seen.Pieces, func() { first = firstDirty(seen) }) {
		return true, nil
	}
	if first == seen.files {
		return false, nil // whatever is in memory is not in a file yet
	}
	v, run := sh.take(func(v *View) []*Piece { return v.Pieces[min(first, len(v.Pieces)):] })
	defer sh.letGo()
	if v.files != seen.files {
		return true, nil // a lookup took one out
	}
	var damage *segment.Damage
	if err := sh.verify(ctx, run); errors.As(err, &damage) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	by, err := sh.written(v, run, func(uint64) bool { return false })
	if errors.Is(err, errDamaged) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if err := sh.commit(slices.Concat(v.Pieces[:v.index(run)], by), v.Held, sh.last.Position, sh.Missing()); err != nil {
		return false, sh.disown(by, err)
	}
	ok, err := sh.replaced(run, by)
	return !ok, err
}

// firstDirty is the number of the first file that holds a row it should not, or a tombstone;
// if there is none, the number of files.
func firstDirty(v *View) int {
	for i, p := range v.Pieces[:v.files] {
		for row := range uint32(p.Len()) {
			if p.Gone(row) {
				return i
			}
		}
		for _, later := range v.Pieces[i+1:] {
			for row := range uint32(later.Len()) {
				if about, _ := p.Speaks(later.ID(row)); about {
					return i
				}
			}
		}
	}
	return v.files
}

// sweep overwrites and removes files that are of no use any more, once nobody reads them.
func (sh *Shelf) sweep(ctx context.Context) error {
	if len(sh.retired) > 0 {
		if err := sh.readers.wait(ctx); err != nil {
			return fmt.Errorf("waiting for lookups under way: %w", err)
		}
	}
	for ; len(sh.retired) > 0; sh.retired = sh.retired[1:] {
		sh.strays = append(sh.strays, sh.retired[0].file.Number)
		if err := sh.retired[0].file.Close(); err != nil {
			return err
		}
	}
	for ; len(sh.strays) > 0; sh.strays = sh.strays[1:] {
		if err := sh.folder.Wipe(sh.strays[0]); err != nil {
			return err
		}
	}
	return nil
}

// tidyFiles does what was left undone: after a crash, or an error.
func (sh *Shelf) tidyFiles() error {
	return errors.Join(sh.settle(), sh.sweep(context.Background()))
}
