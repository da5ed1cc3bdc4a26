package desk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// Finding is something several confirmed accounts have in common.
type Finding struct {
	Draft    lantern.Draft
	Accounts []*world.Account
	Roots    []lantern.ID // signals it rests on
}

// Paid reports whether one of the accounts shows a payment handle.
func (f *Finding) Paid() bool {
	return slices.ContainsFunc(f.Accounts, func(a *world.Account) bool { return a.Paytag != "" })
}

// CommonFrom is how many confirmed accounts must have something in common before it is
// worth sharing.
const CommonFrom = 3

// Findings gathers what confirmed accounts have in common: addresses, mail addresses,
// handles elsewhere, payment handles. Only what enough of them share counts.
func (w *Work) Findings() []*Finding {
	all := map[lantern.TypedValue]*Finding{}
	add := func(t lantern.SignalType, value string, a *world.Account) {
		if value == "" {
			return
		}
		k := lantern.TypedValue{Type: t, Value: value}
		if all[k] == nil {
			all[k] = &Finding{}
		}
		f := all[k]
		f.Accounts = append(f.Accounts, a)
		for _, id := range w.Roots(a.ID) {
			if !slices.Contains(f.Roots, id) {
				f.Roots = append(f.Roots, id)
			}
		}
	}
	for _, id := range w.Decided[lantern.Confirmed] {
		a := w.Reviewer.Accounts[id]
		add("email", a.Email, a)
		add("payment", a.Paytag, a)
		for _, h := range a.Elsewhere {
			add("username", h, a)
		}
		for _, p := range a.Posts {
			if !strings.Contains(p.URL, "//cloudbin.test/") {
				add("url", p.URL, a)
			}
		}
	}
	var list []*Finding
	for _, k := range slices.SortedFunc(maps.Keys(all), func(a, b lantern.TypedValue) int {
		return strings.Compare(string(a.Type)+a.Value, string(b.Type)+b.Value)
	}) {
		if f := all[k]; len(f.Accounts) >= CommonFrom {
			f.Draft = w.Draft(k, f)
			list = append(list, f)
		}
	}
	return list
}

// Draft writes a Finding down as a draft, with the note its investigator made.
func (w *Work) Draft(k lantern.TypedValue, f *Finding) lantern.Draft {
	d := lantern.Draft{Type: k.Type, Value: k.Value, Status: lantern.Violating, Severity: lantern.High, Tags: []lantern.Tag{"trade"}, Confidence: 85,
		Role:  lantern.SuspectedOffender,
		Basis: lantern.Basis{Policy: w.Company.Name + " community rules, child safety", ReviewedBy: lantern.ByHuman, Action: "accounts disabled", At: w.Now().UTC()},
		Note:  fmt.Sprintf("seen on %s", tell.Some(len(f.Accounts), "confirmed account", "confirmed accounts"))}
	if k.Type == "url" {
		d.Role = lantern.Infrastructure
	}
	d.LastSeen = world.LastSeen(f.Accounts)
	for _, a := range f.Accounts {
		if a.Remark != "" {
			d.Note = a.Remark
		}
	}
	slices.Sort(f.Roots)
	for _, id := range f.Roots[:min(len(f.Roots), 8)] {
		d.Links = append(d.Links, lantern.Link{Kind: lantern.DerivedFrom, Signal: id})
	}
	return d
}

// Share shares drafts from the case.
func (w *Work) Share(ctx context.Context, f *tally.ShareFigures, drafts []lantern.Draft) error {
	bar := w.N.Bar("sharing back", len(drafts))
	defer bar.Stop()
	lines := client.Lines(slices.Values(drafts))
	defer lines.Close() //nolint:errcheck // a pipe
	i := 0
	err := w.Company.Desk[stage.Submitter].ShareBack(ctx, w.Case.ID, lines, func(r lantern.ShareResult) error {
		if i == len(drafts) {
			return errors.New("more results than drafts")
		}
		f.Add(drafts[i], r)
		if r.Signal != 0 {
			w.Signals[drafts[i].Value] = r.Signal
		}
		i++
		bar.Add(1)
		return nil
	})
	if err != nil {
		return fmt.Errorf("sharing back: %w", err)
	}
	return nil
}

// SortedKeys are a map's keys in order.
func SortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
