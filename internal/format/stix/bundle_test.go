package stix_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/format/stix"
	"lantern/signal"
)

// bundleOf writes a bundle with a signal of each type, all of which have two programs but the first.
func bundleOf(t testing.TB, signals bool) (text string, list []lantern.Signal) {
	t.Helper()
	var b strings.Builder
	w := stix.NewWriter(&b, signals, at)
	for i, kind := range signal.Types() {
		c := change(t, kind)
		s := c.Signal
		s.ID += lantern.ID(i)
		if s.Programs = []lantern.ID{program}; i > 0 {
			s.Programs = append(s.Programs, 77)
		}
		s.Expires, s.Basis.At, s.FirstSeen, s.LastSeen = s.Expires.Truncate(time.Microsecond), at, s.FirstSeen.Truncate(time.Microsecond), s.LastSeen.Truncate(time.Microsecond)
		lost, err := w.Write(&s)
		if err != nil || len(lost) > 0 {
			t.Errorf("%s: lost %v, %v", kind.Name, lost, err)
		}
		list = append(list, s)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String(), list
}

// Every object of a bundle fits the schemas, whatever it refers to stands in it, and it comes back
// whole: as drafts, or as signals that say whose they are.
func TestABundleIsWholeAndComesBack(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	for _, signals := range []bool{false, true} {
		text, want := bundleOf(t, signals)
		var bundle struct {
			Type, ID string
			Objects  []json.RawMessage
		}
		if err := json.Unmarshal([]byte(text), &bundle); err != nil || bundle.Type != "bundle" || !stix.Well(bundle.ID) {
			t.Fatalf("not a bundle: %v", err)
		}
		known := map[string]bool{}
		var refs []string
		for _, raw := range bundle.Objects {
			v.check(t, raw)
			var o struct {
				ID      string
				By      string         `json:"created_by_ref"`
				Marks   []string       `json:"object_marking_refs"`
				Extends map[string]any `json:"extensions"`
			}
			if err := json.Unmarshal(raw, &o); err != nil || known[o.ID] {
				t.Errorf("an object twice, or none: %v", err)
			}
			known[o.ID] = true
			refs = append(append(refs, o.Marks...), slices.Collect(maps.Keys(o.Extends))...)
			if o.By != "" {
				refs = append(refs, o.By)
			}
		}
		const tlp2 = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d" // FIRST's, which every tool has
		for _, ref := range refs {
			if !known[ref] && ref != tlp2 {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		if id := stix.ID("indicator", program, want[0].ID); !known[id] || !known[stix.ID("indicator", 0, want[1].ID)] {
			t.Errorf("the id of a signal of one program is not that of its feed, or that of two programs is")
		}
		r := stix.NewReader(strings.NewReader(text))
		for _, s := range want {
			rec, err := r.Read()
			if err != nil || rec.Err != nil {
				t.Fatalf("%s: %v, %v", s.Type, err, rec.Err)
			}
			if missing := column.Missing(&s.Draft, &rec.Signal.Draft); len(missing) > 0 {
				t.Errorf("%s: %v did not come back", s.Type, missing)
			}
			if owned := rec.Signal.Member == s.Member && rec.Signal.ID == s.ID; owned != signals {
				t.Errorf("%s: says whose it is: %v", s.Type, owned)
			}
		}
		if rec, err := r.Read(); !errors.Is(err, io.EOF) || len(r.Lost()) > 0 {
			t.Errorf("behind it: %+v, %v, lost %v", rec.Number, err, r.Lost())
		}
	}
}

// What others write is read as far as a signal can hold it; what is refused says which object and
// member, what is passed over is counted, and neither repeats anything.
func TestForeignBundle(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/foreign.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := stix.NewReader(f)
	var got []string
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		d := rec.Signal.Draft
		line := fmt.Sprintf("%d %s %s %v %s", rec.Number, d.Type, d.Handling, d.Tags, d.Status)
		if rec.Err != nil {
			line = fmt.Sprintf("%d %v", rec.Number, rec.Err)
		}
		if got = append(got, line); strings.Contains(line, "secret") {
			t.Error("a refusal repeats what it refuses")
		}
	}
	want := []string{
		"4 url RED [csam] ", "5 sha256  [] non-violating",
		"6 /pattern: not a pattern that a signal can be read from (one observation of one value, compared by =, such as [url:value = 'https://files.example.com/a'])",
		"7 /pattern_type: this pattern language is not taken (write a STIX pattern)",
		"8 /spec_version: this version of STIX is not taken (send STIX 2.1)",
		"9 /id: not the id of a STIX object of this type (its type, two hyphens and a UUID)",
		"10 not a STIX object, or a member of a wrong type (send an indicator of STIX 2.1)",
		"12 /pattern: no signal type has these object paths (docs/protocol/taxii.md lists the patterns)",
		"13 not a STIX object, or a member of a wrong type (send an indicator of STIX 2.1)",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	lost := map[string]int{"attack patterns": 1, "authors": 1, "groupings": 1, "identities": 1, "markings other than TLP": 2, "names": 1,
		"objects of other types": 1, "objects that were revoked, or have no value any more": 1, "observables": 1, "observed data": 1,
		"opinions": 1, "other extensions": 1, "references to sources": 1, "relationships": 1, "reports": 1, "sightings": 1, "types of indicators": 1}
	if !reflect.DeepEqual(r.Lost(), lost) {
		t.Errorf("lost %v\nwant %v", r.Lost(), lost)
	}
}

// What is no bundle, or breaks off, says so and not what it holds; what came before it is read.
func TestBrokenBundles(t *testing.T) {
	t.Parallel()
	whole, want := bundleOf(t, false)
	for name, c := range map[string]struct{ text, says string }{
		"empty":          {"", "not JSON at byte 0"},
		"an array":       {`["https://secret.example/"]`, "not a bundle"},
		"a text":         {`"https://secret.example/"`, "not a bundle"},
		"STIX 2.0":       {`{"type":"bundle","spec_version":"2.0","objects":[{"type":"indicator"}]}`, "STIX 2.0"},
		"binary":         {"\x00\x01secret", "not JSON at byte 0"},
		"too large":      {`{"objects":[{"type":"report","name":"` + strings.Repeat("x", 17<<20) + `"}]}`, "larger than 16 MiB"},
		"no comma":       {`{"objects":[{"type":"x"} {"type":"secret"}]}`, "not JSON at byte"},
		"too deep":       {`{"objects":[` + strings.Repeat("[", 20000) + `]}`, "not JSON at byte"},
		"half":           {whole[:len(whole)*3/4], "not JSON at byte"},
		"without an end": {strings.TrimSuffix(whole, "]}\n"), "not JSON at byte"},
	} {
		r := stix.NewReader(strings.NewReader(c.text))
		var err error
		n := 0
		for ; err == nil; n++ {
			_, err = r.Read()
		}
		if lantern.KindOf(err) == "" || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
		if name == "without an end" && n-1 != len(want) {
			t.Errorf("%s: %d signals were read of %d", name, n-1, len(want))
		}
	}
	r := stix.NewReader(strings.NewReader(whole + whole + `{"more":false}` + `{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d"}`))
	n := 0
	for {
		if _, err := r.Read(); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			break
		}
		n++
	}
	if n != 2*len(want) {
		t.Errorf("of two bundles, one behind the other, %d signals", n)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	for pointer, want := range map[string]string{
		"/value": "/pattern", "/tags/1": "/labels/1", "/note": "/description", "/basis/policy": "/basis/policy", "/confidence": "/confidence", "": "", "/member": "/created_by_ref",
	} {
		if got := stix.Field(pointer); got != want {
			t.Errorf("%s is %s, want %s", pointer, got, want)
		}
	}
}

func FuzzBundle(f *testing.F) {
	for _, kind := range signal.Types() { // one by one: what is large is made smaller for minutes
		c := change(f, kind)
		f.Add([]byte(`{"type":"bundle","objects":[` + string(encode(f, stix.Signal(program, &c))) + `]}`))
	}
	f.Add([]byte(`{"spec_version":"2.0","objects":[{"type":"report"},7]}{"more":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := stix.NewReader(strings.NewReader(string(text)))
		last := 0
		for {
			rec, err := r.Read()
			if err != nil {
				if !errors.Is(err, io.EOF) && lantern.KindOf(err) == "" {
					t.Fatalf("an end that nobody can act on: %v", err)
				}
				return
			}
			if rec.Number <= last || rec.Err == nil && rec.Signal.Type == "" {
				t.Fatalf("object %d after %d, type %q", rec.Number, last, rec.Signal.Type)
			}
			last = rec.Number
		}
	})
}
