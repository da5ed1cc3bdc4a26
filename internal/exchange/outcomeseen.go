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
)

// OutcomeSeen is an own signal of which [Exchange.OutcomeTotals] has something to tell.
type OutcomeSeen struct {
	Signal  lantern.ID
	Type    lantern.SignalType
	Created time.Time // of the signal
	Changed time.Time // when its sums last changed, as far as they tell
}

// OutcomesSeen lists the signals of the actor's member in a program because of which others acted,
// oldest change first. It lists what has sums to read and nothing else, and is as late as they are:
// where a program delays them, all change at midnight UTC.
func (x *Exchange) OutcomesSeen(ctx context.Context, a policy.Actor, program lantern.ID) (list []OutcomeSeen, err error) {
	if err := policy.Can(a, policy.ReadOutcomes, x.Clock()); err != nil {
		return nil, err
	}
	seen, counts := map[lantern.ID]OutcomeSeen{}, map[lantern.ID]map[lantern.OutcomeKind]int{}
	err = x.read(ctx, func(tx *sqldb.Tx) error {
		if _, err := inProgram(ctx, tx, program, a.Member); err != nil {
			return err
		}
		programs, err := store.OutcomePrograms(ctx, tx, a.Member, program)
		if err != nil {
			return err
		}
		for _, id := range programs {
			p, _, err := store.Program(ctx, tx, id)
			if err != nil {
				return err
			}
			entries, corrections := policy.Horizon(x.Clock(), p.Policy.OutcomeDelay)
			marks, err := store.OutcomeMarks(ctx, tx, a.Member, program, id, entries, corrections)
			if err != nil {
				return err
			}
			for _, m := range marks {
				if p.Policy.OutcomeDelay > 0 {
					m.At = corrections
				}
				if counts[m.Signal] == nil {
					counts[m.Signal] = map[lantern.OutcomeKind]int{}
				}
				counts[m.Signal][m.Kind] += m.Count
				if before := seen[m.Signal].Changed; before.After(m.At) {
					m.At = before
				}
				seen[m.Signal] = OutcomeSeen{m.Signal, m.Type, m.Created, m.At}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for id, s := range seen {
		for _, n := range counts[id] {
			if n > 0 {
				list = append(list, s)
				break
			}
		}
	}
	slices.SortFunc(list, func(a, b OutcomeSeen) int {
		return cmp.Or(a.Changed.Compare(b.Changed), cmp.Compare(a.Signal, b.Signal))
	})
	return list, nil
}
