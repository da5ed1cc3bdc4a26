package ncmec_test

import (
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/column"
	"lantern/internal/column/columntest"
	"lantern/internal/format/ncmec"
	"lantern/signal"
)

// readAll returns the fingerprints of a list.
func readAll(text string) (all []ncmec.Record, lost map[string]int, err error) {
	r := ncmec.NewReader(strings.NewReader(text))
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, r.Lost(), nil
		}
		if err != nil {
			return all, r.Lost(), err
		}
		all = append(all, rec)
	}
}

// A hash comes back as it was. What else a signal says is named as lost, and so is every signal
// that is no hash.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	held := []lantern.SignalType{"md5", "sha1", "pdq", "photodna", "video-md5"}
	rapid.Check(t, func(t *rapid.T) {
		var file strings.Builder
		w := ncmec.NewWriter(&file, time.Unix(0, 0))
		var want []lantern.Signal
		var lost [][]string
		for _, s := range rapid.SliceOfN(rapid.Custom(columntest.Signal), 0, 6).Draw(t, "signals") {
			if rapid.Bool().Draw(t, "classified") {
				s.Note = ncmec.Note("B1")
			}
			names, err := w.Write(&s)
			if hash := slices.Contains(held, s.Type); errors.Is(err, column.ErrNoPlace) == hash {
				t.Fatalf("%s: %v", s.Type, err)
			} else if hash {
				want, lost = append(want, s), append(lost, names)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got, _, err := readAll(file.String())
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d of %d came back, %v", len(got), len(want), err)
		}
		for i, rec := range got {
			if rec.Err != nil || rec.Number != i+1 || rec.Signal.Type != want[i].Type || rec.Signal.Value != want[i].Value {
				t.Fatalf("entry %d: %+v, %v", i, rec.Signal.Type, rec.Err)
			}
			if names := column.Missing(&want[i].Draft, &rec.Signal.Draft); !reflect.DeepEqual(names, lost[i]) {
				t.Fatalf("lost %v, said %v", names, lost[i])
			}
			if kept := rec.Signal.Note == ncmec.Note("B1"); kept != (want[i].Note == ncmec.Note("B1")) {
				t.Fatalf("classification kept: %v", kept)
			}
		}
	})
}

const (
	md5  = "0cc175b9c0f1b6a831c399e269772661"
	sha1 = "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"
)

func TestEntries(t *testing.T) {
	t.Parallel()
	got, lost, err := readAll(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2">
 <images count="4" maxTimestamp="2026-03-01T12:00:00Z">
  <image><member id="42">secret</member><timestamp>2026-03-01T12:00:00Z</timestamp><id>i1</id><classification>A1</classification>
   <fingerprints><md5> ` + md5 + ` </md5><sha1>` + sha1 + `</sha1><netclean>x</netclean></fingerprints></image>
  <deletedImage><member id="42">secret</member><id>i2</id><timestamp>2026-03-01T12:00:00Z</timestamp></deletedImage>
  <image><id>i3</id><classification>secret</classification><fingerprints><md5>` + md5 + `</md5></fingerprints>
   <feedback><affirmativeFeedback type="MD5"><members/></affirmativeFeedback><negativeFeedback type="MD5"><reasons/></negativeFeedback></feedback></image>
  <image><id>i4</id><fingerprints><tmk-pdqf rel="self" href="/v2/secret"/></fingerprints></image>
 </images>
 <videos count="1"><video><id>v1</id><fingerprints><md5>` + md5 + `</md5></fingerprints><feedback><affirmativeFeedback type="MD5"/></feedback></video></videos>
 <paging><next>/v2/entries?from=secret</next></paging>
</queryResult>`)
	if err != nil || len(got) != 4 {
		t.Fatalf("got %+v, %v", got, err)
	}
	draft := func(kind lantern.SignalType, value, note string) lantern.Signal {
		return lantern.Signal{Draft: lantern.Draft{Type: kind, Value: value, Note: note, Role: lantern.Content, UseRestriction: ncmec.Restriction}}
	}
	for i, want := range []ncmec.Record{
		{Number: 1, Signal: draft("md5", md5, "NCMEC classification A1")}, {Number: 1, Signal: draft("sha1", sha1, "NCMEC classification A1")},
		{Number: 3, Signal: draft("md5", md5, "")}, {Number: 5, Signal: draft("video-md5", md5, "")},
	} {
		if contradicted := i == 2; (got[i].Err != nil) != contradicted {
			t.Errorf("record %d: %v", i, got[i].Err)
		}
		got[i].Err = nil
		if err := signal.CheckNote(got[i].Signal.Note); err != nil {
			t.Errorf("record %d: %v", i, err)
		}
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("record %d: got %+v, want %+v", i, got[i], want)
		}
	}
	if want := map[string]int{"deleted entries, of which nothing is taken back": 1, "fingerprints of other kinds": 2, "feedback": 2,
		"classifications that are not known": 1, "members, ids and times of entries": 4}; !reflect.DeepEqual(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
}

// What is no list says where reading ended, and not what it holds.
func TestNoList(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"torn", "<queryResult>\n<images><image><id>secret", "at line 2"},
		{"torn between", "<queryResult>\n<images>", "at line 2"},
		{"empty", "", "at line 1"},
		{"another", "<secret/>", "not a hash list"},
		{"entity", "<queryResult><images><image><id>&secret;</id></image></images></queryResult>", "at line 1"},
		{"encoding", `<?xml version="1.0" encoding="secret"?><queryResult/>`, "at line 1"},
		{"large", "<queryResult><images><image><id>" + strings.Repeat("x", 2<<20) + "</id></image></images></queryResult>", "larger than 1 MiB"},
	} {
		_, _, err := readAll(tt.text)
		if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("<queryResult><images><image><fingerprints><md5>" + md5 + "</md5></fingerprints><feedback><negativeFeedback/></feedback></image></images></queryResult>")
	f.Add("<queryResult><videos><deletedVideo/><video><classification>A1</classification></video>")
	f.Fuzz(func(t *testing.T, text string) {
		r := ncmec.NewReader(strings.NewReader(text))
		for range 1000 {
			rec, err := r.Read()
			if err != nil {
				return
			}
			if rec.Signal.Type == "" || rec.Signal.UseRestriction != ncmec.Restriction {
				t.Fatal("a fingerprint without a type or its restriction was taken")
			}
		}
	})
}
