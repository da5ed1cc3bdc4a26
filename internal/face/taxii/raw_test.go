//go:build raw

package taxii_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lantern/internal/face/taxii"
	"lantern/internal/web"
)

// rawSeed is a store with an object in three versions of which one is STIX 2.0, one that never
// had a version, a collection for nobody, and one that takes what is given.
const rawSeed = `{
	"/discovery": {"title": "raw", "api_roots": ["/plain/"]},
	"plain": {
		"information": {"title": "Plain", "versions": ["x"], "max_content_length": 1},
		"status": [{"id": "old", "status": "complete", "anything": 7}],
		"collections": [
			{"id": "kept", "title": "Kept", "can_read": true, "can_write": false, "objects": [
				{"type": "tool", "spec_version": "2.1", "id": "tool--00000001-0000-4000-8000-000000000000", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-03T00:00:00.000Z", "name": "third"},
				{"type": "tool", "spec_version": "2.1", "id": "tool--00000001-0000-4000-8000-000000000000", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": "first"},
				{"type": "tool", "id": "tool--00000001-0000-4000-8000-000000000000", "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-09T00:00:00.000Z", "name": "of STIX 2.0"},
				{"type": "artifact", "spec_version": "2.1", "id": "artifact--00000002-0000-4000-8000-000000000000", "x_own": [1, {"deep": true}]}],
			 "manifest": [
				{"id": "tool--00000001-0000-4000-8000-000000000000", "date_added": "2026-02-03T00:00:00.000000Z", "version": "2026-01-03T00:00:00Z"},
				{"id": "tool--00000001-0000-4000-8000-000000000000", "date_added": "2026-02-01T00:00:00.000000Z", "version": "2026-01-01T00:00:00.000Z"},
				{"id": "tool--00000001-0000-4000-8000-000000000000", "date_added": "2026-02-02T00:00:00.000000Z", "version": "2026-01-09T00:00:00.000Z"},
				{"id": "artifact--00000002-0000-4000-8000-000000000000", "date_added": "2026-02-04T00:00:00.000000Z", "version": ""}]},
			{"id": "open", "title": "Open", "can_read": true, "can_write": true},
			{"id": "box", "title": "Box", "can_read": false, "can_write": true},
			{"id": "shut", "title": "Shut", "can_read": false, "can_write": false}]
	}
}`

// rawSend makes a request of the store's caller and returns status and body.
func rawSend(t *testing.T, face *taxii.Face, method, path, body string) (int, object) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.SetBasicAuth("tester", "secret")
	r.Header.Set("Content-Type", taxii.Media)
	w := httptest.NewRecorder()
	face.Handler(web.Options{}).ServeHTTP(w, r)
	got := object{}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	return w.Code, got
}

func newRaw(t *testing.T) *taxii.Face {
	t.Helper()
	face, err := taxii.NewRaw(strings.NewReader(rawSeed), taxii.RawConfig{Login: "tester:secret", Clock: time.Now, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return face
}

func TestRawChoosesVersions(t *testing.T) {
	t.Parallel()
	face := newRaw(t)
	const tool, artifact = "tool--00000001-0000-4000-8000-000000000000", "artifact--00000002-0000-4000-8000-000000000000"
	for _, c := range []struct{ path, want string }{
		{"objects/", "third artifact"}, // the newest version in the newest STIX of each
		{"objects/?match[version]=all", "first third artifact"},
		{"objects/?match[version]=first", "first artifact"},
		{"objects/?match[version]=first,last", "first third artifact"},
		{"objects/?match[version]=2026-01-01T00:00:00.000000Z", "first"},
		{"objects/?match[spec_version]=2.0", "of STIX 2.0"},
		{"objects/?match[spec_version]=2.0,2.1", "of STIX 2.0 artifact"},
		{"objects/?match[spec_version]=2.0,2.1&match[version]=all", "first of STIX 2.0 third artifact"},
		{"objects/?added_after=2026-02-03T00:00:00Z", "artifact"},
		{"objects/?match[type]=artifact", "artifact"},
		{"objects/" + tool + "/?match[version]=all", "first third"},
		{"objects/" + tool + "/?match[spec_version]=2.0", "of STIX 2.0"},
		{"objects/" + tool + "/?added_after=2026-05-01T00:00:00Z", ""},
		{"objects/" + artifact, "artifact"},
		{"manifest/?match[version]=all&match[spec_version]=2.0,2.1", "2026-01-01T00:00:00.000Z 2026-01-09T00:00:00.000Z 2026-01-03T00:00:00.000Z 2026-02-04T00:00:00.000000Z"},
		{"objects/" + tool + "/versions/", "2026-01-01T00:00:00.000Z 2026-01-03T00:00:00.000Z"},
		{"objects/" + tool + "/versions/?match[spec_version]=2.0", "2026-01-09T00:00:00.000Z"},
	} {
		status, got := rawSend(t, face, "GET", "/plain/collections/kept/"+c.path, "")
		var said []string
		for _, list := range []string{"objects", "versions"} {
			items, _ := got[list].([]any)
			for _, i := range items {
				o, ok := i.(object)
				switch {
				case !ok:
					said = append(said, i.(string))
				case o["version"] != nil:
					said = append(said, o["version"].(string))
				case o["name"] != nil:
					said = append(said, o["name"].(string))
				default:
					said = append(said, fmt.Sprint(o["type"]))
				}
			}
		}
		if text := strings.Join(said, " "); status != 200 || text != c.want {
			t.Errorf("%s: %d %q, want %q", c.path, status, text, c.want)
		}
	}
}

func TestRawTakesAndDeletes(t *testing.T) {
	t.Parallel()
	face := newRaw(t)
	version := func(day int) string {
		return fmt.Sprintf(`{"type":"tool","spec_version":"2.1","id":"tool--00000007-0000-4000-8000-000000000000","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-%02dT00:00:00.000Z","x":%d}`, day, day)
	}
	const open = "/plain/collections/open/"
	status, got := rawSend(t, face, "POST", open+"objects/", enveloped(version(1), version(2), version(3), version(2), `{"type":"tool","id":"banana--1"}`))
	if status != 202 || got["total_count"] != 5.0 || got["success_count"] != 4.0 || got["failure_count"] != 1.0 {
		t.Fatalf("%d %v", status, got)
	}
	if code, again := rawSend(t, face, "GET", "/plain/status/"+got["id"].(string)+"/", ""); code != 200 || again["success_count"] != 4.0 {
		t.Errorf("its status: %d %v", code, again)
	}
	versions := func() int {
		_, got := rawSend(t, face, "GET", open+"objects/tool--00000007-0000-4000-8000-000000000000/versions/", "")
		list, _ := got["versions"].([]any)
		return len(list)
	}
	// A next stays good while others add and delete, and is of use with its filters alone.
	_, first := rawSend(t, face, "GET", open+"objects/?match[version]=all&limit=1", "")
	next, _ := first["next"].(string)
	for i, c := range []struct {
		query string
		left  int
	}{{"?match[version]=first", 2}, {"?match[version]=2026-01-02T00:00:00Z", 1}, {"?match[spec_version]=2.0", 1}, {"", 0}} {
		if n := versions(); i == 0 && n != 3 {
			t.Fatalf("%d versions", n)
		}
		status, _ := rawSend(t, face, "DELETE", open+"objects/tool--00000007-0000-4000-8000-000000000000/"+c.query, "")
		if want := map[bool]int{true: 404, false: 200}[c.query == "?match[spec_version]=2.0"]; status != want || versions() != c.left {
			t.Errorf("delete %q: %d, %d versions left", c.query, status, versions())
		}
		if i == 1 {
			if code, got := rawSend(t, face, "GET", open+"objects/?match[version]=all&limit=1&next="+next, ""); code != 200 || len(got["objects"].([]any)) != 1 {
				t.Errorf("behind a place that was deleted: %d %v", code, got)
			}
			if code, _ := rawSend(t, face, "GET", open+"objects/?match[version]=first&limit=1&next="+next, ""); code != 400 {
				t.Errorf("a next with another filter: %d", code)
			}
		}
	}
	for path, want := range map[string]int{
		"/taxii2/": 200, "/plain/": 200, "/other/": 404, "/plain/status/old/": 200, "/plain/status/none/": 404, "/plain/collections/": 200,
		"/plain/collections/box/objects/": 403, "/plain/collections/shut/manifest/": 403, "/plain/collections/none/objects/": 404,
		"/plain/collections/open/objects/": 200, "/plain/collections/open/objects/?limit=0": 400,
	} {
		if status, _ := rawSend(t, face, "GET", path, ""); status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
	if status, _ := rawSend(t, face, "POST", "/plain/collections/kept/objects/", enveloped(version(1))); status != 403 {
		t.Errorf("a write to what is only read: %d", status)
	}
	for path, want := range map[string]int{"kept": 403, "box": 403, "shut": 404} {
		if status, _ := rawSend(t, face, "DELETE", "/plain/collections/"+path+"/objects/tool--00000001-0000-4000-8000-000000000000/", ""); status != want {
			t.Errorf("DELETE in %s: %d, want %d", path, status, want)
		}
	}
}
