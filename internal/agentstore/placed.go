package agentstore

import (
	"context"
	"database/sql"
	"sync"

	"lantern"
	"lantern/internal/sqldb"
)

// Placed counts the signals of programs, which takes a look at all of them, and remembers the
// result for as long as the replica does not change. The zero value is ready. Any number of
// goroutines may use it.
type Placed struct {
	mu      sync.Mutex
	changes int64              // at which it was counted
	counts  map[lantern.ID]int // nil: never
}

// Count returns how many active signals each program has. changes says how often the replica
// has changed; the caller counts, after each change, and reads it before tx begins. The map
// must not be changed.
func (p *Placed) Count(ctx context.Context, tx *sqldb.Tx, changes int64) (map[lantern.ID]int, error) {
	p.mu.Lock()
	defer p.mu.Unlock() // others would count the same
	if p.counts != nil && p.changes == changes {
		return p.counts, nil
	}
	rows, err := tx.Query(ctx, `SELECT program, COUNT(*) FROM placement WHERE state = $1 GROUP BY program`, lantern.Active)
	counts, err := countBy[lantern.ID](rows, err)
	if err != nil {
		return nil, err
	}
	// Whatever is active in a place has its row; it counts nowhere while it is masked, which few are.
	rows, err = tx.Query(ctx, `SELECT program, COUNT(*) FROM placement
		WHERE state = $1 AND signal IN (SELECT signal FROM replica WHERE state <> 'active') GROUP BY program`, lantern.Active)
	masked, err := countBy[lantern.ID](rows, err)
	if err != nil {
		return nil, err
	}
	for program, n := range masked {
		counts[program] -= n
	}
	p.changes, p.counts = changes, counts
	return counts, nil
}

// countBy reads rows of a key and a count.
func countBy[K comparable](rows *sql.Rows, err error) (map[K]int, error) {
	counts := make(map[K]int)
	err = eachRow(rows, err, func() error {
		var key K
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return err
		}
		counts[key] = n
		return nil
	})
	return counts, err
}
