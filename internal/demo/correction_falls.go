package demo

import (
	"context"
	"fmt"
	"slices"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tell"
)

// derivedFall looks at what was derived from the wrong signal alone: it is suspended with
// it, until its owner has looked on evidence of its own. What has some is reaffirmed, what
// has none is withdrawn.
func (s *story) derivedFall(ctx context.Context, w *desk.Work) error {
	own := w.Company.People[stage.Submitter]
	suspended, err := own.Signals(ctx, client.SignalFilter{State: lantern.Suspended})
	if err != nil {
		return fmt.Errorf("listing signals: %w", err)
	}
	f := &s.f.Correction
	for _, sig := range suspended {
		f.Derived++
		if archived(w, sig.Value) {
			f.Reaffirmed++
			now := s.clock.Now().UTC()
			_, err = own.Renew(ctx, sig.ID, lantern.Renewal{Expires: now.Add(30 * day), Basis: lantern.Basis{Policy: w.Company.Name + " rules, child safety",
				ReviewedBy: lantern.ByHuman, Action: "room closed", At: now}})
		} else {
			_, err = own.Withdraw(ctx, sig.ID, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		}
		if err != nil {
			return fmt.Errorf("settling a derived signal: %w", err)
		}
	}
	s.n.Says(w.Company.Name, "had derived %s from it alone. They were suspended with their root. Its people look again without it: %s stands on what Chatter sees itself and is reaffirmed, %s on nothing and is withdrawn.",
		tell.Some(f.Derived, "signal", "signals"), tell.Count(f.Reaffirmed), tell.Count(f.Derived-f.Reaffirmed))
	return nil
}

// archived reports whether an address stands in one of the company's own rooms: evidence
// that needs no signal.
func archived(w *desk.Work, address string) bool {
	for _, a := range w.Reviewer.Accounts {
		if a.Archive != "" && a.Archive == address {
			return true
		}
	}
	return false
}

// purged waits until every recipient of every correction, but those excused, has
// acknowledged both steps, says so in words, and shows the map.
func (s *story) purged(ctx context.Context, words string, excused func(lantern.Receivership) bool) error {
	f := &s.f.Correction
	bar := s.n.Bar("waiting for acknowledgements", -1)
	defer bar.Stop()
	var all []lantern.Correction
	err := stage.Until(ctx, func() (done bool, err error) {
		if all, err = s.Steward.Corrections(ctx); err != nil {
			return false, fmt.Errorf("reading corrections: %w", err)
		}
		f.Corrections, f.Recipients, f.Masked, f.Purged = len(all), 0, 0, 0
		waits := 0
		for _, c := range all {
			for _, r := range c.Recipients {
				f.Recipients++
				if !r.Masked.IsZero() {
					f.Masked++
				}
				if !r.Purged.IsZero() {
					f.Purged++
				}
				if (r.Masked.IsZero() || r.Purged.IsZero()) && !excused(r) {
					waits++
				}
			}
		}
		return f.Recipients > 0 && waits == 0, nil
	})
	bar.Stop()
	if err != nil {
		return err
	}
	s.f.TimesAndLog.Purged = s.o.Clock().Sub(s.began)
	s.n.Says("agents", "%s", words)
	s.n.Screen(fmt.Sprintf("steward: %s, %s of %s purged (%d %%)", tell.Some(f.Corrections, "correction", "corrections"), tell.Count(f.Purged), tell.Count(f.Recipients), 100*f.Purged/f.Recipients),
		s.purgeMap(all)...)
	return nil
}

// purgeMap are the recipients of corrections, a line each.
func (s *story) purgeMap(all []lantern.Correction) (lines []string) {
	for _, c := range all {
		what := c.Kind
		for _, r := range c.Recipients {
			line := tell.Pad(fmt.Sprintf("%s, %s", c.Type, what), 29) + tell.Pad(s.nameOf(r.Member), tell.NameWidth)
			switch {
			case r.Purged.IsZero():
				line += "waits"
			default:
				line += "masked, purged"
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// nameOf is a company's name by its id.
func (s *story) nameOf(id lantern.ID) string {
	for _, c := range s.Companies {
		if c.Member.ID == id {
			return c.Name
		}
	}
	return "another member"
}
