package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"lantern"
	"lantern/internal/policy"
)

func TestSampleSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{-1: 0, 0: 0, 1: 1, 4: 4, 5: 5, 25: 5, 26: 6, 100: 10, 101: 11, 2401: 49, 2500: 50, 1_000_000: 50} {
		if got := policy.SampleSize(n); got != want {
			t.Errorf("of %d: got %d, want %d", n, got, want)
		}
	}
}

// The sample is a matter of the seed alone, and every item has its chance.
func TestDraw(t *testing.T) {
	t.Parallel()
	var items []string
	for i := range 100 {
		items = append(items, fmt.Sprintf("u-%d", i))
	}
	first := policy.Draw("seed", items)
	shuffled := slices.Clone(items)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(items), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if again := policy.Draw("seed", shuffled); !slices.Equal(first, again) || len(first) != 10 || !slices.IsSorted(first) {
		t.Errorf("got %v, and of the same in another order %v", first, again)
	}
	drawn := map[string]int{}
	for i := range 1000 {
		for _, it := range policy.Draw(fmt.Sprint(i), items) {
			drawn[it]++
		}
	}
	for _, it := range items {
		if n := drawn[it]; n < 50 || n > 160 {
			t.Errorf("%s was drawn %d times of 1000, want about 100", it, n)
		}
	}
}

func TestSetDigest(t *testing.T) {
	t.Parallel()
	base := policy.SetDigest([]string{"confirmed"}, []string{"b", "a"})
	if base != policy.SetDigest([]string{"confirmed"}, []string{"a", "b"}) {
		t.Error("the order of a set changes its digest")
	}
	for name, other := range map[string]string{
		"another word": policy.SetDigest([]string{"unsure"}, []string{"a", "b"}),
		"fewer":        policy.SetDigest([]string{"confirmed"}, []string{"a"}),
		"joined":       policy.SetDigest([]string{"confirmed"}, []string{"ab"}),
	} {
		if other == base {
			t.Errorf("%s: the same digest", name)
		}
	}
}

func TestMayBulk(t *testing.T) {
	t.Parallel()
	exact := lantern.Evidence{Signal: 1, How: lantern.HowExact}
	for name, c := range map[string]struct {
		e  lantern.Evidence
		d  lantern.HitDecision
		ok bool
	}{
		"exact, confirmed":           {exact, lantern.Confirmed, true},
		"exact, wrong":               {exact, lantern.WrongSignal, false},
		"weak, confirmed":            {lantern.Evidence{Signal: 1, How: lantern.HowAlias, Weak: true}, lantern.Confirmed, false},
		"weak, dismissed":            {lantern.Evidence{Signal: 1, How: lantern.HowAlias, Weak: true}, lantern.NotHere, true},
		"candidate":                  {lantern.Evidence{Case: 1, Link: "paid", Via: "h"}, lantern.Confirmed, true},
		"candidate without its link": {lantern.Evidence{Case: 1, Link: "paid"}, lantern.NotHere, false},
	} {
		if err := policy.MayBulk(c.e, c.d); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNeedsSecond(t *testing.T) {
	t.Parallel()
	strict := lantern.Policy{FourEyes: true}
	alone, both := &lantern.Attestation{Person: 1}, &lantern.Attestation{Person: 1, Second: 2}
	for name, c := range map[string]struct {
		p  lantern.Policy
		o  lantern.Outcome
		ok bool
	}{
		"not asked":         {lantern.Policy{}, lantern.Outcome{Kind: lantern.AccountsActioned, Count: 1, Attestation: alone}, true},
		"asked, one":        {strict, lantern.Outcome{Kind: lantern.AccountsActioned, Count: 1, Attestation: alone}, false},
		"asked, two":        {strict, lantern.Outcome{Kind: lantern.AccountsActioned, Count: 1, Attestation: both}, true},
		"no act":            {strict, lantern.Outcome{Kind: lantern.ReviewedNoViolation, Count: 1, Attestation: alone}, true},
		"taking back":       {strict, lantern.Outcome{Kind: lantern.AccountsActioned, Count: -1, Attestation: alone}, true},
		"reversing":         {strict, lantern.Outcome{Kind: lantern.Reversed, Count: 1, Attestation: alone}, true},
		"asked, unattested": {strict, lantern.Outcome{Kind: lantern.ReportsFiled, Count: 1}, false},
	} {
		if err := policy.NeedsSecond(c.p, c.o); (err == nil) != c.ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestIndependent(t *testing.T) {
	t.Parallel()
	type ids = map[lantern.ID]lantern.ID
	type links = map[lantern.ID][]lantern.ID
	for name, c := range map[string]struct {
		members ids
		from    links
		want    int
	}{
		"none":              {ids{}, nil, 0},
		"one":               {ids{1: 10, 2: 10}, nil, 1},
		"two":               {ids{1: 10, 2: 20}, nil, 2},
		"derived":           {ids{1: 10, 2: 20}, links{2: {1}}, 1},
		"over two steps":    {ids{1: 10, 2: 20, 3: 30}, links{2: {1}, 3: {2}}, 1},
		"two groups":        {ids{1: 10, 2: 20, 3: 30}, links{2: {1}}, 2},
		"in a circle":       {ids{1: 10, 2: 20, 3: 30}, links{1: {2}, 2: {3}, 3: {1}}, 1},
		"from a stranger's": {ids{1: 10, 2: 20}, links{2: {9}}, 2},
	} {
		for range 20 { // maps are read in any order
			if got := policy.Independent(c.members, c.from); got != c.want {
				t.Fatalf("%s: got %d, want %d", name, got, c.want)
			}
		}
	}
}

func TestAgreed(t *testing.T) {
	t.Parallel()
	said := func(d lantern.HitDecision, why lantern.DecisionReason) lantern.Sampled {
		return lantern.Sampled{Decision: d, Reason: why}
	}
	same := said(lantern.NotHere, "allowed-here")
	for name, tt := range map[string]struct {
		sample []lantern.Sampled
		want   bool
	}{
		"nobody was to be looked at": {nil, true},
		"all alike":                  {[]lantern.Sampled{same, same}, true},
		"one is undecided":           {[]lantern.Sampled{same, {}}, false},
		"another decision":           {[]lantern.Sampled{same, said(lantern.Confirmed, "abuse-material")}, false},
		"another reason":             {[]lantern.Sampled{same, said(lantern.NotHere, "other")}, false},
		"no reason":                  {[]lantern.Sampled{same, said(lantern.NotHere, "")}, false},
	} {
		if got := policy.Agreed(tt.sample, lantern.NotHere, "allowed-here"); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
