package audit_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"lantern/audit"
	"pgregory.net/rapid"
)

var sample = audit.Record{
	Kind:   audit.Share,
	Time:   time.Date(2026, 3, 4, 5, 6, 7, 890, time.FixedZone("east", 3600)),
	Person: []byte(`{"value":"https://files.example.com/a"}`),
	Facts:  []byte(`{"member":"12"}`),
}

func TestCommitAndVerify(t *testing.T) {
	t.Parallel()
	leaf, opening, err := audit.Commit(sample, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if leaf.Kind() != audit.Share || !leaf.Time().Equal(sample.Time.Truncate(time.Second)) || leaf.Time().Location() != time.UTC {
		t.Errorf("leaf = %v %v, want %v %v", leaf.Kind(), leaf.Time(), sample.Kind, sample.Time)
	}
	if err := opening.Verify(leaf); err != nil {
		t.Errorf("Verify: %v", err)
	}
	if err := opening.Forget().Verify(leaf); err != nil {
		t.Errorf("Verify after Forget: %v", err)
	}
	if opening.Erased() || !opening.Forget().Erased() {
		t.Error("Erased does not tell an erased opening from a whole one")
	}
	again, _, err := audit.Commit(sample, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if again == leaf {
		t.Error("two commitments to one record are equal")
	}
}

// TestVerifyRefuses changes one thing after another and expects a complaint that does not
// repeat the record.
func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	leaf, good, err := audit.Commit(sample, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(o *audit.Opening, l *audit.Leaf){
		"kind":                  func(o *audit.Opening, _ *audit.Leaf) { o.Kind = audit.Renew },
		"kind on both sides":    func(o *audit.Opening, l *audit.Leaf) { o.Kind = audit.Renew; l[1] = byte(audit.Renew) },
		"time":                  func(o *audit.Opening, _ *audit.Leaf) { o.Time = o.Time.Add(time.Second) },
		"time on both sides":    func(o *audit.Opening, l *audit.Leaf) { o.Time = o.Time.Add(time.Second); l[9]++ },
		"person":                func(o *audit.Opening, _ *audit.Leaf) { o.Person = append(o.Person[:len(o.Person):len(o.Person)], ' ') },
		"person without salt":   func(o *audit.Opening, _ *audit.Leaf) { o.PersonSalt = [32]byte{} },
		"no person":             func(o *audit.Opening, _ *audit.Leaf) { o.Person = nil },
		"person salt":           func(o *audit.Opening, _ *audit.Leaf) { o.PersonSalt[0] ^= 1 },
		"person commitment":     func(o *audit.Opening, _ *audit.Leaf) { o.PersonCommit[31] ^= 1 },
		"facts":                 func(o *audit.Opening, _ *audit.Leaf) { o.Facts = o.Facts[1:] },
		"facts salt":            func(o *audit.Opening, _ *audit.Leaf) { o.FactsSalt[5] ^= 0x80 },
		"parts swapped":         func(o *audit.Opening, _ *audit.Leaf) { o.Person, o.Facts = o.Facts, o.Person },
		"commitment":            func(_ *audit.Opening, l *audit.Leaf) { l[41] ^= 1 },
		"version":               func(_ *audit.Opening, l *audit.Leaf) { l[0] = 2 },
		"forgotten, commitment": func(o *audit.Opening, _ *audit.Leaf) { *o = o.Forget(); o.PersonCommit[0] ^= 1 },
		"forgotten, facts":      func(o *audit.Opening, _ *audit.Leaf) { *o = o.Forget(); o.Facts = nil },
	}
	for name, change := range changes {
		o, l := good, leaf
		change(&o, &l)
		err := o.Verify(l)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if s := err.Error(); strings.Contains(s, "example.com") || strings.Contains(s, "member") {
			t.Errorf("%s: the error repeats the record", name)
		}
	}
}

func TestCommitRefuses(t *testing.T) {
	t.Parallel()
	nothing, early := sample, sample
	nothing.Kind = 0
	early.Time = time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, rec := range []audit.Record{nothing, early} {
		if _, _, err := audit.Commit(rec, rand.Reader); err == nil {
			t.Errorf("a record of kind %v at %v was taken", rec.Kind, rec.Time)
		}
	}
	if _, _, err := audit.Commit(sample, bytes.NewReader(make([]byte, 64))); err == nil {
		t.Error("salts of zeros were taken")
	}
	down := errors.New("down")
	if _, _, err := audit.Commit(sample, iotest.ErrReader(down)); !errors.Is(err, down) {
		t.Errorf("error of the random source = %v, want it passed on", err)
	}
}

// TestBinding shows that no other split of the same bytes opens the same leaf.
func TestBinding(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "bytes")
		cut := rapid.IntRange(0, len(all)).Draw(t, "cut")
		other := rapid.IntRange(0, len(all)).Draw(t, "other")
		rec := audit.Record{Kind: audit.Amend, Time: sample.Time, Person: all[:cut], Facts: all[cut:]}
		leaf, o, err := audit.Commit(rec, &counter{})
		if err != nil {
			t.Fatal(err)
		}
		o.Person, o.Facts = all[:other], all[other:]
		if got, want := o.Verify(leaf) == nil, cut == other; got != want {
			t.Errorf("cut at %d opened at %d: %v, want %v", cut, other, got, want)
		}
	})
}

func TestKinds(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, k := range audit.Kinds() {
		if seen[k.String()] || strings.HasPrefix(k.String(), "kind-") {
			t.Errorf("kind %d has no name of its own", k)
		}
		seen[k.String()] = true
	}
	for k := audit.Kind(1); k != 0; k++ {
		if got, err := audit.ParseKind(k.String()); err != nil || got != k {
			t.Errorf("ParseKind(%q) = %v, %v, want %d", k, got, err, k)
		}
	}
	for _, bad := range []string{"", "Share", "kind-0", "kind-1", "kind-256", "kind-099", "kind-+99"} {
		if k, err := audit.ParseKind(bad); err == nil {
			t.Errorf("ParseKind(%q) = %v, want an error", bad, k)
		}
	}
}

// TestKindsInProtocol holds the table of docs/protocol/log.md to the code.
func TestKindsInProtocol(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/protocol/log.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range audit.Kinds() {
		if cell := fmt.Sprintf("| %d | %s |", k, k); !bytes.Contains(doc, []byte(cell)) {
			t.Errorf("docs/protocol/log.md lacks %q", cell)
		}
	}
}

func TestParseLeafRefuses(t *testing.T) {
	t.Parallel()
	good := makeLeaves(t, 1)[0]
	for name, change := range map[string]func(b []byte) []byte{
		"short":   func(b []byte) []byte { return b[:41] },
		"long":    func(b []byte) []byte { return append(b, 0) },
		"version": func(b []byte) []byte { b[0] = 0; return b },
		"kind":    func(b []byte) []byte { b[1] = 0; return b },
		"time":    func(b []byte) []byte { b[2] = 0x80; return b },
	} {
		if _, err := audit.ParseLeaf(change(bytes.Clone(good[:]))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if l, err := audit.ParseLeaf(good[:]); err != nil || l != good {
		t.Errorf("ParseLeaf = %v, want the leaf back", err)
	}
}
