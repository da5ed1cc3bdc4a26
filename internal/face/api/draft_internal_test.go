package api

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/web"
)

// seedDraft has a value in every member that is read by hand.
var seedDraft = lantern.Draft{Programs: []lantern.ID{4711, 12}, Type: "url", Value: "https://files.example.com/f/ä", Status: lantern.Violating,
	Tags: []lantern.Tag{"csam", "trade"}, Severity: lantern.High, Imminent: true, Confidence: 90,
	Basis:     lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, Action: "removed", At: time.Date(2026, 11, 2, 3, 4, 5, 6000, time.UTC)},
	FirstSeen: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), LastSeen: time.Date(2026, 1, 3, 3, 4, 5, 0, time.UTC), Language: "en", Role: lantern.Content,
	SuspectedMinor: true, Handling: lantern.Amber, UseRestriction: "ncmec", Expires: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC), Note: "seen in an album"}

func TestReadDrafts(t *testing.T) {
	t.Parallel()
	body, err := json.MarshalIndent(lantern.Items[lantern.Draft]{Items: []lantern.Draft{seedDraft, {Type: "md5", Tags: []lantern.Tag{}, Programs: []lantern.ID{}}}}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got, ok := readDrafts(body)
	if !ok || len(got) != 2 || !reflect.DeepEqual(got[0], seedDraft) {
		t.Errorf("got %v, %+v; want %+v", ok, got, seedDraft)
	}
}

// FuzzReadDrafts holds what is read by hand to what the careful decoder makes of it:
// whatever the fast one takes the other takes too, and reads the same.
func FuzzReadDrafts(f *testing.F) {
	body, err := json.Marshal(lantern.Items[lantern.Draft]{Items: []lantern.Draft{seedDraft}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	for _, s := range []string{`{"items":[{"type":"url","type":"url"}]}`, `{"items":[{"confidence":01}]}`, `{"items":[{"confidence":-1}]}`,
		`{"items":[{"tags":["a",]}]}`, `{"items":[{"programs":[null]}]}`, `{"items":[{"basis":{"at":"2026-02-30T00:00:00Z"}}]}`, `{"items":[{}],"items":[{}]}`,
		`{"items":[{"value":"\u0041"}]}`, `{"items":[{"imminent":truex}]}`, "{\"items\":[{\"value\":\"a\tb\"}]}", "{\"items\":[{\"value\":\"äöü\x1f....\"}]}", "{\t\"items\":[{\"note\":\"a\\u0041\"}]}",
		`{"items":[{"tags":["a","b"],"programs":["1","2"]},{"tags":[],"programs":[]},{"programs":["3"],"tags":["c"]}]}`, `{"items":[{}]} x`, `{"items":[{"programs":["0"]}]}`, `{"items":[{"expires":""}]}`,
		`{"items":[{"expires":"2027-01-02T3:04:05Z"}]}`, `{"items":[{"expires":"2027-01-02T03:04:05,5Z"}]}`, `{"items":[{"expires":"2027-01-02T03:04:05+24:00"}]}`,
		`{"items":[{"expires":"2027-01-02T03:04:05-23:60"}]}`, `{"items":[{"expires":"2027-01-02T03:04:05.5+23:59"}]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		fast, ok := readDrafts(b)
		if !ok {
			return
		}
		var slow lantern.Items[lantern.Draft]
		if err := web.Decode(b, &slow); err != nil {
			t.Fatalf("taken by hand and refused by the decoder: %v", err)
		}
		if !reflect.DeepEqual(fast, slow.Items) {
			t.Errorf("read by hand %+v, by the decoder %+v", fast, slow.Items)
		}
	})
}

// A round is a batch of drafts that say what most say, or all that is read by hand but for what
// goes with some types only.
func BenchmarkReadDrafts(b *testing.B) {
	full := seedDraft
	full.Note, full.UseRestriction, full.Language = "", "", ""
	usual := lantern.Draft{Programs: []lantern.ID{1 << 60}, Type: "sha256", Value: strings.Repeat("0123456789abcdef", 4), Status: full.Status, Tags: full.Tags[:1],
		Confidence: full.Confidence, Role: full.Role, Basis: full.Basis}
	for name, d := range map[string]lantern.Draft{"usual": usual, "full": full} {
		b.Run(name, func(b *testing.B) {
			items := lantern.Items[lantern.Draft]{Items: make([]lantern.Draft, lantern.MaxBatch)}
			for i := range items.Items {
				items.Items[i] = d
			}
			body, err := json.Marshal(items)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := readDrafts(body); !ok {
					b.Fatal("not read")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/lantern.MaxBatch/1000, "µs/draft")
		})
	}
}
