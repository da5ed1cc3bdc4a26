package agent

import (
	"context"

	"lantern"
	"lantern/internal/replica"
)

// snapshotPage is how many changes of a snapshot one transaction takes in: enough that its
// commit weighs little, and few enough that others who write do not wait long.
const snapshotPage = 2 * lantern.MaxPage

// readSnapshot loads a feed that was never read, or is to be read anew. Until its end the
// program keeps no cursor: what breaks off, or is killed, starts over. If it cannot be had,
// the feed is read by pages.
func (a *Agent) readSnapshot(ctx context.Context, program lantern.ID) error {
	read := func(ctx context.Context, emit func(lantern.Change) error) (lantern.FeedMark, error) {
		return a.exchange.Snapshot(ctx, program, lantern.FeedFilter{}, emit)
	}
	err := replica.Stream(ctx, snapshotPage, read, a.prepare, func(ctx context.Context, page arriving) error {
		if err := a.mayApply(ctx); err != nil {
			return err
		}
		return a.applyPage(ctx, program, page)
	})
	if err == nil {
		a.verify.wake()
		a.files.wake()
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.feeds[program]; f != nil {
		f.pages = true
	}
	return err
}
