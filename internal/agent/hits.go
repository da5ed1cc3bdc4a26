package agent

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/queue"
	"lantern/internal/sqldb"
)

// plain reports whether s is UTF-8 without control characters, fit to be kept as a
// reference and shown in a terminal.
func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// keepHits stores hits whose signals still stand, and holds those whose signals are
// suspended. That is asked again in the same transaction: a correction in between must
// leave no hit behind.
func (a *Agent) keepHits(ctx context.Context, hits []*agentstore.HitRow) error {
	if len(hits) == 0 {
		return nil
	}
	now := a.clock()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return a.queue.Keep(ctx, tx, hits, now) })
	if err != nil {
		return fmt.Errorf("keeping hits: %w", err)
	}
	a.told.wake()
	return nil
}

// HitFilter chooses hits. The zero filter asks for the first open ones; held hits cannot be
// asked for.
type HitFilter = agentstore.HitFilter

// MaxHits bounds a page of hits.
const MaxHits = 1000

// Hits returns a page of the queue: the greatest risk to a child first, then the oldest.
// Hits of one incident stand together, where the first of them belongs.
func (a *Agent) Hits(ctx context.Context, f agentstore.HitFilter) ([]lantern.Hit, error) {
	if f.State == "" {
		f.State = lantern.HitOpen
	}
	if f.State == lantern.HitHeld {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/state", Reason: "held hits cannot be seen", Fix: "ask for open, quarantined, decided or void"}
	}
	if f.Limit <= 0 {
		f.Limit = 100
	}
	f.Limit = min(f.Limit, MaxHits)
	hits := []lantern.Hit{}
	err := a.db.Read(ctx, func(tx *sqldb.Tx) error {
		var after *agentstore.HitRow
		if f.After != 0 {
			h, found, err := agentstore.LoadHit(ctx, tx, f.After)
			if err != nil {
				return err
			}
			if !found || h.State == lantern.HitHeld {
				return &lantern.Error{Kind: lantern.NotFound, Field: "/after", Reason: "no such hit", Fix: "start again without it"}
			}
			after = &h
		}
		rows, err := agentstore.ListHits(ctx, tx, f, after)
		if err != nil {
			return err
		}
		hits, err = queue.Show(ctx, tx, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing hits: %w", err)
	}
	return hits, nil
}

// Hit returns one hit. Held ones are not found.
func (a *Agent) Hit(ctx context.Context, id lantern.ID) (hit lantern.Hit, err error) {
	err = a.db.Read(ctx, func(tx *sqldb.Tx) error {
		row, found, err := agentstore.LoadHit(ctx, tx, id)
		if err != nil {
			return err
		}
		if !found || row.State == lantern.HitHeld {
			return lantern.Errorf(lantern.NotFound, "no such hit")
		}
		shown, err := queue.Show(ctx, tx, []agentstore.HitRow{row})
		if err == nil {
			hit = shown[0]
		}
		return err
	})
	if err != nil {
		return lantern.Hit{}, fmt.Errorf("reading a hit: %w", err)
	}
	return hit, nil
}
