package sqldb

import (
	"strconv"
	"strings"
	"sync"

	"lantern/internal/sqltext"
)

// rewriter turns $n placeholders into SQLite's and remembers the result: statements are
// few and constant, so the cache is bounded by the program text, and maxRewrites guards
// against statements built by hand.
type rewriter struct {
	on    bool
	mu    sync.RWMutex // guards cache
	cache map[string]string
}

// maxRewrites bounds the rewrite cache.
const maxRewrites = 4096

// apply returns query in the engine's form.
func (r *rewriter) apply(query string) string {
	if !r.on {
		return query
	}
	r.mu.RLock()
	out, ok := r.cache[query]
	r.mu.RUnlock()
	if ok {
		return out
	}
	out = questionMarks(query)
	r.mu.Lock()
	if r.cache == nil || len(r.cache) >= maxRewrites {
		r.cache = make(map[string]string)
	}
	r.cache[query] = out
	r.mu.Unlock()
	return out
}

// questionMarks replaces $1, $2, … by plain ? if each occurs once and in order, else by
// ?1, ?2, …. SQLite keeps a list of the names of numbered parameters and searches it for
// each one bound, which is quadratic in a large insert; a plain ? has no name.
func questionMarks(query string) string {
	tokens := sqltext.Scan(query)
	inOrder, next := true, 1
	for _, t := range tokens {
		if t.Kind == sqltext.Placeholder {
			n, _ := strconv.Atoi(t.Text[1:])
			inOrder = inOrder && n == next
			next++
		}
	}
	if next == 1 {
		return query
	}
	var b strings.Builder
	b.Grow(len(query))
	for _, t := range tokens {
		switch {
		case t.Kind != sqltext.Placeholder:
			b.WriteString(t.Text)
		case inOrder:
			b.WriteByte('?')
		default:
			b.WriteByte('?')
			b.WriteString(t.Text[1:])
		}
	}
	return b.String()
}
