package agent_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/sqldb"
)

// flaky is randomness that fails after some reads. Every act draws ids before its
// transaction and salts in it, for the log: so it can be cut off at each step.
type flaky struct{ left atomic.Int64 }

var errCut = errors.New("cut off")

func (f *flaky) Read(b []byte) (int, error) {
	if f.left.Add(-1) < 0 {
		return 0, errCut
	}
	return rand.Read(b)
}

// counts returns how many rows each table has that acts add to.
func counts(t *testing.T, dir string) (all []string) {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+filepath.Join(dir, "agent.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Read(t.Context(), func(tx *sqldb.Tx) error {
		for _, table := range []string{"acts", "bulks", "cases", "rounds", "case_texts", "case_events", "proposals", "outcomes", "counted", "log_leaves"} {
			var n string
			if err := tx.QueryRow(t.Context(), `SELECT COUNT(*) FROM `+table).Scan(&n); err != nil {
				return err
			}
			all = append(all, table+" "+n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestAnActIsAllOrNothing cuts every act off at each of its steps: as after a kill, nothing
// of it may be there until all of it is.
func TestAnActIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := strict(t)
	ctx := t.Context()
	second, key := s.colleagueKey()
	hits := s.hits(130, 1)
	s.r.Stop()
	c := s.AgentConfig(t, s.social, s.dir)
	random := &flaky{}
	random.left.Store(1 << 40)
	c.Random = random
	a, err := agent.New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	me, err := a.Authenticate(ctx, s.social.InvestigatorKey)
	if err != nil {
		t.Fatal(err)
	}

	other, err := a.Authenticate(ctx, key)
	if err != nil {
		t.Fatal(err)
	}

	var act lantern.ID
	var k lantern.Case
	var b lantern.Bulk
	var p lantern.Proposal
	first := true // whether the hits of the sample are still to be decided
	steps := []struct {
		what string
		do   func() error
	}{
		{"a decision", func() error {
			results, err := a.DecideHits(ctx, me, []lantern.HitRuling{{Hit: hits[0].ID, Decision: lantern.Escalate, Reason: lantern.ToLegal}})
			if err == nil {
				act = results[0].Act
			}
			return err
		}},
		{"its undo", func() error { _, err := a.Undo(ctx, me, act); return err }},
		{"a preview", func() (err error) {
			b, err = a.PreviewBulk(ctx, me, lantern.BulkDraft{Hit: hits[0].ID, Decision: lantern.Unsure, Reason: lantern.Language})
			return err
		}},
		{"its proposal", func() (err error) {
			if first {
				first = false
				left := random.left.Swap(1 << 40)
				for _, one := range b.Sample {
					if _, err := a.DecideHits(ctx, me, []lantern.HitRuling{{Hit: one.Hit, Decision: lantern.Unsure, Reason: lantern.Language}}); err != nil {
						t.Fatal(err)
					}
				}
				random.left.Store(left)
				return errCut // begins anew, with what is there by now
			}
			p, err = a.Propose(ctx, me, lantern.ProposalDraft{Bulk: b.ID})
			return err
		}},
		{"its approval", func() error {
			_, err := a.AnswerProposal(ctx, other, p.ID, lantern.ProposalAnswer{Approve: true, Digest: p.Digest})
			return err
		}},
		{"its commit", func() error {
			_, err := a.CommitBulk(ctx, me, b.ID, lantern.BulkCommit{Digest: b.Digest, Count: b.Count})
			return err
		}},
		{"a case", func() (err error) {
			k, err = a.OpenCase(ctx, me, lantern.CaseDraft{Title: "case", Program: s.Program.ID, Signals: s.seeds})
			return err
		}},
		{"rulings", func() error {
			_, err := a.Rule(ctx, me, k.ID, stream(nil, confirmed("root-2")...))
			return err
		}},
		{"a note", func() error { _, err := a.AddNote(ctx, me, k.ID, lantern.CaseNote{Text: "note"}); return err }},
		{"an outcome's proposal", func() error {
			_, err := a.Propose(ctx, me, lantern.ProposalDraft{Case: k.ID, Outcome: &actioned})
			return err
		}},
		{"an owner", func() error { _, err := a.OwnCase(ctx, me, k.ID, lantern.CaseOwner{Person: second}); return err }},
	}
	for _, step := range steps {
		cutOff(t, s.dir, random, step.what, step.do, &first)
	}
	if _, err := a.VerifyOwnLog(ctx); err != nil {
		t.Error(err)
	}
}

// cutOff does something with ever more steps until it succeeds. An attempt that turned first
// over did something else, and counts for nothing.
func cutOff(t *testing.T, dir string, random *flaky, what string, do func() error, first *bool) {
	t.Helper()
	cuts := 0
	for n := int64(0); ; n++ {
		rows, added := dump(t, dir), counts(t, dir)
		sample := *first
		random.left.Store(n)
		err := do()
		random.left.Store(1 << 40)
		if err == nil {
			if slices.Equal(added, counts(t, dir)) {
				t.Errorf("%s: it succeeded and added nothing", what)
			}
			break
		}
		if !errors.Is(err, errCut) {
			t.Fatalf("%s: %v", what, err)
		}
		if sample != *first {
			continue
		}
		cuts++
		if got := dump(t, dir); !slices.Equal(got, rows) {
			t.Errorf("%s, cut off at step %d: got rows\n%s\nwant\n%s", what, n, strings.Join(got, "\n"), strings.Join(rows, "\n"))
		}
		if got := counts(t, dir); !slices.Equal(got, added) {
			t.Errorf("%s, cut off at step %d: got %v, want %v", what, n, got, added)
		}
	}
	if cuts == 0 {
		t.Errorf("%s was never cut off", what)
	}
}
