package warninglist_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"lantern"
	"lantern/internal/warninglist"
	"lantern/signal"
)

// folder holds lists of every type, in the layout in which they are published.
func folder() fstest.MapFS {
	lists := map[string]string{
		"hosts/list.json": `{"name":"Shared file hosts","version":3,"description":"x","type":"hostname",
			"list":["files.example","*.drop.example.net",".invite.example","deep.host.example.org","gmail.com","not a host"],
			"matching_attributes":["domain","hostname","domain|ip","url"]}`,
		"nets/list.json": `{"name":"Documentation networks","version":"1","type":"cidr",
			"list":["198.51.100.0/24","2001:db8:1::/48","203.0.113.7","nonsense"],"matching_attributes":["ip-src","ip-dst"]}`,
		"files/list.json": `{"name":"Common files","type":"string",
			"list":["0A41D8CD98F00B204E9800998ECF84AA","a1b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8aa"],
			"matching_attributes":["md5","sha256"]}`,
		"pages/list.json": `{"name":"Help pages","type":"string","list":["https://help.example.com/start","www.portal.example"]}`,
		"mail/list.json": `{"name":"Mailboxes of everybody","type":"substring","list":["@throwaway.example","frontdesk@","abuse@","front"],
			"matching_attributes":["email-src","email-dst"]}`,
		"phrases/list.json":  `{"name":"Everyday phrases","type":"string","list":["velvet tamarind"],"matching_attributes":["phrase"]}`,
		"patterns/list.json": `{"name":"Patterns","type":"regex","list":["/(a+)+$/"],"matching_attributes":["url"]}`,
		"other/list.json":    `{"name":"Other","type":"cidr","list":["198.51.100.0/24"],"matching_attributes":["md5"]}`,
		"words/list.json":    `{"name":"Digests","type":"string","list":["nothing","aa39a3ee5e6b4b0d3255bfef95601890afd80701"],"matching_attributes":["sha1"]}`,
		"useless/list.json":  `{"name":"Useless","type":"cidr","list":["here","there"],"matching_attributes":["ip-src"]}`,
		"odd/list.json":      `{"name":"Odd","type":"fuzzy","list":["x"]}`,
		"none/list.json":     `{"name":"None","type":"string","list":[]}`,
		"nameless/list.json": `{"name":" \u0007\n","type":"string","list":["x"]}`,
		"broken/list.json":   `{"name":"Broken",`,
		"README.md":          `not a list`,
	}
	out := fstest.MapFS{}
	for name, text := range lists {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestCheck(t *testing.T) {
	t.Parallel()
	set, _, err := warninglist.Load(folder())
	if err != nil {
		t.Fatal(err)
	}
	const hosts, nets, files, pages, mail = "Shared file hosts", "Documentation networks", "Common files", "Help pages", "Mailboxes of everybody"
	for _, tt := range []struct {
		kind      lantern.SignalType
		raw, list string
	}{
		{"domain", "files.example", hosts},
		{"domain", "www.files.example", hosts},
		{"domain", "somebody.files.example", ""}, // somebody's own
		{"domain", "notfiles.example", ""},
		{"domain", "drop.example.net", hosts},
		{"domain", "host.example.org", hosts}, // a listed host lies below it
		{"domain", "example.org", hosts},
		{"domain", "other.example.org", ""},
		{"url", "https://files.example", hosts},
		{"url", "http://files.example:8080/", hosts},
		{"url", "https://m.files.example/", hosts},
		{"url", "https://files.example/abc", ""},
		{"url", "invite.example", hosts},
		{"url", "invite.example/abc", ""},
		{"url", "https://files.example/?id=1", ""},
		{"url", "https://host.example.org/", ""}, // it matches itself alone
		{"url", "https://help.example.com/start", pages},
		{"url", "https://help.example.com/start/here", ""},
		{"url", "https://portal.example/", ""},
		{"url", "https://www.portal.example/", pages},
		{"ip", "198.51.100.9", nets},
		{"ip", "198.51.101.9", ""},
		{"ip", "203.0.113.7", nets},
		{"ip", "2001:db8:1:2::3", nets},
		{"ip", "2001:db8:2::3", ""},
		{"md5", "0a41d8cd98f00b204e9800998ecf84aa", files},
		{"video-md5", "0a41d8cd98f00b204e9800998ecf84aa", files},
		{"sha256", "A1B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B8AA", files},
		{"sha1", "aa39a3ee5e6b4b0d3255bfef95601890afd807aa", ""},
		{"email", "Anybody@Throwaway.example", mail},
		{"email", "frontdesk@example.com", mail},
		{"email", "front-of-house@example.com", ""},
		{"email", "anybody@files.example", ""}, // a person's address on a common host
		{"phrase", "Velvet  Tamarind", "Everyday phrases"},
		{"phrase", "velvet tamarind lantern", ""},
		{"username", "chatter.test/files.example", ""},
	} {
		kind, _ := signal.Lookup(tt.kind)
		v, err := kind.Normalize(tt.raw)
		if err != nil {
			t.Errorf("%s %q: %v", tt.kind, tt.raw, err)
			continue
		}
		err = set.Check(tt.kind, v.Canonical)
		var e *lantern.Error
		switch {
		case tt.list == "" && err != nil:
			t.Errorf("%s %q is refused: %v", tt.kind, tt.raw, err)
		case tt.list == "":
		case !errors.As(err, &e) || e.Kind != lantern.Invalid || e.Field != "/value" || e.Fix == "" || !strings.Contains(e.Reason, `"`+tt.list+`"`):
			t.Errorf("%s %q: got %v, want %q", tt.kind, tt.raw, err, tt.list)
		case strings.Contains(err.Error(), v.Canonical):
			t.Errorf("%s: the complaint holds the value: %v", tt.kind, err)
		}
	}
	if err := (*warninglist.Set)(nil).Check("url", "https://files.example/"); err != nil {
		t.Errorf("no lists: %v", err)
	}
}

// What is not applied is named with its reason, and the rest is applied.
func TestSkipped(t *testing.T) {
	t.Parallel()
	set, skipped, err := warninglist.Load(folder())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"patterns/list.json": "patterns are never run",
		"other/list.json":    "a list of type cidr for none of the signal types",
		"odd/list.json":      "a type of list that is not known",
		"none/list.json":     "has no entries",
		"nameless/list.json": "has no name",
		"broken/list.json":   "not a warning list",
		"mail/list.json":     "2 of 4 entries name no whole mail host",
		"hosts/list.json":    "2 of 6 entries name no host, or one that is refused without it; the first is entry 5",
		"nets/list.json":     "1 of 4 entries are no network and no address; the first is entry 4",
		"words/list.json":    "1 of 2 entries are no values of the types it is for",
		"useless/list.json":  "2 of 2 entries are no network",
	}
	for _, s := range skipped {
		if reason, ok := want[s.File]; !ok || !strings.Contains(s.Reason, reason) {
			t.Errorf("%s: %s", s.File, s.Reason)
		}
		delete(want, s.File)
	}
	if len(want) > 0 {
		t.Errorf("not reported: %v", want)
	}
	if set.Lists() != 7 || set.Entries() != 15 {
		t.Errorf("%d lists with %d entries are applied", set.Lists(), set.Entries())
	}
	none, _, err := warninglist.Load(fstest.MapFS{})
	if err != nil || none.Lists() != 0 || none.Check("domain", "www.files.example") != nil {
		t.Errorf("an empty folder: %v", err)
	}
	_, _, err = warninglist.Load(os.DirFS(filepath.Join(t.TempDir(), "gone")))
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "stat") {
		t.Errorf("a folder that is gone: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	for _, file := range folder() {
		f.Add(string(file.Data), "files.example")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		set, _, err := warninglist.Load(fstest.MapFS{"list.json": {Data: []byte(text)}})
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range signal.Types() {
			if v, err := kind.Normalize(value); err == nil {
				_ = set.Check(kind.Name, v.Canonical)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	var list strings.Builder
	list.WriteString(`{"name":"Many","type":"hostname","list":["first.example"`)
	for i := range 1_000_000 {
		fmt.Fprintf(&list, `,"h%d.example"`, i)
	}
	list.WriteString(`]}`)
	nets := `{"name":"Nets","type":"cidr","list":["198.51.0.0/16","198.51.100.0/24","203.0.113.0/25","203.0.113.128/26","192.0.2.0/24"]}`
	set, _, err := warninglist.Load(fstest.MapFS{"a.json": {Data: []byte(list.String())}, "b.json": {Data: []byte(nets)}})
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		kind  lantern.SignalType
		value string
	}{
		{"domain-on-it", "domain", "h77777.example"}, {"domain", "domain", "quiet.example"}, {"url", "url", "https://h5.example/a/b"},
		{"bare-url", "url", "https://quiet.example/"}, {"ip", "ip", "192.0.3.9"}, {"email", "email", "a@example.com"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			for b.Loop() {
				_ = set.Check(tt.kind, tt.value)
			}
		})
	}
}
