package desk

import (
	"context"
	"fmt"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// Widen adds a round of accounts that the company's own tools link to confirmed ones.
func (w *Work) Widen(ctx context.Context, t *world.Tools, links []string) error {
	found, broad := t.Widen(w.Decided[lantern.Confirmed], w.Known, links...)
	for _, c := range found {
		w.Via[c.Account] = c.Via
	}
	bar := w.N.Bar("adding candidates", len(found))
	defer bar.Stop()
	lines := client.Lines(func(yield func(lantern.Candidate) bool) {
		for _, c := range found {
			bar.Add(1)
			if !yield(c) {
				return
			}
		}
	})
	defer lines.Close() //nolint:errcheck // a pipe
	r, err := w.Company.Desk[stage.Investigator].AddRound(ctx, w.Case.ID, lines)
	if err != nil {
		return fmt.Errorf("widening a case: %w", err)
	}
	w.Round(r, broad)
	return nil
}

// Tell says what a round brought.
func (w *Work) Tell(round int) {
	r := &w.Figures.Rounds[round]
	var links []string
	for _, link := range SortedKeys(r.Links) {
		links = append(links, fmt.Sprintf("%s %s", tell.Count(r.Links[link]), link))
	}
	title, came := fmt.Sprintf("round %d", round), fmt.Sprintf("%s more (%s), %s in the case", tell.Some(r.Added, "account", "accounts"), strings.Join(links, ", "), tell.Count(r.Total))
	if round == 0 {
		title, came = "case", fmt.Sprintf("opened on %s with a hit", tell.Some(r.Added, "account", "accounts"))
	}
	w.N.Says(title, "%s. Reviewers: %s confirmed, %s no violation, %s cannot tell.", came,
		tell.Count(r.Decided[lantern.Confirmed]), tell.Count(r.Decided[lantern.NotHere]), tell.Count(r.Decided[lantern.Unsure]))
	if r.TooBroad > 0 {
		w.N.Adds("%s left out: too many people share them to mean anything.", tell.Some(r.TooBroad, "device was", "devices were"))
	}
	if r.Warning != "" {
		w.N.Adds("The agent warns: %s.", r.Warning)
	}
}
