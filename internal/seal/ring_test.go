package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lantern"
	"lantern/internal/seal"
)

// key returns the KEK that is 32 times b.
func key(b byte) *seal.LocalKEK {
	return seal.NewLocalKEK([32]byte(bytes.Repeat([]byte{b}, 32)))
}

func TestRing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	have := []*seal.LocalKEK{key(1)}
	ring, err := seal.NewRing(func() ([]*seal.LocalKEK, error) { return have, nil })
	if err != nil {
		t.Fatal(err)
	}
	s := seal.New(ring)
	before, permuted := s.Index("signal", "a"), permute(s)
	record, wrapped, err := s.NewRecord(ctx, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := record.Seal(rand.Reader, "place", []byte("invented"))
	if err != nil {
		t.Fatal(err)
	}
	if _, changed, err := s.Rewrap(ctx, wrapped); changed || err != nil {
		t.Errorf("wrapping under the same key: changed %v, %v", changed, err)
	}
	have = append(have, key(2)) // it turns up while the ring is in use
	if err := s.Use(key(2).ID()); err != nil {
		t.Fatal(err)
	}
	again, changed, err := s.Rewrap(ctx, wrapped)
	if err != nil || !changed || seal.WrappedBy(again) != key(2).ID() {
		t.Fatalf("wrapped by %s, changed %v, %v", seal.WrappedBy(again), changed, err)
	}
	secret, err := s.WrapIndex(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*seal.Sealer{"the ring": s, "the next key alone": sealer(2)} {
		if err := s.AdoptIndex(ctx, secret); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s.Index("signal", "a") != before || permute(s) != permuted {
			t.Errorf("%s: the index is another one", name)
		}
		r, err := s.OpenRecord(ctx, again)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := r.Open("place", sealed); err != nil || string(got) != "invented" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := s.OpenRecord(ctx, wrapped); err != nil {
		t.Errorf("under the earlier key: %v", err)
	}
	if _, err := sealer(1).OpenRecord(ctx, again); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("the earlier key alone: got %v, want ErrOpen", err)
	}
	other := sealer(2)
	permute(other)
	if err := other.AdoptIndex(ctx, secret); err != nil || permute(other) != permuted {
		t.Errorf("what was derived before the secret was adopted stays: %v", err)
	}
	if err := s.AdoptIndex(ctx, again); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("a data key as the index secret: got %v, want ErrOpen", err)
	}
	if _, err := s.OpenRecord(ctx, secret); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("the index secret as a data key: got %v, want ErrOpen", err)
	}
	if err := s.Use(key(3).ID()); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("a key that is not there: got %v, want a conflict", err)
	}
	if _, _, err := s.NewRecord(ctx, rand.Reader); lantern.KindOf(err) != lantern.Unavailable {
		t.Errorf("wrapping meanwhile: got %v, want unavailable", err)
	}
	if err := sealer(1).Use(key(2).ID()); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("a single key that is not in force: got %v, want a conflict", err)
	}
}

func TestFileRing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kek")
	if _, err := seal.FileRing(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without files: got %v", err)
	}
	ids := map[string]string{}
	for _, name := range []string{"", ".next", ".old-1"} {
		if err := seal.CreateKEKFile(path + name); err != nil {
			t.Fatal(err)
		}
		k, err := seal.FileKEK(path + name)
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = k.ID()
	}
	ring, err := seal.FileRing(path)
	if err != nil || ring.ID() != ids[""] {
		t.Fatalf("in force is %v, %v", ring.ID(), err)
	}
	for name, id := range ids {
		if err := ring.Use(id); err != nil {
			t.Errorf("kek%s: %v", name, err)
		}
	}
	if err := os.Chmod(path+".next", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.FileRing(path); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("a key others can read: got %v, want forbidden", err)
	}
}

// permute applies one of a sealer's permutations to a block.
func permute(s *seal.Sealer) (block [seal.BlockSize]byte) {
	block[0] = 1
	s.Permutation("value", "1").Apply(block[:], block[:])
	return block
}
