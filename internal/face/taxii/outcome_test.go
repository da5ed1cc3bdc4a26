package taxii_test

import (
	"fmt"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
)

// TestOutcomesAreToldToTheSharerAlone acts on two signals of red's: red reads a sighting of each, in
// ranges, whoever acted and others read none, and a delay holds here as everywhere.
func TestOutcomesAreToldToTheSharerAlone(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 3)
		green := w.AddCompany("Green Games")
		w.Drain(w.blue.Service, "")
		act := func(signal lantern.ID, n, list int, corrects lantern.ID) lantern.Outcome {
			t.Helper()
			o, err := w.RecordOutcome(t.Context(), w.blue.Investigator, lantern.Outcome{Program: w.Program.ID, Kind: lantern.ContentRemoved, Count: n, Signals: []lantern.ID{signal},
				Corrects: corrects, Attestation: &lantern.Attestation{Person: w.blue.Investigator.Person, Ground: "child safety", Singly: max(n, -n), Digest: fmt.Sprintf("%064x", list)}})
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		path := w.root + "collections/outcomes/"
		read := func(c exchangetest.Company, query ...string) []object {
			t.Helper()
			return w.walk(c, path+"objects/", append(query, "limit", "1")...)
		}
		if got := read(w.red); len(got) != 0 {
			t.Errorf("before anybody acted: %v", got)
		}
		act(ids[0], 7, 1, 0)
		act(ids[1], 1, 2, 0)
		got := read(w.red)
		if len(got) != 2 || got[0]["sighting_of_ref"] != w.id(ids[0]) || got[0]["summary"] != true || got[0]["count"] != nil || got[0]["where_sighted_refs"] != nil {
			t.Fatalf("its sharer reads %v", got)
		}
		for i, want := range []string{"map[at_least:5 at_most:9]", "map[at_least:1 at_most:4]"} {
			e := got[i]["extensions"].(object)["extension-definition--7d2c1f0e-93a4-4c58-8b6f-0e5a1d9c2b47"].(object)
			if fmt.Sprint(e["counts"].(object)["content-removed"]) != want || fmt.Sprint(e["members"]) != "map[at_least:1 at_most:4]" {
				t.Errorf("signal %d: %v", i, e)
			}
			if strings.Contains(fmt.Sprint(got[i]), "files.example.com") || strings.Contains(fmt.Sprint(got[i]), w.blue.ID.String()) {
				t.Errorf("it tells more than ranges: %v", got[i])
			}
		}
		for name, c := range map[string]exchangetest.Company{"who acted": w.blue, "who looks on": green} {
			if list := read(c); len(list) != 0 {
				t.Errorf("%s reads %v", name, list)
			}
			if a := w.send(c.ServiceKey, "GET", path+"objects/"+got[0]["id"].(string)+"/", ""); a.status != 404 {
				t.Errorf("%s reads one: %d", name, a.status)
			}
		}
		// One more moves to the end, under its id; a walk by time finds it alone.
		after := w.get(w.red, path+"manifest/").header.Get("X-TAXII-Date-Added-Last")
		act(ids[0], 1, 3, 0)
		if moved := read(w.red, "added_after", after); len(moved) != 1 || moved[0]["id"] != got[0]["id"] || moved[0]["modified"].(string) <= got[0]["modified"].(string) || moved[0]["created"] != got[0]["created"] {
			t.Errorf("what changed is %v, was %v", moved, got[0])
		}
		// What was taken back wholly is told no more.
		act(ids[2], -3, 5, act(ids[2], 3, 4, 0).ID)
		if got := read(w.red); len(got) != 2 {
			t.Errorf("what was taken back is told: %d", len(got))
		}
		rules := w.Program.Policy
		rules.OutcomeDelay = 7
		if _, err := w.SetPolicy(t.Context(), w.Steward, w.Program.ID, rules); err != nil {
			t.Fatal(err)
		}
		if got := read(w.red); len(got) != 0 {
			t.Errorf("before the delay is over: %v", got)
		}
		if a := w.send(w.red.ServiceKey, "POST", w.signals+"objects/", enveloped(`{"type":"sighting","spec_version":"2.1","id":"sighting--00000004-0000-4000-8000-000000000000"}`)); a.body["failure_count"] != 1.0 ||
			!strings.Contains(a.text, "attestation of a person") {
			t.Errorf("a sighting is taken: %s", a.text)
		}
	})
}
