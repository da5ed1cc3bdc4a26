// Package corrections holds the exchange and its agents to the promise of corrections,
// through random stories: whatever members do, whoever is away, whatever crashes, is
// restored or has a clock that jumps,
//
//   - a suspended or withdrawn signal surfaces nowhere after an agent's next contact;
//   - every member ever sent a signal that fell acknowledges it or is shown as overdue;
//   - nobody else learns of it;
//   - nothing that was acknowledged is lost;
//   - the log explains every state.
//
// Each seed is a story on a real exchange of its own. In one seed of twenty three members
// have real agents, over the whole API; in the others readers are a model of an agent, of
// some hundred lines, which is what anybody's client must do. The last member always has a
// client that cannot acknowledge, whose people do it. A second model, of the rules, says
// what must have become of every signal and challenge.
//
// A failure prints its seed and what happened; -seed tells that story alone.
package corrections

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern/internal/sqldb/sqldbtest"
)

var (
	seeds   = flag.Int("seeds", 500, "how many stories to tell on SQLite; a tenth of them on PostgreSQL too")
	oneSeed = flag.Uint64("seed", 0, "tell only the story of this seed")
)

// storyLength is how many acts are drawn for a story.
const storyLength = 60

// realEvery is how many seeds there are to one with real agents.
const realEvery = 20

func TestStories(t *testing.T) {
	dir := scratch(t)
	t.Run("sqlite", func(t *testing.T) { tellAll(t, onSQLite(t, dir), *seeds, dir) })
	t.Run("postgres", func(t *testing.T) {
		sqldbtest.Postgres(t) // skips where there is no server
		tellAll(t, onPostgres(t), *seeds/10, dir)
	})
}

// tellAll tells the stories of seeds 1 to n, several at once.
func tellAll(t *testing.T, e *engine, n int, dir string) {
	t.Helper()
	first, last := uint64(1), uint64(n)
	if *oneSeed != 0 {
		first, last = *oneSeed, *oneSeed
	}
	var next atomic.Uint64
	next.Store(first)
	var failures atomic.Int32
	var mu sync.Mutex
	total := map[string]int{} // guarded by mu
	began := time.Now()
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for failures.Load() < 3 {
				seed := next.Add(1) - 1
				if seed > last {
					return
				}
				done, text := tellOne(t.Context(), e, seed, dir)
				if text != "" {
					failures.Add(1)
					t.Errorf("seed %d (-seed %d): %s", seed, seed, text)
				}
				mu.Lock()
				for what, k := range done {
					total[what] += k
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	count := last - first + 1
	t.Logf("%d seeds in %v, %v for 1000; acts: %v", count, time.Since(began).Round(time.Millisecond), (time.Since(began) * 1000 / time.Duration(count)).Round(time.Second), total)
	for _, a := range acts(false) {
		if count >= 1000 && total[a.name] < int(count)/10 {
			t.Errorf("%q happened %d times in %d stories: they prove little of it", a.name, total[a.name], count)
		}
	}
}

// tellOne tells one story; text says how it broke a promise.
func tellOne(ctx context.Context, e *engine, seed uint64, dir string) (done map[string]int, text string) {
	s, err := newStory(ctx, e, seed, seed%realEvery == 0, dir)
	if err != nil {
		return nil, err.Error()
	}
	defer func() {
		if p := recover(); p != nil {
			b, ok := p.(broken)
			if !ok {
				panic(p)
			}
			text = fmt.Sprintf("%s\n%s", b.text, s.tell())
		}
		if err := s.end(); err != nil && text == "" {
			text = err.Error()
		}
	}()
	weights, list := 0, acts(s.real)
	for _, a := range list {
		weights += a.weight
	}
	for n := range storyLength {
		draw := s.some(weights)
		for _, a := range list {
			if draw -= a.weight; draw < 0 {
				s.history = append(s.history, "… "+a.name)
				if line := a.do(s); line == "" {
					s.history = s.history[:len(s.history)-1]
				} else {
					s.history[len(s.history)-1] = line
					s.done[a.name]++
				}
				break
			}
		}
		if n%8 == 7 {
			s.check()
		}
	}
	s.history = append(s.history, "everybody comes back")
	s.finale()
	return s.done, ""
}
