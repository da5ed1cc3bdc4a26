package world

import (
	"maps"
	"slices"

	"lantern"
)

// How a company's people review: copies of one text are identical evidence and may be
// decided together, but one in so many of them is looked at all the same.
const (
	bulkFrom    = 3
	sampleEvery = 10
)

// Reviewer is a company's person who looks at own accounts. It sees what the platform
// shows and nothing else.
type Reviewer struct {
	Accounts map[string]*Account // by their platform's id
}

// NewReviewer returns a reviewer of the platform's accounts.
func NewReviewer(p *Platform) *Reviewer {
	r := &Reviewer{Accounts: make(map[string]*Account, len(p.Accounts))}
	for _, a := range p.Accounts {
		r.Accounts[a.ID] = a
	}
	return r
}

// Decide judges one account beside the signal that led to it.
func (r *Reviewer) Decide(id string) lantern.HitDecision {
	a := r.Accounts[id]
	if a == nil {
		return lantern.Unsure
	}
	switch a.Finding {
	case Offers, Asks, Demands, Leaning:
		return lantern.Confirmed
	case Emptied:
		return lantern.Unsure
	}
	return lantern.NotHere
}

// StandsAlone says whether what was found would do without any signal.
func (r *Reviewer) StandsAlone(id string) bool {
	a := r.Accounts[id]
	return a != nil && (a.Finding == Offers || a.Finding == Asks || a.Finding == Demands)
}

// evidence is what makes two accounts' evidence identical; "" if nothing does.
func (r *Reviewer) evidence(id string) string {
	a := r.Accounts[id]
	if a == nil || a.Finding != Offers || len(a.Posts) == 0 {
		return ""
	}
	for _, p := range a.Posts {
		if p.URL != "" || p.Text != a.Posts[0].Text {
			return ""
		}
	}
	return a.Posts[0].Text
}

// Rule decides on accounts: each singly, but copies together.
func (r *Reviewer) Rule(ids []string) []lantern.Ruling {
	copies := map[string][]string{}
	for _, id := range ids {
		if e := r.evidence(id); e != "" {
			copies[e] = append(copies[e], id)
		}
	}
	bulk := map[string]bool{}
	for _, e := range slices.Sorted(maps.Keys(copies)) {
		if len(copies[e]) < bulkFrom {
			continue
		}
		for i, id := range copies[e] {
			bulk[id] = i%sampleEvery != 0
		}
	}
	rulings := make([]lantern.Ruling, len(ids))
	for i, id := range ids {
		rulings[i] = lantern.Ruling{Account: id, Decision: r.Decide(id), Bulk: bulk[id]}
	}
	return rulings
}
