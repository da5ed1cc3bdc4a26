package threatexchange_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestNothingLeaks sends tokens and values in every place a client may put them, good and bad:
// neither the log, nor an error, nor a metric may hold them.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	const planted = "planted-7f3a-secret"
	good, bad := token(w.red.ServiceKey), "123456789|"+planted+"abcdefgh"
	_, secret, _ := strings.Cut(good, "|")
	group := w.Program.ID.String()
	id := w.MustShare(w.blue.Service, w.hash(1)).String()
	paths := []string{"/", "/threat_tags", "/threat_descriptors/", "/v21.0/" + group + "/threat_updates/", "/" + id, "/" + planted, "/v1.0/" + planted + "/x",
		"/stopncii/" + group + "/FetchHashes", "/" + group + "/members", "/threat_indicators", "/" + id + "/related", "//" + planted, "/v21.0//" + id}
	for _, tok := range []string{good, bad} {
		for _, path := range paths {
			for _, method := range []string{"GET", "POST", "DELETE", "PUT", "BREW"} {
				q := url.Values{"access_token": {tok}}
				for _, name := range []string{"text", "indicator", "type", "tags", "fields", "ids", "reactions", "start_time", "after", "limit", "batch", "related_id", "description", planted} {
					q.Set(name, planted)
				}
				for _, header := range [][]string{nil, {"Authorization", "Bearer " + tok}, {"Content-Type", "multipart/form-data; boundary=" + planted}} {
					_, text, _ := w.send(method, w.url+path+"?"+q.Encode(), q.Encode(), header...)
					if strings.Contains(text, "\"error\"") && (strings.Contains(text, planted) || strings.Contains(text, secret)) {
						t.Errorf("%s %s: the error repeats what was sent: %s", method, path, text)
					}
				}
			}
		}
	}
	w.updates(w.red)
	rec := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	for place, text := range map[string]string{"log": w.log.String(), "metrics": rec.Body.String()} {
		for what, needle := range map[string]string{"what was planted": planted, "a secret": secret, "a value": hash(1), "a query": "access_token"} {
			if strings.Contains(text, needle) {
				t.Errorf("the %s holds %s", place, what)
			}
		}
	}
	if !strings.Contains(w.log.String(), `"route":"/{id}/threat_updates"`) {
		t.Error("the log does not name the route")
	}
}

// TestNobodyGetsMore walks through every way to read with those who may not: a member that is
// suspended, that left the program, that never joined, one that only contributes; and for what
// is held, suspended, withdrawn or placed elsewhere. None of them gets the value anywhere.
func TestNobodyGetsMore(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		ctx := t.Context()
		active := w.MustShare(w.red.Service, w.hash(1))
		tagID := "2094046101898524037"
		rows := w.updates(w.blue, "fields", "id")
		value := rows[len(rows)-1]["id"].(string)
		ways := func(signal lantern.ID) []string {
			return []string{"/" + w.Program.ID.String() + "/threat_updates", "/" + signal.String(), "/?ids=" + signal.String(), "/" + value, "/" + value + "/descriptors",
				"/" + tagID + "/tagged_objects", "/threat_tags?text=csam&fields=tagged_objects{name}", "/threat_descriptors", "/threat_descriptors?text=" + hash(1),
				"/threat_indicators?text=" + hash(1), "/" + signal.String() + "/related", "/" + signal.String() + "?fields=related{raw_indicator}", "/stopncii/" + w.Program.ID.String() + "/FetchHashes"}
		}
		sees := func(c exchangetest.Company, signal lantern.ID, n int) (where []string) {
			for _, way := range ways(signal) {
				if _, v := w.ask(c, "GET", way); strings.Contains(fmt.Sprint(v), hash(n)) {
					where = append(where, way)
				}
			}
			return where
		}
		if got := sees(w.blue, active, 1); len(got) < 9 {
			t.Fatalf("a member that may see it does so only by %v", got)
		}
		outsider := w.AddCompany("Grey Mail")
		if err := w.Leave(ctx, w.Steward, w.Program.ID, outsider.ID); err != nil {
			t.Fatal(err)
		}
		deaf, gone := w.AddCompany("Pink Pay"), w.AddCompany("Black Box")
		w.Join(deaf, w.Program, lantern.ContributeOnly)
		for _, c := range []exchangetest.Company{gone} {
			if _, err := w.SetMemberState(ctx, w.Steward, c.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "testing"}); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]exchangetest.Company{"an outsider": outsider, "a contributor": deaf, "a suspended member": gone} {
			if got := sees(c, active, 1); len(got) > 0 {
				t.Errorf("%s gets the value by %v", name, got)
			}
		}
		// What may not be seen by anybody else.
		other := w.AddProgram("elsewhere")
		w.Join(w.red, other, lantern.Both)
		elsewhere := w.hash(2)
		elsewhere.Programs = []lantern.ID{other.ID}
		hidden := map[string]struct {
			signal lantern.ID
			n      int
		}{"placed elsewhere": {w.MustShare(w.red.Service, elsewhere), 2}}
		held := w.hash(3)
		held.Basis.ReviewedBy = ""
		r, err := w.ShareUnfounded(ctx, w.red.Service, held)
		if err != nil || r.Status != lantern.HeldBack {
			t.Fatal(r, err)
		}
		withdrawn, challenged := w.MustShare(w.red.Service, w.hash(4)), w.MustShare(w.red.Service, w.hash(5))
		if _, err := w.Withdraw(ctx, w.red.Service, withdrawn, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Signal(ctx, w.green.Investigator, challenged); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OpenChallenge(ctx, w.green.Investigator, lantern.Challenge{Signal: challenged, Reason: lantern.OutOfScope}); err != nil {
			t.Fatal(err)
		}
		add := func(name string, id lantern.ID, n int) {
			hidden[name] = struct {
				signal lantern.ID
				n      int
			}{id, n}
		}
		add("held", r.Signal, 3)
		add("withdrawn", withdrawn, 4)
		add("suspended", challenged, 5)
		for name, h := range hidden {
			if got := sees(w.blue, h.signal, h.n); len(got) > 0 {
				t.Errorf("what is %s is got by %v", name, got)
			}
		}
	})
}

// TestIndicator finds a value by the id that the feed told, and nothing by one that it did not.
func TestIndicator(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		w.MustShare(w.red.Service, w.hash(1))
		w.MustShare(w.blue.Service, w.hash(1))
		rows := w.updates(w.green, "fields", "id")
		id := rows[len(rows)-1]["id"].(string)
		got := w.must(w.green, "GET", "/v21.0/"+id, "fields", "descriptors")
		if n := len(got["descriptors"].(object)["data"].([]any)); n != 2 {
			t.Errorf("%d descriptors, as tx asks for them", n)
		}
		if n := len(w.must(w.green, "GET", "/"+id+"/descriptors/")["data"].([]any)); n != 2 {
			t.Errorf("%d descriptors on the edge", n)
		}
		if got := w.must(w.green, "GET", "/"+id); got["indicator"] != hash(1) || got["type"] != "HASH_PDQ" {
			t.Errorf("the indicator is %v", got)
		}
		// Indicators are related through what the caller says of them, or else another.
		other := w.MustShare(w.blue.Service, w.hash(2))
		rows = w.updates(w.blue, "fields", "id")
		second := rows[len(rows)-1]["id"].(string)
		if status, _ := w.ask(w.green, "POST", "/"+id+"/related", "related_id", second); status != 404 {
			t.Errorf("indicators of which the caller says nothing were related: status %d", status)
		}
		w.must(w.blue, "POST", "/"+id+"/related", "related_id", second)
		for _, asked := range []string{id, other.String()} {
			if n := len(w.must(w.green, "GET", "/"+asked+"/related")["data"].([]any)); n != 1 {
				t.Errorf("%d are related", n)
			}
		}
		w.must(w.blue, "DELETE", "/"+second+"/related", "related_id", id)
		if n := len(w.must(w.green, "GET", "/"+second+"/related")["data"].([]any)); n != 0 {
			t.Errorf("%d are still related", n)
		}
		if status, _ := w.ask(w.green, "GET", "/4242424242424242/related"); status != 404 {
			t.Errorf("what is related to nothing: status %d", status)
		}
		if status, _ := w.ask(w.green, "GET", "/4242424242424242/descriptors"); status != 404 {
			t.Errorf("an id that nothing has: status %d", status)
		}
	})
}

// TestErasedBeside: a value that is left with a suspended opinion when another one is erased is
// a change behind whatever was read, although nothing of the erased one remains.
func TestErasedBeside(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		ctx := t.Context()
		m := &mirror{w: w, c: w.green, held: map[string]string{}}
		first := w.MustShare(w.red.Service, w.hash(1))
		m.fetch()
		w.Clock.Add(1e10)
		if _, err := w.OpenChallenge(ctx, w.green.Investigator, lantern.Challenge{Signal: first, Reason: lantern.OutOfScope}); err != nil {
			t.Fatal(err)
		}
		second := w.MustShare(w.blue.Service, w.hash(1))
		w.Clock.Add(1e10)
		w.MustShare(w.blue.Service, w.hash(2))
		m.fetch()
		w.Clock.Add(1e10)
		if _, err := w.Withdraw(ctx, w.blue.Service, second, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: true}); err != nil {
			t.Fatal(err)
		}
		m.fetch()
		if len(m.held) != 1 {
			t.Errorf("the client holds %d values, the server shows 1", len(m.held))
		}
	})
}

// TestNarrowedPlacement: what was taken out of a program is deleted there at clients that have it,
// and stays in the other. The value's id leaves with the tombstone.
func TestNarrowedPlacement(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		other := w.AddProgram("elsewhere")
		w.Join(w.red, other, lantern.Both)
		d := w.hash(1)
		d.Programs = append(d.Programs, other.ID)
		id := w.MustShare(w.red.Service, d)
		m := &mirror{w: w, c: w.green, held: map[string]string{}}
		m.fetch()
		w.Clock.Add(1e10)
		w.must(w.red, "POST", "/"+id.String(), "privacy_type", "HAS_PRIVACY_GROUP", "privacy_members", other.ID.String())
		if rows := w.updates(w.blue); len(rows) != 1 {
			t.Errorf("a client that was handed nothing is told %d rows", len(rows))
		}
		if status, _ := w.ask(w.green, "GET", "/"+id.String()); status != 404 {
			t.Errorf("the descriptor is still read: status %d", status)
		}
		m.fetch()
		if len(m.held) != 0 {
			t.Error("the client holds what was taken out of its program")
		}
		if s, err := w.Signal(t.Context(), w.red.Service, id); err != nil || len(s.Programs) != 1 || s.Programs[0] != other.ID {
			t.Errorf("the signal is in %v, %v", s.Programs, err)
		}
		w.Clock.Add(92 * 24 * time.Hour)
		if err := w.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows := w.updates(w.green, "start_time", "1"); len(rows) != 1 {
			t.Errorf("after 92 days %d rows are left", len(rows))
		}
		w.MustShare(w.red.Service, d)
		m.fetch()
		if len(m.held) != 1 {
			t.Error("what was placed again is not held")
		}
	})
}

// TestSearchBothWays: newest first is oldest first turned round, whatever the size of a page, also where
// signals stand in several programs.
func TestSearchBothWays(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, database string) {
		w := newWorld(t, database)
		other := w.AddProgram("elsewhere")
		for _, c := range []exchangetest.Company{w.red, w.green} {
			w.Join(c, other, lantern.Both)
		}
		for n := range 9 {
			d := w.hash(n)
			switch n % 3 {
			case 1:
				d.Programs = []lantern.ID{other.ID}
			case 2:
				d.Programs = append(d.Programs, other.ID)
			}
			w.MustShare(w.red.Service, d)
			w.Clock.Add(time.Duration(n%2) * time.Second)
		}
		walk := func(params ...string) (ids []string) {
			t.Helper()
			v := w.must(w.green, "GET", "/threat_descriptors", append(params, "fields", "id")...)
			for {
				for _, d := range v["data"].([]any) {
					ids = append(ids, d.(object)["id"].(string))
				}
				next, ok := v["paging"].(object)["next"].(string)
				if !ok {
					return ids
				}
				_, v = w.raw("GET", next, "")
			}
		}
		want := walk()
		if len(want) != 9 {
			t.Fatalf("%d of 9 are found", len(want))
		}
		slices.Reverse(want)
		for _, limit := range []string{"1", "2", "4", "9", "100"} {
			if got := walk("sort_order", "DESCENDING", "limit", limit); !slices.Equal(got, want) {
				t.Errorf("by %s: %v, want %v", limit, got, want)
			}
		}
	})
}
