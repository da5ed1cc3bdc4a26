package exchange

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/signal"
)

// Mark is a place in the order in which [Exchange.Browse] walks: that of change, through all
// programs of the reader at once.
type Mark struct {
	Changed time.Time
	Program lantern.ID
}

// OpinionQuery selects opinions.
type OpinionQuery struct {
	From, Until time.Time                  // changed between, both inclusive; zero: no bound
	Keep        func(*lantern.Signal) bool // by what can be seen without the value; nil: all
	After       Mark                       // go on behind it; zero: from the beginning
	Newest      bool                       // newest change first
	Limit       int
}

// Seen is an opinion at the place where it was found.
type Seen struct {
	Opinion
	Changed time.Time
}

// OpinionPage is a part of what a query finds.
type OpinionPage struct {
	Opinions []Seen
	Next     *Mark // nil on the last page
}

// Browse walks through the active opinions that the actor may see in its programs, for
// clients of foreign protocols, oldest change first unless the newest are wanted. A signal in several
// programs comes once, where it changed last. A page costs what it holds and what lies between, however much
// there is; it is logged as a disclosure before it is returned.
func (x *Exchange) Browse(ctx context.Context, a policy.Actor, q OpinionQuery) (page OpinionPage, err error) {
	if err := policy.Can(a, policy.ReadSignals, x.Clock()); err != nil {
		return page, err
	}
	programs, err := x.Programs(ctx, a)
	if err != nil {
		return page, err
	}
	if q.Limit <= 0 || q.Limit > lantern.MaxPage {
		q.Limit = lantern.MaxPage
	}
	var found []spotted
	for _, p := range programs {
		rows, err := x.browse(ctx, a, p, programs, q)
		if err != nil {
			return page, err
		}
		found = append(found, rows...)
	}
	slices.SortFunc(found, func(a, b spotted) int {
		if q.Newest {
			a, b = b, a
		}
		return cmp.Or(a.at.Changed.Compare(b.at.Changed), cmp.Compare(a.at.Program, b.at.Program))
	})
	ids := make([]lantern.ID, 0, q.Limit)
	at := map[lantern.ID]time.Time{}
	for i, r := range found {
		if i == q.Limit {
			page.Next = &found[i-1].at
			break
		}
		ids = append(ids, r.signal)
		at[r.signal] = r.at.Changed
	}
	list, err := x.Opinions(ctx, a, ids) // what fell since is left out, what moved comes again
	for _, o := range list {
		page.Opinions = append(page.Opinions, Seen{o, at[o.ID]})
	}
	return page, err
}

// spotted is an opinion that a query found, and where.
type spotted struct {
	signal lantern.ID
	at     Mark
}

// browse reads what fits a query in one program: one more than a page holds, if there is.
func (x *Exchange) browse(ctx context.Context, a policy.Actor, p lantern.Program, all []lantern.Program, q OpinionQuery) (list []spotted, err error) {
	v, err := x.view(a, p.ID, lantern.FeedFilter{}, "")
	if err != nil {
		return nil, err
	}
	err = x.readFor(ctx, a.Member, func(tx *sqldb.Tx) error {
		s, err := x.look(ctx, tx, v)
		if err != nil || s.untrained != nil {
			return err
		}
		r := store.FeedRange{Program: p.ID, Reader: a.Member, Direction: s.membership.Direction, Reads: s.reads, Newest: q.Newest}
		if r.After, r.Upto, err = q.bounds(ctx, tx, p.ID, s.head.Seq); err != nil {
			return err
		}
		for r.Limit = q.Limit + 1; len(list) <= q.Limit; r.Limit = lantern.MaxPage {
			rows, err := store.FeedRows(ctx, tx, r)
			if err != nil {
				return err
			}
			for _, row := range rows {
				if len(list) > q.Limit {
					return nil
				}
				keep, err := q.fits(ctx, tx, p, all, row)
				if err != nil {
					return err
				}
				if keep {
					list = append(list, spotted{row.ID, Mark{row.Changed, p.ID}})
				}
			}
			if len(rows) < r.Limit {
				return nil
			}
			if last := rows[len(rows)-1].Seq; q.Newest {
				r.Upto = last - 1
			} else {
				r.After = last
			}
		}
		return nil
	})
	if lantern.KindOf(err) == lantern.NotFound { // left since the programs were listed
		err = nil
	}
	return list, err
}

// bounds are the places of a program, (after, upto], in which a query looks.
func (q *OpinionQuery) bounds(ctx context.Context, tx *sqldb.Tx, program lantern.ID, head int64) (after, upto int64, err error) {
	from, behind := q.From, time.Time{} // changed then or later, and before then
	if !q.Until.IsZero() {
		behind = q.Until.Add(time.Microsecond)
	}
	if at := q.After; !at.Changed.IsZero() {
		switch next := at.Changed.Add(time.Microsecond); {
		case q.Newest && program < at.Program: // it may have one of the same time
			behind = next
		case q.Newest:
			behind = at.Changed
		case program > at.Program && !at.Changed.Before(from):
			from = at.Changed
		case !next.Before(from):
			from = next
		}
	}
	if upto = head; !behind.IsZero() {
		if upto, err = store.PlaceBefore(ctx, tx, program, head, behind); err != nil {
			return 0, 0, err
		}
	}
	if !from.IsZero() {
		after, err = store.PlaceBefore(ctx, tx, program, upto, from)
	}
	return after, upto, err
}

// fits reports whether a row is one that a query wants, and stands nowhere later in the
// reader's programs.
func (q *OpinionQuery) fits(ctx context.Context, tx *sqldb.Tx, p lantern.Program, all []lantern.Program, r store.FeedRow) (bool, error) {
	kind, ok := signal.Lookup(r.Type)
	if !ok || kind.Compare == signal.None || r.State != lantern.Active || !policy.OnForeign(p.Policy, kind.Personal) {
		return false, nil
	}
	s, err := opinion(r.SignalRow)
	if err != nil || q.Keep != nil && !q.Keep(&s) {
		return false, err
	}
	if len(all) == 1 {
		return true, nil
	}
	places, err := store.PlacementsOf(ctx, tx, r.ID)
	later := func(o store.Placement) bool {
		shown := slices.ContainsFunc(all, func(b lantern.Program) bool { return b.ID == o.Program && policy.OnForeign(b.Policy, kind.Personal) })
		return shown && cmp.Or(o.Changed.Compare(r.Changed), cmp.Compare(o.Program, p.ID)) > 0
	}
	return err == nil && !slices.ContainsFunc(places, later), err
}
