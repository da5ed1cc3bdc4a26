package stix_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"lantern"
	"lantern/internal/format/stix"
	"lantern/internal/web"
	"lantern/signal"
)

const program lantern.ID = 4712

var at = time.Date(2026, 11, 23, 9, 0, 0, 1500, time.UTC)

// change is an active signal with everything that can be said of one.
func change(t testing.TB, kind *signal.Type) lantern.Change {
	t.Helper()
	s := lantern.Signal{ID: 5123456789012345678, Member: 11, State: lantern.Active, Created: at, Updated: at}
	s.Draft = lantern.Draft{Type: kind.Name, Status: lantern.Violating, Tags: []lantern.Tag{"csam"}, Severity: lantern.High, Imminent: true,
		Confidence: 90, Role: lantern.Content, Handling: lantern.Amber, UseRestriction: "ncmec", Note: "shared twice", Expires: at.AddDate(0, 1, 0),
		Basis:     lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, Action: "removed", At: at},
		FirstSeen: at.Add(-time.Hour), LastSeen: at, Links: []lantern.Link{{Kind: lantern.SameAccount, Signal: 77}}, Incident: 99}
	if kind.Name == lantern.TacticType {
		s.Tactic = &lantern.Tactic{Contact: []lantern.ContactWay{lantern.GameChat}, Demands: []lantern.Demand{lantern.Secrecy}}
	} else {
		v, err := kind.Normalize(kind.Example)
		if err != nil {
			t.Fatal(err)
		}
		s.Value = v.Canonical
	}
	if kind.Name == "phrase" {
		s.Language = "en"
	}
	s.Disputed, s.Reactions = true, map[lantern.Reaction]int{lantern.Helpful: 2}
	return lantern.Change{Seq: 3, Time: at.Add(time.Hour), Signal: s, Corroboration: 2}
}

func encode(t testing.TB, o stix.Object) []byte {
	t.Helper()
	b, err := web.Encode(o.Body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// validator checks objects against the schemas of OASIS and our own.
type validator struct{ compiler *jsonschema.Compiler }

func newValidator(t testing.TB) *validator {
	t.Helper()
	c := jsonschema.NewCompiler()
	for _, dir := range []string{"testdata/schemas", "schemas"} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			b, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				return err
			}
			doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
			if err != nil {
				return err
			}
			return c.AddResource(doc.(map[string]any)["$id"].(string), doc)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return &validator{c}
}

const oasis = "http://raw.githubusercontent.com/oasis-open/cti-stix2-json-schemas/stix2.1/schemas/"

// check holds an object to the schema of its type, and its extensions to ours.
func (v *validator) check(t testing.TB, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	object := doc.(map[string]any)
	kind := object["type"].(string)
	folder := "sdos/"
	if kind == "extension-definition" || kind == "marking-definition" {
		folder = "common/"
	}
	if kind == "sighting" {
		folder = "sros/"
	}
	v.fits(t, oasis+folder+kind+".json", doc, text)
	extensions, _ := object["extensions"].(map[string]any)
	for id, e := range extensions {
		if name, ok := names[id]; ok {
			v.fits(t, "urn:lantern:stix:"+name, e, text)
		} else if kind != "marking-definition" {
			t.Errorf("an unknown extension in %s", text)
		}
	}
}

var names = map[string]string{
	"extension-definition--c4c4afa5-2789-440c-9468-3e8a6fdf289f": "signal",
	"extension-definition--368a2f47-4dce-4ce5-ab29-359940465515": "similarity-hash",
	"extension-definition--c98f510b-5dd5-40e5-812a-4aae11e1b368": "phrase",
	"extension-definition--806a4976-20da-4521-8227-0fa1f4595440": "linked-account",
	"extension-definition--7d2c1f0e-93a4-4c58-8b6f-0e5a1d9c2b47": "outcome",
}

func (v *validator) fits(t testing.TB, schema string, doc any, text []byte) {
	t.Helper()
	s, err := v.compiler.Compile(schema)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%s refuses %s: %v", schema, text, err)
	}
}

func TestEverySignalTypeFitsTheSchemasAndComesBack(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	for _, kind := range signal.Types() {
		t.Run(string(kind.Name), func(t *testing.T) {
			c := change(t, kind)
			o := stix.Signal(program, &c)
			text := encode(t, o)
			v.check(t, text)
			if id, ok := stix.ParseID(program, o.ID); !ok || id != c.Signal.ID {
				t.Errorf("the id gives %v %v", id, ok)
			}
			if kind.Name == lantern.TacticType {
				if o.Type != "attack-pattern" {
					t.Errorf("a tactic is a %s", o.Type)
				}
				return
			}
			p, err := stix.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			d, err := p.Draft(program)
			if err != nil {
				t.Fatal(err)
			}
			want := c.Signal.Draft
			want.Programs, want.Links, want.Incident, want.Value = []lantern.ID{program}, nil, 0, ""
			want.Expires, want.FirstSeen, want.LastSeen = want.Expires.Truncate(time.Microsecond), want.FirstSeen.Truncate(time.Microsecond), want.LastSeen.Truncate(time.Microsecond)
			value := d.Value
			d.Value = ""
			if fmt.Sprint(d) != fmt.Sprint(want) {
				t.Errorf("comes back as %+v, was %+v", d, want)
			}
			back, err := kind.Normalize(value)
			if err != nil || back.Canonical != c.Signal.Value {
				t.Errorf("the pattern gives another value (%v)", err)
			}
		})
	}
}

func TestOutcomesFitTheSchemas(t *testing.T) {
	t.Parallel()
	sums := lantern.Sums{Through: at, Members: lantern.Cell{AtLeast: 1, AtMost: 4}, Counts: map[lantern.OutcomeKind]lantern.Cell{lantern.ContentRemoved: {AtLeast: 5, AtMost: 9}},
		Meanings: map[lantern.OutcomeKind]string{lantern.ContentRemoved: lantern.ContentRemoved.Meaning()}}
	for _, changed := range []time.Time{at.Add(time.Hour), at.Add(-time.Hour)} { // never changed before it was created
		o := stix.Outcomes(program, "url", at, changed, lantern.OutcomeTotals{Signal: 4711, Sums: sums})
		newValidator(t).check(t, encode(t, o))
		if o.Version < stix.Stamp(at) || o.ID != stix.ID("sighting", program, 4711) || o.Version != stix.OutcomesHeader(program, 4711, at, changed).Version {
			t.Errorf("%s in version %s", o.ID, o.Version)
		}
		later := sums
		later.Through = at.Add(48 * time.Hour)
		much := later
		much.Through = at.Add(72 * time.Hour)
		one, other := stix.Outcomes(program, "url", at, changed, lantern.OutcomeTotals{Signal: 4711, Sums: later}), stix.Outcomes(program, "url", at, changed, lantern.OutcomeTotals{Signal: 4711, Sums: much})
		if string(encode(t, one)) != string(encode(t, other)) {
			t.Error("one version has two contents, by when it is read")
		}
	}
}

func TestWhatFellHasNeitherValueNorOpinion(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	for state, revoked := range map[lantern.SignalState]bool{
		lantern.Suspended: false, lantern.Narrowed: false, lantern.Withdrawn: true, lantern.Expired: true, lantern.Erased: true,
	} {
		kind, _ := signal.Lookup("url")
		active := change(t, kind)
		before := stix.Signal(program, &active)
		c := lantern.Change{Seq: 9, Time: at.Add(2 * time.Hour), Correction: 5, Signal: lantern.Signal{ID: active.Signal.ID, Member: 11, State: state,
			Draft: lantern.Draft{Type: "url"}, Created: at, Updated: at}}
		o := stix.Signal(program, &c)
		text := encode(t, o)
		v.check(t, text)
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if got["revoked"] != nil != revoked || o.ID != before.ID || o.Version <= before.Version {
			t.Errorf("%s: revoked %v, version %s after %s", state, got["revoked"], o.Version, before.Version)
		}
		if got["valid_until"].(string) > stix.Stamp(c.Time) {
			t.Errorf("%s: valid until %v, after it fell", state, got["valid_until"])
		}
		if strings.Contains(string(text), "files.example.com") || got["labels"] != nil || got["pattern"] != "[x-lantern-withheld:signal = '5123456789012345678']" {
			t.Errorf("%s: says %s", state, text)
		}
	}
}

func TestSupportingObjectsFitTheSchemas(t *testing.T) {
	t.Parallel()
	v := newValidator(t)
	list := append(stix.Markings(), stix.Definitions()...)
	list = append(list, stix.Member(lantern.Member{ID: 11, Name: "Red Files", Created: at}))
	if len(list) != 11 {
		t.Errorf("%d objects", len(list))
	}
	for _, o := range list {
		v.check(t, encode(t, o))
	}
}

func TestTheStrongestWordIsForReviewedContent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   lantern.SignalType
		status lantern.Status
		by     lantern.ReviewedBy
		want   string
	}{
		{"sha256", lantern.Violating, lantern.ByHuman, "malicious-activity"},
		{"pdq", lantern.Violating, lantern.ByBoth, "malicious-activity"},
		{"sha256", lantern.Violating, lantern.ByMachine, "anomalous-activity"},
		{"email", lantern.Violating, lantern.ByHuman, "anomalous-activity"},
		{"sha256", lantern.Lead, lantern.ByHuman, "unknown"},
		{"sha256", lantern.NonViolating, lantern.ByHuman, "benign"},
	} {
		kind, _ := signal.Lookup(c.kind)
		ch := change(t, kind)
		ch.Signal.Status, ch.Signal.Basis.ReviewedBy = c.status, c.by
		if got := stix.Signal(program, &ch).Body.(stix.Indicator).IndicatorTypes; len(got) != 1 || got[0] != c.want {
			t.Errorf("%s %s by %s: %v, want %s", c.kind, c.status, c.by, got, c.want)
		}
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		want    lantern.SignalType // chosen by the client
		kind    lantern.SignalType // "" if refused
		value   string
	}{
		{pattern: `[url:value = 'https://files.example.com/a']`, kind: "url", value: "https://files.example.com/a"},
		{pattern: " [ url:value=='https://files.example.com/a' ] ", kind: "url", value: "https://files.example.com/a"},
		{pattern: `[file:hashes.MD5 = 'aa']`, kind: "md5", value: "aa"},
		{pattern: `[file:hashes.'MD5' = 'aa']`, kind: "md5", value: "aa"},
		{pattern: `[file:hashes.MD5 = 'aa']`, want: "video-md5", kind: "video-md5", value: "aa"},
		{pattern: `[file:hashes.'SHA-256' = 'aa']`, kind: "sha256", value: "aa"},
		{pattern: `[user-account:account_login = 'owl' AND user-account:account_type = 'chatter.test']`, kind: "username", value: "chatter.test/owl"},
		{pattern: `[user-account:account_type = 'cashapp' AND user-account:account_login = '$owl']`, want: "payment", kind: "payment", value: "cashapp:$owl"},
		{pattern: `[user-account:account_login = 'owl']`, kind: "username", value: "owl"},
		{pattern: `[x-lantern-phrase:value = 'it\'s \\ zorbly']`, kind: "phrase", value: `it's \ zorbly`},

		{pattern: `[url:value = 'a' OR url:value = 'b']`},
		{pattern: `[url:value = 'a' AND url:value = 'b']`},
		{pattern: `[url:value = 'a' AND domain-name:value = 'b']`},
		{pattern: `[url:value = 'a'] AND [url:value = 'b']`},
		{pattern: `[url:value != 'a']`},
		{pattern: `[url:value LIKE 'a%']`},
		{pattern: `[url:value = 'a' ANDurl:value = 'b']`},
		{pattern: `[url:value = 'a\n']`},
		{pattern: `[url:value = 'a`}, {pattern: `[]`}, {pattern: ``}, {pattern: `url:value = 'a'`},
		{pattern: `[user-account:account_type = 'chatter.test']`},
		{pattern: `[x-lantern-withheld:signal = '7']`},
		{pattern: `[url:value = 'a']`, want: "domain"},
	} {
		kind, value, err := stix.Value(c.pattern, c.want)
		if c.kind == "" && err == nil || c.kind != "" && (err != nil || kind != c.kind || value != c.value) {
			t.Errorf("%s: %s %q %v", c.pattern, kind, value, err)
		}
		if err != nil && lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%s: %v", c.pattern, err)
		}
	}
}

func TestAPatternComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		if kind, back, err := stix.Value(stix.Pattern("phrase", value), ""); err != nil || kind != "phrase" || back != value {
			t.Fatalf("%s %q %v", kind, back, err)
		}
	})
}

func TestIDsAreOfOneKindAndScope(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := lantern.ID(rapid.Int64Range(1, 1<<62).Draw(t, "id"))
		uuid := stix.UUID("indicator", 7, id)
		if !stix.Well("indicator--" + uuid) {
			t.Fatalf("not the form of an id: %s", uuid)
		}
		if back, ok := stix.ParseUUID("indicator", 7, uuid); !ok || back != id {
			t.Fatalf("%v comes back as %v %v", id, back, ok)
		}
		if _, ok := stix.ParseUUID("indicator", 8, uuid); ok {
			t.Fatal("good in another scope")
		}
		if _, ok := stix.ParseUUID("attack-pattern", 7, uuid); ok {
			t.Fatal("good for another kind")
		}
	})
	// A vector: the form is part of the protocol.
	if got, want := stix.ID("indicator", 4712, 4711), "indicator--00000000-0000-424c-ba9c-304a08f2606b"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestStamps(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"2026-11-23T09:00:00Z": true, "2026-11-23T09:00:00.1Z": true, "2026-11-23T09:00:00.123456789Z": true,
		"2026-11-23T09:00:00.Z": false, "2026-11-23T09:00:00+00:00": false, "2026-11-23": false, "": false, "2026-13-23T09:00:00Z": false, "2026-11-23 09:00:00Z": false,
	} {
		if _, got := stix.ParseStamp(text); got != ok {
			t.Errorf("%q: %v, want %v", text, got, ok)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, kind := range signal.Types() {
		c := change(f, kind)
		f.Add(encode(f, stix.Signal(program, &c)))
	}
	f.Add([]byte(`{"type":"indicator","id":"indicator--x","spec_version":"2.0"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := stix.Read(raw)
		if err != nil {
			return
		}
		d, err := p.Draft(program)
		if err != nil {
			return
		}
		if d.Type == "" || len(d.Programs) != 1 {
			t.Errorf("a draft without a type: %+v", d.Type)
		}
	})
}

func FuzzValue(f *testing.F) {
	for _, s := range []string{`[url:value = 'a']`, `[file:hashes.'SHA-256' = 'a\\' ]`, `[user-account:account_type = 'a' AND user-account:user_id = 'b']`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		kind, value, err := stix.Value(s, "")
		if err != nil || kind == "username" || kind == "account" || kind == "ip" {
			return
		}
		if again, back, err := stix.Value(stix.Pattern(kind, value), kind); err != nil || again != kind || back != value {
			t.Errorf("%s comes back as %s (%v)", kind, again, err)
		}
	})
}
