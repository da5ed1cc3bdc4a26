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
	counts := map[lantern.ID]int{}
	// Whatever is active in a place has its row; it counts nowhere while it is masked, which few are.
	for sign, query := range map[int]string{
		1: `SELECT program, COUNT(*) FROM placement WHERE state = $1 GROUP BY program`,
		-1: `SELECT program, COUNT(*) FROM placement
			WHERE state = $1 AND signal IN (SELECT signal FROM replica WHERE state <> 'active') GROUP BY program`,
	} {
		rows, err := tx.Query(ctx, query, lantern.Active)
		if err := eachCount(rows, err, func(program lantern.ID, n int) { counts[program] += sign * n }); err != nil {
			return nil, err
		}
	}
	p.changes, p.counts = changes, counts
	return counts, nil
}

func eachCount(rows *sql.Rows, err error, each func(lantern.ID, int)) error {
	return eachRow(rows, err, func() error {
		var id lantern.ID
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		each(id, n)
		return nil
	})
}
