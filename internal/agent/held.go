package agent

import (
	"context"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/engine"
	"lantern/match"
	"lantern/signal"
)

// A suspended signal matches nothing: the engine does not hold it. A second engine holds
// the suspended ones alone; what it finds appears in no answer and goes into the held queue.

// move brings both engines behind a committed edit and returns what the engine cannot hold. A
// signal that goes from one to the other is for a moment in both, never in none; whoever
// looked at one before and at the other after sees by moves that this happened meanwhile.
func (a *Agent) move(e *edit) (refused []lantern.ID) {
	if len(e.held) == 0 {
		return engine.Feed(a.engine, e.engine)
	}
	a.moves.Add(1)
	defer a.moves.Add(1)
	var in, out []match.Change
	for _, c := range e.held {
		if c.Remove {
			out = append(out, c)
		} else {
			in = append(in, c)
		}
	}
	engine.Feed(a.held, in)
	refused = engine.Feed(a.engine, e.engine)
	engine.Feed(a.held, out)
	return refused
}

// settled calls look until no signal moved between the engines while it ran; a lookup that
// met a move is forgotten. Moves are rare and short: it gives up after some.
func (a *Agent) settled(l *look, look func() error) error {
	for range 10 {
		before, answer := a.moves.Load(), l.answer
		err := look()
		if err != nil || before%2 == 0 && a.moves.Load() == before {
			return err
		}
		l.answer, l.held = answer, nil
		l.answer.Matches = []lantern.Match{}
	}
	return look()
}

// enterHeld puts a suspended signal into the engine of suspended ones. One that cannot be
// read must not keep the others from being masked.
func (e *edit) enterHeld(ctx context.Context, row *agentstore.ReplicaRow) {
	if row.Kind == lantern.TacticType || e.unmatched[row.Signal] || !e.a.matchable(row.Member, e.member, row.Expires, e.now) {
		return
	}
	if entry, ok, err := e.entry(ctx, row); err == nil && ok {
		e.held = append(e.held, match.Change{Entry: entry})
	}
}

// heldSpot notes what was found of suspended signals in a text.
func (l *look) heldSpot(s match.Spot, field string) {
	if t, known := signal.Lookup(s.Type); known && t.Personal && !l.fresh.personal {
		return
	}
	l.held = append(l.held, lantern.Match{
		Signal: s.Signal, Type: s.Type, How: s.How, Distance: s.Distance, Weak: s.Weak, Field: field,
		Offset: int(s.Start), Length: int(s.End - s.Start), Line: s.Line, Column: s.Column,
	})
}
