package agent_test

import (
	"slices"
	"testing"

	"lantern"
	"lantern/internal/agent/agenttest"
)

func TestTacticsAreReadAndNotMatched(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	d := w.Draft(1)
	d.Type, d.Value = lantern.TacticType, ""
	d.Tactic = &lantern.Tactic{Contact: []lantern.ContactWay{lantern.GameChat}, Words: []string{"Zorbly plim trade"}}
	first := w.MustShare(host.Submitter, d)
	d.Tactic, d.Imminent = &lantern.Tactic{Demands: []lantern.Demand{lantern.GiftCards}}, true
	urgent := w.MustShare(host.Submitter, d)
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	w.Reaches(r, social)
	check := func(when string) {
		t.Helper()
		list, err := r.Tactics(t.Context())
		if err != nil || len(list) != 2 || list[0].ID != urgent || list[1].ID != first {
			t.Fatalf("%s: got %+v, %v; want the imminent one first", when, list, err)
		}
		if s := list[1]; s.Tactic == nil || !slices.Equal(s.Tactic.Words, []string{"zorbly plim trade"}) || s.Value != "" || s.Programs[0] != w.Program.ID {
			t.Errorf("%s: got %+v", when, s)
		}
		a := r.MatchOne(lantern.Record{Ref: "post-1", Text: "a zorbly plim trade", Values: []lantern.TypedValue{{Type: lantern.TacticType, Value: `{"words":["zorbly plim trade"]}`}}}, true)
		if a.State != lantern.CouldNotLook || len(a.Matches) != 0 || len(a.Reasons) != 1 {
			t.Errorf("%s: got %+v, want no match, and that tactics are not looked up", when, a)
		}
	}
	check("loaded")
	r.Stop()
	r = w.Run(t, social, dir)
	check("after a restart")
	if s, err := r.Reveal(t.Context(), r.Caller(social.InvestigatorKey), first); err != nil || s.Tactic == nil {
		t.Errorf("revealing: got %+v, %v", s, err)
	}
	if _, err := w.Withdraw(t.Context(), host.Submitter, first, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	r.Until("it is acknowledged", func(s lantern.AgentStatus) bool {
		return s.Acks == 0 && s.Tasks+len(s.Programs) > 0 && s.Programs[0].Signals == 1
	})
	if list, err := r.Tactics(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("withdrawn: got %d tactics, %v; want 1", len(list), err)
	}
}
