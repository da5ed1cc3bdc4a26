package threatexchange

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/signal"
)

var now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func TestParseTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "0001-01-01T00:00:00Z",
		"0":                         "1970-01-01T00:00:00Z",
		"1795424400":                "2026-11-23T09:00:00Z",
		"2019-11-09T02:58:41+0000":  "2019-11-09T02:58:41Z",
		"2019-11-09T02:58:41-0300":  "2019-11-09T05:58:41Z",
		"2019-11-09t02:58:41z":      "2019-11-09T02:58:41Z",
		"2019-11-09 02:58:41":       "2019-11-09T02:58:41Z",
		"2019/11/09":                "2019-11-09T00:00:00Z",
		"now":                       "2026-11-23T09:30:00Z",
		"today":                     "2026-11-23T00:00:00Z",
		"yesterday":                 "2026-11-22T00:00:00Z",
		"-3hours":                   "2026-11-23T06:30:00Z",
		"-3 hours":                  "2026-11-23T06:30:00Z",
		"1 week ago":                "2026-11-16T09:30:00Z",
		"-1week":                    "2026-11-16T09:30:00Z",
		"+1 day":                    "2026-11-24T09:30:00Z",
		"2 months ago":              "2026-09-23T09:30:00Z",
		"90min":                     "2026-11-23T11:00:00Z",
		"whenever":                  "error",
		"-5":                        "error",
		"99999999999999999999":      "error",
		"1969-01-01":                "error",
		"-3 fortnights":             "error",
		"0001-01-01T00:00:00+00:00": "error",
	} {
		got, err := ParseTime("/x", text, now)
		shown := got.Format(time.RFC3339)
		if err != nil {
			shown = "error"
			if text != "" && strings.Contains(err.Error(), text) {
				t.Errorf("%q is repeated", text)
			}
		}
		if shown != want {
			t.Errorf("%q is read as %s, want %s", text, shown, want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": nil, "1": {"1"}, "1,2": {"1", "2"}, "[1,2]": {"1", "2"}, " [ 1 , 2 ] ": {"1", "2"},
		`["a","b"]`: {"a", "b"}, `['a', 'b']`: {"a", "b"}, "a,,b,": {"a", "b"}, "[]": nil, "[": {"["},
	} {
		if got := List(text); !slices.Equal(got, want) {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	n := Node{"id": "1", "a": 1, "b": 2, "in": Node{"id": "2", "c": 3, "d": 4}, "list": Edge{[]Node{{"id": "3", "e": 5, "f": 6}}}, usualOf: []string{"a"}}
	for fields, want := range map[string]string{
		"":                      `{"a":1,"id":"1"}`,
		"b":                     `{"b":2,"id":"1"}`,
		"id,nothing":            `{"id":"1"}`,
		"a, in{c}":              `{"a":1,"id":"1","in":{"c":3,"id":"2"}}`,
		"in":                    `{"id":"1","in":{"c":3,"d":4,"id":"2"}}`,
		"list{e},b":             `{"b":2,"id":"1","list":{"data":[{"e":5,"id":"3"}]}}`,
		"list.limit(5){f{x}},a": `{"a":1,"id":"1","list":{"data":[{"f":6,"id":"3"}]}}`,
		"a{b}":                  `{"a":1,"id":"1"}`,
		"in{":                   "error", "in}": "error", "{a}": "error", "a{b}c": "error",
		strings.Repeat("a{", 9) + strings.Repeat("}", 9): "error",
		strings.Repeat("a,", 300):                        "error",
	} {
		f, err := ParseFields(fields)
		got := "error"
		if err == nil {
			b, _ := json.Marshal(Select(n, f, Usual(n)...))
			got = string(b)
		}
		if got != want {
			t.Errorf("%q gives %s, want %s", fields, got, want)
		}
	}
}

// TestIndicatorTypes holds every type to the way there and back.
func TestIndicatorTypes(t *testing.T) {
	t.Parallel()
	for _, kind := range signal.Types() {
		shown, tag := IndicatorType(kind.Name)
		if kind.Compare == signal.None {
			continue
		}
		if !slices.Contains(SignalTypes(shown), kind.Name) {
			t.Errorf("%s shows as %s, which is read as %v", kind.Name, shown, SignalTypes(shown))
		}
		var tags []string
		if tag != "" {
			tags = []string{strings.ToUpper(tag), "csam"}
		}
		got, rest, err := signalType(strings.ToLower(shown), tags)
		if err != nil || got != kind.Name || slices.Contains(rest, tag) {
			t.Errorf("%s comes back as %s, %v, %v", kind.Name, got, rest, err)
		}
	}
	for _, refused := range []string{"PAYLOAD_DATA", "payload_data", "MUTEX", "", "DEBUG_STRING"} {
		if _, _, err := signalType(refused, nil); err == nil {
			t.Errorf("%q is taken", refused)
		}
	}
	for their, ours := range map[string]lantern.SignalType{"RAW_URI": "url", "UNCLICKABLE_URL": "url", "HASH_VIDEO_SHA256": "sha256", "hash_md5": "md5", "TELEPHONE": "phone"} {
		if got, _, err := signalType(their, nil); err != nil || got != ours {
			t.Errorf("%s is read as %s, %v", their, got, err)
		}
	}
}

// TestStatus: only a hash of content that a person reviewed is a positive match.
func TestStatus(t *testing.T) {
	t.Parallel()
	for _, kind := range signal.Types() {
		for _, by := range []lantern.ReviewedBy{"", lantern.ByHuman, lantern.ByMachine, lantern.ByBoth} {
			for _, s := range []lantern.Status{lantern.Violating, lantern.Lead, lantern.NonViolating} {
				sig := lantern.Signal{Draft: lantern.Draft{Type: kind.Name, Status: s, Basis: lantern.Basis{ReviewedBy: by}}}
				want := map[lantern.Status]string{lantern.Violating: "SUSPICIOUS", lantern.Lead: "SUSPICIOUS", lantern.NonViolating: "NON_MALICIOUS"}[s]
				human := by == lantern.ByHuman || by == lantern.ByBoth
				if hash := map[lantern.SignalType]bool{"md5": true, "sha1": true, "sha256": true, "pdq": true, "video-md5": true, "vpdq": true, "photodna": true}; s == lantern.Violating && human && hash[kind.Name] {
					want = "MALICIOUS"
				}
				if got := Status(&sig); got != want {
					t.Errorf("%s, %s, reviewed by %q shows as %s, want %s", kind.Name, s, by, got, want)
				}
			}
		}
	}
}

// TestWords holds each table to the way there and back, and the eleven reactions to their list.
func TestWords(t *testing.T) {
	t.Parallel()
	all := "HELPFUL,NOT_HELPFUL,OUTDATED,SAW_THIS_TOO,WANT_MORE_INFO,DISAGREE_WITH_TAGS,INGESTED,IN_REVIEW,ALREADY_KNOWN,REVIEWED,NON_MALICIOUS"
	list, err := Reactions(all)
	if err != nil || len(list) != 11 {
		t.Fatal(list, err)
	}
	var back []string
	for _, r := range list {
		if err := (&lantern.Feedback{Signal: 1, Reaction: r}).Validate(); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		back = append(back, to(reactions, r))
	}
	if got := strings.Join(back, ","); got != all {
		t.Errorf("the reactions come back as %s", got)
	}
	for _, s := range []lantern.Severity{lantern.Low, lantern.Medium, lantern.High, lantern.Critical} {
		if got, ok := from(severities, to(severities, s)); !ok || got != s {
			t.Errorf("severity %s comes back as %s", s, got)
		}
	}
	for _, tag := range lantern.Taxonomy() {
		if got := ParseTag(strings.ToUpper(TagText(tag))); got != tag {
			t.Errorf("tag %s comes back as %s", tag, got)
		}
	}
}

// TestEnumerations reads every word of their enumerations, in whatever case, as the reference lists
// them: each is taken and shows as given, or as the word beside it where ours has one for both.
func TestEnumerations(t *testing.T) {
	t.Parallel()
	base := map[string]string{"type": "HASH_SHA256", "indicator": strings.Repeat("ab", 32), "description": "4.2", "privacy_type": "HAS_PRIVACY_GROUP", "privacy_members": "77"}
	shows := map[string]func(*lantern.Signal) string{"status": Status, "severity": Severity, "share_level": Level, "review_status": Review}
	for field, words := range map[string]map[string]string{
		// MALICIOUS shows so only on what a person reviewed, which this is.
		"status":        {"MALICIOUS": "", "SUSPICIOUS": "", "NON_MALICIOUS": "", "UNKNOWN": "SUSPICIOUS"},
		"severity":      {"UNKNOWN": "", "INFO": "", "WARNING": "INFO", "SUSPICIOUS": "", "SEVERE": "", "APOCALYPSE": ""},
		"share_level":   {"RED": "", "AMBER": "", "GREEN": "", "UNKNOWN": "", "WHITE": "refused"},
		"review_status": {"REVIEWED_MANUALLY": "", "REVIEWED_AUTOMATICALLY": "", "UNREVIEWED": "", "PENDING": "UNREVIEWED", "UNKNOWN": "UNREVIEWED"},
		"privacy_type":  {"HAS_PRIVACY_GROUP": "none", "HAS_WHITELIST": "none", "VISIBLE": "refused", "NONE": "refused", "HAS_PRIVACY_GROUP_AND_WHITELIST": "refused", "OTHER": "refused"},
		"precision":     {"UNKNOWN": "none", "LOW": "none", "MEDIUM": "none", "HIGH": "none"},
	} {
		for word, want := range words {
			for _, given := range []string{word, strings.ToLower(word)} {
				form := maps.Clone(base)
				if field != "review_status" {
					form["review_status"] = "REVIEWED_MANUALLY"
				}
				form[field] = given
				s, err := Submit(func(name string) string { return form[name] }, time.Unix(1_700_000_000, 0))
				if (err != nil) != (want == "refused") {
					t.Errorf("%s %s: %v", field, given, err)
				}
				if show := shows[field]; show != nil && err == nil {
					got := show(&lantern.Signal{Draft: s.Draft})
					if want == "" && got != word || want != "" && got != want {
						t.Errorf("%s %s shows as %s", field, given, got)
					}
				}
			}
		}
	}
}

// TestFail maps every kind to a Graph error.
func TestFail(t *testing.T) {
	t.Parallel()
	for kind, want := range map[lantern.Kind]string{
		lantern.Invalid: "400 100", lantern.Unauthorized: "401 190", lantern.Forbidden: "403 200", lantern.NotFound: "404 100", lantern.Conflict: "400 100",
		lantern.TooLarge: "413 100", lantern.RateLimited: "429 4", lantern.Resync: "400 100", lantern.Unavailable: "503 2", lantern.Unsupported: "400 100", "": "500 1",
	} {
		status, e := Fail(kind, nil, "message", "trace")
		if got := fmt.Sprintf("%d %d", status, e.Error.Code); got != want {
			t.Errorf("%q: %s, want %s", kind, got, want)
		}
	}
	if _, e := Fail(lantern.Unauthorized, []*lantern.Problem{{Pointer: TokenField}}, "", ""); e.Error.Code != 104 {
		t.Errorf("a missing token has code %d", e.Error.Code)
	}
	for pointer, want := range map[string]string{
		"": "wrong (mend it)", "/value": "indicator: wrong (mend it)", "/tags/0": "tags: wrong (mend it)", "/programs/1": "privacy_members: wrong (mend it)",
		"/basis/policy": "description: wrong (mend it)", "/basis/reviewed_by": "review_status: wrong (mend it)", "/handling": "share_level: wrong (mend it)",
		"/cursor": "after: wrong (mend it)", "/links/2/signal": "related_ids_for_upload: wrong (mend it)",
	} {
		complaint := &lantern.Problem{Pointer: pointer, Reason: "wrong", Fix: "mend it"}
		if _, e := Fail(lantern.Invalid, []*lantern.Problem{complaint}, "", ""); e.Error.Message != want {
			t.Errorf("%s: %q, want %q", pointer, e.Error.Message, want)
		}
		if _, e := Fail(lantern.Invalid, []*lantern.Problem{complaint, complaint}, "", ""); e.Error.Message != want+" and 1 more" {
			t.Errorf("%s twice: %q", pointer, e.Error.Message)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a,b{c,d{e}}", "-3hours", "[1,2]", "['a', 'b']", "2019-11-09T02:58:41+0000", "HASH_PDQ", "signal_type:username"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if fields, err := ParseFields(s); err == nil {
			n := Node{"id": "1", "a": Node{"id": "2"}, "b": Edge{[]Node{{"id": "3"}}}, usualOf: []string{"a"}}
			out := Select(n, fields, Usual(n)...)
			if out["id"] != "1" {
				t.Error("the id is gone")
			}
			if _, shown := out[usualOf]; shown {
				t.Error("what is kept inside is shown")
			}
		}
		if at, err := ParseTime("/x", s, now); err == nil && !at.IsZero() && at.Year() > 1_000_000 {
			t.Error("a time out of range")
		}
		for _, item := range List(s) {
			if item == "" || strings.Contains(item, ",") {
				t.Error("a list holds an empty item")
			}
		}
		get := func(string) string { return s }
		if sub, err := Submit(get, now); err == nil && sub.Draft.Type == "" {
			t.Error("a submission without a type")
		}
		if tag := ParseTag(s); ParseTag(TagText(tag)) != tag {
			t.Error("a tag does not come back")
		}
	})
}
