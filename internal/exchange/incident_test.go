package exchange_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// incidentOf is an account with the URL it posted and the phrase it used.
func incidentOf(w *exchangetest.World) lantern.IncidentDraft {
	account, url, phrase := w.Draft(1), w.Draft(1), w.Draft(1)
	account.Type, account.Value, account.Role = "account", "facegram/4711", lantern.SuspectedOffender
	phrase.Type, phrase.Value = "phrase", "zorbly plim trade"
	d := lantern.IncidentDraft{
		Programs: []lantern.ID{w.Program.ID}, Signals: []lantern.Draft{account, url, phrase},
		Links: []lantern.IncidentLink{{Kind: lantern.PostedAt, From: 2, To: 1}, {Kind: lantern.SameAccount, From: 1, To: 0}},
	}
	for i := range d.Signals {
		d.Signals[i].Programs = nil
	}
	return d
}

func mustIncident(w *exchangetest.World, a policy.Actor, d lantern.IncidentDraft) lantern.IncidentResult {
	w.T.Helper()
	r, err := w.ShareIncident(w.T.Context(), a, d)
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

func idsOf(r lantern.IncidentResult) (ids []lantern.ID) {
	for _, s := range r.Results {
		ids = append(ids, s.Signal)
	}
	return ids
}

func TestIncidentIsSharedAndReadAsOne(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, other := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		if err := w.Exchange.Leave(ctx, w.Steward, w.Program.ID, other.ID); err != nil {
			t.Fatal(err)
		}
		r := mustIncident(w, cloud.Service, incidentOf(w))
		ids := idsOf(r)
		if r.Status != lantern.Created || len(ids) != 3 || slices.Contains(ids, 0) {
			t.Fatalf("got %+v", r)
		}
		again := mustIncident(w, cloud.Service, incidentOf(w))
		if again.Status != lantern.Unchanged || again.Incident != r.Incident || !slices.Equal(idsOf(again), ids) {
			t.Errorf("the same again: got %+v", again)
		}

		i, err := w.Incident(ctx, face.Investigator, r.Incident)
		if err != nil || len(i.Signals) != 3 || i.Member != cloud.ID || i.States[lantern.Active] != 3 {
			t.Fatalf("another member: got %+v, %v", i, err)
		}
		for _, s := range i.Signals {
			at := slices.Index(ids, s.ID)
			if s.Value == "" || s.Incident != r.Incident || at == 1 && (len(s.Links) != 1 || s.Links[0] != lantern.Link{Kind: lantern.SameAccount, Signal: ids[0]}) {
				t.Errorf("got %+v", s)
			}
		}
		if _, err := w.Incident(ctx, other.Investigator, r.Incident); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("a member outside: got %v, want not found", err)
		}
		changes, cursor := w.Drain(face.Service, "")
		if len(changes) != 3 || changes[0].Signal.Incident != r.Incident {
			t.Errorf("the feed shows %+v", changes)
		}
		report, err := audit.VerifyLog(download(t, w.Exchange), w.LogKey(), nil)
		if err != nil || report.Leaves[audit.Incident] != 1 || report.Leaves[audit.Share] != 3 || report.Leaves[audit.Disclose] != 2 {
			t.Errorf("the log holds %v, %v", report.Leaves, err)
		}

		taken, err := w.WithdrawIncident(ctx, cloud.Submitter, r.Incident, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		if err != nil || len(taken.Corrections) != 3 || len(taken.Corrections[0].Recipients) != 1 {
			t.Fatalf("withdrawing: got %+v, %v", taken, err)
		}
		fell, _ := w.Drain(face.Service, cursor)
		if len(fell) != 3 || fell[0].Correction == 0 {
			t.Errorf("the feed shows %+v", fell)
		}
		i, err = w.Incident(ctx, face.Investigator, r.Incident)
		if err != nil || i.States[lantern.Withdrawn] != 3 || i.Withdrawn.IsZero() || i.Signals[0].Value != "" || i.Signals[0].Tags != nil {
			t.Errorf("withdrawn, to who was sent it: got %+v, %v", i, err)
		}
		late := w.AddCompany("Latecomer")
		if _, err := w.Incident(ctx, late.Investigator, r.Incident); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("withdrawn, to who never was: got %v, want not found", err)
		}
		if _, err := w.WithdrawIncident(ctx, cloud.Submitter, r.Incident, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("withdrawing twice: got %v, want a conflict", err)
		}
		anew := mustIncident(w, cloud.Service, incidentOf(w))
		if anew.Status != lantern.Created || anew.Incident == r.Incident || slices.Contains(ids, anew.Results[0].Signal) {
			t.Errorf("shared anew: got %+v", anew)
		}
	})
}

func TestIncidentIsAllOrNothing(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		tagged, double, linked := w.Draft(2), w.Draft(1), w.Draft(4)
		tagged.Tags = []lantern.Tag{"invented"}
		linked.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: 4711}}
		for name, c := range map[string]struct {
			signals []lantern.Draft
			want    map[string]lantern.Kind
		}{
			"form":   {[]lantern.Draft{w.Draft(1), {Type: "url", Tags: []lantern.Tag{"csam"}, Basis: w.Draft(1).Basis}}, map[string]lantern.Kind{"/signals/1/value": lantern.Invalid}},
			"values": {[]lantern.Draft{{Type: "url", Value: "no url", Tags: []lantern.Tag{"csam"}, Basis: w.Draft(1).Basis}, w.Draft(1), {Type: "md5", Value: "xyz", Tags: []lantern.Tag{"csam"}, Basis: w.Draft(1).Basis}}, map[string]lantern.Kind{"/signals/0/value": lantern.Invalid, "/signals/2/value": lantern.Invalid}},
			"twice":  {[]lantern.Draft{w.Draft(1), w.Draft(3), double}, map[string]lantern.Kind{"/signals/2/value": lantern.Invalid}},
			"policy": {[]lantern.Draft{w.Draft(1), tagged, linked}, map[string]lantern.Kind{"/signals/1/tags/0": lantern.Forbidden, "/signals/2/links/0/signal": lantern.NotFound}},
		} {
			_, err := w.ShareIncident(t.Context(), cloud.Service, lantern.IncidentDraft{Programs: []lantern.ID{w.Program.ID}, Signals: c.signals})
			got := map[string]lantern.Kind{}
			var e *lantern.Error
			if errors.As(err, &e) {
				got[e.Field] = e.Kind
				for _, also := range e.Also {
					got[also.Field] = also.Kind
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: got %v (%v), want %v", name, got, err, c.want)
			}
		}
		if list, err := w.Signals(t.Context(), cloud.Service, exchange.SignalFilter{}); err != nil || len(list) != 0 {
			t.Errorf("refused incidents left %d signals, %v", len(list), err)
		}
		if list, err := w.Incidents(t.Context(), cloud.Service, 0, 0); err != nil || len(list) != 0 {
			t.Errorf("refused incidents left %+v, %v", list, err)
		}
	})
}

func TestIncidentGrowsAndKeepsItsSignals(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		before := w.MustShare(cloud.Service, w.Draft(1))
		_, cursor := w.Drain(face.Service, "")
		r := mustIncident(w, cloud.Service, incidentOf(w))
		if r.Results[1].Signal != before || r.Results[1].Status != lantern.Updated {
			t.Errorf("a signal that was there: got %+v, want it to join", r.Results[1])
		}
		changes, _ := w.Drain(face.Service, cursor)
		if len(changes) != 3 || changes[0].Signal.Incident != r.Incident {
			t.Errorf("whoever had it learns that it joined: got %+v", changes)
		}

		more := w.Draft(5)
		more.Incident = r.Incident
		w.MustShare(cloud.Service, more)
		list, err := w.Incidents(ctx, cloud.Service, 0, 0)
		if err != nil || len(list) != 1 || list[0].States[lantern.Active] != 4 {
			t.Errorf("after one more: got %+v, %v", list, err)
		}
		part := lantern.IncidentDraft{Programs: []lantern.ID{w.Program.ID}, Signals: []lantern.Draft{w.Draft(6), w.Draft(1)}}
		_, err = w.ShareIncident(ctx, cloud.Service, part)
		var e *lantern.Error
		if !errors.As(err, &e) || e.Kind != lantern.Conflict || e.Field != "/signals/1/value" {
			t.Errorf("a part of another incident: got %v, want a conflict", err)
		}
		alien := w.Draft(7)
		alien.Incident = r.Incident
		if _, err := w.Share(ctx, face.Service, alien); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("adding to another member's: got %v, want not found", err)
		}
		second := mustIncident(w, cloud.Service, lantern.IncidentDraft{Programs: []lantern.ID{w.Program.ID}, Signals: []lantern.Draft{w.Draft(8)}})
		moving := w.Draft(8)
		moving.Incident = r.Incident
		if _, err := w.Share(ctx, cloud.Service, moving); lantern.KindOf(err) != lantern.Conflict || second.Incident == r.Incident {
			t.Errorf("moving a signal between incidents: got %v, want a conflict", err)
		}

		// One of its signals falls by itself; the rest of the incident stays.
		if _, err := w.Withdraw(ctx, cloud.Submitter, before, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated, Erase: true}); err != nil {
			t.Fatal(err)
		}
		i, err := w.Incident(ctx, face.Investigator, r.Incident)
		if err != nil || i.States[lantern.Active] != 3 || i.States[lantern.Erased] != 1 {
			t.Errorf("after one fell: got %+v, %v", i.States, err)
		}
		// Sharing it whole again brings back what fell, in the same incident.
		whole := incidentOf(w)
		whole.Signals = append(whole.Signals, w.Draft(5))
		if again := mustIncident(w, cloud.Service, whole); again.Incident != r.Incident || again.Status != lantern.Updated || again.Results[1].Status != lantern.Created {
			t.Errorf("shared again: got %+v", again)
		}
	})
}

func TestIncidentWithAMarkedValue(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		id := w.MustShare(game.Service, w.Draft(1))
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.WrongValue})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, game.Submitter, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "it was wrong"}); err != nil {
			t.Fatal(err)
		}
		r := mustIncident(w, cloud.Service, incidentOf(w))
		if r.Status != lantern.Created || r.Results[1].Status != lantern.HeldBack || r.Results[0].Status != lantern.Created || r.Results[2].Status != lantern.Created {
			t.Errorf("got %+v, want the marked one held and the others out", r)
		}
		i, err := w.Incident(ctx, face.Investigator, r.Incident)
		if err != nil || len(i.Signals) != 2 || i.States[lantern.Held] != 0 {
			t.Errorf("another member sees %+v, %v; want two signals", i, err)
		}
		if i, err := w.Incident(ctx, cloud.Investigator, r.Incident); err != nil || i.States[lantern.Held] != 1 {
			t.Errorf("the owner sees %+v, %v; want the held one too", i.States, err)
		}
	})
}

// TestIncidentIsOneCheck holds what an incident shows to what the policy says of each of
// its signals by itself, for members of every sort and signals in every state.
func TestIncidentIsOneCheck(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud, face, quiet, ro := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Quiet"), w.AddCompany("Reader")
	outside := w.AddCompany("Outside")
	ctx := t.Context()
	second := w.AddProgram("second")
	w.Join(cloud, second, lantern.Both)
	w.Join(outside, second, lantern.Both)
	if err := w.Exchange.Leave(ctx, w.Steward, w.Program.ID, outside.ID); err != nil {
		t.Fatal(err)
	}
	w.Join(quiet, w.Program, lantern.ContributeOnly)
	w.Clock.Add(time.Minute)
	wide := w.Draft(1)
	wide.Programs = append(wide.Programs, second.ID) // one signal is seen outside, its incident is not
	w.MustShare(cloud.Service, wide)
	d := incidentOf(w)
	d.Signals = append(d.Signals, w.Draft(2), w.Draft(3))
	r := mustIncident(w, cloud.Service, d)
	ids := idsOf(r)
	w.Drain(face.Service, "")
	if _, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: ids[2], Reason: lantern.NotAbusive}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Withdraw(ctx, cloud.Submitter, ids[3], lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetMemberState(ctx, w.Steward, ro.ID, lantern.StateChange{State: lantern.ReadOnly, Reason: "wanted"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []exchangetest.Company{face, quiet, ro} {
		a := w.Actor(c.InvestigatorKey)
		want := map[lantern.ID]bool{} // signal → whole
		for _, id := range ids {
			if s, err := w.Signal(ctx, a, id); err == nil {
				want[id] = s.Value != ""
			}
		}
		got := map[lantern.ID]bool{}
		i, err := w.Incident(ctx, a, r.Incident)
		for _, s := range i.Signals {
			got[s.ID] = s.Value != ""
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || (err == nil) != (len(want) > 0) {
			t.Errorf("%s: got %v, %v; want %v", c.Name, got, err, want)
		}
	}
	i, err := w.Incident(ctx, face.Investigator, r.Incident)
	for _, s := range i.Signals {
		if len(s.Programs) > 1 || s.State == lantern.Active && s.Programs[0] != w.Program.ID {
			t.Errorf("a reader learns of another program: %v, %v", s.Programs, err)
		}
	}
	s, err := w.Signal(ctx, outside.Investigator, ids[1])
	if err != nil || s.Incident != 0 {
		t.Errorf("outside, by the other program: got incident %v, %v", s.Incident, err)
	}
	page, err := w.Feed(ctx, outside.Service, second.ID, "", 0, 0)
	if err != nil || len(page.Changes) != 1 || page.Changes[0].Signal.Incident != 0 {
		t.Errorf("the other program's feed tells %+v, %v", page.Changes, err)
	}
	if _, err := w.Incident(ctx, outside.Investigator, r.Incident); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("outside: got %v, want not found", err)
	}
}

// Incidents on the same values that come at once, and so share a commit, make one of them
// whole and refuse the others, or find that they are the same.
func TestIncidentsAtOnce(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		type answer struct {
			r   lantern.IncidentResult
			err error
		}
		answers := make(chan answer)
		for n := range 8 {
			go func() {
				d := incidentOf(w)
				if n%2 == 1 { // a part of it, with something else
					d.Signals, d.Links = append(d.Signals[:2:2], w.Draft(9)), nil
				}
				r, err := w.ShareIncident(t.Context(), cloud.Service, d)
				answers <- answer{r, err}
			}()
		}
		made := 0
		for range 8 {
			a := <-answers
			if a.err != nil && lantern.KindOf(a.err) != lantern.Conflict {
				t.Errorf("refused with %v, want a conflict", a.err)
			}
			if a.err == nil && a.r.Status == lantern.Created {
				made++
			}
		}
		list, err := w.Incidents(t.Context(), cloud.Service, 0, 0)
		if err != nil || made != 1 || len(list) != 1 || list[0].States[lantern.Active] != 3 {
			t.Errorf("%d were made, and there is %+v, %v; want one of three signals", made, list, err)
		}
		if signals, err := w.Signals(t.Context(), cloud.Service, exchange.SignalFilter{}); err != nil || len(signals) != 3 {
			t.Errorf("there are %d signals, %v; want 3", len(signals), err)
		}
	})
}
