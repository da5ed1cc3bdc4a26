package agent_test

import (
	"bytes"
	"crypto/md5" // the digest files are shared by
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/pdq"
)

// picture returns a generated picture with detail, as PNG, and its hash.
func picture(t *testing.T) ([]byte, pdq.Hash) {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 128, 128))
	random := rand.New(rand.NewPCG(1, 2))
	for y := 0; y < 128; y += 16 {
		for x := 0; x < 128; x += 16 {
			c := color.NRGBA{uint8(random.Uint32()), uint8(random.Uint32()), uint8(random.Uint32()), 255}
			for dy := range 16 {
				for dx := range 16 {
					img.Set(x+dx, y+dy, c)
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	h, quality, err := pdq.Sum(img)
	if err != nil || quality < pdq.MinQuality {
		t.Fatalf("the picture has quality %d, %v", quality, err)
	}
	return b.Bytes(), h
}

// TestLook looks at files of every kind.
func TestLook(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	photo, hash := picture(t)
	other := []byte("some bytes that were a file\x00\x01")
	sum := md5.Sum(other)
	share := func(kind lantern.SignalType, value string) lantern.ID {
		d := w.Draft(0)
		d.Type, d.Value = kind, value
		return w.MustShare(host.Submitter, d)
	}
	film := func(from, n int) string { // with one hash for each second of it
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "%d,100,%x,%d.000\n", 30*i, sha256.Sum256([]byte{byte(from + i)}), i)
		}
		return b.String()
	}
	names := map[lantern.ID]string{
		share("vpdq", film(0, 10)):                    "vpdq",
		share("url", "https://files.example.com/f/1"): "url", share("email", "someone@example.com"): "email",
		share("pdq", hash.String()): "pdq", share("md5", hex.EncodeToString(sum[:])): "md5",
	}
	r := w.Run(t, social, t.TempDir())
	for _, c := range []struct {
		name  string
		file  string
		bytes []byte
		want  string // matches as type@line:column, then states, by answer
	}{
		{"text", "notes.txt", []byte("first line\nsee https://files.example.com/f/1, or\nask someone@example.com"), "notes.txt ok url@2:5 email@3:5"},
		{"empty", "empty.txt", nil, "empty.txt ok"},
		{"picture", "photo.bin", photo, "photo.bin ok pdq@0:0"},
		{"part of a video", "video.txt", []byte(film(2, 5)), "video.txt ok vpdq@0:0"},
		{"video in a longer one", "video.csv", []byte(film(0, 900)), "video.csv ok vpdq@0:0"},
		{"another video", "video.txt", []byte(film(8, 6)), "video.txt ok"},
		{"broken frames", "video.txt", []byte(film(0, 5) + film(0, 5)), "video.txt could-not-look"},
		{"video in a record", "videos.ndjson", []byte(`{"ref":"a","values":[{"type":"vpdq","value":"` + strings.ReplaceAll(film(0, 60), "\n", ";") + `"}]}`), "a ok vpdq@0:0 videos.ndjson ok"},
		{"broken picture", "photo.png", photo[:len(photo)/2], "photo.png could-not-look"},
		{"UTF-32", "note.txt", []byte("\xff\xfe\x00\x00h\x00\x00\x00"), "note.txt could-not-look"},
		{"digest", "blob", other, "blob ok md5@0:0"},
		{"records", "posts.ndjson", []byte(`{"ref":"a","urls":["https://files.example.com/f/1"]}` + "\n{\n" + `{"ref":"b","text":"someone@example.com"}`),
			"a ok url@0:0 b ok email@1:1 posts.ndjson could-not-look"},
		{"records by content", "posts", []byte(`{"ref":"a","text":"x"}` + "\n" + `{"ref":"b"}` + "\n"), "a ok b ok posts ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			err := r.Look(t.Context(), agent.File{Name: c.file, Dry: true}, bytes.NewReader(c.bytes), func(a lantern.Answer) error {
				got = append(got, a.Ref, string(a.State))
				for _, m := range a.Matches {
					got = append(got, names[m.Signal]+"@"+itoa(m.Line)+":"+itoa(m.Column))
				}
				if a.State == lantern.CouldNotLook && len(a.Reasons) == 0 {
					t.Error("could not look, and no reason")
				}
				return nil
			})
			if s := strings.Join(got, " "); err != nil || s != c.want {
				t.Errorf("got %q, %v; want %q", s, err, c.want)
			}
		})
	}
}

func itoa(n int) string { return string(rune('0' + n)) }

// A person looks for the record, counting from 1.
func TestLookNamesTheRecord(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	r := w.Run(t, w.AddCompany("Facegram"), t.TempDir())
	var got []string
	file := strings.NewReader(`{"ref":"a"}` + "\n" + `{"ref":"b","nope":1}` + "\n" + `{"ref":"c","values":[{"type":"url","nope":1}]}` + "\n")
	err := r.Look(t.Context(), agent.File{Name: "posts.ndjson", Dry: true}, file, func(a lantern.Answer) error {
		got = append(got, a.Reasons...)
		return nil
	})
	want := []string{"record 2: unknown member", "record 3: /values/0: unknown member"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// TestLookAtMuch keeps memory and answers bounded for a text with many matches.
func TestLookAtMuch(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	w.MustShare(host.Submitter, w.Draft(1))
	r := w.Run(t, social, t.TempDir())
	const lines = 5000
	text := strings.NewReader(strings.Repeat("see https://files.example.com/f/1 there\n", lines))
	found, answers := 0, 0
	err := r.Look(t.Context(), agent.File{Name: "much.txt", Account: "u-1"}, text, func(a lantern.Answer) error {
		found, answers = found+len(a.Matches), answers+1
		return nil
	})
	if err != nil || found != lines || answers < lines/200 {
		t.Errorf("got %d matches in %d answers, %v; want %d", found, answers, err, lines)
	}
	if hits := r.HitsIn(""); len(hits) != 1 || hits[0].Account != "u-1" || hits[0].Match.Line != 1 {
		t.Errorf("got hits %+v; one signal in one file is one hit, the first", hits)
	}
}
