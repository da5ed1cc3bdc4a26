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
	siblings   []store.Sibling // what stood on the values before
	known      map[string]bool // values that somebody had a signal on before, in whatever state
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
		place := store.Placement{Program: program, Signal: p.row.ID, Member: p.row.Member, Value: p.values[i], Seq: seq, Changed: at,
			Special: kind == audit.Amend || p.row.Imminent || len(p.draft.Links) > 0 || s.known[string(p.row.Key)]}
		s.placements = append(s.placements, place)
		if p.row.State == lantern.Active {
			s.fresh = append(s.fresh, store.Sibling{Placement: place, Key: string(p.row.Key), Status: p.row.Status})
		}
	}
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
	e := entry{kind: kind, by: by, person: p.person, record: &p.record}
	p.tell(&e.facts)
	leaf, err := s.t.enter(&e)
	return lantern.ShareResult{Status: status, Signal: p.row.ID, Leaf: leaf}, err
}

// flush writes what was gathered and moves signals of which a reader must learn something
// else than before: that they are disputed, or how many say the same.
func (s *sharing) flush() error {
	move := s.beside(s.siblings)
	if err := store.InsertPlacements(s.t.ctx, s.t.writing(), s.placements); err != nil {
		return fmt.Errorf("placing signals: %w", err)
	}
	if err := store.InsertLinks(s.t.ctx, s.t.writing(), s.links); err != nil {
		return fmt.Errorf("linking signals: %w", err)
	}
	if err := store.AddToIncident(s.t.ctx, s.t.writing(), s.incidents); err != nil {
		return fmt.Errorf("adding signals to incidents: %w", err)
	}
	s.placements, s.links, s.incidents, s.siblings, s.fresh = nil, nil, nil, nil, nil
	return movePlacements(s.t, move)
}

// beside marks what is placed on a value that others have an opinion on, and returns the
// placements of the others: whether they are disputed, and their corroboration, may have
// changed.
func (s *sharing) beside(siblings []store.Sibling) (move []store.Placement) {
	type spot struct {
		program lantern.ID
		value   string
	}
	type entry struct{ program, signal lantern.ID }
	opinions := make(map[spot]int, len(s.fresh))
	for _, f := range s.fresh {
		opinions[spot{f.Program, f.Key}]++
	}
	if len(siblings) == 0 && len(opinions) == len(s.fresh) {
		return nil
	}
	placed := map[entry]string{} // what is placed, and on which value
	for _, f := range s.fresh {
		placed[entry{f.Program, f.Signal}] = f.Key
	}
	for _, b := range siblings {
		at := spot{b.Program, b.Key}
		if _, ok := placed[entry{b.Program, b.Signal}]; !ok && opinions[at] > 0 {
			opinions[at]++
			move = append(move, b.Placement)
		}
	}
	for i, p := range s.placements {
		if key, ok := placed[entry{p.Program, p.Signal}]; ok && opinions[spot{p.Program, key}] > 1 {
			s.placements[i].Special = true
		}
	}
	return move
}

// movePlacements gives placements new places in their feeds.
func movePlacements(t *txn, have []store.Placement) error {
	if len(have) == 0 {
		return nil
	}
	// A value that several of a batch are about names its neighbours once for each.
	type place struct{ program, signal lantern.ID }
	seen := make(map[place]bool, len(have))
	list := slices.DeleteFunc(slices.Clone(have), func(p store.Placement) bool {
		at := place{p.Program, p.Signal}
		again := seen[at]
		seen[at] = true
		return again
	})
	for i := range list {
		var err error
		if list[i].Seq, list[i].Changed, err = t.next(list[i].Program); err != nil {
			return err
		}
	}
	if err := store.MovePlacements(t.ctx, t.writing(), list); err != nil {
		return fmt.Errorf("moving signals: %w", err)
	}
	return nil
}

// settleSiblings moves the other members' signals on the same values after signals changed or
// fell: a dispute may have begun or ended, and what they corroborate too. have is where
// the signals were placed.
func settleSiblings(t *txn, rows []store.SignalRow, have []store.Placement) error {
	type spot struct {
		program lantern.ID
		value   string
	}
	key, beside := make(map[lantern.ID]string, len(rows)), map[spot]bool{}
	var keys [][]byte
	for _, r := range rows {
		if r.Key != nil {
			key[r.ID] = string(r.Key)
			keys = append(keys, r.Key)
		}
	}
	for _, p := range have {
		beside[spot{p.Program, key[p.Signal]}] = true
	}
	siblings, err := store.SiblingsOn(t.ctx, t.Tx, keys...)
	if err != nil {
		return err
	}
	var move []store.Placement
	for _, s := range siblings {
		if _, own := key[s.Signal]; !own && beside[spot{s.Program, s.Key}] {
			move = append(move, s.Placement)
		}
	}
	return movePlacements(t, move)
}
