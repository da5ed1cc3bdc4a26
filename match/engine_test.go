package match_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"lantern"
	"lantern/match"
	"lantern/match/matchtest"
	"lantern/signal"
)

var key = [32]byte{1, 2, 3}

// pick draws one of a few words, so that values collide often.
func pick(words ...string) *rapid.Generator[string] { return rapid.SampledFrom(words) }

// rawValue draws a raw value of a type from a small world.
func rawValue(t *rapid.T, typ *signal.Type) string {
	name := pick("owl", "Night.Owl", "night_owl7", "zz+tag").Draw(t, "name")
	host := pick("example.com", "a.example.com", "b.a.example.com", "chatter.test").Draw(t, "host")
	path := pick("", "/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/a?q=1", "/a/?q=/b").Draw(t, "path")
	hexdigit := func(n int) string {
		return strings.Repeat(pick("0f", "0e", "3f", "ff").Draw(t, "h"), n/2-1) + pick("01", "a1", "17").Draw(t, "t")
	}
	switch typ {
	case signal.Email:
		return name + "@" + host
	case signal.Username:
		return host + "/" + name
	case signal.Account:
		return host + ":" + pick("17", "18").Draw(t, "id")
	case signal.Phone:
		return "+1202555014" + pick("3", "4").Draw(t, "last")
	case signal.URL:
		return "https://" + host + path
	case signal.Domain:
		return host
	case signal.IP:
		return "192.0.2." + pick("7", "8").Draw(t, "last")
	case signal.MD5, signal.VideoMD5:
		return hexdigit(32)
	case signal.SHA1:
		return hexdigit(40)
	case signal.SHA256, signal.PDQ:
		return hexdigit(64)
	case signal.VPDQ:
		return rawFrames(t)
	case signal.Phrase:
		return pick("zorbly plim", "plim zorbly plim", "zorbly plim trade").Draw(t, "phrase")
	}
	return typ.Example
}

// rawFrames draws a list of frames, of few hashes: some equal, some at the edges of the
// radius from one another, some of too little quality. Pictures have the same hashes.
func rawFrames(t *rapid.T) string {
	var list []string
	for n := range rapid.IntRange(1, 9).Draw(t, "frames") {
		hash := strings.Repeat(pick("0f", "0e", "3f", "ff").Draw(t, "h"), 31) + pick("01", "a1", "17", "0f").Draw(t, "t")
		if rapid.Bool().Draw(t, "of one kind") {
			hash = strings.Repeat("0", 64-8) + pick("00000000", "7fffffff", "ffffffff", "00000001", "fffffff0").Draw(t, "edge")
		}
		list = append(list, fmt.Sprintf("%d,%d,%s,%d", n, rapid.SampledFrom([]int{100, 51, 50, 49, 0}).Draw(t, "quality"), hash, n))
	}
	return strings.Join(list, "\n")
}

// drawEntry draws a normalised value.
func drawEntry(t *rapid.T) match.Entry {
	for {
		typ := rapid.SampledFrom(signal.Types()).Draw(t, "type")
		if v, err := typ.Normalize(rawValue(t, typ)); err == nil {
			return match.Entry{Type: typ.Name, Canonical: v.Canonical, Weak: v.Weak}
		}
	}
}

// TestEngineEqualsReference holds the engine against the slow one under random changes.
func TestEngineEqualsReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e, ref := match.New(key), matchtest.New()
		for range rapid.IntRange(1, 12).Draw(t, "rounds") {
			var changes []match.Change
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				c := match.Change{Entry: drawEntry(t), Remove: rapid.IntRange(0, 3).Draw(t, "remove") == 0}
				c.Signal = lantern.ID(rapid.IntRange(1, 20).Draw(t, "signal"))
				changes = append(changes, c)
			}
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				if err := e.Apply(changes); err != nil {
					t.Fatal(err)
				}
			}
			ref.Apply(changes)
			if e.Len() != len(ref.Entries) {
				t.Fatalf("holds %d signals, want %d", e.Len(), len(ref.Entries))
			}
			for range 4 {
				en := drawEntry(t)
				q := match.Query{Type: en.Type, Canonical: en.Canonical, Weak: en.Weak}
				got, want := matchtest.Sorted(e.Match(q, nil)), ref.Match(q)
				if !slices.Equal(got, want) {
					t.Fatalf("type %s: got %v, want %v", q.Type, got, want)
				}
			}
		}
	})
}

// TestApplyRefuses looks at changes that must leave the engine as it was.
func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	good := match.Change{Entry: match.Entry{Signal: 1, Type: "domain", Canonical: "bad.example"}}
	for name, bad := range map[string]match.Change{
		"no id":        {Entry: match.Entry{Type: "domain", Canonical: "bad.example"}},
		"unknown type": {Entry: match.Entry{Signal: 2, Type: "smell", Canonical: "x"}},
		"not a hash":   {Entry: match.Entry{Signal: 2, Type: "pdq", Canonical: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := match.New(key)
			err := e.Apply([]match.Change{good, bad})
			if lantern.KindOf(err) != lantern.Invalid || !strings.Contains(err.Error(), "/changes/1") {
				t.Errorf("got %v, want an invalid change 1", err)
			}
			if e.Len() != 0 {
				t.Errorf("holds %d signals, want none", e.Len())
			}
		})
	}
}

// TestHammingEdges looks at distances around the radius.
func TestHammingEdges(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	base := strings.Repeat("0", 63) + "1"
	if err := e.Apply([]match.Change{{Entry: match.Entry{Signal: 9, Type: "pdq", Canonical: base}}}); err != nil {
		t.Fatal(err)
	}
	for d, query := range map[int]string{
		0:  base,
		1:  strings.Repeat("0", 63) + "3",
		31: strings.Repeat("f", 7) + "7" + strings.Repeat("0", 55) + "1",
		32: strings.Repeat("f", 8) + strings.Repeat("0", 55) + "1",
	} {
		got := e.Match(match.Query{Type: "pdq", Canonical: query}, nil)
		if d > 31 && len(got) == 0 {
			continue
		}
		if len(got) != 1 || got[0].Distance != d || d > 31 {
			t.Errorf("at distance %d: got %v", d, got)
		}
	}
}

// TestOrderOfMatches holds that what is found of one value comes in one order, however it lies in pieces.
func TestOrderOfMatches(t *testing.T) {
	t.Parallel()
	var changes []match.Change
	add := func(name lantern.SignalType, canonical string) {
		changes = append(changes, match.Change{Entry: match.Entry{Signal: lantern.ID(1 + len(changes)*7%23), Type: name, Canonical: canonical}})
	}
	base := strings.Repeat("0", 64)
	for _, last := range []string{"f", "1", "7", "0", "3", "1", "f", "0", "8"} {
		add("pdq", base[1:]+last)
	}
	for range 4 {
		add("email", "name@example.com")
	}
	for _, a := range []string{"https://files.example.com/", "https://files.example.com/a/", "https://files.example.com/a/b", "https://files.example.com/a/"} {
		add("url", a)
	}
	add("domain", "files.example.com")
	together, apart := match.New(key), match.New(key)
	if err := together.Apply(changes); err != nil {
		t.Fatal(err)
	}
	for i := len(changes) - 1; i >= 0; i-- {
		if err := apart.Apply(changes[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []match.Query{{Type: "pdq", Canonical: base}, {Type: "email", Canonical: "name@example.com"}, {Type: "url", Canonical: "https://files.example.com/a/b"}} {
		want := together.Match(q, nil)
		if got := apart.Match(q, nil); len(want) < 4 || !slices.Equal(got, want) {
			t.Errorf("%s: found %v, and %v of the same in other pieces", q.Type, want, got)
		}
		if !slices.IsSortedFunc(want, func(a, b match.Found) int { return a.Distance - b.Distance }) {
			t.Errorf("%s: the nearest do not come first: %v", q.Type, want)
		}
	}
}

// TestConcurrentUse applies and matches at once; what is always held must always be found.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	e := match.New(key)
	entry := func(id int) match.Entry {
		return match.Entry{Signal: lantern.ID(id), Type: "account", Canonical: fmt.Sprintf("chatter.test:%d", id)}
	}
	if err := e.Apply([]match.Change{{Entry: entry(1)}}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := range 300 {
				id := 2 + (i*7+w)%50
				if err := e.Apply([]match.Change{{Entry: entry(id), Remove: i%3 == 0}, {Entry: entry(1)}}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 3000 {
				q := entry(1)
				if got := e.Match(match.Query{Type: q.Type, Canonical: q.Canonical}, nil); len(got) != 1 {
					t.Errorf("got %d findings, want 1", len(got))
					return
				}
			}
		})
	}
	wg.Wait()
}
