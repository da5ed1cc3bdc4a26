package taxii_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/signal"
)

func TestPersonsOnlyWhereTheProgramSaysSo(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.everyType(w.red)
		// The member has all of them by its own API, and they change: they still stay away here.
		w.Drain(w.blue.Service, "")
		for _, id := range ids {
			if _, err := w.React(t.Context(), w.blue.Service, lantern.Feedback{Signal: id, Reaction: lantern.Helpful}); err != nil && lantern.KindOf(err) != lantern.Forbidden {
				t.Fatal(err)
			}
		}
		if _, err := w.Withdraw(t.Context(), w.red.Service, ids["email"], lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		got := map[string]object{}
		for _, o := range w.walk(w.blue, w.signals+"objects/") {
			got[fmt.Sprint(o["extensions"].(object)["extension-definition--c4c4afa5-2789-440c-9468-3e8a6fdf289f"].(object)["signal_type"])] = o
		}
		for _, kind := range signal.Types() {
			o, shown := got[string(kind.Name)]
			status := w.send(w.blue.ServiceKey, "GET", w.signals+"objects/"+w.id(ids[kind.Name])+"/", "").status
			switch {
			case kind.Name == "email": // that it fell is told to whoever was sent it, by whichever door
				if status != 200 || o["revoked"] != true || strings.Contains(fmt.Sprint(o), "@") {
					t.Errorf("what fell is %d %v", status, o)
				}
			case shown == kind.Personal, kind.Personal && status != 404:
				t.Errorf("%s is shown: %v, alone: %d", kind.Name, shown, status)
			}
		}
		w.foreignPersons()
		if n := len(w.walk(w.blue, w.signals+"objects/")); n != len(ids) {
			t.Errorf("where the program says so: %d of %d", n, len(ids))
		}
	})
}

func TestWhoMayNotGetsNothing(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 3)
		w.get(w.blue, w.signals+"objects/", "limit", "1") // the first is sent
		state := func(c exchangetest.Company, s lantern.MemberState) {
			t.Helper()
			if _, err := w.SetMemberState(t.Context(), w.Steward, c.ID, lantern.StateChange{State: s, Reason: "test"}); err != nil {
				t.Fatal(err)
			}
		}
		state(w.blue, lantern.SuspendedMember)
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 0 {
			t.Errorf("a suspended member reads %d", len(got))
		}
		for _, id := range ids {
			if a := w.send(w.blue.ServiceKey, "GET", w.signals+"objects/"+w.id(id)+"/", ""); a.status != 404 {
				t.Errorf("a suspended member reads one: %d", a.status)
			}
		}
		if a := w.send(w.blue.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(9, based))); a.status != 403 {
			t.Errorf("a suspended member writes: %d", a.status)
		}
		// It still learns what fell of what it was sent.
		for _, id := range ids[:2] {
			if _, err := w.Withdraw(t.Context(), w.red.Service, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 1 || got[0]["id"] != w.id(ids[0]) || got[0]["revoked"] != true {
			t.Errorf("corrections of a suspended member: %v", got)
		}
		state(w.blue, lantern.ActiveMember)
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 2 {
			t.Errorf("a member that is active again reads %d", len(got))
		}

		// Out of the program there is no such root.
		if err := w.Leave(t.Context(), w.Steward, w.Program.ID, w.blue.ID); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{w.root, w.root + "collections/", w.signals, w.signals + "objects/", w.signals + "manifest/"} {
			if a := w.send(w.blue.ServiceKey, "GET", path, ""); a.status != 404 {
				t.Errorf("%s out of the program: %d", path, a.status)
			}
		}
		if d := w.get(w.blue, "/taxii2/"); d.body["api_roots"] != nil {
			t.Errorf("discovery out of the program: %s", d.text)
		}
	})
}

func TestTheUntrainedWriteNothing(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.NeedTraining()
		w.Train(time.Hour, w.red.Submitter)
		post := func(key string) int {
			return w.send(key, "POST", w.signals+"objects/", enveloped(posted(1, based))).status
		}
		if got := post(w.red.SubmitterKey); got != 202 {
			t.Errorf("trained: %d", got)
		}
		w.Clock.Add(2 * time.Hour)
		// The person may not read either, so that to it there is no such collection.
		if got := post(w.red.SubmitterKey); got != 404 {
			t.Errorf("the person, untrained: %d", got)
		}
		if got := w.send(w.red.SubmitterKey, "GET", w.signals+"objects/", "").status; got != 404 {
			t.Errorf("the person, untrained, reads: %d", got)
		}
		if got := post(w.red.ServiceKey); got != 403 {
			t.Errorf("its service, untrained: %d", got)
		}
		if c := w.get(w.red, w.signals); c.body["can_write"] != false {
			t.Errorf("the collection says %s", c.text)
		}
	})
}

func TestDirectionsAndScopes(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		ids := w.share(w.red, 1, 1)
		w.Join(w.blue, w.Program, lantern.ContributeOnly)
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 0 {
			t.Errorf("who only contributes reads %d", len(got))
		}
		w.Join(w.blue, w.Program, lantern.ReceiveOnly)
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 1 || got[0]["id"] != w.id(ids[0]) {
			t.Errorf("who only receives reads %d", len(got))
		}
		if a := w.send(w.blue.ServiceKey, "POST", w.signals+"objects/", enveloped(posted(1, based))); a.status != 403 {
			t.Errorf("who only receives writes: %d", a.status)
		}
		key := func(scopes ...lantern.Scope) string {
			s, err := w.CreateService(t.Context(), w.Steward, lantern.Service{Member: w.red.ID, Name: "taxii", Responsible: w.red.Submitter.Person})
			if err != nil {
				t.Fatal(err)
			}
			k, err := w.IssueKey(t.Context(), w.Steward, lantern.Key{Actor: s.ID, Scopes: scopes, Expires: w.Clock.Now().AddDate(0, 1, 0)})
			if err != nil {
				t.Fatal(err)
			}
			return k.Secret
		}
		read, write, neither := key(lantern.ScopeRead), key(lantern.ScopeShare), key(lantern.ScopeRespond)
		body := enveloped(posted(1, based))
		object := w.signals + "objects/" + w.id(ids[0]) + "/"
		for _, c := range []struct {
			key, method, path, body string
			want                    int
		}{
			{read, "GET", w.signals + "objects/", "", 200}, {read, "POST", w.signals + "objects/", body, 403}, {read, "DELETE", object, "", 403},
			{write, "GET", w.signals + "objects/", "", 403}, {write, "POST", w.signals + "objects/", body, 202}, {write, "DELETE", object, "", 403},
			{neither, "GET", w.signals + "objects/", "", 404}, {neither, "POST", w.signals + "objects/", body, 404}, {neither, "DELETE", object, "", 404},
			{neither, "GET", w.signals, "", 404},
		} {
			if a := w.send(c.key, c.method, c.path, c.body); a.status != c.want {
				t.Errorf("%s %s: %d, want %d", c.method, c.path, a.status, c.want)
			}
		}
	})
}

func TestANarrowedPlacementIsNotShown(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		other := w.AddProgram("another")
		w.Join(w.red, other, lantern.Both)
		d := w.Draft(1)
		d.Programs = append(d.Programs, other.ID)
		id := w.MustShare(w.red.Service, d)
		if _, err := w.Narrow(t.Context(), w.red.Submitter, id, lantern.Narrowing{Program: w.Program.ID}); err != nil {
			t.Fatal(err)
		}
		if got := w.walk(w.blue, w.signals+"objects/"); len(got) != 0 { // it was never sent
			t.Errorf("%d", len(got))
		}
		if a := w.send(w.blue.ServiceKey, "GET", w.signals+"objects/"+w.id(id)+"/", ""); a.status != 404 {
			t.Errorf("alone: %d", a.status)
		}
	})
}

func TestWhoWasSentWhatIsKnown(t *testing.T) { engines(t, whoWasSent) }

func TestWhoWasSentWhatIsKnownInRanges(t *testing.T) {
	engines(t, func(t *testing.T, w *world) {
		w.foreignPersons() // pages are then entered as ranges
		whoWasSent(t, w)
	})
}

func whoWasSent(t *testing.T, w *world) {
	t.Helper()
	ids := w.share(w.red, 1, 4)
	w.get(w.blue, w.signals+"objects/", "limit", "2")
	w.get(w.blue, w.signals+"objects/"+w.id(ids[3])+"/")
	for i, want := range []bool{true, true, false, true} {
		c, err := w.Withdraw(t.Context(), w.red.Service, ids[i], lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(c.Recipients) == 1; got != want {
			t.Errorf("signal %d: %d recipients", i, len(c.Recipients))
		}
	}
}
