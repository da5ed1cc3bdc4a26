package exchange

import (
	"context"
	"time"

	"lantern"
	"lantern/internal/policy"
)

// heartbeat is how often a follower without news is told that it is still followed for.
const heartbeat = 15 * time.Second

// Follow gives emit every page of a feed after a cursor as it comes, each committed as a
// disclosure before, and an empty one now and then. It reads on when emit returns, so that
// a slow reader is read no further than it takes. It ends with the error of emit or of a read,
// or with the cause of ctx; see [Exchange.Guard].
func (x *Exchange) Follow(ctx context.Context, a policy.Actor, program lantern.ID, f lantern.FeedFilter, cursor lantern.Cursor, emit func(lantern.FeedPage) error) error {
	v, err := x.view(a, program, f, cursor)
	if err != nil {
		return err
	}
	for {
		room := x.wakes.room(program)
		page, head, err := x.page(ctx, v, lantern.MaxPage)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		page.AsOf = later(x.Clock(), head.Last)
		if err := emit(page); err != nil {
			return err
		}
		if page.More {
			continue
		}
		wait, cancel := context.WithTimeout(ctx, heartbeat)
		x.await(wait, room)
		cancel()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}
