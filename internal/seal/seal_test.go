package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/seal"
)

// sealer returns a Sealer whose KEK is 32 times b.
func sealer(b byte) *seal.Sealer {
	return seal.New(seal.NewLocalKEK([32]byte(bytes.Repeat([]byte{b}, 32))))
}

func TestSealOpens(t *testing.T) {
	t.Parallel()
	s, ctx := sealer(1), t.Context()
	rec, wrapped, err := s.NewRecord(ctx, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, plain := range []string{"", "x", strings.Repeat("long ", 1000)} {
		sealed, err := rec.Seal(rand.Reader, "signal/1/value", []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(sealed) - len(plain); got != seal.Overhead {
			t.Errorf("overhead is %d, want %d", got, seal.Overhead)
		}
		again, err := s.OpenRecord(ctx, wrapped)
		if err != nil {
			t.Fatal(err)
		}
		got, err := again.Open("signal/1/value", sealed)
		if err != nil || string(got) != plain {
			t.Errorf("opening %d bytes: got %d bytes and %v", len(plain), len(got), err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	s, ctx := sealer(1), t.Context()
	rec, wrapped, err := s.NewRecord(ctx, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := rec.Seal(rand.Reader, "signal/1/value", []byte("invented"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealer(2).OpenRecord(ctx, wrapped); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another KEK: got %v, want ErrOpen", err)
	}
	if _, err := rec.Open("signal/2/value", sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another place: got %v, want ErrOpen", err)
	}
	if _, err := (seal.Record{}).Open("signal/1/value", sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("zero record: got %v, want ErrOpen", err)
	}
	if _, err := (seal.Record{}).Seal(rand.Reader, "a", nil); err == nil {
		t.Error("the zero record sealed something")
	}
	other, _, err := s.NewRecord(ctx, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open("signal/1/value", sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another record: got %v, want ErrOpen", err)
	}
	for n := range sealed {
		if _, err := rec.Open("signal/1/value", sealed[:n]); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("cut to %d bytes: got %v, want ErrOpen", n, err)
		}
		if _, err := rec.Open("signal/1/value", flip(sealed, n)); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("byte %d changed: got %v, want ErrOpen", n, err)
		}
	}
	for n := range wrapped {
		if _, err := s.OpenRecord(ctx, wrapped[:n]); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("key cut to %d bytes: got %v, want ErrOpen", n, err)
		}
		if _, err := s.OpenRecord(ctx, flip(wrapped, n)); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("key with byte %d changed: got %v, want ErrOpen", n, err)
		}
	}
}

// flip returns b with a bit of byte n changed.
func flip(b []byte, n int) []byte {
	c := bytes.Clone(b)
	c[n] ^= 0x10
	return c
}

func TestIndex(t *testing.T) {
	t.Parallel()
	s := sealer(1)
	base := s.Index("signal", "email", "a@example.com")
	if s.Index("signal", "email", "a@example.com") != base || sealer(1).Index("signal", "email", "a@example.com") != base {
		t.Error("the same input gave two digests")
	}
	others := map[string][32]byte{
		"another purpose":  s.Index("value", "email", "a@example.com"),
		"another KEK":      sealer(2).Index("signal", "email", "a@example.com"),
		"parts moved":      s.Index("signal", "emaila", "@example.com"),
		"an empty part":    s.Index("signal", "email", "a@example.com", ""),
		"parts swapped":    s.Index("signal", "a@example.com", "email"),
		"nothing":          s.Index("signal"),
		"purpose and part": s.Index("signa", "l", "email", "a@example.com"),
	}
	seen := map[[32]byte]string{base: "the base"}
	for name, d := range others {
		if before, ok := seen[d]; ok {
			t.Errorf("%s gives the digest of %s", name, before)
		}
		seen[d] = name
	}
}

func TestKEKFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kek")
	if err := seal.CreateKEKFile(path); err != nil {
		t.Fatal(err)
	}
	if err := seal.CreateKEKFile(path); err == nil {
		t.Error("an existing key was overwritten")
	}
	k, err := seal.FileKEK(path)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := seal.FileKEK(path); err != nil || again.ID() != k.ID() {
		t.Errorf("read twice: ids differ, error %v", err)
	}
	if err := seal.New(k).Check(t.Context()); err != nil {
		t.Error(err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o611, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := seal.FileKEK(path); lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("mode %04o: got %v, want a Forbidden error", mode, err)
		}
	}
	if _, err := seal.FileKEK(filepath.Dir(path)); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("a folder: got %v, want an Invalid error", err)
	}
}

func TestKEKText(t *testing.T) {
	t.Parallel()
	const body = "c3ludGhldGljIGtleSwgb25seSBmb3IgdGVzdHMhISE="
	if _, err := seal.ParseKEK("lantern-kek-1 " + body + "\r\n"); err != nil {
		t.Errorf("a good key: %v", err)
	}
	bad := map[string]string{
		"empty":         "",
		"no header":     body,
		"other header":  "lantern-kek-2 " + body,
		"short":         "lantern-kek-1 " + body[4:],
		"long":          "lantern-kek-1 AAAA" + body,
		"not base64":    "lantern-kek-1 " + strings.Replace(body, "c3", "*3", 1),
		"all zeros":     "lantern-kek-1 " + strings.Repeat("A", 43) + "=",
		"two lines":     "lantern-kek-1 " + body + "\n" + body,
		"trailing bits": "lantern-kek-1 " + strings.Replace(body, "hISE=", "hISF=", 1),
	}
	for name, text := range bad {
		_, err := seal.ParseKEK(text)
		if lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%s: got %v, want an Invalid error", name, err)
		} else if strings.Contains(err.Error(), "c3ludGhl") || strings.Contains(err.Error(), "AAAA") {
			t.Errorf("%s: the error repeats the key", name)
		}
	}
}

func TestEnvKEK(t *testing.T) {
	t.Setenv("LANTERN_KEK", "")
	if _, err := seal.EnvKEK("LANTERN_KEK"); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("unset: got %v, want an Invalid error", err)
	}
	t.Setenv("LANTERN_KEK", "lantern-kek-1 c3ludGhldGljIGtleSwgb25seSBmb3IgdGVzdHMhISE=")
	if _, err := seal.EnvKEK("LANTERN_KEK"); err != nil {
		t.Error(err)
	}
}

func BenchmarkNewRecordSeal(b *testing.B) {
	s, ctx := sealer(1), b.Context()
	plain := []byte("https://files.example.com/some/invented/path")
	b.ReportAllocs()
	for b.Loop() {
		r, _, err := s.NewRecord(ctx, rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Seal(rand.Reader, "signal/1234567890123456789/value", plain); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex(b *testing.B) {
	s := sealer(1)
	b.ReportAllocs()
	for b.Loop() {
		s.Index("signal", "email", "someone@example.com")
	}
}

func FuzzOpen(f *testing.F) {
	// What another fuzzing process made under the same key would open here too, and rightly,
	// so the seeds are not sealed bytes but what is done to those of this process.
	s := sealer(2)
	rec, wrapped, err := s.NewRecord(f.Context(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := rec.Seal(rand.Reader, "a", []byte("b"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1}, 0)
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 128}, 3)
	f.Fuzz(func(t *testing.T, flips []byte, cut int) {
		if b := damage(sealed, flips, cut); !bytes.Equal(b, sealed) {
			if _, err := rec.Open("a", b); err == nil {
				t.Error("opened what was never sealed")
			}
		}
		if b := damage(wrapped, flips, cut); !bytes.Equal(b, wrapped) {
			if _, err := s.OpenRecord(t.Context(), b); err == nil {
				t.Error("unwrapped what was never wrapped")
			}
		}
		if _, err := rec.Open("a", flips); err == nil {
			t.Error("opened arbitrary bytes")
		}
	})
}

// damage flips bits of b and takes cut bytes from its end.
func damage(b, flips []byte, cut int) []byte {
	out := bytes.Clone(b)
	for i := range min(len(out), len(flips)) {
		out[i] ^= flips[i]
	}
	return out[:len(out)-max(0, min(cut, len(out)))]
}
