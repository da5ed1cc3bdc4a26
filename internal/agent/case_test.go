package agent_test

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
)

// stream yields items, then an error unless it is nil.
func stream[T any](err error, items ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
		if err != nil {
			var none T
			yield(none, err)
		}
	}
}

// candidates makes one candidate of each account, linked through another one.
func candidates(via string, accounts ...string) []lantern.Candidate {
	var all []lantern.Candidate
	for _, a := range accounts {
		all = append(all, lantern.Candidate{Account: a, Link: "same-device", Via: via})
	}
	return all
}

// confirmed makes a ruling of each account.
func confirmed(accounts ...string) []lantern.Ruling {
	var all []lantern.Ruling
	for _, a := range accounts {
		all = append(all, lantern.Ruling{Account: a, Decision: lantern.Confirmed})
	}
	return all
}

// stage is two signals of a host that hit one account each at another company.
type stage struct {
	*agenttest.World
	t            *testing.T
	host, social exchangetest.Company
	seeds        []lantern.ID
	r            *agenttest.Running
	person       agent.Caller
	dir          string
}

func newStage(t *testing.T, through func(*agenttest.World) string) *stage {
	t.Helper()
	w := agenttest.New(t)
	s := &stage{World: w, t: t, host: w.AddCompany("Cloudbin"), social: w.AddCompany("Facegram"), dir: t.TempDir()}
	s.seeds = []lantern.ID{w.MustShare(s.host.Submitter, w.Draft(1)), w.MustShare(s.host.Submitter, w.Draft(2))}
	if through != nil {
		w.URL = through(w)
	}
	s.r = w.Run(t, s.social, s.dir)
	s.person = s.r.Caller(s.social.InvestigatorKey)
	for i := 1; i <= 2; i++ {
		s.r.MatchOne(lantern.Record{Ref: fmt.Sprintf("post-%d", i), Account: fmt.Sprintf("root-%d", i), URLs: []string{w.Draft(i).Value}}, false)
	}
	return s
}

func (s *stage) open(title string) lantern.Case {
	s.t.Helper()
	c, err := s.r.OpenCase(s.t.Context(), s.person, lantern.CaseDraft{Title: title, Program: s.Program.ID, Signals: s.seeds})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *stage) widen(id lantern.ID, via string, accounts ...string) {
	s.t.Helper()
	if _, err := s.r.AddRound(s.t.Context(), s.person, id, stream(nil, candidates(via, accounts...)...)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) confirm(id lantern.ID, accounts ...string) {
	s.t.Helper()
	if _, err := s.r.Rule(s.t.Context(), s.person, id, stream(nil, confirmed(accounts...)...)); err != nil {
		s.t.Fatal(err)
	}
}

var actioned = lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "child safety 4"}

func TestABrokenRoundLeavesNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	c := s.open("case")
	var many []string
	for i := range 2500 {
		many = append(many, fmt.Sprintf("u-%d", i))
	}
	broken := errors.New("the stream broke off")
	if _, err := s.r.AddRound(ctx, s.person, c.ID, stream(broken, candidates("", many...)...)); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	bad := stream(nil, append(candidates("", "a", "b"), lantern.Candidate{Account: "c"})...)
	_, err := s.r.AddRound(ctx, s.person, c.ID, bad)
	var e *lantern.Error
	if !errors.As(err, &e) || e.Field != "/2/link" {
		t.Errorf("a bad line: got %v, want a complaint about /2/link", err)
	}
	if c, err = s.r.Case(ctx, c.ID); err != nil || c.Accounts != 2 || len(c.Rounds) != 1 {
		t.Errorf("got %+v, %v; want nothing of the broken rounds", c, err)
	}
	if _, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, confirmed("u-1")...)); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("ruling on an account of a broken round: got %v, want invalid", err)
	}
	round, err := s.r.AddRound(ctx, s.person, c.ID, stream(nil, candidates("", many...)...))
	if err != nil || round.Number != 1 || round.Added != 2500 || round.Total != 2502 || round.Warning == "" {
		t.Errorf("got %+v, %v; want round 1 with all and a warning", round, err)
	}
}

func TestAnAccountCountsOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	first := s.open("first")
	s.widen(first.ID, "root-1", "a", "b")
	s.confirm(first.ID, "root-1", "a")
	if o, err := s.r.SendOutcome(ctx, s.person, first.ID, actioned); err != nil || o.Count != 2 || !slices.Equal(o.Signals, s.seeds[:1]) {
		t.Errorf("got %+v, %v; want 2 accounts resting on the first signal", o, err)
	}
	second := s.open("second")
	s.widen(second.ID, "root-2", "a", "c")
	s.confirm(second.ID, "a", "c", "root-1", "root-2")
	if o, err := s.r.SendOutcome(ctx, s.person, second.ID, actioned); err != nil || o.Count != 4 || o.Counted != 2 {
		t.Errorf("got %+v, %v; want 4 accounts, 2 of them not counted before", o, err)
	}
	if _, err := s.r.SendOutcome(ctx, s.person, second.ID, actioned); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("the same case again: got %v, want a conflict", err)
	}
	totals, err := s.OutcomeTotals(ctx, s.host.Submitter, s.seeds[1])
	if err != nil || totals.Counts[lantern.AccountsActioned].String() != "<5" {
		t.Errorf("got %+v, %v; want the second signal credited with what it led to", totals, err)
	}
}

// TestALostAnswerCountsNothingTwice loses the exchange's answer to an outcome.
func TestALostAnswerCountsNothingTwice(t *testing.T) {
	t.Parallel()
	var lose atomic.Bool
	s := newStage(t, func(w *agenttest.World) string {
		exchange := w.URL
		return proxy(t, w, func(rw http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/v1/outcomes" || !lose.Load() {
				return false
			}
			req, err := http.NewRequestWithContext(r.Context(), r.Method, exchange+r.URL.Path, r.Body)
			if err != nil {
				t.Error(err)
				return true
			}
			req.Header = r.Header.Clone()
			if res, err := http.DefaultTransport.RoundTrip(req); err != nil {
				t.Error(err)
			} else {
				res.Body.Close()
			}
			panic(http.ErrAbortHandler)
		})
	})
	ctx := t.Context()
	c := s.open("case")
	s.confirm(c.ID, "root-1", "root-2")
	lose.Store(true)
	if _, err := s.r.SendOutcome(ctx, s.person, c.ID, actioned); lantern.KindOf(err) != lantern.Unavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
	lose.Store(false)
	s.r.Stop()
	s.r = s.Run(t, s.social, s.dir)
	o, err := s.r.SendOutcome(ctx, s.r.Caller(s.social.InvestigatorKey), c.ID, actioned)
	if err != nil || o.Count != 2 {
		t.Errorf("got %+v, %v", o, err)
	}
	if all, err := s.Outcomes(ctx, s.social.Investigator, 0, 0); err != nil || len(all) != 1 {
		t.Errorf("the exchange has %d outcomes, %v; want 1", len(all), err)
	}
	if c, err := s.r.Case(ctx, c.ID); err != nil || len(c.Outcomes) != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestAFallenSignalOpensATask(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	c := s.open("case")
	s.widen(c.ID, "root-1", "a", "b")
	s.widen(c.ID, "a", "deep")
	s.widen(c.ID, "root-2", "other")
	s.confirm(c.ID, "root-1", "root-2", "a", "deep", "other")
	sent, err := s.r.SendOutcome(ctx, s.person, c.ID, actioned)
	if err != nil || sent.Count != 5 {
		t.Fatalf("got %+v, %v", sent, err)
	}
	if _, err := s.Withdraw(ctx, s.host.Submitter, s.seeds[0], lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	s.r.Until("a task waits", func(st lantern.AgentStatus) bool { return st.Tasks == 1 })
	tasks, err := s.r.ReviewTasks(ctx)
	if err != nil || len(tasks) != 1 {
		t.Fatalf("got %+v, %v", tasks, err)
	}
	task := tasks[0]
	if !slices.Equal(task.Accounts, []string{"a", "b", "deep", "root-1"}) || !slices.Equal(task.Cases, []lantern.ID{c.ID}) || !slices.Equal(task.Outcomes, []lantern.ID{sent.ID}) {
		t.Errorf("got %+v; want what was linked through root-1", task)
	}
	ruling := lantern.TaskRuling{Result: "reversed", Ground: "child safety 4"}
	for range 2 { // the second time changes nothing
		task, err = s.r.RuleTask(ctx, s.person, task.Correction, ruling)
		if err != nil || task.Result != "reversed" || task.Reviewed.IsZero() {
			t.Errorf("got %+v, %v", task, err)
		}
	}
	all, err := s.Outcomes(ctx, s.social.Investigator, 0, 0)
	i := slices.IndexFunc(all, func(o lantern.Outcome) bool { return o.Kind == lantern.Reversed })
	if err != nil || len(all) != 2 || i < 0 || all[i].Count != 3 || all[i].Corrects != sent.ID {
		t.Errorf("got outcomes %+v, %v; want 3 accounts reversed", all, err)
	}
	if st, err := s.r.Status(ctx); err != nil || st.Tasks != 0 {
		t.Errorf("got %+v, %v; want no task waiting", st, err)
	}
}

func TestDecisions(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hits := s.r.HitsIn("")
	if len(hits) != 2 {
		t.Fatalf("got %d hits, want 2", len(hits))
	}
	if _, err := s.r.DecideHits(ctx, agent.Caller{}, nil); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("with the local token: got %v, want forbidden", err)
	}
	results, err := s.r.DecideHits(ctx, s.person, []lantern.HitRuling{
		{Hit: hits[0].ID, Decision: lantern.NotHere},
		{Hit: 1, Decision: lantern.Confirmed},
		{Hit: hits[1].ID, Decision: lantern.WrongSignal},
		{Hit: hits[1].ID, Decision: lantern.WrongSignal, Reason: lantern.DecisionReason(lantern.BenignShared)},
	})
	if err != nil || len(results) != 4 {
		t.Fatalf("got %+v, %v", results, err)
	}
	var got []string
	for _, r := range results {
		word := fmt.Sprint(r.Recorded)
		if r.Problem != nil {
			word += "-" + string(r.Problem.Kind)
		}
		got = append(got, word)
	}
	if want := "true false-not-found false-invalid true"; strings.Join(got, " ") != want || results[3].Challenge == 0 {
		t.Errorf("got %v, want %s and a challenge", got, want)
	}
	reactions, err := s.Reactions(ctx, s.host.Submitter, hits[0].Match.Signal)
	if err != nil || len(reactions) != 1 || reactions[0].Reaction != lantern.NotViolating {
		t.Errorf("got reactions %+v, %v", reactions, err)
	}
	s.r.Until("the challenged signal stopped matching", func(lantern.AgentStatus) bool {
		return len(s.r.MatchOne(lantern.Record{Ref: "r", URLs: []string{s.Draft(1).Value, s.Draft(2).Value}}, true).Matches) == 1
	})
	if open := s.r.HitsIn(""); len(open) != 0 {
		t.Errorf("got open hits %+v, want none", open)
	}
}
