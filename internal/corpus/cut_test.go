package corpus_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"lantern"
	"lantern/internal/corpus"
	"lantern/internal/web"
	"lantern/pdq"
)

// cut cuts a file and returns its pieces, and the complaints as "ref: why".
func cut(t *testing.T, name string, b []byte, limits corpus.Limits) (pieces []*corpus.Piece, troubles []string) {
	t.Helper()
	c := corpus.Cutter{
		Limits:  limits,
		Emit:    func(p *corpus.Piece) error { pieces = append(pieces, p); return nil },
		Trouble: func(ref, why string) { troubles = append(troubles, ref+": "+why) },
	}
	in := corpus.Input{Ref: name, Name: filepath.Base(name), Reader: bytes.NewReader(b), At: bytes.NewReader(b), Size: int64(len(b))}
	if _, err := c.File(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	for i, p := range pieces {
		if err := p.Validate(); err != nil || p.Bytes != len(p.Body) {
			t.Errorf("piece %d is malformed: %v", i, err)
		}
		if p.Final != (i == len(pieces)-1) {
			t.Errorf("piece %d of %d is final: %v", i, len(pieces), p.Final)
		}
	}
	return pieces, troubles
}

func zipped(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range sorted(files) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range sorted(files) {
		err := w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(files[name])), Mode: 0o600})
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sorted(files map[string][]byte) (names []string) {
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t *testing.T, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// bzipped is "a quiet day\n"; the standard library has no writer.
const bzipped = "425a6839314159265359ace7658e000001d18000104000262026202000310030201a6235b8017699f177245385090ace7658e0"

// TestKinds cuts a file of every kind.
func TestKinds(t *testing.T) {
	t.Parallel()
	words := []byte("a quiet day\n")
	records := []byte(`{"ref":"a","text":"x"}` + "\n")
	bz, err := hex.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	png := []byte("\x89PNG\r\n\x1a\nnothing")
	two := map[string][]byte{"a.txt": words, "deep/b.ndjson": records}
	for _, tt := range []struct {
		name  string
		file  string
		bytes []byte
		want  string // kind and reference of each piece, then the complaints
	}{
		{"text", "a.txt", words, "text a.txt"},
		{"empty", "a.txt", nil, "text a.txt"},
		{"records by name", "a.jsonl", words, "records a.jsonl"},
		{"records by content", "a", records, "records a"},
		{"picture", "a", png, "picture a"},
		{"gzip", "a.txt.gz", gzipped(t, words), "text a.txt.gz!a.txt, none a.txt.gz"},
		{"gzip of several", "a.gz", append(gzipped(t, words), gzipped(t, words)...), "text a.gz!a, none a.gz"},
		{"zstd", "a.ndjson.zst", zstded(t, records), "records a.ndjson.zst!a.ndjson, none a.ndjson.zst"},
		{"bzip2", "a.txt.bz2", bz, "text a.txt.bz2!a.txt, none a.txt.bz2"},
		{"zip", "a.zip", zipped(t, two), "text a.zip!a.txt, records a.zip!deep/b.ndjson, none a.zip"},
		{"tar", "a.tar", tarred(t, two), "text a.tar!a.txt, records a.tar!deep/b.ndjson, none a.tar"},
		{"tar in gzip", "a.tgz", gzipped(t, tarred(t, two)),
			"text a.tgz!a.tar!a.txt, records a.tgz!a.tar!deep/b.ndjson, none a.tgz!a.tar, none a.tgz"},
		{"zip in zip", "a.zip", zipped(t, map[string][]byte{"b.zip": zipped(t, two)}),
			"text a.zip!b.zip!a.txt, records a.zip!b.zip!deep/b.ndjson, none a.zip!b.zip, none a.zip"},
		{"not opened", "a.7z", []byte("7z\xbc\xaf\x27\x1c and more"), "none a.7z; a.7z: what is packed in it was not looked at (7z)"},
		{"half opened", "a.pdf", []byte("%PDF-1.7 (a quiet day)"), "text a.pdf; a.pdf: what is packed in it was not looked at (PDF)"},
		{"truncated gzip", "a.gz", gzipped(t, bytes.Repeat(words, 9))[:20], "text a.gz!a, none a.gz; a.gz!a: it ends too early; what is missing was not looked at"},
		{"truncated zip", "a.zip", zipped(t, two)[:90], "none a.zip; a.zip: it could not be read to its end: zip: not a valid zip file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pieces, troubles := cut(t, tt.file, tt.bytes, corpus.Limits{})
			var got []string
			for _, p := range pieces {
				got = append(got, string(p.Kind)+" "+p.Ref)
			}
			all := strings.Join(got, ", ")
			if len(troubles) > 0 {
				all += "; " + strings.Join(troubles, "; ")
			}
			if all != tt.want {
				t.Errorf("got  %s\nwant %s", all, tt.want)
			}
		})
	}
}

// Every file and every member brings the digests of all of its bytes, once.
func TestDigests(t *testing.T) {
	t.Parallel()
	inner := map[string][]byte{"a.txt": []byte("a quiet day\n"), "b.bin": bytes.Repeat([]byte{0, 1, 2}, 5<<20), "c.png": []byte("\x89PNG\r\n\x1a\n")}
	archive := tarred(t, inner)
	packed := gzipped(t, archive)
	want := map[string]string{}
	sum := func(ref string, b []byte) {
		s := sha256.Sum256(b)
		want[ref] = hex.EncodeToString(s[:])
	}
	sum("x.tgz", packed)
	sum("x.tgz!x.tar", archive)
	for name, b := range inner {
		sum("x.tgz!x.tar!"+name, b)
	}
	pieces, troubles := cut(t, "x.tgz", packed, corpus.Limits{})
	if len(troubles) > 0 {
		t.Fatal(troubles)
	}
	for _, p := range pieces {
		if p.Digests == nil {
			continue
		}
		if p.Digests.SHA256 != want[p.Ref] {
			t.Errorf("the digest of %s is wrong, or comes twice", p.Ref)
		}
		delete(want, p.Ref)
	}
	if len(want) > 0 {
		t.Errorf("no digests of %v", want)
	}
}

// What a text's pieces call their own is the text, in order, each byte once; and beside
// their own they bring what stands around it.
func TestTextIsCutWhole(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	var plain strings.Builder
	for plain.Len() < 11<<20 {
		plain.WriteString([]string{"word ", "слово ", "夜 ", "🦉", "\n", "\xff"}[random.IntN(6)])
	}
	var wide []byte
	for _, r := range plain.String() {
		if r != '🦉' {
			wide = append(wide, byte(r), byte(r>>8))
		} else {
			wide = append(wide, 0x3E, 0xD8, 0x89, 0xDD)
		}
	}
	for name, b := range map[string][]byte{"UTF-8": []byte(plain.String()), "UTF-16": append([]byte{0xFF, 0xFE}, wide...)} {
		pieces, _ := cut(t, "a.txt", b, corpus.Limits{})
		at := int64(0)
		if name == "UTF-16" {
			at = 2
		}
		if len(pieces) < 3 {
			t.Fatalf("%s: %d pieces", name, len(pieces))
		}
		for i, p := range pieces {
			if p.From != at {
				t.Fatalf("%s: piece %d begins at %d, want %d", name, i, p.From, at)
			}
			if !bytes.Equal(p.Body, b[p.Offset:p.Offset+int64(len(p.Body))]) {
				t.Fatalf("%s: piece %d is not what stands there", name, i)
			}
			const around = 32<<10 - 4
			if i > 0 && p.From-p.Offset < around || !p.Final && p.Offset+int64(len(p.Body))-p.To < around {
				t.Errorf("%s: piece %d brings too little of what stands around it", name, i)
			}
			if name == "UTF-8" && i > 0 && p.Line != 1+bytes.Count(b[:p.Offset], []byte("\n")) {
				t.Errorf("piece %d begins in line %d", i, p.Line)
			}
			at = p.To
		}
		if at != int64(len(b)) {
			t.Errorf("%s: the pieces end at %d, want %d", name, at, len(b))
		}
	}
}

// Records are cut between lines, and one that is too long harms no other.
func TestRecordsAreCutWhole(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	want := 0
	line := func(n int) string { return fmt.Sprintf(`{"ref":"r%d","text":"%s"}`+"\n", want, strings.Repeat("x", n)) }
	for b.Len() < 9<<20 {
		b.WriteString(line(100))
		want++
		if want%1000 == 0 {
			b.WriteString("\n")
		}
	}
	for _, n := range []int{web.MaxLine, 6 << 20} {
		b.WriteString(line(n)) // too long
		want++
		b.WriteString(line(10))
		want++
	}
	pieces, troubles := cut(t, "a.ndjson", b.Bytes(), corpus.Limits{})
	if len(troubles) != 2 {
		t.Errorf("complaints: %v", troubles)
	}
	got := 0
	for _, p := range pieces {
		lines := web.NewLines(bytes.NewReader(p.Body))
		lines.Begin(p.Index)
		for {
			var r lantern.Record
			err := lines.Next(&r)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.Ref != fmt.Sprintf("r%d", lines.Index()) {
				t.Fatalf("record %s has the index %d", r.Ref, lines.Index())
			}
			got++
		}
	}
	if got != want-2 {
		t.Errorf("got %d records, want %d", got, want-2)
	}
}

// The byte order mark that editors put before a text is no part of its first record, and no record.
func TestRecordsBehindAMark(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"\ufeff{\"ref\":\"r\",\"text\":\"x\"}\n", "\ufeff\r\n{\"ref\":\"r\",\"text\":\"x\"}\n"} {
		for _, name := range []string{"a.ndjson", "a"} {
			pieces, troubles := cut(t, name, []byte(text), corpus.Limits{})
			if len(pieces) != 1 || len(troubles) != 0 || pieces[0].Kind != lantern.PieceRecords || pieces[0].Index != 0 || pieces[0].From != 3 ||
				string(pieces[0].Body) != text[3:] || pieces[0].To != int64(len(text)) {
				t.Errorf("%s: got %+v, %v", name, pieces, troubles)
			}
		}
	}
}

// Records that a shell wrote in UTF-16 are read as any others.
func TestRecordsInUTF16(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("{\"ref\":\"r\",\"text\":\"ä今\U0001F4CE\"}\r\n", 5000)
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := order.AppendUint16(nil, 0xFEFF)
		for _, u := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, u)
		}
		pieces, troubles := cut(t, "a.ndjson", b, corpus.Limits{})
		var got []byte
		for _, p := range pieces {
			got = append(got, p.Body...)
		}
		if string(got) != text || len(troubles) != 0 || pieces[0].Kind != lantern.PieceRecords {
			t.Errorf("%v: got %d bytes in %d pieces, %v; want the %d bytes of the text", order, len(got), len(pieces), troubles, len(text))
		}
	}
}

// What would keep a machine busy for ever, or fill it, is given up, and that is said.
func TestLimits(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	deep := []byte("x")
	for range 8 {
		deep = gzipped(t, deep)
	}
	many := map[string][]byte{}
	for i := range 20 {
		many[fmt.Sprintf("%02d", i)] = []byte("x")
	}
	bombs := map[string][]byte{}
	for i := range 8 {
		bombs[fmt.Sprintf("%d.txt", i)] = zeros
	}
	for _, tt := range []struct {
		name   string
		file   string
		bytes  []byte
		limits corpus.Limits
		want   string
	}{
		{"a bomb", "a.gz", gzipped(t, zeros), corpus.Limits{Grace: 64 << 10, Ratio: 100}, "unpacks to far more"},
		{"a bomb of many", "a.zip", zipped(t, bombs), corpus.Limits{Grace: 4 << 20, Ratio: 500}, "unpacks to far more"},
		{"a bomb in another", "a.zip.gz", gzipped(t, zipped(t, bombs)), corpus.Limits{Grace: 1 << 20, Ratio: 500}, "unpacks to far more"},
		{"too deep", "a.gz", deep, corpus.Limits{}, "packed too many times"},
		{"too many", "a.zip", zipped(t, many), corpus.Limits{Members: 10}, "too many members"},
		{"a large zip within", "a.zip.gz", gzipped(t, zipped(t, many)), corpus.Limits{Inner: 100}, "unpack it first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pieces, troubles := cut(t, tt.file, tt.bytes, tt.limits)
			if !slices.ContainsFunc(troubles, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("got %v, want %q", troubles, tt.want)
			}
			if last := pieces[len(pieces)-1]; last.Ref != tt.file || last.Digests == nil {
				t.Errorf("the file itself brings no digests")
			}
		})
	}
}

// A picture above the bound is named, not passed over.
func TestLargePicture(t *testing.T) {
	t.Parallel()
	b := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, lantern.MaxPicture)...)
	_, troubles := cut(t, "a.png", b, corpus.Limits{})
	if len(troubles) != 1 || !strings.Contains(troubles[0], pdq.ErrTooLarge.Error()) {
		t.Errorf("got %v", troubles)
	}
}

// Text in UTF-32 is named, not passed over, and not taken for UTF-16, whose mark its own begins with.
func TestUTF32(t *testing.T) {
	t.Parallel()
	for _, b := range []string{"\xff\xfe\x00\x00a\x00\x00\x00", "\x00\x00\xfe\xff\x00\x00\x00a"} {
		_, troubles := cut(t, "a.txt", []byte(b), corpus.Limits{})
		if len(troubles) != 1 || !strings.Contains(troubles[0], "UTF-32") {
			t.Errorf("%q: got %v", b, troubles)
		}
	}
	if _, troubles := cut(t, "a.txt", []byte("\xff\xfea\x00\x00\x00"), corpus.Limits{}); len(troubles) != 0 {
		t.Errorf("UTF-16: got %v", troubles)
	}
}

// The walk is the same each time, follows no links within folders, and names what it leaves out.
func TestWalk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b/2.txt", "b/1.txt", "a.txt", "c/deep/x"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("a.txt", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	var got []string
	short := func(path string) string { return strings.TrimPrefix(path, dir+string(filepath.Separator)) }
	err := corpus.Walk(t.Context(), []string{dir, filepath.Join(dir, "none")},
		func(path string) error { got = append(got, short(path)); return nil },
		func(path, why string, failed bool) { got = append(got, fmt.Sprintf("%s(%v)", short(path), failed)) })
	want := "a.txt b/1.txt b/2.txt c/deep/x link(false) none(true)"
	if s := strings.Join(got, " "); err != nil || s != want {
		t.Errorf("got %s, %v\nwant %s", s, err, want)
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if err := corpus.Walk(done, []string{dir}, func(string) error { return nil }, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a walk that was called off ends with %v", err)
	}
}

// A time within the grain of the clock is not relied on.
func TestModified(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	at := info.ModTime()
	if got := corpus.Modified(info, at.Add(time.Second)); got != 0 {
		t.Errorf("one second later: %d, want 0", got)
	}
	if got := corpus.Modified(info, at.Add(time.Minute)); got != at.UnixNano() {
		t.Errorf("one minute later: %d, want %d", got, at.UnixNano())
	}
}
