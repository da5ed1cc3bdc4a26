package guard_test

import (
	"crypto/sha256"
	"math"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/guard"
)

func known(t lantern.SignalType) bool { return t == "url" || t == "phrase" || t == "ip" }

func TestParseFlood(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                       "1000,ip=200,phrase=200",
		"50":                     "50,ip=50,phrase=50",
		"5000,phrase=20":         "5000,ip=200,phrase=20",
		"phrase = 20 , 10":       "10,ip=10,phrase=20",
		"0":                      "0,ip=0,phrase=0",
		"0,url=7":                "0,ip=0,phrase=0,url=7",
		"1000,ip=200,phrase=200": "1000,ip=200,phrase=200",
	} {
		f, err := guard.ParseFlood(in, known)
		if err != nil || f.String() != want {
			t.Errorf("%q: got %v, %v, want %s", in, f, err, want)
		}
	}
	for _, bad := range []string{"-1", "x", "nope=3", "url=", "url=1.5"} {
		if _, err := guard.ParseFlood(bad, known); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%q: got %v, want a refusal", bad, err)
		}
	}
}

// TestFloodProperties holds the guard to what makes it safe: at or below the bound nothing
// is quarantined, beyond bound, habit and allowance everything is, more hits never make it
// less of a flood, and more of a habit or an allowance never make it more of one.
func TestFloodProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1_000_000)
		f := guard.Flood{Hourly: n.Draw(t, "bound"), Types: map[lantern.SignalType]int{"phrase": n.Draw(t, "phrase")}}
		kind := rapid.SampledFrom([]lantern.SignalType{"url", "phrase"}).Draw(t, "type")
		bound := f.Hourly
		if kind == "phrase" {
			bound = f.Types[kind]
		}
		c := guard.Count{Hour: n.Draw(t, "hour"), Before: n.Draw(t, "before"), Allowed: n.Draw(t, "allowed")}
		trips := f.Trips(kind, c)
		beyond := c.Hour > bound && c.Hour > c.Allowed && c.Hour > guard.Burst*c.Before/168
		if trips != (bound > 0 && beyond) {
			t.Fatalf("bound %d, %+v: trips %v", bound, c, trips)
		}
		more := c
		more.Hour += n.Draw(t, "more")
		if trips && !f.Trips(kind, more) {
			t.Fatalf("%+v is a flood and %+v is none", c, more)
		}
		usual := c
		usual.Before += n.Draw(t, "usual")
		usual.Allowed += n.Draw(t, "allowance")
		if !trips && f.Trips(kind, usual) {
			t.Fatalf("%+v is no flood and %+v is one", c, usual)
		}
		if seen := (guard.Count{Hour: c.Hour, Allowed: guard.Allow(c.Hour)}); f.Trips(kind, seen) {
			t.Fatalf("what a person saw and released trips again: %+v", seen)
		}
	})
}

func TestPeak(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		var times []time.Time
		for _, s := range rapid.SliceOfN(rapid.IntRange(0, 4*3600), 0, 60).Draw(t, "seconds") {
			times = append(times, start.Add(time.Duration(s)*time.Second))
		}
		want := 0
		for _, from := range times { // the slow way
			n := 0
			for _, at := range times {
				if !at.Before(from) && at.Sub(from) < guard.Window {
					n++
				}
			}
			want = max(want, n)
		}
		if got := guard.Peak(times); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}

func TestParseSampling(t *testing.T) {
	t.Parallel()
	s, err := guard.ParseSampling("Uploads=10%, posts=0.5,25")
	if err != nil || s.Percent("uploads") != 10 || s.Percent("Posts") != 0.5 || s.Percent("other") != 25 || s.String() != "posts=0.5,uploads=10,25" {
		t.Errorf("got %v, %v", s, err)
	}
	if all := s.All(); all["*"] != 25 || len(all) != 3 {
		t.Errorf("got %v", all)
	}
	var zero guard.Sampling
	if zero.Percent("") != 100 || len(zero.All()) != 0 || !zero.Takes("", [32]byte{255, 255, 255, 255, 255, 255, 255, 255}) {
		t.Error("the zero Sampling leaves something out")
	}
	for _, bad := range []string{"101", "-1", "x=y", "x=NaN", "x="} {
		if _, err := guard.ParseSampling(bad); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%q: got %v, want a refusal", bad, err)
		}
	}
}

// TestSamplingOnlyAdds holds that a greater ratio takes in what a smaller one did, and that a
// ratio is one.
func TestSamplingOnlyAdds(t *testing.T) {
	t.Parallel()
	ratios := []float64{0, 0.1, 1, 10, 50, 99.9, 100}
	const n = 20_000
	before := map[int]bool{}
	for _, percent := range ratios {
		s := guard.Sampling{Sources: map[string]float64{"posts": percent}}
		taken := map[int]bool{}
		for i := range n {
			if s.Takes("posts", sha256.Sum256([]byte(strconv.Itoa(i)))) {
				taken[i] = true
			}
		}
		for i := range before {
			if !taken[i] {
				t.Fatalf("record %d took part at a smaller ratio than %v and does not at that", i, percent)
			}
		}
		p := percent / 100
		if want, off := p*n, 5*math.Sqrt(n*p*(1-p)); math.Abs(float64(len(taken))-want) > off {
			t.Errorf("%v %%: %d of %d records take part", percent, len(taken), n)
		}
		before = taken
	}
}
