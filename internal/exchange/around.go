package exchange

import (
	"context"
	"maps"
	"slices"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// disclosed is what a page is made of.
type disclosed struct {
	rows []store.FeedRow
	around
}

// around is what stands around the rows of a page, by signal.
type around struct {
	reactions     map[lantern.ID]map[lantern.Reaction]int
	links         map[lantern.ID][]lantern.Link
	disputed      map[lantern.ID]bool
	corroboration map[lantern.ID]int
	incidents     map[lantern.ID]lantern.ID
}

func (a *around) add(b around) {
	if a.links == nil {
		*a = b
		return
	}
	maps.Copy(a.reactions, b.reactions)
	maps.Copy(a.links, b.links)
	maps.Copy(a.disputed, b.disputed)
	maps.Copy(a.corroboration, b.corroboration)
	maps.Copy(a.incidents, b.incidents)
}

// gather reads a range of a feed with what stands around it, and says how far it reaches:
// less far than asked for if the limit was met.
func gather(ctx context.Context, tx *sqldb.Tx, r store.FeedRange) (d disclosed, upto int64, err error) {
	if d.rows, err = store.FeedRows(ctx, tx, r); err != nil {
		return d, 0, err
	}
	upto = r.Upto
	if len(d.rows) == r.Limit {
		upto = d.rows[r.Limit-1].Seq
	}
	if slices.ContainsFunc(d.rows, func(row store.FeedRow) bool { return row.Special && row.State == lantern.Active }) {
		d.around, err = surround(ctx, tx, r.Program, r.After, upto)
	}
	return d, upto, err
}

// surround reads what stands around the signals placed in (after, upto] of a feed.
func surround(ctx context.Context, tx *sqldb.Tx, program lantern.ID, after, upto int64) (a around, err error) {
	a = around{map[lantern.ID]map[lantern.Reaction]int{}, map[lantern.ID][]lantern.Link{}, map[lantern.ID]bool{}, map[lantern.ID]int{}, map[lantern.ID]lantern.ID{}}
	reactions, err := store.ReactionsBetween(ctx, tx, program, after, upto)
	if err != nil {
		return a, err
	}
	for _, c := range reactions {
		if a.reactions[c.Signal] == nil {
			a.reactions[c.Signal] = map[lantern.Reaction]int{}
		}
		a.reactions[c.Signal][c.Reaction] = c.Members
	}
	links, err := store.LinksBetween(ctx, tx, program, after, upto)
	if err != nil {
		return a, err
	}
	for _, l := range links {
		a.links[l.Signal] = append(a.links[l.Signal], l.Link)
	}
	if a.incidents, err = store.IncidentsBetween(ctx, tx, program, after, upto); err != nil {
		return a, err
	}
	beside, err := store.BesideBetween(ctx, tx, program, after, upto)
	if err != nil || len(beside) == 0 {
		return a, err
	}
	same := map[lantern.ID][]lantern.ID{}
	for _, b := range beside {
		if policy.Opposed(b.Own, b.Status) {
			a.disputed[b.Signal] = true
		} else {
			same[b.Signal] = append(same[b.Signal], b.Other)
		}
	}
	origins, err := originsOf(ctx, tx, same)
	for signal, others := range same {
		a.corroboration[signal] = policy.Corroboration(append(others, signal), origins)
	}
	return a, err
}

// maxDerivation bounds how many steps of derivation are followed.
const maxDerivation = 8

// originsOf reads what signals and those beside them were derived from, step by step.
func originsOf(ctx context.Context, tx *sqldb.Tx, same map[lantern.ID][]lantern.ID) (map[lantern.ID][]lantern.ID, error) {
	all, ahead := map[lantern.ID][]lantern.ID{}, map[lantern.ID]bool{}
	for signal, others := range same {
		ahead[signal] = true
		for _, o := range others {
			ahead[o] = true
		}
	}
	seen := map[lantern.ID]bool{}
	for step := 0; len(ahead) > 0 && step < maxDerivation; step++ {
		found, err := store.Origins(ctx, tx, slices.Collect(maps.Keys(ahead)))
		if err != nil {
			return nil, err
		}
		maps.Copy(seen, ahead)
		clear(ahead)
		for signal, origins := range found {
			all[signal] = origins
			for _, o := range origins {
				if !seen[o] {
					ahead[o] = true
				}
			}
		}
	}
	return all, nil
}
