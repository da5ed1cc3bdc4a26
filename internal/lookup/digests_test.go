package lookup_test

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lantern"
	"lantern/internal/lookup"
)

// Digests of files are not taken while the agent holds no signal that one could match. A signal
// that arrives while the files are read is found all the same, in a hunt too, and what is told
// stays in order.
func TestDigestsArriveMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, name := range []string{"a.txt", "b.txt", "c.txt", "d.txt"} {
		d.write(name, []byte("a quiet day at the lake, "+name+"\n"+d.w.Draft(1).Value+"\n"))
	}
	sum := func(name string) string {
		b, err := os.ReadFile(filepath.Join(d.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "a.txt":
			s := sha1.Sum(b)
			return hex.EncodeToString(s[:])
		case "c.txt":
			s := md5.Sum(b)
			return hex.EncodeToString(s[:])
		}
		s := sha256.Sum256(b)
		return hex.EncodeToString(s[:])
	}
	// arriveAt shares a digest of file when next is opened: file was read then, and not looked at.
	arriveAt := func(next, file string, kind lantern.SignalType) func(context.Context, string) (io.ReadCloser, error) {
		done := false
		return func(_ context.Context, path string) (io.ReadCloser, error) {
			if filepath.Base(path) == next && !done {
				done = true
				draft := d.w.Draft(0)
				draft.Type, draft.Value = kind, sum(file)
				d.w.MustShare(d.host.Submitter, draft)
				d.w.Reaches(d.r, d.host)
			}
			return os.Open(path)
		}
	}
	text := []string{"a.txt  2:1", "b.txt  2:1", "c.txt  2:1", "d.txt  2:1"}
	got, _, err := d.run(t.Context(), func(c *lookup.Config) { c.Open = arriveAt("d.txt", "b.txt", "sha256") })
	if want := slices.Insert(slices.Clone(text), 2, "b.txt  0:0"); err != nil || !slices.Equal(got, want) {
		t.Errorf("told %q, %v, want %q", got, err, want)
	}
	got, _, err = d.run(t.Context(), func(c *lookup.Config) {
		c.Hunt, c.Dry, c.Open = lantern.DefaultHunt, false, arriveAt("d.txt", "c.txt", "md5")
	})
	if want := slices.Insert(slices.Insert(slices.Clone(text), 2, "b.txt  0:0"), 4, "c.txt  0:0"); err != nil || !slices.Equal(got, want) {
		t.Errorf("the hunt told %q, %v, want %q", got, err, want)
	}
	// What was noted says for which arrivals: a file that was hunted without a digest is due when a
	// signal of its type comes.
	draft := d.w.Draft(0)
	draft.Type, draft.Value = "video-md5", sum("c.txt")
	d.w.MustShare(d.host.Submitter, draft)
	d.w.Reaches(d.r, d.host)
	got, _, err = d.run(t.Context(), func(c *lookup.Config) { c.Hunt, c.Dry = lantern.DefaultHunt, false })
	if want := []string{"c.txt  0:0"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the second hunt told %q, %v, want %q", got, err, want)
	}
	// A file that changed meanwhile is not taken for what it was.
	got, tally, err := d.run(t.Context(), func(c *lookup.Config) {
		open := arriveAt("d.txt", "a.txt", "sha1")
		c.Open = func(ctx context.Context, path string) (io.ReadCloser, error) {
			if filepath.Base(path) == "d.txt" {
				d.write("b.txt", []byte("it was raining"))
			}
			return open(ctx, path)
		}
	})
	if err != nil || tally.Troubled != 1 || !slices.Contains(got, "b.txt: its digests were not looked up: it changed meanwhile") || !slices.Contains(got, "a.txt  0:0") {
		t.Errorf("told %q, %+v, %v", got, tally, err)
	}
}
