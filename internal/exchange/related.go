package exchange

import (
	"context"
	"fmt"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// Relate says that two signals belong to one account, or with undo that they do not: a link
// of the one that is the actor's member's own, to the other, which the actor must be able to
// see. Saying it twice changes nothing, nor does taking back what nobody said. The own signal
// moves in its feeds.
func (x *Exchange) Relate(ctx context.Context, a policy.Actor, one, other lantern.ID, undo bool) error {
	if err := policy.Can(a, policy.Share, x.Clock()); err != nil {
		return err
	}
	if one == other {
		return lantern.Errorf(lantern.Invalid, "a signal is not related to itself")
	}
	return x.write(ctx, func(t *txn) error {
		row, err := x.ownSignal(t, a, one)
		if lantern.KindOf(err) == lantern.NotFound {
			one, other = other, one
			row, err = x.ownSignal(t, a, one)
		}
		if err != nil {
			return err
		}
		if !alive(row.State) {
			return lantern.Errorf(lantern.Conflict, "the signal is %s", row.State)
		}
		link, count, there, err := linked(t, one, other)
		if err != nil {
			return err
		}
		if undo && !there { // it may have been said the other way round
			if turned, none := x.ownSignal(t, a, other); none == nil && alive(turned.State) {
				row = turned
				if link, _, there, err = linked(t, other, one); err != nil {
					return err
				}
			}
		}
		if there != undo {
			return nil
		}
		if !undo {
			if count >= lantern.MaxLinks {
				return &lantern.Error{Kind: lantern.TooLarge, Reason: "the signal has as many links as it may", Fix: fmt.Sprintf("at most %d", lantern.MaxLinks)}
			}
			if err := newWorld(t, a).checkLinks([]lantern.Link{link}); err != nil {
				return err
			}
		}
		return t.relate(a, row, link, undo)
	})
}

// linked tells whether a signal has the link to another by which it is related to it, and how many
// links it has.
func linked(t *txn, one, other lantern.ID) (link lantern.Link, count int, there bool, err error) {
	link = lantern.Link{Kind: lantern.SameAccount, Signal: other}
	have, err := store.LinksOf(t.ctx, t.Tx, one)
	for _, l := range have {
		there = there || l.Link == link
	}
	return link, len(have), there, err
}

// relate writes what Relate decided.
func (t *txn) relate(a policy.Actor, row store.SignalRow, link lantern.Link, undo bool) error {
	places, err := store.PlacementsOf(t.ctx, t.Tx, row.ID)
	if err != nil {
		return err
	}
	if undo {
		err = store.DropLink(t.ctx, t.writing(), store.LinkRow{Member: row.Member, Signal: row.ID, Link: link})
	} else {
		err = store.InsertLinks(t.ctx, t.writing(), [][]any{{row.Member, row.ID, string(link.Kind), link.Signal}})
	}
	if err != nil {
		return fmt.Errorf("relating signals: %w", err)
	}
	if err := movePlacements(t, places); err != nil {
		return err
	}
	_, err = t.record(entry{kind: audit.Amend, by: a, facts: facts{Signal: row.ID, Owner: row.Member, Type: row.Type, State: string(row.State)}})
	return err
}

// Related lists what a signal is linked with, by its own links and by those of others, as far
// as the actor may see it; see [Exchange.Opinions].
func (x *Exchange) Related(ctx context.Context, a policy.Actor, id lantern.ID) ([]Opinion, error) {
	seen, err := x.Opinions(ctx, a, []lantern.ID{id})
	if err != nil {
		return nil, err
	}
	if len(seen) == 0 {
		return nil, errMissing("signal")
	}
	var ids []lantern.ID
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		links, err := store.LinksOf(ctx, tx, id)
		if err != nil {
			return err
		}
		for _, l := range links {
			ids = append(ids, l.Link.Signal)
		}
		back, err := store.LinkedTo(ctx, tx, id, lantern.MaxLinks)
		ids = append(ids, back...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return x.Opinions(ctx, a, ids)
}
