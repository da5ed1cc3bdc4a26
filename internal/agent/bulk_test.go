package agent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
)

// preview asks what a decision on everything like a hit would be.
func (s *stage) preview(hit lantern.ID, d lantern.HitDecision, why lantern.DecisionReason) lantern.Bulk {
	s.t.Helper()
	b, err := s.r.PreviewBulk(s.t.Context(), s.person, lantern.BulkDraft{Hit: hit, Decision: d, Reason: why})
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

// commit gives a preview back.
func (s *stage) commit(b lantern.Bulk, count int) (lantern.Act, error) {
	s.t.Helper()
	return s.r.CommitBulk(s.t.Context(), s.person, b.ID, lantern.BulkCommit{Digest: b.Digest, Count: count})
}

func (s *stage) lookAtSample(b lantern.Bulk, d lantern.HitDecision) {
	s.t.Helper()
	for _, one := range b.Sample {
		s.decide(one.Hit, d, b.Reason)
	}
}

func conflict(t *testing.T, what string, err error, word string) {
	t.Helper()
	if lantern.KindOf(err) != lantern.Conflict || !strings.Contains(err.Error(), word) {
		t.Errorf("%s: got %v, want a conflict that speaks of %q", what, err, word)
	}
}

func TestBulkOfHits(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hits := s.hits(130, 1)
	signal := hits[0].Match.Signal
	before := dump(t, s.dir)
	b := s.preview(hits[0].ID, lantern.NotHere, lantern.AllowedHere)
	// 130 and the one of the stage: a sample of 12, and 119 to be decided.
	if b.Count != 119 || len(b.Sample) != 12 || b.Ready || b.Evidence.Signal != signal || b.Evidence.How != lantern.HowExact && b.Evidence.How != lantern.HowURLPrefix || b.Seed == "" {
		t.Fatalf("got %+v", b)
	}
	if got := dump(t, s.dir); !slices.Equal(got, before) {
		t.Error("a preview decided something")
	}
	_, err := s.commit(b, 119)
	conflict(t, "before the sample", err, "sample")

	s.lookAtSample(b, lantern.NotHere)
	if b, err = s.r.Bulk(ctx, b.ID); err != nil || !b.Ready {
		t.Fatalf("got %+v, %v; want it ready", b, err)
	}
	if _, err := s.commit(b, 0); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("without the count: got %v, want invalid", err)
	}
	wrong := b
	wrong.Digest = strings.Repeat("0", 64)
	_, err = s.commit(wrong, 119)
	conflict(t, "another digest", err, "digest")
	colleague := s.r.Caller(s.social.SubmitterKey)
	if _, err := s.r.CommitBulk(ctx, colleague, b.ID, lantern.BulkCommit{Digest: b.Digest, Count: 119}); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("another person: got %v, want forbidden", err)
	}
	told := s.reactions(signal) // by the sample, which was decided singly
	looked := dump(t, s.dir)
	act, err := s.commit(b, 119)
	if err != nil || act.Count != 119 || act.Bulk != b.ID || act.Decision != lantern.NotHere || act.Reason != lantern.AllowedHere {
		t.Fatalf("got %+v, %v", act, err)
	}
	if again, err := s.commit(b, 119); err != nil || again.ID != act.ID {
		t.Errorf("committing again: got %+v, %v; want the same act", again, err)
	}
	inBulk := 0
	decided, err := s.r.Hits(ctx, agent.HitFilter{State: lantern.HitDecided, Limit: agent.MaxHits})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range decided {
		if h.Bulk {
			inBulk++
		}
	}
	if open := s.r.HitsIn(""); len(open) != 1 || inBulk != 119 {
		t.Errorf("got %d open, %d decided in bulk; want the other signal's hit, and 119", len(open), inBulk)
	}
	if _, err := s.r.Undo(ctx, s.person, act.ID); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, s.dir); !slices.Equal(got, looked) {
		t.Error("undoing the act did not put back what was")
	}
	if got := s.reactions(signal); !slices.Equal(got, told) {
		t.Errorf("the exchange shows %v, want %v", got, told)
	}
}

// What an act in bulk calls for is told when it cannot be undone any more. Eight accounts
// matched in one thread, each because of another signal.
func TestFeedbackOfABulkWaits(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	of := map[string]lantern.ID{}
	var seeds []lantern.ID
	for i := range 8 {
		account := fmt.Sprintf("t-%d", i)
		of[account] = s.MustShare(s.host.Submitter, s.Draft(10+i))
		seeds = append(seeds, of[account])
	}
	s.Reaches(s.r, s.social)
	for i := range 8 {
		s.r.MatchOne(lantern.Record{Ref: "thread", Account: fmt.Sprintf("t-%d", i), URLs: []string{s.Draft(10 + i).Value}}, false)
	}
	c, err := s.r.OpenCase(ctx, s.person, lantern.CaseDraft{Title: "thread", Program: s.Program.ID, Signals: seeds})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.r.PreviewBulk(ctx, s.person, lantern.BulkDraft{Case: c.ID, Account: "t-0", Decision: lantern.NotHere, Reason: lantern.AllowedHere})
	if err != nil || b.Count != 3 || len(b.Sample) != 5 {
		t.Fatalf("got %+v, %v", b, err)
	}
	waiting, hit := of, s.r.HitsIn("")[0].ID
	for _, one := range b.Sample {
		if _, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, lantern.Ruling{Account: one.Account, Decision: lantern.NotHere, Reason: lantern.AllowedHere})); err != nil {
			t.Fatal(err)
		}
		if got := s.reactions(of[one.Account]); len(got) != 1 {
			t.Errorf("a single decision: the sharer sees %v, want it at once", got)
		}
		delete(waiting, one.Account)
	}
	told := func(what string, want int) {
		t.Helper()
		for _, signal := range waiting {
			if got := s.reactions(signal); len(got) != want {
				t.Errorf("%s: the sharer sees %v, want %d", what, got, want)
			}
		}
	}
	act, err := s.commit(b, 0)
	if err != nil {
		t.Fatal(err)
	}
	told("at once", 0)
	if _, err := s.r.Undo(ctx, s.person, act.ID); err != nil {
		t.Fatal(err)
	}
	s.Clock.Add(lantern.UndoWindow)
	s.decide(hit, lantern.Unsure, "") // a person calls
	told("after it was undone", 0)
	if b, err = s.r.PreviewBulk(ctx, s.person, lantern.BulkDraft{Case: c.ID, Account: "t-0", Decision: lantern.NotHere, Reason: lantern.AllowedHere}); err != nil {
		t.Fatal(err)
	}
	if _, err = s.commit(b, 0); err != nil {
		t.Fatal(err)
	}
	s.Clock.Add(lantern.UndoWindow - time.Minute)
	s.decide(hit, lantern.Unsure, "") // a person calls
	told("a moment before", 0)
	s.Clock.Add(time.Minute)
	s.decide(hit, lantern.Unsure, "") // a person calls
	told("when it stands", 1)
}

func TestBulkIsRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hits := s.hits(20, 1)
	ask := func(d lantern.BulkDraft) error {
		_, err := s.r.PreviewBulk(ctx, s.person, d)
		return err
	}
	lone := slices.IndexFunc(s.r.HitsIn(""), func(h lantern.Hit) bool { return h.Ref == "post-2" })
	for name, c := range map[string]struct {
		draft lantern.BulkDraft
		kind  lantern.Kind
	}{
		"no reason":      {lantern.BulkDraft{Hit: hits[0].ID, Decision: lantern.NotHere}, lantern.Invalid},
		"another's":      {lantern.BulkDraft{Hit: hits[0].ID, Decision: lantern.NotHere, Reason: lantern.Coercion}, lantern.Invalid},
		"a wrong signal": {lantern.BulkDraft{Hit: hits[0].ID, Decision: lantern.WrongSignal, Reason: "not-abusive"}, lantern.Invalid},
		"no such hit":    {lantern.BulkDraft{Hit: 4711, Decision: lantern.Unsure, Reason: lantern.Language}, lantern.NotFound},
		"nothing":        {lantern.BulkDraft{Decision: lantern.Unsure, Reason: lantern.Language}, lantern.Invalid},
		"too few":        {lantern.BulkDraft{Hit: s.r.HitsIn("")[lone].ID, Decision: lantern.Unsure, Reason: lantern.Language}, lantern.Conflict},
	} {
		if err := ask(c.draft); lantern.KindOf(err) != c.kind {
			t.Errorf("%s: got %v, want %s", name, err, c.kind)
		}
	}
	if _, err := s.r.PreviewBulk(ctx, agent.Caller{}, lantern.BulkDraft{}); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("with the local token: got %v", err)
	}

	b := s.preview(hits[0].ID, lantern.NotHere, lantern.NothingFound)
	s.lookAtSample(b, lantern.NotHere)
	// Somebody decides one of those the act would decide: the set is another one.
	rest := slices.IndexFunc(hits, func(h lantern.Hit) bool {
		return !slices.ContainsFunc(b.Sample, func(one lantern.Sampled) bool { return one.Hit == h.ID })
	})
	act := s.decide(hits[rest].ID, lantern.Confirmed, "")
	_, err := s.commit(b, 0)
	conflict(t, "a set that changed", err, "does not wait any more")
	if _, err := s.r.Undo(ctx, s.person, act); err != nil {
		t.Fatal(err)
	}
	// A hit found since is not part of what was previewed, and does no harm.
	s.Clock.Add(lantern.UndoWindow)
	s.r.MatchOne(lantern.Record{Ref: "later", Account: "later", URLs: []string{s.Draft(1).Value}}, false)
	if now, err := s.r.Bulk(ctx, b.ID); err != nil || now.Waiting != 1 || b.Waiting != 0 {
		t.Errorf("got %+v, %v; want that one more waits", now, err)
	}
	for range 2 { // committing again tells the same
		done, err := s.commit(b, 0)
		if err != nil || done.Count != b.Count || done.Waiting != 1 {
			t.Errorf("got %+v, %v; want what was previewed, and that one more waits", done, err)
		}
	}
	if open := s.r.HitsIn(""); !slices.ContainsFunc(open, func(h lantern.Hit) bool { return h.Ref == "later" }) {
		t.Error("a hit found after the preview was decided with it")
	}
	old := s.preview(s.hits(20, 2)[0].ID, lantern.Unsure, lantern.Language)
	s.lookAtSample(old, lantern.Unsure)
	s.Clock.Add(lantern.PreviewLife)
	_, err = s.commit(old, 0)
	conflict(t, "an old preview", err, "too old")
}

// A hit has the time at which it was looked for, and is stored a moment later: what a preview
// showed is not what is older than it.
func TestBulkDecidesWhatWasShown(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	hits := s.hits(20, 1)
	undecided := s.decide(hits[0].ID, lantern.NotHere, lantern.NothingFound) // before the preview
	b := s.preview(hits[1].ID, lantern.NotHere, lantern.NothingFound)
	s.lookAtSample(b, lantern.NotHere)
	late := []string{hits[0].Ref, "at once", "before"}
	if _, err := s.r.Undo(ctx, s.person, undecided); err != nil {
		t.Fatal(err)
	}
	look := func(ref string) {
		s.r.MatchOne(lantern.Record{Ref: ref, Account: ref, URLs: []string{s.Draft(1).Value}}, false)
	}
	look(late[1])
	s.Clock.Add(-time.Minute)
	look(late[2])
	s.Clock.Add(time.Minute)
	if now, err := s.r.Bulk(ctx, b.ID); err != nil || now.Waiting != 3 {
		t.Errorf("got %+v, %v; want that three more wait", now, err)
	}
	if done, err := s.commit(b, 0); err != nil || done.Count != b.Count || done.Waiting != 3 {
		t.Fatalf("got %+v, %v; want what was previewed, and that three more wait", done, err)
	}
	open := s.r.HitsIn("")
	for _, ref := range late {
		if !slices.ContainsFunc(open, func(h lantern.Hit) bool { return h.Ref == ref }) {
			t.Errorf("%s: decided with what was previewed, which it was no part of", ref)
		}
	}
}

func TestBulkOfCandidates(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	c := s.open("case")
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("u-%03d", i))
	}
	s.widen(c.ID, "root-1", many...)
	s.widen(c.ID, "", "alone-1", "alone-2", "alone-3", "alone-4", "alone-5", "alone-6", "alone-7")
	evidence, err := s.r.CaseEvidence(ctx, c.ID)
	if err != nil || len(evidence) != 1 || evidence[0].Accounts != 300 || len(evidence[0].Sample) != 18 || evidence[0].Evidence.Via != "root-1" {
		t.Fatalf("got %+v, %v; want one kind of evidence: who is linked to nothing shares none", evidence, err)
	}
	ask := lantern.BulkDraft{Case: c.ID, Account: "u-000", Decision: lantern.Confirmed, Reason: lantern.LinkedAccount}
	b, err := s.r.PreviewBulk(ctx, s.person, ask)
	if err != nil || b.Count != 282 || !slices.Equal(b.Sample, evidence[0].Sample) || b.Seed != evidence[0].Seed {
		t.Fatalf("got %+v, %v", b, err)
	}
	lone := ask
	lone.Account = "alone-1"
	if _, err := s.r.PreviewBulk(ctx, s.person, lone); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("evidence that names nothing: got %v", err)
	}
	// One of the sample turns out otherwise: nothing is decided in bulk, by neither way.
	for i, one := range b.Sample {
		said := lantern.Ruling{Account: one.Account, Decision: lantern.Confirmed, Reason: lantern.LinkedAccount}
		if i == 7 {
			said.Decision, said.Reason = lantern.NotHere, ""
		}
		if _, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, said)); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.commit(b, 282)
	conflict(t, "a sample of two minds", err, "sample")
	inBulk := func(account string) error {
		_, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, lantern.Ruling{Account: account, Decision: lantern.Confirmed, Reason: lantern.LinkedAccount, Bulk: true}))
		return err
	}
	free := slices.IndexFunc(many, func(a string) bool {
		return !slices.ContainsFunc(b.Sample, func(one lantern.Sampled) bool { return one.Account == a })
	})
	conflict(t, "a stream, a sample of two minds", inBulk(many[free]), "sample")
	s.confirm(c.ID, b.Sample[7].Account)
	conflict(t, "a stream, a sample confirmed for another reason", inBulk(many[free]), "reason")
	if _, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, lantern.Ruling{Account: b.Sample[7].Account, Decision: lantern.Confirmed, Reason: lantern.LinkedAccount})); err != nil {
		t.Fatal(err)
	}
	conflict(t, "a stream, one of the sample", inBulk(b.Sample[0].Account), "one of the sample")
	if err := inBulk("alone-1"); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("a stream, evidence that names nothing: got %v", err)
	}
	if err := inBulk(many[free]); err != nil {
		t.Errorf("a stream, after the sample: got %v", err)
	}
	_, err = s.commit(b, 282)
	conflict(t, "one was decided meanwhile", err, "changed")
	if b, err = s.r.PreviewBulk(ctx, s.person, ask); err != nil || b.Count != 281 || !b.Ready {
		t.Fatalf("previewing again: got %+v, %v; what was looked at stays so", b, err)
	}
	looked := dump(t, s.dir)
	act, err := s.commit(b, 281)
	if err != nil || act.Count != 281 || act.Case != c.ID {
		t.Fatalf("got %+v, %v", act, err)
	}
	if c, err = s.r.Case(ctx, c.ID); err != nil || c.Decided[lantern.Confirmed] != 300 {
		t.Errorf("got %v, %v", c.Decided, err)
	}
	if _, err := s.r.Undo(ctx, s.person, act.ID); err != nil {
		t.Fatal(err)
	}
	if got := dump(t, s.dir); !slices.Equal(got, looked) {
		t.Error("undoing the act did not put back what was")
	}
}

func TestAccountsWithHits(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	urgent := s.Draft(3)
	urgent.Imminent, urgent.Severity = true, lantern.Critical
	grave := s.MustShare(s.host.Submitter, urgent)
	// The same value of another member, and one derived from the first of the host's.
	other := s.AddCompany("Pixelplay")
	s.MustShare(other.Submitter, s.Draft(1))
	derived := s.Draft(4)
	derived.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: s.seeds[1]}}
	s.Drain(other.Service, "")
	s.MustShare(other.Submitter, derived)
	s.Reaches(s.r, s.social)
	look := func(ref, account string, drafts ...int) {
		for _, n := range drafts {
			s.r.MatchOne(lantern.Record{Ref: fmt.Sprintf("%s-%d", ref, n), Account: account, URLs: []string{s.Draft(n).Value}}, false)
		}
	}
	look("again", "root-1", 1)
	look("both", "late", 2, 4)
	look("now", "urgent", 3)
	var got []string
	after := ""
	for {
		page, err := s.r.HitAccounts(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			got = append(got, fmt.Sprintf("%s hits=%d signals=%d sharers=%d imminent=%t", a.Account, a.Hits, a.Signals, a.Sharers, a.Imminent))
			after = a.Account
		}
	}
	want := []string{
		"urgent hits=1 signals=1 sharers=1 imminent=true",
		"root-1 hits=3 signals=2 sharers=2 imminent=false",
		"root-2 hits=1 signals=1 sharers=1 imminent=false",
		"late hits=2 signals=2 sharers=1 imminent=false", // one was derived from the other
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if page, err := s.r.HitAccounts(ctx, "", 1); err != nil || page[0].First.Match.Signal != grave || !page[0].First.Match.RequiresReview {
		t.Errorf("got %+v, %v; want the most urgent hit", page, err)
	}
}
