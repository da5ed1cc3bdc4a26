package audit_test

import (
	"bytes"
	"testing"

	"lantern/audit"
)

// FuzzOpenCheckpoint looks for a second spelling of a signed checkpoint.
func FuzzOpenCheckpoint(f *testing.F) {
	signer := newSigner(f)
	good, err := signer.Sign(audit.Checkpoint{Size: 77, Root: audit.Hash{7}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("exchange.example.com/log\n0\n\n— a b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := audit.OpenCheckpoint(data, signer.VerifierKey())
		if err != nil {
			return
		}
		again, err := signer.Sign(c)
		if err != nil {
			t.Fatalf("what was opened cannot be signed: %v", err)
		}
		text := again[:bytes.LastIndex(again, []byte("\n\n"))]
		if !bytes.HasPrefix(data, text) {
			t.Error("what was opened is spelled otherwise when signed")
		}
	})
}

// FuzzParseProof holds that parsing and formatting are each other's inverse.
func FuzzParseProof(f *testing.F) {
	good, _ := makeReceipt(f, 5, 3)
	f.Add(good)
	f.Add([]byte("c2sp.org/tlog-proof@v1\nindex 0\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := audit.ParseProof(text)
		if err != nil {
			return
		}
		again, err := audit.FormatProof(r)
		if err != nil || !bytes.Equal(again, text) {
			t.Errorf("the text does not come back: %v", err)
		}
	})
}

// FuzzDecodeEntries holds the same for bundles.
func FuzzDecodeEntries(f *testing.F) {
	f.Add(audit.EncodeEntries(makeLeaves(f, 2)))
	f.Add([]byte{0, 42})
	f.Fuzz(func(t *testing.T, data []byte) {
		leaves, err := audit.DecodeEntries(data)
		if err != nil {
			return
		}
		if !bytes.Equal(audit.EncodeEntries(leaves), data) {
			t.Error("the bundle does not come back")
		}
	})
}

// FuzzParsePath holds the same for paths, and that none leads out of the log.
func FuzzParsePath(f *testing.F) {
	f.Add("tile/0/x001/000.p/17")
	f.Add("tile/entries/../../x")
	f.Fuzz(func(t *testing.T, path string) {
		id, entries, err := audit.ParsePath(path)
		if err != nil {
			return
		}
		again := id.Path()
		if entries {
			again = audit.EntriesPath(id.N, id.Width)
		}
		if again != path {
			t.Errorf("the path comes back as %q", again)
		}
	})
}
