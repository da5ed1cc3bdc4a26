package match

import (
	"context"
	"iter"

	"lantern/internal/segment"
	"lantern/internal/shelf"
)

// Damage says that a segment, or the list of them, cannot be used: cut short, damaged, or
// written under another key or by other rules. It names the segment by number alone, 0 for
// the list.
type Damage = segment.Damage

// Status is how an engine stands.
type Status = shelf.Status

// Open returns an engine that keeps its segments as files in a folder, which it creates if
// need be, with everything it held at the last [Engine.Save]. Files are mapped and not
// read, so it takes no longer for many signals than for few. The caller then applies what
// changed after [Engine.Position]; a nil position says that everything must be given, best
// with [Engine.Refill]. localKey is as for [New].
//
// Only headers are looked at; [Engine.Check] looks at the rest. Open returns a [*Damage] if
// a header or the list of segments is damaged, a file is missing or cut short, or all of
// it was written under another key or by another version's rules. Then [Create] begins
// anew. One process can have a folder open at a time.
func Open(dir string, localKey [32]byte) (*Engine, error) {
	return open(dir, localKey, shelf.Open, nil, 0)
}

// Create is [Open] of a folder whose contents, if any, are of no use: it overwrites and
// removes them and returns an empty engine.
func Create(dir string, localKey [32]byte) (*Engine, error) {
	return open(dir, localKey, shelf.Create, nil, 0)
}

// open opens or creates. Tests stop the world in step, and let merges begin early.
func open(dir string, localKey [32]byte, shelve func(string, segment.Stamp, shelf.Options) (*shelf.Shelf, error), step func(string) error, inline int) (*Engine, error) {
	e := newEngine(localKey)
	opts := e.options()
	opts.Step, opts.Inline = step, inline
	var err error
	if e.shelf, err = shelve(dir, segment.Stamp{Rules: rules, Key: e.check}, opts); err != nil {
		return nil, err
	}
	return e, nil
}

// Position returns what the caller gave to the last [Engine.Save]: everything up to there
// is in the folder. It is nil if nothing was saved, and in an engine in memory. It may
// wait for a merge or a Save.
func (e *Engine) Position() []byte { return e.shelf.Position() }

// Missing returns how many segments were taken out because they were damaged, since the
// engine was last filled. While it is not 0, no match does not mean that nothing would
// match: answer "could not look", and call [Engine.Refill]. Ask before and after a lookup:
// the lookup itself may find the damage.
func (e *Engine) Missing() int { return e.shelf.Missing() }

// Status says how the engine stands. It may wait for a merge or a Save.
func (e *Engine) Status() Status { return e.shelf.Status() }

// Save writes what was applied into the folder, with a position of the caller's own, at
// most 64 KiB: the changes up to which were applied before Save was called. When it
// returns nil, both are on stable storage. After a kill at any moment the folder is as one
// Save left it, and changes after its position must be applied again, in order; some of
// them may be there already.
//
// Save waits for a merge of files that is under way; Apply and Match go on meanwhile. In an
// engine in memory it does nothing. It returns an error if a file cannot be written; nothing
// is lost then but time, and the next Save tries again.
func (e *Engine) Save(position []byte) error { return e.shelf.Save(position) }

// Purge makes sure that no file holds anything of a signal that was removed, or of what a
// signal was before it was applied again: files that do are merged with all newer ones, and
// their bytes overwritten before they are unlinked. When it returns nil, that is on stable
// storage. It waits for lookups that are under way, and for ctx at most. The position
// stays. In an engine in memory it does nothing.
//
// Purge takes as long as copying the files it must rewrite, most often all: let corrections
// that come together share one.
func (e *Engine) Purge(ctx context.Context) error { return e.shelf.Purge(ctx) }

// Check reads every file through and compares it with its checksums. A damaged segment is
// taken out at once, and [Engine.Missing] says so; what it had replaced or removed does not
// come back. It returns the [*Damage] found last. Merges and Save wait for it; lookups and
// Apply do not.
func (e *Engine) Check(ctx context.Context) error { return e.shelf.Check(ctx) }

// Refill replaces everything that was applied before it was called by entries, and makes
// Missing 0. What is applied meanwhile counts as later than any of them; of several entries
// of one signal the last counts. Until it returns, lookups find what was there before. In a
// folder it saves with position as [Engine.Save] does. It is the fastest way to fill an engine.
//
// It ends early, and changes nothing, when entries yields an error, and on an entry that
// [Engine.Apply] would refuse.
func (e *Engine) Refill(entries iter.Seq2[Entry, error], position []byte) error {
	return e.shelf.Refill(func(yield func(*segment.Segment, error) bool) {
		batch := make([]Change, 0, refillRows)
		for en, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			if batch = append(batch, Change{Entry: en}); len(batch) == refillRows {
				if !yield(e.build(batch)) {
					return
				}
				batch = batch[:0]
			}
		}
		yield(e.build(batch))
	}, position)
}

// refillRows is how many entries are made into one segment at a time.
const refillRows = 1 << 17

// Close lets the files go, so that the folder may be opened again. What was not saved is
// lost. Lookups that come later find nothing, and Missing says so. It waits for lookups and
// for a merge under way. An engine in memory stays as it is.
func (e *Engine) Close() error { return e.shelf.Close() }
