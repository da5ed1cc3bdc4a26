package agent_test

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent/agenttest"
)

// challengeThen makes a stage whose agent gets the answer to a challenge only after
// something happened.
func challengeThen(t *testing.T) (s *stage, then func(happens func() bool)) {
	t.Helper()
	var hook atomic.Pointer[func() bool]
	s = newStage(t, func(w *agenttest.World) string {
		exchange := w.URL
		return proxy(t, w, func(rw http.ResponseWriter, r *http.Request) bool {
			happens := hook.Load()
			if r.Method != http.MethodPost || r.URL.Path != "/v1/challenges" || happens == nil {
				return false
			}
			req, err := http.NewRequestWithContext(r.Context(), r.Method, exchange+r.URL.Path, r.Body)
			if err != nil {
				t.Error(err)
				return true
			}
			req.Header = r.Header.Clone()
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return true
			}
			defer func() { _ = res.Body.Close() }()
			var answer bytes.Buffer
			if _, err := io.Copy(&answer, res.Body); err != nil {
				t.Error(err)
			}
			if !(*happens)() {
				t.Error("what is waited for does not happen")
			}
			rw.Header().Set("Content-Type", res.Header.Get("Content-Type"))
			rw.WriteHeader(res.StatusCode)
			_, _ = rw.Write(answer.Bytes())
			return true
		})
	})
	return s, func(happens func() bool) { hook.Store(&happens) }
}

// come waits, on whatever goroutine, until from least to most hits are in a state.
func (s *stage) come(state lantern.HitState, least, most int) bool {
	late := time.After(10 * time.Second)
	for {
		changed := s.r.Changed()
		st, err := s.r.Status(s.t.Context())
		if err != nil {
			s.t.Error(err)
			return false
		}
		if n := st.Hits[state]; n >= least && n <= most {
			return true
		}
		select {
		case <-changed:
		case <-late:
			s.t.Errorf("of %v not as many as expected are %s", st.Hits, state)
			return false
		}
	}
}

// A call rules that a signal is wrong and decides another hit of it. The agent hears that
// the signal is suspended in between, so the other hit is held when it is decided. Undone,
// it is held again, and comes back when the challenge is rejected.
func TestUndoOfADecisionOnAHeldHit(t *testing.T) {
	t.Parallel()
	s, then := challengeThen(t)
	ctx := t.Context()
	hits := s.hits(2, 1)
	then(func() bool { return s.come(lantern.HitOpen, 1, 1) }) // that of the stage's other signal
	results, err := s.r.DecideHits(ctx, s.person, []lantern.HitRuling{
		{Hit: hits[0].ID, Decision: lantern.WrongSignal, Reason: lantern.DecisionReason(lantern.NotAbusive)},
		{Hit: hits[1].ID, Decision: lantern.Unsure}})
	if err != nil || !results[0].Recorded || !results[1].Recorded {
		t.Fatalf("got %+v, %v", results, err)
	}
	if _, err := s.r.Undo(ctx, s.person, results[1].Act); err != nil {
		t.Fatal(err)
	}
	if decided := s.r.HitsIn(lantern.HitDecided); len(decided) != 1 || decided[0].ID != hits[0].ID {
		t.Errorf("%d hits are decided; want the first alone", len(decided))
	}
	officer := s.AddCompany("Pixelplay").Officer
	for _, d := range []struct {
		by      int
		verdict lantern.Verdict
	}{{0, lantern.Dispute}, {1, lantern.Reject}} {
		who := s.host.Officer
		if d.by == 1 {
			who = officer
		}
		if _, err := s.Decide(ctx, who, results[0].Challenge, lantern.Decision{Verdict: d.verdict, Reason: "looked again"}); err != nil {
			t.Fatal(err)
		}
	}
	if !s.come(lantern.HitOpen, 3, 3) { // and another of the signal's
		t.Error("the hits do not come back")
	}
	if h, err := s.r.Hit(ctx, hits[1].ID); err != nil || h.State != lantern.HitOpen || h.Decision != "" {
		t.Errorf("after the signal was restored the hit is %s and says %q, %v; want it open", h.State, h.Decision, err)
	}
}

// A signal falls while a person rules that it is wrong: its hits are void and stay so.
func TestAHitIsNotDecidedAfterItsSignalFell(t *testing.T) {
	t.Parallel()
	s, then := challengeThen(t)
	ctx := t.Context()
	hits := s.hits(2, 1)
	then(func() bool {
		_, err := s.Withdraw(ctx, s.host.Submitter, hits[0].Match.Signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		if err != nil {
			t.Error(err)
		}
		// The one decided before it falls stays; the others are deleted if the agent heard of
		// the suspension first, and void like it if not.
		return s.come(lantern.HitVoid, 1, 3)
	})
	s.decide(hits[1].ID, lantern.Confirmed, lantern.OtherGround)
	results, err := s.r.DecideHits(ctx, s.person, []lantern.HitRuling{
		{Hit: hits[1].ID, Decision: lantern.WrongSignal, Reason: lantern.DecisionReason(lantern.NotAbusive)}})
	if err != nil || results[0].Recorded || results[0].Problem == nil || results[0].Problem.Kind != lantern.Conflict {
		t.Errorf("got %+v, %v; want a conflict", results, err)
	}
	if h, err := s.r.Hit(ctx, hits[1].ID); err != nil || h.State != lantern.HitVoid || h.Decision != lantern.Confirmed {
		t.Errorf("the hit is %s and says %q, %v; want it void, confirmed as before", h.State, h.Decision, err)
	}
}
