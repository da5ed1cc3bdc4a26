package hunt

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"lantern/match"
)

// Recent keeps a few engines of what arrived lately. Most files of a hunt were looked at up
// to a few arrivals, so they share them. It may be used by any number of goroutines.
type Recent struct {
	New  func() *match.Engine
	UpTo func() int64 // up to which arrival there is anything to hold

	// Read returns what arrived after an arrival. It is called while [Recent.Remove] waits, so
	// that what is taken out is never put in again by what was read before.
	Read func(ctx context.Context, after int64) ([]match.Change, error)

	mu      sync.Mutex
	engines []*recentEngine // the one used last comes last; guarded by mu
}

// recentEngine holds what arrived after from and up to upTo.
type recentEngine struct {
	engine     *match.Engine
	from, upTo int64
	held       int
}

// maxRecent is how many such engines are kept.
const maxRecent = 4

// Since returns an engine that holds the fresh signals that arrived since an arrival, and up
// to which arrival it does. One that holds more serves too, unless it is so much more that a
// smaller one pays: whoever asks drops matches of what arrived earlier.
func (r *Recent) Since(ctx context.Context, since int64, fresh int) (engine *match.Engine, upTo int64, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	const worth = 1000 // signals more are not worth an engine of their own
	at := slices.IndexFunc(r.engines, func(e *recentEngine) bool { return e.from <= since && e.held <= 2*fresh+worth })
	var e *recentEngine
	if at >= 0 {
		e = r.engines[at]
		r.engines = slices.Delete(r.engines, at, at+1)
	} else {
		e = &recentEngine{engine: r.New(), from: since, upTo: since}
		if len(r.engines) == maxRecent {
			r.engines = slices.Delete(r.engines, 0, 1)
		}
	}
	if err := r.fill(ctx, e); err != nil {
		return nil, 0, err // what it lacks is not known any more: it is not kept
	}
	r.engines = append(r.engines, e)
	return e.engine, e.upTo, nil
}

// fill adds what arrived since the last time.
func (r *Recent) fill(ctx context.Context, e *recentEngine) error {
	upTo := r.UpTo() // before anything is read
	if upTo == e.upTo {
		return nil
	}
	changes, err := r.Read(ctx, e.upTo)
	if err != nil {
		return err
	}
	if err := e.engine.Apply(changes); err != nil {
		return fmt.Errorf("holding what arrived: %w", err)
	}
	e.upTo, e.held = upTo, e.engine.Len()
	return nil
}

// Remove takes what is not matchable any more out of every engine.
func (r *Recent) Remove(changes []match.Change) {
	gone := slices.DeleteFunc(slices.Clone(changes), func(c match.Change) bool { return !c.Remove })
	if len(gone) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.engines {
		_ = e.engine.Apply(gone) // a removal has nothing that could be refused
	}
}
