package fair

import (
	"context"
	"sync"
	"time"

	"lantern"
)

// The bounds of a group, and of what one member may have in it.
const (
	maxGroup  = 512  // acts of one transaction
	maxWeight = 1024 // their weight, unless a single one has more
	maxCredit = 8    // weight a member may add to a group at most while others are about
	maxLane   = 256  // acts of one member that wait; the next wait for a place

	aboutFor   = 100 * time.Millisecond // how long a member is held to be about after an act
	crowdedFor = time.Second            // the same, for what is divided beforehand: an act may wait longer than aboutFor
	payback    = time.Millisecond       // in which a member gets the credit for one signal back by itself
)

// Queue holds the acts that wait for a group, in a lane for each member. Lanes take
// turns, by weight, so that a member that keeps its own lane full leaves the others what
// they had: an act waits for the group before it and for as much of every other member as
// of its own. Who shared a batch while others were about waits for as many acts of
// theirs, or a millisecond for each of its signals. A member alone is not held back.
//
// A Queue is safe for concurrent use.
type Queue[T any] struct {
	ready chan struct{} // holds a token while acts wait

	mu    sync.Mutex
	lanes map[lantern.ID]*lane[T] // by member; guarded by mu, like what follows
	turns []*lane[T]              // those with acts, in the order of their turns
	seen  [2]sighting             // the last two members that acted
}

// act is one waiting act with its weight.
type act[T any] struct {
	what   T
	weight int
}

// lane is one member's acts, in order.
type lane[T any] struct {
	acts   []act[T]
	credit int           // weight it may add; negative after a heavy act
	at     time.Time     // when credit was last reckoned
	left   chan struct{} // closed and replaced when acts were taken
}

// earn gives a lane the credit of a turn and of the time since the last.
func (l *lane[T]) earn(turn int, now time.Time) {
	paid := now.Sub(l.at) / payback
	l.credit = min(l.credit+turn+int(paid), maxCredit)
	l.at = l.at.Add(paid * payback)
}

// sighting is when a member last acted.
type sighting struct {
	member lantern.ID
	at     time.Time
}

// NewQueue returns an empty queue.
func NewQueue[T any]() *Queue[T] {
	return &Queue[T]{ready: make(chan struct{}, 1), lanes: map[lantern.ID]*lane[T]{}}
}

// Ready gives a token while acts wait: then call Take.
func (q *Queue[T]) Ready() <-chan struct{} { return q.ready }

// ring lets the queue be looked at.
func (q *Queue[T]) ring() {
	select {
	case q.ready <- struct{}{}:
	default: // it will be
	}
}

// Push puts an act into its member's lane. Its weight is what it costs beside others: how
// many signals it is about. While the lane is full Push waits, until ctx ends.
func (q *Queue[T]) Push(ctx context.Context, member lantern.ID, weight int, what T) error {
	for {
		full := q.offer(member, act[T]{what, max(1, weight)})
		if full == nil {
			return nil
		}
		select {
		case <-full:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// offer takes an act in, or returns what is closed when there is room again.
func (q *Queue[T]) offer(member lantern.ID, a act[T]) (full <-chan struct{}) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lanes[member]
	if l == nil {
		l = &lane[T]{credit: maxCredit, at: now, left: make(chan struct{})}
		q.lanes[member] = l
	}
	if len(l.acts) >= maxLane {
		return l.left
	}
	if len(l.acts) == 0 {
		q.turns = append(q.turns, l)
	}
	l.acts = append(l.acts, a)
	if member != 0 { // nobody's: what never waits, and what the service does by itself
		if q.seen[0].member != member {
			q.seen[1] = q.seen[0]
		}
		q.seen[0] = sighting{member, now}
	}
	q.ring()
	return nil
}

// Take returns the next group. Lanes give in turn; once only one has acts left the group
// is closed, so that the others' next acts find a short one before them. An empty group
// means that whoever waits has to, for the sake of others; the queue rings again.
func (q *Queue[T]) Take() (group []T) {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	contended, begun := len(q.turns) > 1 || q.othersAbout(now), len(q.turns)
	for weight := 0; len(q.turns) > 0 && len(group) < maxGroup && weight < maxWeight; {
		if begun > 1 && len(q.turns) == 1 && len(group) > 0 {
			break
		}
		l := q.turns[0]
		if l.earn(min(begun-1, 1), now); !contended {
			l.credit = maxWeight
		}
		if begun == 1 && l.credit <= 0 {
			time.AfterFunc(min(time.Duration(1-l.credit), 5)*payback, q.ring)
			return nil
		}
		q.turns = q.turns[1:]
		n := 0
		for n < len(l.acts) && l.credit > 0 && len(group)+n < maxGroup && weight < maxWeight {
			l.credit -= l.acts[n].weight
			weight += l.acts[n].weight
			n++
		}
		for _, a := range l.acts[:n] {
			group = append(group, a.what)
		}
		if l.acts = l.acts[n:]; n > 0 {
			close(l.left)
			l.left = make(chan struct{})
		}
		if len(l.acts) > 0 {
			q.turns = append(q.turns, l)
		}
		if begun == 1 && contended {
			break
		}
	}
	if len(q.turns) > 0 {
		q.ring()
	}
	return group
}

// Crowded reports whether others than a member act too, so that it should come in small
// parts: a heavy act holds everybody up for as long as it takes.
func (q *Queue[T]) Crowded(member lantern.ID) bool {
	now := time.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.seen {
		if s.member != member && !s.at.IsZero() && now.Sub(s.at) < crowdedFor {
			return true
		}
	}
	return len(q.turns) > 1 || len(q.turns) == 1 && q.turns[0] != q.lanes[member]
}

// Drain returns all acts that wait.
func (q *Queue[T]) Drain() (all []T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.turns {
		for _, a := range l.acts {
			all = append(all, a.what)
		}
		l.acts = nil
	}
	q.turns = nil
	return all
}

// othersAbout reports whether two members acted within the last moment.
func (q *Queue[T]) othersAbout(now time.Time) bool {
	return !q.seen[1].at.IsZero() && now.Sub(q.seen[1].at) < aboutFor
}
