package audit_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern/audit"
)

var update = flag.Bool("update", false, "write the test vectors anew")

// TestCommitmentVectors reads testdata/commitments.txt, whose format its head explains.
func TestCommitmentVectors(t *testing.T) {
	t.Parallel()
	const path = "testdata/commitments.txt"
	if *update {
		writeFile(t, path, commitmentVectors(t))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			checkCommitment(t, line)
			count++
		}
	}
	if count < 5 {
		t.Errorf("read only %d vectors", count)
	}
}

// checkCommitment commits with the salts of one line and compares everything after them.
func checkCommitment(t *testing.T, line string) {
	t.Helper()
	f := strings.Fields(line)
	if len(f) != 9 {
		t.Fatalf("a vector of %d fields", len(f))
	}
	kind, err := audit.ParseKind(f[0])
	if err != nil {
		t.Fatal(err)
	}
	var unix int64
	if _, err := fmt.Sscan(f[1], &unix); err != nil {
		t.Fatal(err)
	}
	salts := append(unhex(t, f[2]), unhex(t, f[4])...)
	rec := audit.Record{Kind: kind, Time: time.Unix(unix, 0), Person: unhex(t, f[3]), Facts: unhex(t, f[5])}
	leaf, opening, err := audit.Commit(rec, bytes.NewReader(salts))
	if err != nil {
		t.Fatal(err)
	}
	hash := audit.LeafHash(leaf)
	for i, got := range [][]byte{opening.PersonCommit[:], leaf[:], hash[:]} {
		if want := f[6+i]; hex.EncodeToString(got) != want {
			t.Errorf("%s at %d: field %d = %x, want %s", kind, unix, 7+i, got, want)
		}
	}
}

// commitmentVectors computes the file.
func commitmentVectors(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`# Commitments of log leaves, see docs/protocol/log.md. A line is one record:
# kind, time, person salt, person part, facts salt, facts part,
# then what follows from them: person commitment, leaf, leaf hash.
# All but kind and time (Unix seconds) are hexadecimal; "-" is the empty part.
`)
	random := &counter{}
	for _, v := range []struct {
		kind          audit.Kind
		unix          int64
		person, facts string
	}{
		{audit.Share, 1767322800, `{"value":"https://files.example.com/a"}`, `{"member":"12","program":"34","type":"url"}`},
		{audit.Withdraw, 1767322801, `{"value":"night_owl7"}`, `{"signal":"56"}`},
		{audit.Expire, 0, "", `{}`},
		{audit.Disclose, 1<<40 + 7, "x", ""},
		{audit.BackupRestored, 4102444800, "", ""},
		{audit.Feedback, 1767322802, strings.Repeat("long ", 60), strings.Repeat("part ", 50)},
	} {
		rec := audit.Record{Kind: v.kind, Time: time.Unix(v.unix, 0), Person: []byte(v.person), Facts: []byte(v.facts)}
		leaf, o, err := audit.Commit(rec, random)
		if err != nil {
			t.Fatal(err)
		}
		hash := audit.LeafHash(leaf)
		fmt.Fprintln(&b, v.kind, v.unix, tohex(o.PersonSalt[:]), tohex(rec.Person), tohex(o.FactsSalt[:]), tohex(rec.Facts),
			tohex(o.PersonCommit[:]), tohex(leaf[:]), tohex(hash[:]))
	}
	return b.Bytes()
}

// TestLogVectors holds testdata/log, a whole log of 300 leaves with its key and a
// receipt, to what the package makes of the same leaves, byte for byte.
func TestLogVectors(t *testing.T) {
	t.Parallel()
	signer := newSigner(t)
	want := make(map[string][]byte)
	for path, file := range publish(t, signer, makeLeaves(t, 300), 64) {
		want[path] = file.Data
	}
	receipt, _ := makeReceipt(t, 300, 257)
	want["leaf-257.tlog-proof"] = receipt
	want["key"] = []byte(signer.VerifierKey() + "\n")
	const dir = "testdata/log"
	if *update {
		for path, data := range want {
			writeFile(t, filepath.Join(dir, path), data)
		}
	}
	var found []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found = append(found, path)
		data, err := os.ReadFile(filepath.Join(dir, path))
		if !bytes.Equal(data, want[path]) {
			t.Errorf("%s differs", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(found); !slices.Equal(found, slices.Sorted(maps.Keys(want))) {
		t.Errorf("files = %v, want %v", found, slices.Sorted(maps.Keys(want)))
	}
	if _, err := audit.VerifyLog(os.DirFS(dir), signer.VerifierKey(), nil); err != nil {
		t.Errorf("VerifyLog: %v", err)
	}
	if _, _, err := audit.VerifyProof(receipt, signer.VerifierKey()); err != nil {
		t.Errorf("VerifyProof: %v", err)
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func tohex(b []byte) string {
	if len(b) == 0 {
		return "-"
	}
	return hex.EncodeToString(b)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	if s == "-" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
