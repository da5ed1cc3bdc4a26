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
