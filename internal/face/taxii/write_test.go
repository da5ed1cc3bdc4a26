package taxii_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange"
)

func TestAnEnvelopeBecomesSignals(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		body := enveloped(
			posted(1, based), posted(2, based),
			posted(3, ""), // without a basis
			`{"type":"identity","spec_version":"2.1","id":"identity--00000004-0000-4000-8000-000000000000","name":"x"}`,
			strings.Replace(posted(5, based), `"csam"`, `"nonsense-tag"`, 1),
			strings.Replace(posted(6, based), `"2.1"`, `"2.0"`, 1),
		)
		a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", body)
		if a.status != 202 || a.body["status"] != "pending" || a.body["total_count"] != 6.0 || a.body["success_count"] != 2.0 || a.body["failure_count"] != 3.0 || a.body["pending_count"] != 1.0 {
			t.Fatalf("%d %s", a.status, a.text)
		}
		if len(a.list("successes")) != 2 || len(a.list("failures")) != 3 || len(a.list("pendings")) != 1 || strings.Contains(a.text, "files.example.com") {
			t.Errorf("lists do not fit their counts, or tell a value: %s", a.text)
		}
		got := w.walk(w.blue, w.signals+"objects/")
		if len(got) != 2 {
			t.Fatalf("%d signals", len(got))
		}
		for i, s := range a.list("successes") {
			if s["message"] != "created as "+got[i]["id"].(string) || s["id"] != fmt.Sprintf("indicator--%08d-0000-4000-8000-000000000000", i+1) {
				t.Errorf("success %d is %v", i, s)
			}
		}
		again := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(1, based)))
		if again.status != 202 || !strings.HasPrefix(again.list("successes")[0]["message"].(string), "unchanged as ") {
			t.Errorf("the same again: %d %s", again.status, again.text)
		}
	})
}

// TestWhatCameFromHereIsNobodyElsesWord: a client that pushes what it pulled makes no claims of
// others its member's own; its own objects are what they were, and a new one beside them is taken.
func TestWhatCameFromHereIsNobodyElsesWord(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.share(w.red, 0, 2)
		w.share(w.blue, 2, 1)
		pulled := w.walk(w.blue, w.signals+"objects/")
		if len(pulled) != 3 {
			t.Fatalf("%d objects are pulled", len(pulled))
		}
		var list []string
		for _, o := range pulled {
			text, err := json.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(text))
		}
		a := w.send(w.blue.ServiceKey, "POST", w.signals+"objects/", enveloped(append(list, posted(9, based))...))
		if a.status != 202 || a.body["failure_count"] != 2.0 || a.body["success_count"] != 2.0 {
			t.Fatalf("%d %s", a.status, a.text)
		}
		for i, f := range a.list("failures") {
			if f["id"] != pulled[i]["id"] || !strings.Contains(f["message"].(string), "not one of the member's own") {
				t.Errorf("failure %d is %v", i, f)
			}
		}
		if own, err := w.Signals(t.Context(), w.blue.Service, exchange.SignalFilter{}); err != nil || len(own) != 2 {
			t.Errorf("the member has %d signals of its own, want 2: %v", len(own), err)
		}
	})
}

func TestAStatusIsKeptForADay(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		derived := strings.Replace(posted(2, based), "0002-0000-4000", "0002-0000-5000", 1) // an id that may be made from the value
		for _, c := range []struct {
			body string
			list bool
		}{{enveloped(posted(1, based)), true}, {enveloped(posted(1, based), derived), false}} {
			a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", c.body)
			path := w.root + "status/" + a.body["id"].(string) + "/"
			kept := w.get(w.red, path)
			if kept.body["status"] != "complete" || kept.body["total_count"] != a.body["total_count"] || kept.body["successes"] != nil != c.list {
				t.Errorf("kept is %s of %s", kept.text, a.text)
			}
			if other := w.send(w.blue.ServiceKey, "GET", path, ""); other.status != 404 {
				t.Errorf("another member reads it: %d", other.status)
			}
		}
		a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(1, based)))
		w.Clock.Add(23 * time.Hour)
		w.get(w.red, w.root+"status/"+a.body["id"].(string)+"/")
		w.Clock.Add(2 * time.Hour)
		if gone := w.send(w.red.ServiceKey, "GET", w.root+"status/"+a.body["id"].(string)+"/", ""); gone.status != 404 {
			t.Errorf("after more than a day: %d", gone.status)
		}
	})
}

// TestWhatLacksABasisIsHeld until it has one: others see nothing of it meanwhile, its status says
// pending, and what completes it or takes it back shows there.
func TestWhatLacksABasisIsHeld(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		derived := strings.Replace(posted(4, ""), "0004-0000-4000", "0004-0000-5000", 1) // an id that may be made from the value
		held := func(objects ...string) (a answer, path string) {
			t.Helper()
			a = w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(objects...))
			if a.status != 202 || a.body["status"] != "pending" || a.body["pending_count"] != float64(len(objects)) || len(a.list("pendings")) != len(objects) || a.body["success_count"] != 0.0 {
				t.Fatalf("%d %s", a.status, a.text)
			}
			return a, w.root + "status/" + a.body["id"].(string) + "/"
		}
		first, status := held(posted(1, ""), posted(2, ""), posted(3, ""))
		_, again := held(posted(1, "")) // the same again is no basis
		_, plain := held(derived)
		counts := func(path string, pending, success, failure float64, lists bool) {
			t.Helper()
			a := w.get(w.red, path)
			state := "complete"
			if pending > 0 {
				state = "pending"
			}
			if a.body["status"] != state || a.body["pending_count"] != pending || a.body["success_count"] != success || a.body["failure_count"] != failure ||
				a.body["total_count"] != pending+success+failure {
				t.Errorf("%s", a.text)
			}
			for name, n := range map[string]float64{"pendings": pending, "successes": success, "failures": failure} {
				if got := len(a.list(name)); lists && got != int(n) || !lists && got != 0 {
					t.Errorf("%d %s in %s", got, name, a.text)
				}
			}
		}
		counts(status, 3, 0, 0, true)
		counts(plain, 1, 0, 0, false)
		ours := func(i int) string {
			_, id, _ := strings.Cut(first.list("pendings")[i]["message"].(string), "held as ")
			id, _, _ = strings.Cut(id, ":")
			return id
		}
		for _, c := range []struct{ key, what string }{{w.blue.ServiceKey, "another member"}, {w.red.ServiceKey, "its own"}} {
			if a := w.send(c.key, "GET", w.signals+"objects/", ""); len(a.list("objects")) != 0 {
				t.Errorf("%s reads %s", c.what, a.text)
			}
			if a := w.send(c.key, "GET", w.signals+"objects/"+ours(0)+"/", ""); a.status != 404 {
				t.Errorf("%s reads it alone: %d", c.what, a.status)
			}
		}
		if a := w.send(w.blue.ServiceKey, "DELETE", w.signals+"objects/"+ours(0)+"/", ""); a.status != 404 {
			t.Errorf("another member deletes it: %d", a.status)
		}
		if a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(1, based))); a.body["status"] != "complete" || a.body["success_count"] != 1.0 {
			t.Errorf("with a basis: %s", a.text)
		}
		if a := w.send(w.red.ServiceKey, "DELETE", w.signals+"objects/"+ours(1)+"/", ""); a.status != 200 {
			t.Errorf("its own member takes it back: %d %s", a.status, a.text)
		}
		counts(status, 1, 1, 1, true)
		counts(again, 0, 1, 0, true)
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 1 || got[0]["id"] != ours(0) {
			t.Errorf("after it was completed another member reads %v", got)
		}
	})
}

func TestMalformedEnvelopes(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		for body, want := range map[string]int{
			`{`: 400, `[]`: 400, `{"objects":{}}`: 400, `{"objects":[],"objects":[]}`: 400, "\x89PNG\r\n\x1a\n": 415,
			`{}`: 422, `{"objects":[]}`: 422, `{"objects":[7]}`: 202, `{"objects":[{}]}`: 202, `{"objects":[{"type":"indicator","id":"banana"}]}`: 202,
			`{"objects":["` + strings.Repeat("x", 9<<20) + `"]}`: 413,
		} {
			a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", body)
			if a.status != want {
				t.Errorf("%.40q: %d, want %d", body, a.status, want)
			}
			if want == 202 && (a.body["failure_count"] != 1.0 || a.body["failures"] != nil) {
				t.Errorf("%.40q: %s", body, a.text)
			}
		}
		if a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(1, based)), "Content-Encoding", "gzip"); a.status != 415 {
			t.Errorf("compressed: %d", a.status)
		}
	})
}

func TestDeleteWithdraws(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 2)
		w.walk(w.blue, w.signals+"objects/")
		path := w.signals + "objects/" + w.id(ids[0]) + "/"
		if a := w.send(w.blue.ServiceKey, "DELETE", path, ""); a.status != 403 {
			t.Errorf("another member's: %d", a.status)
		}
		if a := w.send(w.red.ServiceKey, "DELETE", path+"?match[version]=1999-01-01T00:00:00Z", ""); a.status != 404 {
			t.Errorf("another version: %d", a.status)
		}
		if a := w.send(w.red.ServiceKey, "DELETE", path, ""); a.status != 200 || a.text != "" {
			t.Errorf("delete: %d %q", a.status, a.text)
		}
		for _, p := range []string{path, path + "versions/"} {
			if a := w.send(w.red.ServiceKey, "GET", p, ""); a.status != 404 {
				t.Errorf("%s after the delete: %d", p, a.status)
			}
		}
		if got := w.walk(w.red, w.signals+"manifest/"); len(got) != 1 {
			t.Errorf("the manifest still has it: %d", len(got))
		}
		if a := w.send(w.red.ServiceKey, "DELETE", path, ""); a.status != 404 {
			t.Errorf("again: %d", a.status)
		}
		if s, err := w.Signal(t.Context(), w.red.Service, ids[0]); err != nil || s.State != lantern.Withdrawn {
			t.Errorf("the signal is %s (%v)", s.State, err)
		}
		if a := w.get(w.blue, path); a.list("objects")[0]["revoked"] != true {
			t.Errorf("who was sent it reads %s", a.text)
		}
	})
}

func TestARevokedIndicatorWithdraws(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 1)
		revoked := func(id string) string {
			return enveloped(`{"type":"indicator","spec_version":"2.1","id":"` + id + `","modified":"2026-11-24T00:00:00.000Z","revoked":true}`)
		}
		if a := w.send(w.blue.ServiceKey, "POST", w.signals+"objects/", revoked(w.id(ids[0]))); a.body["failure_count"] != 1.0 {
			t.Errorf("another member's: %s", a.text)
		}
		if a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", revoked(w.id(ids[0]))); a.body["success_count"] != 1.0 {
			t.Errorf("its own: %s", a.text)
		}
		if s, err := w.Signal(t.Context(), w.red.Service, ids[0]); err != nil || s.State != lantern.Withdrawn {
			t.Errorf("the signal is %s (%v)", s.State, err)
		}
	})
}

func TestHundredsInOneEnvelope(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		const n = lantern.MaxBatch + 100 // more than the exchange takes at once
		objects := make([]string, n)
		for i := range objects {
			objects[i] = posted(i, based)
		}
		if a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(objects...)); a.body["success_count"] != float64(n) {
			t.Fatalf("%d: %.300s", a.status, a.text)
		}
		// They page one by one by time alone.
		after, seen := "2020-01-01T00:00:00.000000Z", map[string]bool{}
		for range 50 {
			a := w.get(w.blue, w.signals+"objects/", "limit", "1", "added_after", after)
			seen[a.list("objects")[0]["id"].(string)] = true
			after = a.header.Get("X-TAXII-Date-Added-Last")
		}
		rest := w.walk(w.blue, w.signals+"manifest/", "added_after", after, "limit", "1000")
		for _, m := range rest {
			seen[m["id"].(string)] = true
		}
		if len(seen) != n || len(rest) != n-50 {
			t.Errorf("%d of %d", len(seen), n)
		}
	})
}
