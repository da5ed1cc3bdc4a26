package taxii_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/face/taxii"
	"lantern/internal/format/stix"
)

func TestDiscoveryRootsAndCollections(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		d := w.get(w.red, "/taxii2/")
		if roots := fmt.Sprint(d.body["api_roots"]); d.body["title"] == "" || roots != "["+w.root+"]" || d.body["default"] != w.root {
			t.Errorf("discovery: %s", d.text)
		}
		root := w.get(w.red, w.root)
		if root.body["title"] != w.Program.Name || fmt.Sprint(root.body["versions"]) != "["+taxii.Media+"]" || root.body["max_content_length"].(float64) < 1<<20 {
			t.Errorf("API root: %s", root.text)
		}
		list := w.get(w.red, w.root+"collections/").list("collections")
		if len(list) != 3 || list[0]["can_read"] != true || list[0]["can_write"] != true || list[1]["can_read"] != true || list[1]["can_write"] != false {
			t.Errorf("collections: %v", list)
		}
		for _, name := range []string{list[0]["id"].(string), "signals"} { // an alias is as good
			if c := w.get(w.red, w.root+"collections/"+name); c.body["id"] != list[0]["id"] {
				t.Errorf("collection %s: %s", name, c.text)
			}
		}
		if uuid := list[0]["id"].(string); uuid[14] != '4' {
			t.Errorf("the id %s is no UUID of version 4", uuid)
		}
	})
}

// TestNegotiation is what the specification says of media types, with what servers are known to get
// wrong.
func TestNegotiation(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		for accept, want := range map[string]int{
			"application/taxii+json;version=2.1":   200,
			"application/taxii+json; version=2.1":  200,
			`application/taxii+json;version="2.1"`: 200,
			"application/taxii+json":               200, // the newest there is
			"APPLICATION/TAXII+JSON":               200,
			"":                                     200,
			"*/*":                                  200,
			"application/*;q=0.1":                  200,
			"text/html, application/taxii+json":    200,
			"application/taxii+json;version=2.0":   406,
			"application/vnd.oasis.taxii+json":     406,
			"application/json":                     406,
			"text/html":                            406,
			"application/taxii+json;q=0":           406,
			"nonsense":                             406,
		} {
			a := w.send(w.red.ServiceKey, "GET", "/taxii2/", "", "Accept", accept)
			if a.status != want {
				t.Errorf("Accept %q: %d, want %d", accept, a.status, want)
			}
		}
		for media, want := range map[string]int{
			"application/taxii+json;version=2.1": 202,
			"application/taxii+json":             202,
			"application/taxii+json;version=2.0": 415,
			"application/json":                   415,
			"application/stix+json;version=2.1":  415,
			"":                                   415,
		} {
			a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(1, based)), "Content-Type", media)
			if a.status != want {
				t.Errorf("Content-Type %q: %d, want %d: %s", media, a.status, want, a.text)
			}
		}
	})
}

func TestWhoAsks(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/taxii2/", w.root, w.signals + "objects/", "/taxii2/1/status/x/"} {
			a := w.send("", "GET", path, "")
			if a.status != 401 || len(a.header.Values("WWW-Authenticate")) != 2 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
				t.Errorf("%s without a key: %d %v", path, a.status, a.header.Values("WWW-Authenticate"))
			}
		}
		id, secret, _ := strings.Cut(strings.TrimPrefix(w.red.ServiceKey, "lk_"), "_")
		for name, want := range map[string]struct {
			user, password string
			status         int
		}{
			"id and secret": {id, secret, 200}, "key as password": {"anything", w.red.ServiceKey, 200},
			"other id": {"1" + id, secret, 401}, "other secret": {id, secret + "x", 401}, "empty": {"", "", 401},
		} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", w.url+"/taxii2/", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth(want.user, want.password)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := res.Body.Close(); err != nil || res.StatusCode != want.status {
				t.Errorf("%s: %d, want %d", name, res.StatusCode, want.status)
			}
		}
		if a := w.send("", "GET", "/taxii2/", "", "Authorization", "Bearer "+w.red.ServiceKey); a.status != 200 {
			t.Errorf("a bearer: %d", a.status)
		}
		if strings.Contains(w.log.String(), secret) {
			t.Error("a key is in the log")
		}
	})
}

func TestErrorsAndPaths(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		id := w.id(w.share(w.red, 1, 1)[0])
		for _, c := range []struct {
			method, path string
			want         int
		}{
			{"GET", "/taxii2", 200}, {"GET", strings.TrimSuffix(w.root, "/"), 200}, {"GET", w.signals + "objects", 200}, // never redirected
			{"GET", "/taxii2/7/", 404}, {"GET", "/taxii2/x/", 404}, {"GET", "/taxii2/7/collections/", 404},
			{"GET", w.root + "collections/nope/", 404}, {"GET", w.root + "collections/nope/objects/", 404}, {"GET", w.root + "nope/", 404},
			{"GET", w.root + "status/6e6c12e6-c766-4631-9181-be0d228c04fd/", 404},
			{"GET", w.signals + "objects/nope/", 404}, {"GET", w.signals + "objects/" + w.id(77) + "/", 404}, {"GET", w.signals + "objects/" + w.id(77) + "/versions/", 404},
			{"GET", w.signals + "objects/" + id + "/", 200}, {"GET", w.signals + "objects/" + id + "/versions/", 200},
			{"DELETE", w.signals + "objects/" + w.id(77) + "/", 404},
			{"DELETE", w.signals, 405}, {"PUT", w.signals + "objects/", 405}, {"POST", w.signals + "manifest/", 405}, {"POST", "/taxii2/", 405},
			{"HEAD", w.signals + "objects/", 200},
		} {
			a := w.send(w.red.ServiceKey, c.method, c.path, "")
			if a.status != c.want {
				t.Errorf("%s %s: %d, want %d", c.method, c.path, a.status, c.want)
			}
			if c.want >= 400 && (a.body["title"] == "" || a.body["http_status"] != fmt.Sprint(c.want) || a.body["error_id"] == "") {
				t.Errorf("%s %s: an error without title, status or id: %s", c.method, c.path, a.text)
			}
			if c.want == 405 && a.header.Get("Allow") == "" {
				t.Errorf("%s %s: 405 without Allow", c.method, c.path)
			}
		}
	})
}

func TestMalformedParameters(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.share(w.red, 1, 3)
		for query, want := range map[string]int{
			"":        200,
			"limit=2": 200, "limit=002": 200, "limit=99999999999999999999": 200,
			"limit=0": 400, "limit=-1": 400, "limit=": 400, "limit=x": 400, "limit=1.5": 400, "limit=%2B1": 400,
			"added_after=2026-01-01T00:00:00Z": 200, "added_after=2026-01-01T00:00:00.1234567Z": 200,
			"added_after=": 400, "added_after=yesterday": 400, "added_after=2026-01-01": 400, "added_after=2026-01-01T00:00:00%2B01:00": 400,
			"match[id]=" + w.id(5): 200, "match[id]=" + w.id(5) + "," + w.id(6): 200,
			"match[id]=banana--1": 400, "match[id]=": 400, "match[id]=" + w.id(5) + ",": 400,
			"match[type]=indicator,identity": 200, "match[type]=": 400, "match[type]=In%20dicator": 400,
			"match[version]=last": 200, "match[version]=all": 200, "match[version]=first,last": 200, "match[version]=2026-01-01T00:00:00.000Z": 200,
			"match[version]=all,last": 400, "match[version]=newest": 400, "match[version]=": 400,
			"match[spec_version]=2.1": 200, "match[spec_version]=2.0,2.1": 200, "match[spec_version]=3": 400,
			"limit=1&limit=2": 400, "match[type]=indicator&match[type]=identity": 400,
			"match[color]=red": 400, "nonsense=1": 400, "%zz": 400, "next=": 400, "next=banana": 400,
		} {
			for _, path := range []string{"objects/", "manifest/"} {
				a := w.send(w.red.ServiceKey, "GET", w.signals+path+"?"+query, "")
				if a.status != want {
					t.Errorf("%s?%s: %d, want %d", path, query, a.status, want)
				}
				// What is wrong is named as the client wrote it.
				name, _, _ := strings.Cut(query, "=")
				said, _ := a.body["description"].(string)
				if known := name != "match[color]" && name != "nonsense" && name != "%zz"; want == 400 && known && !strings.HasPrefix(said, "parameter "+name) {
					t.Errorf("%s?%s: %q does not name the parameter", path, query, said)
				}
			}
		}
		// What is not a filter of a resource is refused there.
		if a := w.send(w.red.ServiceKey, "GET", w.signals+"objects/"+w.id(5)+"/versions/?match[version]=all", ""); a.status != 400 {
			t.Errorf("versions by version: %d", a.status)
		}
	})
}

func TestPagesAndTimes(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 25)
		for _, path := range []string{"objects/", "manifest/"} {
			for _, limit := range []string{"1", "7", "25", "1000"} {
				got := w.walk(w.blue, w.signals+path, "limit", limit)
				if len(got) != len(ids) {
					t.Fatalf("%s by %s: %d of %d", path, limit, len(got), len(ids))
				}
				for i, o := range got {
					if o["id"] != w.id(ids[i]) {
						t.Errorf("%s by %s: another object at %d", path, limit, i)
					}
				}
			}
		}
		// Times rise strictly, and a client may go on by them alone.
		last, seen := "", 0
		for _, m := range w.walk(w.blue, w.signals+"manifest/") {
			if added := m["date_added"].(string); added <= last || len(added) != len("2026-11-23T09:00:00.000000Z") {
				t.Errorf("added %s after %s", added, last)
			} else {
				last = added
			}
		}
		after := "2020-01-01T00:00:00Z"
		for range 100 {
			a := w.get(w.blue, w.signals+"objects/", "limit", "4", "added_after", after)
			n := len(a.list("objects"))
			if seen += n; n == 0 {
				break
			}
			if first := a.header.Get("X-TAXII-Date-Added-First"); first <= after {
				t.Errorf("first %s after %s", first, after)
			}
			after = a.header.Get("X-TAXII-Date-Added-Last")
		}
		if seen != len(ids) || after != last {
			t.Errorf("by time alone: %d of %d, up to %s of %s", seen, len(ids), after, last)
		}
		empty := w.get(w.blue, w.signals+"objects/", "added_after", last)
		if strings.TrimSpace(empty.text) != "{}" || empty.header.Get("X-TAXII-Date-Added-First") != "" {
			t.Errorf("nothing new is %s", empty.text)
		}
	})
}

func TestANextIsBound(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.share(w.red, 1, 5)
		next := w.get(w.blue, w.signals+"objects/", "limit", "2").body["next"].(string)
		refused := func(what, key, path string, query ...string) {
			t.Helper()
			if a := w.send(key, "GET", path+params(query...), ""); a.status != 400 {
				t.Errorf("%s: %d, want 400", what, a.status)
			} else if said, _ := a.body["description"].(string); !strings.HasPrefix(said, "parameter next: ") {
				t.Errorf("%s: %q does not name the parameter", what, said)
			}
		}
		refused("another member", w.red.ServiceKey, w.signals+"objects/", "next", next)
		refused("another resource", w.blue.ServiceKey, w.signals+"manifest/", "next", next)
		refused("another collection", w.blue.ServiceKey, w.root+"collections/references/objects/", "next", next)
		refused("another filter", w.blue.ServiceKey, w.signals+"objects/", "next", next, "match[type]", "indicator")
		refused("another time", w.blue.ServiceKey, w.signals+"objects/", "next", next, "added_after", "2020-01-01T00:00:00Z")
		refused("a changed one", w.blue.ServiceKey, w.signals+"objects/", "next", next[:len(next)-1]+string(next[len(next)-1]^1))
		cursor, err := w.Feed(t.Context(), w.blue.Service, w.Program.ID, "", 2, 0)
		if err != nil {
			t.Fatal(err)
		}
		refused("a cursor of the API", w.blue.ServiceKey, w.signals+"objects/", "next", string(cursor.Next))
		if a := w.get(w.blue, w.signals+"objects/", "limit", "3", "next", next); len(a.list("objects")) != 3 {
			t.Errorf("another limit is no other filter: %s", a.text)
		}
		// What the member may see changed: it begins anew.
		w.foreignPersons()
		refused("an older epoch", w.blue.ServiceKey, w.signals+"objects/", "next", next)
	})
}

func TestFilters(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.foreignPersons()
		types := w.everyType(w.red)
		all := len(types)
		tactic := stix.ID("attack-pattern", w.Program.ID, types[lantern.TacticType])
		version := ""
		for _, m := range w.walk(w.blue, w.signals+"manifest/") {
			if m["id"] == w.id(types["url"]) {
				version = m["version"].(string)
			}
		}
		for _, c := range []struct {
			query []string
			want  int
		}{
			{nil, all},
			{[]string{"match[type]", "indicator"}, all - 1}, {[]string{"match[type]", "attack-pattern"}, 1}, {[]string{"match[type]", "attack-pattern,indicator"}, all},
			{[]string{"match[type]", "identity"}, 0},
			{[]string{"match[id]", w.id(types["url"])}, 1}, {[]string{"match[id]", w.id(types["url"]) + "," + tactic + "," + w.id(12)}, 2},
			{[]string{"match[id]", w.id(types["url"]), "match[type]", "attack-pattern"}, 0},
			{[]string{"match[version]", "first"}, all}, {[]string{"match[version]", "all"}, all}, {[]string{"match[version]", "1999-01-01T00:00:00Z"}, 0},
			{[]string{"match[id]", w.id(types["url"]), "match[version]", version}, 1}, {[]string{"match[id]", w.id(types["url"]), "match[version]", "1999-01-01T00:00:00Z"}, 0},
			{[]string{"match[spec_version]", "2.1"}, all}, {[]string{"match[spec_version]", "2.0"}, 0},
		} {
			for path, limit := range map[string]string{"objects/": "1", "manifest/": "5"} {
				if got := w.walk(w.blue, w.signals+path, append(c.query, "limit", limit)...); len(got) != c.want {
					t.Errorf("%s %v: %d, want %d", path, c.query, len(got), c.want)
				}
			}
		}
		one := w.signals + "objects/" + tactic + "/"
		if a := w.get(w.blue, one, "match[version]", "1999-01-01T00:00:00Z"); len(a.list("objects")) != 0 || a.header.Get("X-TAXII-Date-Added-Last") != "" {
			t.Errorf("another version: %s", a.text)
		}
		if a := w.get(w.blue, one+"versions/"); len(a.body["versions"].([]any)) != 1 || a.header.Get("X-TAXII-Date-Added-Last") == "" {
			t.Errorf("versions: %s", a.text)
		}
	})
}

func TestReferencesResolve(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.share(w.red, 1, 1)
		known := map[string]bool{}
		path := w.root + "collections/references/"
		for _, limit := range []string{"3", "1000"} {
			n := 0
			for _, o := range w.walk(w.blue, path+"objects/", "limit", limit) {
				known[o["id"].(string)] = true
				n++
			}
			if n != len(known) {
				t.Errorf("by %s: %d of %d", limit, n, len(known))
			}
		}
		last := ""
		for _, m := range w.walk(w.blue, path+"manifest/", "limit", "4") {
			if m["date_added"].(string) <= last {
				t.Error("times do not rise")
			}
			last = m["date_added"].(string)
		}
		for _, o := range w.walk(w.blue, w.signals+"objects/") {
			refs := append([]any{o["created_by_ref"]}, o["object_marking_refs"].([]any)...)
			for id := range o["extensions"].(object) {
				refs = append(refs, id)
			}
			for _, ref := range refs {
				if !known[ref.(string)] {
					t.Errorf("%v refers to nothing", ref)
				}
				if a := w.get(w.blue, path+"objects/"+ref.(string)); len(a.list("objects")) != 1 {
					t.Errorf("%v: %s", ref, a.text)
				}
			}
		}
		if a := w.send(w.blue.ServiceKey, "POST", path+"objects/", enveloped(posted(1, based))); a.status != 403 {
			t.Errorf("a write: %d", a.status)
		}
	})
}

func TestACorrectionIsAVersionThenGone(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 2)
		before := w.walk(w.blue, w.signals+"objects/")
		if _, err := w.OpenChallenge(t.Context(), w.blue.Investigator, lantern.Challenge{Signal: ids[0], Reason: lantern.NotAbusive, Note: "not the file"}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Withdraw(t.Context(), w.red.Service, ids[1], lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		got := w.walk(w.blue, w.signals+"objects/")
		if len(got) != 2 || got[0]["revoked"] != nil || got[1]["revoked"] != true {
			t.Fatalf("after a challenge and a withdrawal: %v", got)
		}
		for i, o := range got {
			if o["id"] != before[i]["id"] || o["modified"].(string) <= before[i]["modified"].(string) || o["created"] != before[i]["created"] ||
				strings.Contains(fmt.Sprint(o), "files.example.com") || o["valid_until"].(string) > stix.Stamp(w.Clock.Now()) {
				t.Errorf("what fell is %v", o)
			}
		}
		if got := w.walk(w.red, w.signals+"objects/"); len(got) != 1 {
			t.Errorf("its own member still has what it withdrew: %d", len(got))
		}
		w.Clock.Add(91 * 24 * time.Hour)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, o := range w.walk(w.blue, w.signals+"objects/") {
			if o["id"] == w.id(ids[1]) {
				t.Error("still there after the tombstones are purged")
			}
		}
	})
}
