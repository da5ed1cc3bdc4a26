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
	placements []store.Placement
	links      [][]any
	incidents  [][]any
	keys       [][]byte        // keyed indexes of the values of what is placed
	fresh      []store.Sibling // what is placed and active
}

// place puts a signal into programs and records it.
func (s *sharing) place(by policy.Actor, p *prepared, programs []lantern.ID, kind audit.Kind) (lantern.ShareResult, error) {
	for i, program := range p.draft.Programs {
		if !slices.Contains(programs, program) {
			continue
		}
		seq, at, err := s.t.next(program)
		if err != nil {
			return lantern.ShareResult{}, err
		}
		place := store.Placement{Program: program, Signal: p.row.ID, Member: p.row.Member, Value: p.values[i], Seq: seq, Changed: at}
		s.placements = append(s.placements, place)
		if p.row.State == lantern.Active {
			s.fresh = append(s.fresh, store.Sibling{Placement: place, Key: string(p.row.Key), Status: p.row.Status})
		}
	}
	s.keys = append(s.keys, p.row.Key)
	for _, l := range p.draft.Links {
		s.links = append(s.links, []any{p.row.Member, p.row.ID, string(l.Kind), l.Signal})
	}
	if p.draft.Incident != 0 {
		s.incidents = append(s.incidents, []any{p.row.Member, p.row.ID, p.draft.Incident})
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
	leaf, err := s.t.record(entry{kind: kind, by: by, facts: p.facts(), person: p.person, record: &p.record})
	return lantern.ShareResult{Status: status, Signal: p.row.ID, Leaf: leaf}, err
}

// flush writes what was gathered and moves signals whose "disputed" mark may change.
func (s *sharing) flush() error {
	// Read before the placements are written, so that a value nobody else has an opinion on,
	// as nearly all are, gives no row.
	siblings, err := store.Siblings(s.t.ctx, s.t.Tx, s.keys)
	if err != nil {
		return err
	}
	if err := store.InsertPlacements(s.t.ctx, s.t.writing(), s.placements); err != nil {
		return fmt.Errorf("placing signals: %w", err)
	}
	if err := store.InsertLinks(s.t.ctx, s.t.writing(), s.links); err != nil {
		return fmt.Errorf("linking signals: %w", err)
	}
	if err := store.AddToIncident(s.t.ctx, s.t.writing(), s.incidents); err != nil {
		return fmt.Errorf("adding signals to incidents: %w", err)
	}
	if len(siblings) > 0 {
		err = moveSiblings(s.t, siblings, s.fresh)
	}
	s.placements, s.links, s.incidents, s.keys, s.fresh = nil, nil, nil, nil, nil
	return err
}

// moveSiblings gives a new place to every other active signal on the values of fresh ones
// on which members disagree: its "disputed" mark may have changed.
func moveSiblings(t *txn, siblings, fresh []store.Sibling) error {
	type spot struct {
		program lantern.ID
		value   string
	}
	opinions := map[spot]int{} // 1: some say violating or lead, 2: some say not
	touched, placed := map[spot]bool{}, map[store.Placement]bool{}
	for _, f := range fresh {
		at := spot{f.Program, f.Key}
		touched[at], placed[f.Placement] = true, true
		opinions[at] |= opinionBit(f.Status)
	}
	for _, s := range siblings {
		opinions[spot{s.Program, s.Key}] |= opinionBit(s.Status)
	}
	for _, s := range siblings {
		at := spot{s.Program, s.Key}
		if !touched[at] || opinions[at] != 3 || placed[s.Placement] {
			continue
		}
		if err := movePlacements(t, []store.Placement{s.Placement}); err != nil {
			return err
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

// settleSiblings moves the other members' signals on the same value after this one changed
// its status or fell: a dispute may have begun or ended.
func settleSiblings(t *txn, row store.SignalRow, have []store.Placement) error {
	if row.Key == nil {
		return nil
	}
	siblings, err := store.Siblings(t.ctx, t.Tx, [][]byte{row.Key})
	if err != nil {
		return err
	}
	for _, s := range siblings {
		beside := slices.ContainsFunc(have, func(p store.Placement) bool { return p.Program == s.Program })
		if !beside || s.Signal == row.ID {
			continue
		}
		if err := movePlacements(t, []store.Placement{s.Placement}); err != nil {
			return err
		}
	}
	return nil
}
