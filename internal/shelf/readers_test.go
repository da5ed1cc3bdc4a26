package shelf

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// TestWaitForReaders: waiting must not end before a reader that was there leaves, and must
// end although others keep coming.
func TestWaitForReaders(t *testing.T) {
	t.Parallel()
	var r readers
	old := r.enter()
	var left atomic.Bool
	done := make(chan error)
	go func() {
		err := r.wait(context.Background())
		if !left.Load() {
			err = errors.New("ended before the reader left")
		}
		done <- err
	}()
	for r.turn.Load() == 0 {
		runtime.Gosched()
	}
	var stop atomic.Bool
	var others sync.WaitGroup
	for range 3 {
		others.Go(func() {
			for !stop.Load() {
				r.enter().leave()
				runtime.Gosched()
			}
		})
	}
	for range 1000 {
		runtime.Gosched()
	}
	left.Store(true)
	old.leave()
	if err := <-done; err != nil {
		t.Error(err)
	}
	stop.Store(true)
	others.Wait()
}

// TestWaitEnds with its context, and the readers can be waited for again.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	var r readers
	old := r.enter()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	old.leave()
	if err := r.wait(context.Background()); err != nil {
		t.Error(err)
	}
}
