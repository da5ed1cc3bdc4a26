package fair

import (
	"errors"
	"sync"

	"lantern"
)

// senders bounds how many calls to the exchange are under way at once. The exchange
// commits those that come together together.
const senders = 8

// Together calls send for each of list, in their order, a few at once, and returns the
// failures joined. After one that says the exchange is away the rest is left: it would
// fare no better.
func Together[T any](list []T, send func(T) error) error {
	var running sync.WaitGroup
	var mu sync.Mutex
	var next int     // guarded by mu
	var failed error // guarded by mu
	take := func() (i int, ok bool) {
		mu.Lock()
		defer mu.Unlock()
		i = next
		next++
		return i, i < len(list)
	}
	for range min(senders, len(list)) {
		running.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := send(list[i]); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					if lantern.KindOf(err) == lantern.Unavailable {
						next = len(list)
					}
					mu.Unlock()
				}
			}
		})
	}
	running.Wait()
	return failed
}

// InTurn is [Together] for a list in which those of one key must not overtake one another: they
// are sent in their order, each when the one before has gone. After a failure the rest of its
// key is left.
func InTurn[T any, K comparable](list []T, key func(T) K, send func(T) error) error {
	place := make(map[K]int)
	var turns [][]T
	for _, v := range list {
		at, ok := place[key(v)]
		if !ok {
			at = len(turns)
			place[key(v)] = at
			turns = append(turns, nil)
		}
		turns[at] = append(turns[at], v)
	}
	return Together(turns, func(turn []T) error {
		for _, v := range turn {
			if err := send(v); err != nil {
				return err
			}
		}
		return nil
	})
}
