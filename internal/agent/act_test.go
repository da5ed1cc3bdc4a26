package agent_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/sqldb"
)

// dump reads what an act can change, row by row, so that two states can be compared. The
// rows of acts and the log are left out: those only grow.
func dump(t *testing.T, dir string) []string {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var all []string
	err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
		for _, q := range []string{
			`SELECT 'hit', id, state, decision, reason, person, decided, act, lead_urgency FROM hits ORDER BY id`,
			`SELECT 'candidate', case_id, account, decision, reason, person, decided, act, bulk FROM candidates ORDER BY case_id, account`,
			`SELECT 'reaction', signal, reaction, sent, act, due, back, '', '' FROM reactions ORDER BY signal, reaction`,
			`SELECT 'before', act, hit, '', '', 0, 0, 0, 0 FROM act_hits`,
			`SELECT 'before', act, account, '', '', 0, 0, 0, 0 FROM act_candidates`,
		} {
			rows, err := tx.Query(t.Context(), q)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var c [9]any
				if err := rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7], &c[8]); err != nil {
					return err
				}
				all = append(all, fmt.Sprint(c[:]...))
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// decide takes one decision and returns its act.
func (s *stage) decide(hit lantern.ID, d lantern.HitDecision, why lantern.DecisionReason) lantern.ID {
	s.t.Helper()
	results, err := s.r.DecideHits(s.t.Context(), s.person, []lantern.HitRuling{{Hit: hit, Decision: d, Reason: why}})
	if err != nil || !results[0].Recorded || results[0].Act == 0 {
		s.t.Fatalf("deciding: %+v, %v", results, err)
	}
	return results[0].Act
}

// reactions returns what the exchange shows of a signal.
func (s *stage) reactions(id lantern.ID) (words []lantern.Reaction) {
	s.t.Helper()
	all, err := s.Reactions(s.t.Context(), s.host.Submitter, id)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range all {
		words = append(words, f.Reaction)
	}
	return words
}

// hits makes n accounts hit a signal, one each, and returns their hits.
func (s *stage) hits(n int, draft int) []lantern.Hit {
	s.t.Helper()
	var records []lantern.Record
	for i := range n {
		records = append(records, lantern.Record{Ref: fmt.Sprintf("copy-%d-%d", draft, i), Account: fmt.Sprintf("c-%d-%d", draft, i), URLs: []string{s.Draft(draft).Value}})
	}
	if _, err := s.r.Match(s.t.Context(), records, agent.MatchOptions{}); err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(s.r.HitsIn(""), func(h lantern.Hit) bool { return !strings.HasPrefix(h.Ref, "copy-") })
}

func TestUndoPutsBackExactlyWhatWas(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hit := s.r.HitsIn("")[0]
	start := dump(t, s.dir)

	first := s.decide(hit.ID, lantern.NotHere, lantern.NothingFound)
	if got := s.reactions(hit.Match.Signal); !slices.Equal(got, []lantern.Reaction{lantern.NotViolating}) {
		t.Errorf("after the decision: got %v; a single one is told at once", got)
	}
	decided := dump(t, s.dir)
	s.Clock.Add(time.Minute)
	second := s.decide(hit.ID, lantern.Confirmed, lantern.AbuseMaterial)
	if _, err := s.r.Undo(ctx, s.person, first); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("under a later act: got %v, want a conflict", err)
	}
	for range 2 { // the second time changes nothing
		if act, err := s.r.Undo(ctx, s.person, second); err != nil || act.Undone.IsZero() || act.UndoneBy != s.person.Person || act.Count != 1 {
			t.Errorf("got %+v, %v", act, err)
		}
	}
	if got := dump(t, s.dir); !slices.Equal(got, decided) {
		t.Errorf("after undoing the second:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(decided, "\n"))
	}
	if _, err := s.r.Undo(ctx, s.person, first); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, s.dir); !slices.Equal(got, start) {
		t.Errorf("after undoing both:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(start, "\n"))
	}
	if got := s.reactions(hit.Match.Signal); len(got) != 0 {
		t.Errorf("the exchange still shows %v", got)
	}
	acts, err := s.r.Acts(ctx)
	if err != nil || len(acts) != 2 || acts[0].ID != second || acts[0].Undone.IsZero() {
		t.Errorf("got acts %+v, %v; both stay, and that they were undone", acts, err)
	}
	if _, err := s.r.VerifyOwnLog(ctx); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeUndone(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hits := s.r.HitsIn("")
	undo := func(act lantern.ID) error {
		_, err := s.r.Undo(ctx, s.person, act)
		return err
	}
	if err := undo(4711); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("no such act: got %v", err)
	}
	late := s.decide(hits[0].ID, lantern.Unsure, lantern.TooLittle)
	if _, err := s.r.Undo(ctx, agent.Caller{}, late); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("with the local token: got %v", err)
	}
	s.Clock.Add(lantern.UndoWindow)
	if err := undo(late); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("after the window: got %v", err)
	}
	act := s.decide(hits[0].ID, lantern.Confirmed, "")
	c := s.open("case")
	counted, err := s.r.SendOutcome(ctx, s.person, c.ID, actioned)
	if err != nil || counted.Count != 1 {
		t.Fatalf("got %+v, %v", counted, err)
	}
	if err := undo(act); lantern.KindOf(err) != lantern.Conflict || !strings.Contains(err.Error(), "counted 1") {
		t.Errorf("counted by an outcome: got %v", err)
	}
	challenged := s.decide(hits[1].ID, lantern.WrongSignal, lantern.DecisionReason(lantern.NotAbusive))
	if err := undo(challenged); lantern.KindOf(err) != lantern.Conflict || !strings.Contains(err.Error(), "challenge") {
		t.Errorf("a challenge: got %v", err)
	}
}

// A case takes the decisions of its seeds' hits along; undoing one takes it out there too.
func TestUndoReachesTheCase(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	act := s.decide(s.r.HitsIn("")[0].ID, lantern.Confirmed, lantern.AbuseMaterial)
	c := s.open("case")
	if c.Decided[lantern.Confirmed] != 1 {
		t.Fatalf("got %+v", c)
	}
	if _, err := s.r.Undo(ctx, s.person, act); err != nil {
		t.Fatal(err)
	}
	if c, err := s.r.Case(ctx, c.ID); err != nil || len(c.Decided) != 0 {
		t.Errorf("got %v, %v; want no decision left", c.Decided, err)
	}
	// And a ruling on the case's candidates takes back what it did to their hits.
	before := dump(t, s.dir)
	s.confirm(c.ID, "root-1", "root-2")
	acts, err := s.r.Acts(ctx)
	if err != nil || acts[0].Count != 2 || acts[0].Case != c.ID {
		t.Fatalf("got %+v, %v", acts, err)
	}
	if _, err := s.r.Undo(ctx, s.person, acts[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, s.dir); !slices.Equal(got, before) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(before, "\n"))
	}
}

// A hit whose signal was suspended after it was decided comes back held, so that nobody
// sees it; when the signal falls, it is void.
func TestUndoOfAHitThatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hit := s.r.HitsIn("")[0]
	act := s.decide(hit.ID, lantern.Unsure, "")
	if _, err := s.OpenChallenge(ctx, s.social.Investigator, lantern.Challenge{Signal: hit.Match.Signal, Reason: lantern.NotAbusive}); err != nil {
		t.Fatal(err)
	}
	s.r.Until("it is masked", func(lantern.AgentStatus) bool {
		h, err := s.r.Hit(ctx, hit.ID)
		return err == nil && len(s.r.MatchOne(lantern.Record{Ref: "r", URLs: []string{s.Draft(1).Value, s.Draft(2).Value}}, true).Matches) == 1 && h.State == lantern.HitDecided
	})
	if _, err := s.r.Undo(ctx, s.person, act); err != nil {
		t.Fatal(err)
	}
	if _, err := s.r.Hit(ctx, hit.ID); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("got %v; a hit of a suspended signal must not be seen", err)
	}
	if open := s.r.HitsIn(""); len(open) != 1 {
		t.Errorf("got open hits %+v, want the other signal's only", open)
	}
}

// What was before is kept no longer than it is needed.
func TestWhatWasIsForgotten(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.decide(s.r.HitsIn("")[0].ID, lantern.Unsure, "")
	held := func() int {
		n := 0
		for _, line := range dump(t, s.dir) {
			if strings.HasPrefix(line, "before") {
				n++
			}
		}
		return n
	}
	if held() != 1 {
		t.Fatalf("got %d rows of what was before, want 1", held())
	}
	s.preview(s.hits(20, 2)[0].ID, lantern.Unsure, lantern.Language)
	if got := counts(t, s.dir); !slices.Contains(got, "bulks 1") {
		t.Fatalf("got %v, want a preview", got)
	}
	s.r.Stop()
	s.Clock.Add(lantern.PreviewLife + lantern.ProposalLife + time.Second)
	a, err := agent.New(t.Context(), s.AgentConfig(t, s.social, s.dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if held() != 0 {
		t.Errorf("%d rows of what was before are left", held())
	}
	if got := counts(t, s.dir); !slices.Contains(got, "bulks 0") {
		t.Errorf("got %v, want no preview left", got)
	}
}
