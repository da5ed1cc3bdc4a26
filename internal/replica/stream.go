package replica

import (
	"context"

	"lantern"
)

// Stream takes a snapshot in by pages of up to size changes, of which the last alone has its
// mark and says that there is no more. read emits the changes and returns the mark; ready
// makes a page ready and take takes it in, in their order.
//
// While one page is taken in the next is made ready and the one after it read, each in a
// goroutine of its own: together they take more time than any of them. Stream returns when
// all have ended. The error is that of take, after which no page is taken in, or of read.
func Stream[P any](ctx context.Context, size int, read func(context.Context, func(lantern.Change) error) (lantern.FeedMark, error),
	ready func(context.Context, lantern.FeedPage) P, take func(context.Context, P) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	pages := make(chan lantern.FeedPage)
	readied := make(chan P)
	done := make(chan error, 1)
	go func() {
		defer close(readied)
		for page := range pages {
			readied <- ready(ctx, page)
		}
	}()
	go func() {
		var err error
		for page := range readied {
			if err == nil {
				if err = take(ctx, page); err != nil {
					stop(err)
				}
			}
		}
		done <- err
	}()
	page := lantern.FeedPage{More: true} // what moved meanwhile follows
	mark, err := read(ctx, func(c lantern.Change) error {
		if len(page.Changes) == size {
			pages <- page
			page.Changes = make([]lantern.Change, 0, size)
		}
		page.Changes = append(page.Changes, c)
		return ctx.Err()
	})
	if err == nil {
		page.Next, page.Leaf = mark.Next, mark.Leaf
		pages <- page
	}
	close(pages)
	if taken := <-done; taken != nil {
		return taken
	}
	return err
}
