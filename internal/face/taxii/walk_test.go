package taxii_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/face/taxii"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// TestAWalkWhileOthersWrite walks by pages of several sizes, and between any two pages a writer
// adds, takes back and changes. Whatever stood there all the time comes once; nothing comes twice in
// one version; and a client that keeps the newest version of each object ends with exactly
// what a fresh reader gets.
func TestAWalkWhileOthersWrite(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 0, 150)
		replica, deleted := map[string]string{}, map[lantern.ID]bool{}
		after := "2020-01-01T00:00:00Z"
		for _, limit := range []int{10, 40, 1000} {
			seen, next := map[string]bool{}, ""
			for page := 0; ; page++ {
				query := []string{"limit", fmt.Sprint(limit), "added_after", after}
				if next != "" {
					query = append(query, "next", next)
				}
				a := w.get(w.blue, w.signals+"objects/", query...)
				for _, o := range a.list("objects") {
					key := fmt.Sprint(o["id"], o["modified"])
					if seen[key] {
						t.Fatalf("by %d: an object came twice", limit)
					}
					seen[key] = true
					if replica[o["id"].(string)] >= o["modified"].(string) {
						t.Errorf("by %d: an older version after a newer one", limit)
					}
					replica[o["id"].(string)] = o["modified"].(string)
				}
				last := a.header.Get("X-TAXII-Date-Added-Last")
				if next, _ = a.body["next"].(string); next == "" {
					if last != "" {
						after = last
					}
					break
				}
				if page > 20 {
					continue // the writer rests, or a small page never ends
				}
				ids = append(ids, w.share(w.red, len(ids), 2)...)
				if victim := ids[(page*37)%len(ids)]; !deleted[victim] {
					deleted[victim] = true
					if a := w.send(w.red.ServiceKey, "DELETE", w.signals+"objects/"+w.id(victim)+"/", ""); a.status != 200 {
						t.Fatalf("delete: %d %s", a.status, a.text)
					}
				}
			}
		}
		for _, id := range ids {
			if _, there := replica[w.id(id)]; !there && !deleted[id] {
				t.Errorf("signal %s never came", id)
			}
		}
		fresh := map[string]string{}
		for _, o := range w.walk(w.blue, w.signals+"objects/") {
			fresh[o["id"].(string)] = o["modified"].(string)
		}
		if fmt.Sprint(fresh) != fmt.Sprint(replica) {
			t.Errorf("the replica has %d objects, a fresh reader %d, or other versions", len(replica), len(fresh))
		}
	})
}

// FuzzRequest sends any path, query, headers and body as a member. Whatever comes, the answer is
// one of TAXII, never a fault of the server, and repeats nothing of the body.
func FuzzRequest(f *testing.F) {
	w := newWorld(f, sqldbtest.SQLite(f))
	ids := w.share(w.red, 1, 3)
	handler := taxii.New(w.Exchange).Handler(web.Options{})
	for _, s := range []struct{ method, path, query, accept, body string }{
		{"GET", "/taxii2/", "", "*/*", ""},
		{"GET", w.signals + "objects/", "limit=1&match[type]=indicator&added_after=2026-01-01T00:00:00Z", taxii.Media, ""},
		{"GET", w.signals + "manifest/", "match[version]=all&match[id]=" + w.id(ids[0]), "", ""},
		{"GET", w.root + "collections/references/objects/", "limit=2", taxii.Media, ""},
		{"POST", w.signals + "objects/", "", taxii.Media, enveloped(posted(1, based), posted(2, ""))},
		{"DELETE", w.signals + "objects/" + w.id(ids[1]) + "/", "match[version]=last", taxii.Media, ""},
	} {
		f.Add(s.method, s.path, s.query, s.accept, s.body)
	}
	f.Fuzz(func(t *testing.T, method, path, query, accept, body string) {
		if method != "GET" && method != "POST" && method != "DELETE" {
			method = "GET"
		}
		r := httptest.NewRequestWithContext(t.Context(), method, "/taxii2/", strings.NewReader(body))
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Accept", accept)
		r.Header.Set("Content-Type", taxii.Media)
		r.SetBasicAuth("x", w.red.ServiceKey)
		out := httptest.NewRecorder()
		handler.ServeHTTP(out, r)
		if media := out.Header().Get("Content-Type"); media != taxii.Media {
			t.Errorf("%s: an answer of the type %q", method, media)
		}
		if out.Code >= http.StatusInternalServerError {
			t.Errorf("%s: %d", method, out.Code)
		}
		if out.Code >= 400 && !strings.Contains(out.Body.String(), `"title"`) {
			t.Errorf("%s: an error without a title", method)
		}
	})
}
