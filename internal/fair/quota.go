package fair

import (
	"sync"
	"time"

	"lantern"
)

// Quotas is how many signals each member may share, and be handed, in an hour. 0 is no
// bound. They are kept in memory, by each process for itself: behind several replicas a
// member has as many quotas as there are replicas.
type Quotas struct {
	Share    int
	Disclose int
}

// Use is what a quota counts.
type Use string

// The uses.
const (
	ShareUse    Use = "share"
	DiscloseUse Use = "disclose"
)

// Allowance is how much of a quota is left.
type Allowance struct {
	Limit     int           // signals an hour; 0: no bound
	Remaining int           // signals left at this moment
	Reset     time.Duration // until there are some again, or until there are Limit
}

// Buckets keeps the quotas: a bucket for each member and use. A bucket holds an hour's signals and
// fills evenly. A request is let in while it holds any and may take more than it holds, so
// that one page or batch is never cut; then it must fill first.
type Buckets struct {
	limits Quotas
	mu     sync.Mutex
	of     map[bucketKey]*bucket // guarded by mu
}

type bucketKey struct {
	member lantern.ID
	use    Use
}

type bucket struct {
	left float64
	at   time.Time
}

// NewBuckets returns full buckets.
func NewBuckets(limits Quotas) *Buckets { return &Buckets{limits: limits, of: map[bucketKey]*bucket{}} }

func (q *Buckets) limit(use Use) int {
	if use == ShareUse {
		return q.limits.Share
	}
	return q.limits.Disclose
}

// Take takes n signals and says what was left before.
func (q *Buckets) Take(member lantern.ID, use Use, n int, now time.Time) Allowance {
	limit := q.limit(use)
	if limit <= 0 {
		return Allowance{}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	full := float64(limit)
	b := q.of[bucketKey{member, use}]
	if b == nil {
		b = &bucket{left: full, at: now}
		q.of[bucketKey{member, use}] = b
	}
	// A clock that steps back gives nothing, and takes nothing.
	b.left = min(full, b.left+full*max(0, now.Sub(b.at).Hours()))
	b.at = now
	a := Allowance{Limit: limit, Remaining: max(0, int(b.left))}
	missing := full - b.left
	if b.left < 1 {
		missing = 1 - b.left
	}
	a.Reset = time.Duration(missing / full * float64(time.Hour))
	b.left -= float64(n)
	return a
}
