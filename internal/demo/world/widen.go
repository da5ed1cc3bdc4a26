package world

import (
	"slices"
	"strings"

	"lantern"
)

// The links the social network's own Tools know.
const (
	SameDevice  = "same-device"
	SamePayment = "same-payment-handle"
	PostedURL   = "posted-url"
	RepliedTo   = "replied-to"
)

// tooBroad is how many accounts may share a device before sharing it says nothing.
const tooBroad = 40

// Tools are what the social network finds links with: indexes over its own accounts.
type Tools struct {
	accounts map[string]*Account
	by       map[string]map[string][]*Account // link → what is shared → who shares it
	repliers map[*Account][]*Account
}

// NewTools indexes a platform's accounts.
func NewTools(p *Platform) *Tools {
	t := &Tools{accounts: map[string]*Account{}, repliers: map[*Account][]*Account{},
		by: map[string]map[string][]*Account{SameDevice: {}, SamePayment: {}, PostedURL: {}}}
	add := func(link, key string, a *Account) {
		if key != "" {
			t.by[link][key] = append(t.by[link][key], a)
		}
	}
	for _, a := range p.Accounts {
		t.accounts[a.ID] = a
		add(SameDevice, a.Device, a)
		add(SamePayment, a.Paytag, a)
		for _, p := range a.Posts {
			if !strings.Contains(p.URL, "//cloudbin.test/") { // those the signals found already
				add(PostedURL, p.URL, a)
			}
		}
		for _, to := range a.Answered {
			t.repliers[to] = append(t.repliers[to], a)
		}
	}
	return t
}

// shared is what an account has that others may share.
func shared(a *Account, link string) (keys []string) {
	switch link {
	case SameDevice:
		keys = append(keys, a.Device)
	case SamePayment:
		keys = append(keys, a.Paytag)
	case PostedURL:
		for _, p := range a.Posts {
			keys = append(keys, p.URL)
		}
	}
	return keys
}

// Widen finds the accounts linked to confirmed ones by the given kinds of link, each once
// and with its first reason; known ones are left out. It also counts the shared things
// that too many accounts share to mean anything.
func (t *Tools) Widen(confirmed []string, known map[string]bool, links ...string) (found []lantern.Candidate, broad int) {
	seen := map[string]bool{}
	skipped := map[string]bool{}
	add := func(a, via *Account, link string) {
		if !known[a.ID] && !seen[a.ID] {
			seen[a.ID] = true
			found = append(found, lantern.Candidate{Account: a.ID, Link: link, Via: via.ID})
		}
	}
	for _, link := range links {
		for _, id := range confirmed {
			from := t.accounts[id]
			if link == RepliedTo {
				for _, a := range t.repliers[from] {
					add(a, from, link)
				}
				continue
			}
			for _, key := range shared(from, link) {
				others := t.by[link][key]
				if len(others) > tooBroad {
					skipped[key] = true
					continue
				}
				for _, a := range others {
					add(a, from, link)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b lantern.Candidate) int { return strings.Compare(a.Account, b.Account) })
	return found, len(skipped)
}
