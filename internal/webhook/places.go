package webhook

import (
	"sync"

	"lantern"
)

// The bounds of sending. A webhook that answers slowly fills its own places and nobody
// else's, and things that cannot wait find places kept for them.
const (
	PerWebhook    = 4   // attempts at one webhook at a time
	urgentPlaces  = 1   // of these, for urgent events only
	MaxSending    = 128 // attempts at a time in all
	urgentSending = 32  // of these, for urgent events only
)

// Places counts the attempts under way, of one sender to all its webhooks. The zero Places
// is ready; it is safe for concurrent use.
type Places struct {
	mu    sync.Mutex
	busy  map[lantern.ID]int // attempts under way, by webhook; guarded by mu
	total int                // of all webhooks; guarded by mu
}

// Free is how many more attempts at a webhook could begin, if they were urgent.
func (p *Places) Free(hook lantern.ID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, min(PerWebhook-p.busy[hook], MaxSending-p.total))
}

// Enter takes a place, if there is one. Whoever got one must give it back with Leave.
func (p *Places) Enter(hook lantern.ID, urgent bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	one, all := PerWebhook, MaxSending
	if !urgent {
		one, all = one-urgentPlaces, all-urgentSending
	}
	if p.busy[hook] >= one || p.total >= all {
		return false
	}
	if p.busy == nil {
		p.busy = make(map[lantern.ID]int)
	}
	p.busy[hook]++
	p.total++
	return true
}

// Leave gives a place back.
func (p *Places) Leave(hook lantern.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.busy[hook]--; p.busy[hook] == 0 {
		delete(p.busy, hook)
	}
	p.total--
}
