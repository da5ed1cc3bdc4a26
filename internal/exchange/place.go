package exchange

import (
	"fmt"
	"slices"

	"lantern"
	"lantern/audit"
	"lantern/internal/policy"
	"lantern/internal/store"
)

// sharing gathers the rows of a batch, so that they go out in few statements.
type sharing struct {
	x          *Exchange
	t          *txn
	a          policy.Actor
	placements []store.Placement
	links      [][]any
	touched    map[lantern.ID][]lantern.ID // program → values
}

// place puts a signal into programs and records it.
func (s *sharing) place(p *prepared, programs []lantern.ID, kind audit.Kind) (lantern.ShareResult, error) {
	if s.touched == nil {
		s.touched = map[lantern.ID][]lantern.ID{}
	}
	for i, program := range p.draft.Programs {
		if !slices.Contains(programs, program) {
			continue
		}
		seq, at, err := s.t.next(program)
		if err != nil {
			return lantern.ShareResult{}, err
		}
		s.placements = append(s.placements, store.Placement{Program: program, Signal: p.row.ID, Member: p.row.Member,
			Value: p.values[i], Seq: seq, Changed: at})
		s.touched[program] = append(s.touched[program], p.values[i])
	}
	for _, l := range p.draft.Links {
		s.links = append(s.links, []any{p.row.Member, p.row.ID, string(l.Kind), l.Signal})
	}
	status := lantern.Created
	switch {
	case kind == audit.Amend:
		status = lantern.Updated
	case p.row.State == lantern.Held:
		kind, status = audit.Hold, lantern.HeldBack
	default:
		s.t.tellImminent(p.row, p.draft.Programs)
	}
	leaf, err := s.t.record(entry{kind: kind, by: s.a, facts: p.facts(), person: p.person, record: &p.record})
	return lantern.ShareResult{Status: status, Signal: p.row.ID, Leaf: leaf}, err
}

// flush writes what was gathered and moves signals whose "disputed" mark may change.
func (s *sharing) flush() error {
	if err := store.InsertPlacements(s.t.ctx, s.t.writing(), s.placements); err != nil {
		return fmt.Errorf("placing signals: %w", err)
	}
	if err := store.InsertLinks(s.t.ctx, s.t.writing(), s.links); err != nil {
		return fmt.Errorf("linking signals: %w", err)
	}
	fresh := map[lantern.ID]bool{}
	for _, p := range s.placements {
		fresh[p.Signal] = true
	}
	for program, values := range s.touched {
		if err := moveSiblings(s.t, program, values, fresh); err != nil {
			return err
		}
	}
	s.placements, s.links, s.touched = nil, nil, nil
	return nil
}

// moveSiblings gives a new place to every other active signal on the values on which
// members disagree: its "disputed" mark may have changed.
func moveSiblings(t *txn, program lantern.ID, values []lantern.ID, except map[lantern.ID]bool) error {
	siblings, err := store.Siblings(t.ctx, t.Tx, program, values)
	if err != nil {
		return err
	}
	opinions := map[lantern.ID]int{} // value → 1: some say violating or lead, 2: some say not
	for _, s := range siblings {
		opinions[s.Value] |= opinionBit(s.Status)
	}
	for _, s := range siblings {
		if opinions[s.Value] != 3 || except[s.Signal] {
			continue
		}
		if s.Seq, s.Changed, err = t.next(program); err != nil {
			return err
		}
		if err := store.MovePlacement(t.ctx, t.writing(), s.Placement); err != nil {
			return fmt.Errorf("moving a signal: %w", err)
		}
	}
	return nil
}

func opinionBit(s lantern.Status) int {
	if s == lantern.NonViolating {
		return 2
	}
	return 1
}

// movePlacements gives a signal a new place in every feed it is in.
func movePlacements(t *txn, have []store.Placement) error {
	for _, p := range have {
		var err error
		if p.Seq, p.Changed, err = t.next(p.Program); err != nil {
			return err
		}
		if err := store.MovePlacement(t.ctx, t.writing(), p); err != nil {
			return fmt.Errorf("moving a signal: %w", err)
		}
	}
	return nil
}

// settleSiblings moves the other members' signals on the same values after this one
// changed its status or fell: a dispute may have begun or ended.
func settleSiblings(t *txn, have []store.Placement) error {
	for _, p := range have {
		if p.Value == 0 {
			continue
		}
		siblings, err := store.Siblings(t.ctx, t.Tx, p.Program, []lantern.ID{p.Value})
		if err != nil {
			return err
		}
		siblings = slices.DeleteFunc(siblings, func(s store.Sibling) bool { return s.Signal == p.Signal })
		for _, s := range siblings {
			if err := movePlacements(t, []store.Placement{s.Placement}); err != nil {
				return err
			}
		}
	}
	return nil
}
