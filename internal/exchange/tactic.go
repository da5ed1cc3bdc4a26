package exchange

import (
	"fmt"

	"lantern"
	"lantern/signal"
)

// normalize brings what a draft shares to its canonical form: its value or, of type tactic,
// the tactic in the place of one. What is stored, sealed and found is the canonical form.
func normalize(kind *signal.Type, d *lantern.Draft) (signal.Value, error) {
	if kind != signal.Tactic {
		return kind.Normalize(d.Value)
	}
	v, err := signal.NormalizeTactic(d.Tactic)
	d.Tactic = nil
	return v, err
}

// showValue puts an unsealed canonical form where readers look for it.
func showValue(s *lantern.Signal, t lantern.SignalType, canonical string) (err error) {
	if t != lantern.TacticType {
		s.Value = canonical
		return nil
	}
	if s.Tactic, err = signal.ReadTactic(canonical); err != nil {
		return fmt.Errorf("reading signal %s: %w", s.ID, err)
	}
	return nil
}

// shownValue is the way back.
func shownValue(s *lantern.Signal) (string, error) {
	if s.Tactic == nil {
		return s.Value, nil
	}
	v, err := signal.NormalizeTactic(s.Tactic)
	return v.Canonical, err
}
