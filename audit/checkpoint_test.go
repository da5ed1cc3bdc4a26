package audit_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"lantern/audit"
)

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	for _, c := range []audit.Checkpoint{
		{Size: 0, Root: refRoot(nil)},
		{Size: 1, Root: audit.Hash{1}},
		{Origin: origin, Size: audit.MaxSize, Root: audit.Hash{2}, Extra: []string{"one", "two"}},
	} {
		signed, err := signer.Sign(c)
		if err != nil {
			t.Fatal(err)
		}
		got, err := audit.OpenCheckpoint(signed, signer.VerifierKey())
		if err != nil {
			t.Fatalf("size %d: %v", c.Size, err)
		}
		if got.Origin != origin || got.Size != c.Size || got.Root != c.Root || !slices.Equal(got.Extra, c.Extra) {
			t.Errorf("OpenCheckpoint = %+v, want %+v", got, c)
		}
	}
}

// TestCheckpointFlips flips every single bit of a checkpoint, cuts it at every place and
// removes every byte: nothing but the original opens.
func TestCheckpointFlips(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	signed, err := signer.Sign(audit.Checkpoint{Size: 1234, Root: audit.Hash{9, 8, 7}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range signed {
		for bit := range 8 {
			bad := bytes.Clone(signed)
			bad[i] ^= 1 << bit
			if _, err := audit.OpenCheckpoint(bad, signer.VerifierKey()); err == nil {
				t.Errorf("bit %d of byte %d may be flipped", bit, i)
			}
		}
		for _, bad := range [][]byte{signed[:i], signed[i+1:], slices.Delete(bytes.Clone(signed), i, i+1)} {
			if _, err := audit.OpenCheckpoint(bad, signer.VerifierKey()); err == nil {
				t.Errorf("a checkpoint cut at byte %d opens", i)
			}
		}
	}
}

// TestMalformedCheckpoints signs texts that no checkpoint may have.
func TestMalformedCheckpoints(t *testing.T) {
	t.Parallel()
	skey, vkey, err := note.GenerateKey(&counter{}, "log.example.com")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	const root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	sign := func(text string) []byte {
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	good := sign("log.example.com\n7\n" + root + "\n")
	if _, err := audit.OpenCheckpoint(good, vkey); err != nil {
		t.Fatalf("a good checkpoint: %v", err)
	}
	for name, text := range map[string]string{
		"empty":          "\n",
		"no size":        "log.example.com\n" + root + "\n",
		"other origin":   "other.example.com\n7\n" + root + "\n",
		"no origin":      "\n7\n" + root + "\n",
		"leading zero":   "log.example.com\n07\n" + root + "\n",
		"sign":           "log.example.com\n+7\n" + root + "\n",
		"negative":       "log.example.com\n-7\n" + root + "\n",
		"too large":      "log.example.com\n9223372036854775807\n" + root + "\n",
		"loose root":     "log.example.com\n7\n" + strings.Replace(root, "A=", "B=", 1) + "\n",
		"short root":     "log.example.com\n7\nAAAA\n",
		"empty with":     "log.example.com\n0\n" + root + "\n",
		"empty line":     "log.example.com\n7\n" + root + "\n\n",
		"empty line two": "log.example.com\n7\n" + root + "\n\nmore\n",
		"delete mark":    "log.example.com\n7\n" + root + "\n\x7f\n",
	} {
		if _, err := audit.OpenCheckpoint(sign(text), vkey); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	line := good[bytes.LastIndex(good, []byte("— ")):]
	if _, err := audit.OpenCheckpoint(slices.Concat(good, line), vkey); err == nil {
		t.Error("the same signature twice: no error")
	}
	if _, err := audit.OpenCheckpoint(good, newSigner(t).VerifierKey()); err == nil {
		t.Error("another log's key: no error")
	}
	if _, err := audit.OpenCheckpoint(good, "nonsense"); err == nil {
		t.Error("a malformed key: no error")
	}
	if _, err := audit.OpenCheckpoint(bytes.Repeat([]byte("a"), 2<<20), vkey); err == nil {
		t.Error("two megabytes: no error")
	}
}

// TestCosigned shows that signatures of witnesses do not disturb.
func TestCosigned(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	signed, err := signer.Sign(audit.Checkpoint{Size: 5, Root: audit.Hash{5}})
	if err != nil {
		t.Fatal(err)
	}
	skey, _, err := note.GenerateKey(&counter{}, "witness.example.com")
	if err != nil {
		t.Fatal(err)
	}
	witness, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := note.NewVerifier(signer.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		t.Fatal(err)
	}
	cosigned, err := note.Sign(opened, witness)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := audit.OpenCheckpoint(cosigned, signer.VerifierKey()); err != nil || c.Size != 5 {
		t.Errorf("OpenCheckpoint = %+v, %v, want size 5", c, err)
	}
}

func TestSignerRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "two words", "plus+plus", "line\nbreak", "\x00", "\xff", "\x7f"} {
		if _, err := audit.NewSigner(bad, testSeed); err == nil {
			t.Errorf("origin %q was taken", bad)
		}
	}
	if _, err := audit.NewSigner(origin, testSeed[:31]); err == nil {
		t.Error("a short seed was taken")
	}
	for name, c := range map[string]audit.Checkpoint{
		"other log":  {Origin: "other.example.com", Size: 1},
		"negative":   {Size: -1},
		"too large":  {Size: audit.MaxSize + 1},
		"empty tree": {Root: audit.Hash{1}},
		"empty line": {Size: 1, Extra: []string{""}},
		"line break": {Size: 1, Extra: []string{"a\nb"}},
	} {
		if _, err := newSigner(t).Sign(c); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
}
