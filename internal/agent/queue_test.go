package agent_test

import (
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// queue is the open hits by reference, in the order of the queue, read a page of two at a
// time.
func queue(t *testing.T, r *agenttest.Running) (refs []string) {
	t.Helper()
	for f := (agent.HitFilter{Limit: 2}); ; {
		page, err := r.Hits(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range page {
			refs = append(refs, h.Ref)
			f.After = h.ID
		}
		if len(page) < f.Limit {
			return refs
		}
	}
}

func TestHitsOfAnIncidentStandTogether(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	high, low, alone, late := w.Draft(1), w.Draft(2), w.Draft(3), w.Draft(4)
	high.Severity, low.Severity, alone.Severity, late.Severity = lantern.High, lantern.Low, lantern.Medium, lantern.Low
	in, err := w.ShareIncident(t.Context(), host.Service, lantern.IncidentDraft{Programs: high.Programs, Signals: []lantern.Draft{high, low}})
	if err != nil {
		t.Fatal(err)
	}
	w.MustShare(host.Service, alone)
	w.MustShare(host.Service, late)
	r := w.Run(t, social, t.TempDir())
	w.Reaches(r, social)
	for _, v := range []struct{ ref, url string }{{"late", late.Value}, {"low", low.Value}, {"alone", alone.Value}, {"high", high.Value}} {
		w.Clock.Add(time.Second)
		a := r.MatchOne(lantern.Record{Ref: v.ref, URLs: []string{v.url}}, false)
		if want := map[string]lantern.ID{"low": in.Incident, "high": in.Incident}[v.ref]; len(a.Matches) != 1 || a.Matches[0].Incident != want {
			t.Errorf("%s: got %+v, want a match of incident %v", v.ref, a.Matches, want)
		}
	}
	if got, want := queue(t, r), []string{"high", "low", "alone", "late"}; !slices.Equal(got, want) {
		t.Errorf("got the queue %v, want %v", got, want)
	}
	// A signal that joins later takes its hits along.
	late.Incident = in.Incident
	w.MustShare(host.Service, late)
	w.Reaches(r, social)
	if got, want := queue(t, r), []string{"high", "late", "low", "alone"}; !slices.Equal(got, want) {
		t.Errorf("after another joined: got the queue %v, want %v", got, want)
	}
	hits, err := r.Hits(t.Context(), agent.HitFilter{Incident: in.Incident})
	if err != nil || len(hits) != 3 {
		t.Errorf("the hits of the incident: got %d, %v; want 3", len(hits), err)
	}
}

func TestImminentTopsTheQueues(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	critical, weak, plain := w.Draft(1), w.Draft(2), w.Draft(3)
	critical.Severity, weak.Severity, plain.Severity = lantern.Critical, lantern.Low, lantern.Low
	weak.Type, weak.Value, weak.Imminent = "phrase", "zorbly plim trade", true
	var ids []lantern.ID
	for _, d := range []lantern.Draft{critical, weak, plain} {
		ids = append(ids, w.MustShare(host.Service, d))
	}
	r := w.Run(t, social, t.TempDir())
	w.Reaches(r, social)
	r.MatchOne(lantern.Record{Ref: "critical", URLs: []string{critical.Value}}, false)
	r.MatchOne(lantern.Record{Ref: "plain", URLs: []string{plain.Value}}, false)
	r.MatchOne(lantern.Record{Ref: "weak", Text: "a zorbly plim trade here"}, false)
	if got, want := queue(t, r), []string{"weak", "critical", "plain"}; !slices.Equal(got, want) {
		t.Errorf("got the queue %v, want %v", got, want)
	}
	plain.Imminent = true // it turns out while its hit waits
	w.MustShare(host.Service, plain)
	w.Reaches(r, social)
	if got, want := queue(t, r), []string{"plain", "weak", "critical"}; !slices.Equal(got, want) {
		t.Errorf("after one became imminent: got the queue %v, want %v", got, want)
	}
	for _, id := range []lantern.ID{ids[2], ids[0]} { // the imminent one falls first
		if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		w.Clock.Add(time.Minute)
	}
	r.Until("both have tasks", func(s lantern.AgentStatus) bool { return s.Tasks == 2 })
	tasks, err := r.ReviewTasks(t.Context())
	if err != nil || len(tasks) != 2 || tasks[0].Signal != ids[2] || !tasks[0].Imminent || tasks[1].Imminent {
		t.Errorf("got tasks %+v, %v; want the imminent one first", tasks, err)
	}
}
