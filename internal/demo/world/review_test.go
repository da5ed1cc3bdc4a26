package world

import (
	"slices"
	"testing"

	"lantern"
)

// account is one of a small platform.
func account(id string, f Finding, texts ...string) *Account {
	a := &Account{ID: id, Finding: f}
	for _, text := range texts {
		a.Posts = append(a.Posts, Post{Text: text})
	}
	return a
}

func TestReviewer(t *testing.T) {
	t.Parallel()
	p := &Platform{}
	var ids []string
	for _, a := range []*Account{
		account("copy-1", Offers, "open again"), account("copy-2", Offers, "open again"), account("copy-3", Offers, "open again", "open again"),
		account("pair-1", Offers, "other words"), account("pair-2", Offers, "other words"),
		account("asks", Asks, "open again"), account("leans", Leaning), account("warns", Warns), account("empty", Emptied),
	} {
		p.Accounts = append(p.Accounts, a)
		ids = append(ids, a.ID)
	}
	r := NewReviewer(p)
	want := map[string]lantern.Ruling{
		"copy-1": {Decision: lantern.Confirmed}, // of copies, one at least is looked at
		"copy-2": {Decision: lantern.Confirmed, Bulk: true},
		"copy-3": {Decision: lantern.Confirmed, Bulk: true},
		"pair-1": {Decision: lantern.Confirmed},
		"pair-2": {Decision: lantern.Confirmed},
		"asks":   {Decision: lantern.Confirmed},
		"leans":  {Decision: lantern.Confirmed},
		"warns":  {Decision: lantern.NotHere},
		"empty":  {Decision: lantern.Unsure},
		"nobody": {Decision: lantern.Unsure},
	}
	for _, got := range r.Rule(append(ids, "nobody")) {
		w := want[got.Account]
		if w.Account = got.Account; got != w {
			t.Errorf("%s: ruled %+v, want %+v", got.Account, got, w)
		}
	}
	if r.StandsAlone("leans") || !r.StandsAlone("asks") || r.StandsAlone("nobody") {
		t.Error("what leans on a signal does not stand alone, and what is evident does")
	}
}

func TestTools(t *testing.T) {
	t.Parallel()
	seed := &Account{ID: "seed", Device: "d1", Paytag: "payrail:x", Posts: []Post{{URL: "https://driftbox.example/s/1"}}}
	p := &Platform{Accounts: []*Account{
		seed,
		{ID: "device", Device: "d1"},
		{ID: "both", Device: "d1", Paytag: "payrail:x"},
		{ID: "pays", Paytag: "payrail:x"},
		{ID: "posts", Posts: []Post{{URL: "https://driftbox.example/s/1"}}},
		{ID: "replies", Answered: []*Account{seed}},
		{ID: "stranger", Device: "d2"},
	}}
	for range tooBroad {
		p.Accounts = append(p.Accounts, &Account{ID: "reader", Device: "library"})
	}
	crowded := &Account{ID: "crowded", Device: "library"}
	p.Accounts = append(p.Accounts, crowded)
	tools := NewTools(p)
	for _, tt := range []struct {
		name  string
		from  []string
		links []string
		want  []string
		broad int
	}{
		{"device", []string{"seed"}, []string{SameDevice}, []string{"both same-device", "device same-device"}, 0},
		{"first reason counts", []string{"seed"}, []string{SamePayment, SameDevice}, []string{"both same-payment-handle", "device same-device", "pays same-payment-handle"}, 0},
		{"address", []string{"seed"}, []string{PostedURL}, []string{"posts posted-url"}, 0},
		{"reply", []string{"seed"}, []string{RepliedTo}, []string{"replies replied-to"}, 0},
		{"too broad", []string{"crowded"}, []string{SameDevice}, nil, 1},
	} {
		found, broad := tools.Widen(tt.from, map[string]bool{"seed": true}, tt.links...)
		var got []string
		for _, c := range found {
			got = append(got, c.Account+" "+c.Link)
			if c.Via != tt.from[0] {
				t.Errorf("%s: %s via %s", tt.name, c.Account, c.Via)
			}
		}
		if !slices.Equal(got, tt.want) || broad != tt.broad {
			t.Errorf("%s: found %q and %d too broad, want %q and %d", tt.name, got, broad, tt.want, tt.broad)
		}
	}
}
