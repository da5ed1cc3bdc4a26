package policy

import (
	"slices"
	"time"

	"lantern"
)

// Filtered is what [Passes] needs to know about an entry of a feed.
type Filtered struct {
	Signal        lantern.Signal
	Corroboration int
	Sent          bool // the reader was ever sent this signal
}

// Passes reports whether an entry that its reader may see passes a filter. What takes a
// claim back or changes it passes every filter, to whoever may hold the claim.
func Passes(f *lantern.FeedFilter, e Filtered) bool {
	s := &e.Signal
	if s.State != lantern.Active {
		return true
	}
	if e.Sent && (s.Updated.After(s.Created) || s.Disputed) {
		return true
	}
	seen := s.LastSeen
	if seen.IsZero() {
		seen = s.Created
	}
	return among(f.Types, s.Type) && among(f.Statuses, s.Status) && among(f.Sharers, s.Member) &&
		(len(f.Tags) == 0 || slices.ContainsFunc(s.Tags, func(t lantern.Tag) bool { return slices.Contains(f.Tags, t) })) &&
		severity(s.Severity) >= severity(f.MinSeverity) &&
		e.Corroboration >= f.MinCorroboration &&
		!s.Created.Before(f.CreatedSince) && !seen.Before(f.SeenSince) &&
		(s.Imminent || !f.Imminent)
}

// Excludes reports that a filter holds back an active signal that its reader was not sent,
// by what is known without its opinion. It may say no where [Passes] will.
func Excludes(f *lantern.FeedFilter, t lantern.SignalType, sharer lantern.ID, created time.Time) bool {
	return !among(f.Types, t) || !among(f.Sharers, sharer) || created.Before(f.CreatedSince)
}

func among[T comparable](list []T, v T) bool { return len(list) == 0 || slices.Contains(list, v) }

func severity(s lantern.Severity) int {
	return slices.Index([]lantern.Severity{lantern.Low, lantern.Medium, lantern.High, lantern.Critical}, s)
}

// Corroboration counts the independent groups, beyond the first, among signals that say the
// same of one value. Two signals belong to one group if one was derived from the other or
// both from a third, through any number of steps; origins are the steps.
func Corroboration(same []lantern.ID, origins map[lantern.ID][]lantern.ID) int {
	group := map[lantern.ID]lantern.ID{} // signal → another of its group; itself for the last
	var find func(id lantern.ID) lantern.ID
	find = func(id lantern.ID) lantern.ID {
		up, ok := group[id]
		if !ok || up == id {
			group[id] = id
			return id
		}
		root := find(up)
		group[id] = root
		return root
	}
	seen := map[lantern.ID]bool{}
	ahead := slices.Clone(same)
	for len(ahead) > 0 {
		id := ahead[len(ahead)-1]
		ahead = ahead[:len(ahead)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		for _, origin := range origins[id] {
			group[find(id)] = find(origin)
			ahead = append(ahead, origin)
		}
	}
	groups := map[lantern.ID]bool{}
	for _, id := range same {
		groups[find(id)] = true
	}
	return max(0, len(groups)-1)
}

// Opposed reports whether two statuses on one value make it disputed.
func Opposed(a, b lantern.Status) bool {
	return (a == lantern.NonViolating) != (b == lantern.NonViolating)
}
