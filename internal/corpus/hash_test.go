package corpus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/internal/corpus"
	"lantern/pdq"
)

// waves is a picture with some detail as PNG, and its pdq.
func waves(t *testing.T, width, height int) ([]byte, string) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, width, height))
	for i := range m.Pix {
		x, y := i%width*64/width, i/width*64/height
		m.Pix[i] = uint8(x*x*y/31 ^ 5*y*x)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	h, _, err := pdq.Sum(m)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), h.String()
}

// hashed hashes a folder and returns a line for each thing that is told.
func hashed(t *testing.T, dir string, types ...lantern.SignalType) (lines []string, passed int64) {
	t.Helper()
	var read atomic.Int64
	h := corpus.Hasher{Types: types, Passed: func(n int64) { read.Add(n) }}
	err := h.Hash(t.Context(), []string{dir}, func(h corpus.Hashed) error {
		name := strings.TrimPrefix(h.Path, dir+"/")
		for _, s := range h.Sums {
			lines = append(lines, fmt.Sprintf("%s %s %s", name, s.Type, s.Value))
		}
		if h.NoPicture {
			lines = append(lines, name+" is no picture")
		}
		if h.Left != "" {
			lines = append(lines, name+" left: "+h.Left)
		}
		if h.Err != nil {
			lines = append(lines, name+" fails: "+h.Err.Error())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines, read.Load()
}

// TestHashOrder hashes files that take long among ones that do not. What is told comes in
// the order of the names, complete, and all that there is to read is counted.
func TestHashOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	picture, looks := waves(t, 900, 700)
	large, largeLooks := waves(t, 4200, 4100) // more than are decoded side by side
	var want []string
	total := int64(0)
	for n := range 60 {
		name, content, pdqLine := fmt.Sprintf("%02d", n), []byte(strings.Repeat("zorbly", 1000*n)), "is no picture"
		switch {
		case n == 13 || n == 14:
			content, pdqLine = large, "pdq "+largeLooks
		case n%3 == 0:
			content, pdqLine = picture, "pdq "+looks
		case n == 20:
			content, pdqLine = []byte("GIF89a!"), "fails: the picture: gif: picture cannot be decoded: gif: reading header: unexpected EOF"
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		total += int64(len(content))
		sum := sha256.Sum256(content)
		want = append(want, name+" sha256 "+hex.EncodeToString(sum[:]), name+" "+pdqLine)
	}
	if err := os.Symlink("00", filepath.Join(dir, "99")); err != nil {
		t.Fatal(err)
	}
	want = append(want, "99 left: not looked at: a link or no regular file")
	for range 3 {
		got, passed := hashed(t, dir, "sha256", "pdq")
		if !slices.Equal(got, want) {
			t.Fatalf("told %d lines, want %d, or others:\n%s", len(got), len(want), strings.Join(got, "\n"))
		}
		if passed != total {
			t.Errorf("%d bytes passed, want %d", passed, total)
		}
	}
	if got, passed := hashed(t, dir, "pdq"); len(got) != 61 || passed != total {
		t.Errorf("pdq alone: %d lines and %d bytes, want 61 and %d", len(got), passed, total)
	}
}

// TestHashEndsEarly ends a run from inside and from outside.
func TestHashEndsEarly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for n := range 2000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), []byte("zorbly"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := corpus.Hasher{Types: corpus.HashTypes(), Passed: func(int64) {}}
	enough, told := errors.New("enough"), 0
	err := h.Hash(t.Context(), []string{dir}, func(corpus.Hashed) error {
		if told++; told == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || told != 3 {
		t.Errorf("got %v after %d files, want the error of the third", err, told)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told = 0
	err = h.Hash(ctx, []string{dir}, func(corpus.Hashed) error {
		if told++; told == 5 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || told != 5 {
		t.Errorf("got %v after %d files, want it canceled after five", err, told)
	}
	told = 0
	err = h.Hash(t.Context(), []string{filepath.Join(dir, "absent"), filepath.Join(dir, "7")}, func(h corpus.Hashed) error {
		if told++; (h.Err != nil) != (told == 1) || h.Err != nil && strings.Contains(h.Err.Error(), dir) {
			t.Errorf("file %d: got %v, want the first alone to fail, without its path", told, h.Err)
		}
		return nil
	})
	if err != nil || told != 2 {
		t.Errorf("got %v after %d files, want a file that is absent to harm no other", err, told)
	}
}
