package agent_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// colleague makes another person of the company who may do what the first one may.
func (s *stage) colleague() (lantern.ID, agent.Caller) {
	s.t.Helper()
	id, key := s.colleagueKey()
	return id, s.r.Caller(key)
}

func (s *stage) colleagueKey() (lantern.ID, string) {
	s.t.Helper()
	ctx := s.t.Context()
	p, err := s.CreatePerson(ctx, s.Steward, lantern.Person{Member: s.social.ID, Label: "colleague", Roles: []lantern.PersonRole{lantern.Investigator, lantern.Submitter}})
	if err == nil {
		_, err = s.TrainPerson(ctx, s.Steward, p.ID, s.Clock.Now().AddDate(0, 11, 0))
	}
	var k lantern.Key
	if err == nil {
		k, err = s.IssueKey(ctx, s.Steward, lantern.Key{Actor: p.ID, Expires: s.Clock.Now().AddDate(0, 11, 0),
			Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return p.ID, k.Secret
}

// strict has the program ask for four eyes from the beginning.
func strict(t *testing.T) *stage {
	t.Helper()
	return newStage(t, func(w *agenttest.World) string {
		p := w.Program.Policy
		p.FourEyes = true
		if _, err := w.SetPolicy(t.Context(), w.Steward, w.Program.ID, p); err != nil {
			t.Fatal(err)
		}
		return w.URL
	})
}

// events writes a case's timeline in words.
func (s *stage) events(id lantern.ID) (words []string) {
	s.t.Helper()
	after := 0
	for {
		page, err := s.r.Timeline(s.t.Context(), id, after, 3)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(page) == 0 {
			return words
		}
		for _, e := range page {
			if after++; e.Number != after {
				s.t.Errorf("event %d comes after %d", e.Number, after-1)
			}
			words = append(words, strings.TrimSpace(fmt.Sprintf("%s %d %s", e.Kind, e.Count, e.Word)))
		}
	}
}

func TestFourEyes(t *testing.T) {
	t.Parallel()
	s := strict(t)
	ctx := t.Context()
	second, colleague := s.colleague()
	c := s.open("case")
	if !c.FourEyes {
		t.Fatalf("got %+v; want that the program's wish shows", c)
	}
	s.confirm(c.ID, "root-1", "root-2")
	if _, err := s.r.SendOutcome(ctx, s.person, c.ID, actioned); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("alone: got %v, want forbidden", err)
	}
	if _, err := s.r.Propose(ctx, s.person, lantern.ProposalDraft{Case: c.ID, Outcome: &lantern.CaseOutcome{Kind: lantern.ReviewedNoViolation, Ground: "g"}}); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("what needs nobody else: got %v, want a conflict", err)
	}
	propose := func() lantern.Proposal {
		t.Helper()
		p, err := s.r.Propose(ctx, s.person, lantern.ProposalDraft{Case: c.ID, Outcome: &actioned})
		if err != nil || p.State != lantern.ProposalWaits || p.Count != 2 || p.Singly != 2 || p.Digest == "" {
			t.Fatalf("got %+v, %v", p, err)
		}
		return p
	}
	answer := func(who agent.Caller, p lantern.Proposal, yes bool) error {
		_, err := s.r.AnswerProposal(ctx, who, p.ID, lantern.ProposalAnswer{Approve: yes, Digest: p.Digest})
		return err
	}
	p := propose()
	if _, err := s.r.Propose(ctx, s.person, lantern.ProposalDraft{Case: c.ID, Outcome: &actioned}); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("twice: got %v", err)
	}
	if err := answer(s.person, p, true); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("by the proposer: got %v", err)
	}
	unseen := p
	unseen.Digest = strings.Repeat("0", 64)
	if err := answer(colleague, unseen, true); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("of something else: got %v", err)
	}
	if _, err := s.r.SendOutcome(ctx, s.person, c.ID, actioned); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("while it waits: got %v", err)
	}
	if _, err := s.r.SetCaseState(ctx, s.person, c.ID, lantern.CaseState{Close: lantern.CaseDone}); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("closing over it: got %v", err)
	}
	if err := answer(colleague, p, false); err != nil {
		t.Fatal(err)
	}
	p = propose() // declined, its accounts are free again
	s.Clock.Add(lantern.ProposalLife + time.Second)
	if err := answer(colleague, p, true); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("too late: got %v", err)
	}
	p = propose()
	if err := answer(colleague, p, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.r.SendOutcome(ctx, colleague, c.ID, actioned); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("sent by the second: got %v; whoever reviewed attests", err)
	}
	sent, err := s.r.SendOutcome(ctx, s.person, c.ID, actioned)
	if err != nil || sent.Count != 2 || sent.Attestation.Second != second || sent.Attestation.Digest != p.Digest {
		t.Errorf("got %+v, %v; want what was approved, and who did", sent, err)
	}
	all, err := s.r.Proposals(ctx, "")
	var states []lantern.ProposalState
	for _, p := range all {
		states = append(states, p.State)
	}
	if err != nil || !slices.Equal(states, []lantern.ProposalState{lantern.ProposalDeclined, lantern.ProposalLapsed, lantern.ProposalDone}) || all[2].Second != second {
		t.Errorf("got %+v, %v", all, err)
	}
	want := []string{"opened 2", "ruled 2 confirmed", "proposed 2 accounts-actioned", "declined 2 accounts-actioned", "proposed 2 accounts-actioned",
		"lapsed 2 accounts-actioned", "proposed 2 accounts-actioned", "approved 2 accounts-actioned", "outcome 2 accounts-actioned"}
	if got := s.events(c.ID); !slices.Equal(got, want) {
		t.Errorf("got timeline\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestFourEyesOnABulk(t *testing.T) {
	t.Parallel()
	s := strict(t)
	ctx := t.Context()
	_, colleague := s.colleague()
	hits := s.hits(130, 1)
	b := s.preview(hits[0].ID, lantern.NotHere, lantern.NothingFound)
	if !b.FourEyes || b.Count <= lantern.TypedCount {
		t.Fatalf("got %+v", b)
	}
	draft := lantern.ProposalDraft{Bulk: b.ID}
	_, err := s.r.Propose(ctx, s.person, draft)
	conflict(t, "before the sample", err, "sample")
	s.lookAtSample(b, lantern.NotHere)
	if _, err := s.commit(b, b.Count); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("alone: got %v", err)
	}
	p, err := s.r.Propose(ctx, s.person, draft)
	if err != nil || p.Count != b.Count || p.Digest != b.Digest {
		t.Fatalf("got %+v, %v", p, err)
	}
	if _, err := s.r.AnswerProposal(ctx, colleague, p.ID, lantern.ProposalAnswer{Approve: true, Digest: p.Digest}); err != nil {
		t.Fatal(err)
	}
	if act, err := s.commit(b, b.Count); err != nil || act.Count != b.Count {
		t.Errorf("got %+v, %v", act, err)
	}
}

func TestCasework(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	other, colleague := s.colleague()
	c := s.open("case")
	if c.Owner != s.person.Person {
		t.Errorf("got owner %s, want who opened it", c.Owner)
	}
	if _, err := s.r.OwnCase(ctx, colleague, c.ID, lantern.CaseOwner{Person: s.social.Submitter.Person}); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("handing on somebody else's case: got %v", err)
	}
	if got, err := s.r.OwnCase(ctx, s.person, c.ID, lantern.CaseOwner{Person: other}); err != nil || got.Owner != other {
		t.Errorf("handing on: got %+v, %v", got, err)
	}
	if got, err := s.r.OwnCase(ctx, s.person, c.ID, lantern.CaseOwner{}); err != nil || got.Owner != s.person.Person {
		t.Errorf("taking over: got %+v, %v", got, err)
	}

	const written = "velvet tamarind: the link list moved to another host"
	note, err := s.r.AddNote(ctx, s.person, c.ID, lantern.CaseNote{Text: written})
	if err != nil || note.ID == 0 {
		t.Fatalf("got %+v, %v", note, err)
	}
	for _, bad := range []string{"", "she is 13", "write to kid@example.com", "call 555-0123-4567", "goes to the same school", strings.Repeat("QUJDREVGR0hJSktM", 8), strings.Repeat("x ", 1001)} {
		if _, err := s.r.AddNote(ctx, s.person, c.ID, lantern.CaseNote{Text: bad}); lantern.KindOf(err) != lantern.Invalid || !strings.Contains(err.Error(), "/text") || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("a note that may not be kept: got %v", err)
		}
		if _, err := s.r.AddTask(ctx, s.person, c.ID, lantern.CaseTask{Text: bad}); lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("a task that may not be kept: got %v", err)
		}
	}
	task, err := s.r.AddTask(ctx, s.person, c.ID, lantern.CaseTask{Text: "ask the host for its log", Due: s.Clock.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.r.Notes(ctx, agent.Caller{}, c.ID); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("notes with the local token: got %v", err)
	}
	if notes, err := s.r.Notes(ctx, colleague, c.ID); err != nil || len(notes) != 1 || notes[0].Text != written || notes[0].Person != s.person.Person {
		t.Errorf("got %+v, %v", notes, err)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "agent.db*"))
	if err != nil || len(files) == 0 {
		t.Fatal("no database was found", err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("velvet tamarind")) {
			t.Errorf("%s holds a note in the clear", filepath.Base(name))
		}
	}

	closing := lantern.CaseState{Close: lantern.CaseDone}
	_, err = s.r.SetCaseState(ctx, s.person, c.ID, closing)
	conflict(t, "closing over a task", err, "tasks not done 1")
	for range 2 { // the second time changes nothing
		if done, err := s.r.FinishTask(ctx, colleague, c.ID, task.ID); err != nil || done.DoneBy != other || done.Text != task.Text {
			t.Errorf("got %+v, %v", done, err)
		}
	}
	if _, err := s.r.FinishTask(ctx, colleague, c.ID, note.ID); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("a note is no task: got %v", err)
	}
	for range 2 {
		if got, err := s.r.SetCaseState(ctx, s.person, c.ID, closing); err != nil || got.Closed.IsZero() || got.Ended != lantern.CaseDone {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	closed := map[string]error{}
	_, closed["a round"] = s.r.AddRound(ctx, s.person, c.ID, stream(nil, candidates("root-1", "a")...))
	_, closed["a ruling"] = s.r.Rule(ctx, s.person, c.ID, stream(nil, confirmed("root-1")...))
	_, closed["an outcome"] = s.r.SendOutcome(ctx, s.person, c.ID, actioned)
	_, closed["a note"] = s.r.AddNote(ctx, s.person, c.ID, lantern.CaseNote{Text: "more"})
	_, closed["a preview"] = s.r.PreviewBulk(ctx, s.person, lantern.BulkDraft{Case: c.ID, Account: "root-1", Decision: lantern.Unsure, Reason: lantern.Language})
	closed["sharing"] = s.r.ShareBack(ctx, s.person, c.ID, "", stream[lantern.Draft](nil), nil)
	for what, err := range closed {
		conflict(t, what+" in a closed case", err, "closed")
	}
	if got, err := s.r.SetCaseState(ctx, s.person, c.ID, lantern.CaseState{Reopen: lantern.NewEvidence}); err != nil || !got.Closed.IsZero() || got.Ended != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	s.widen(c.ID, "root-1", "a")
	if _, err := s.Withdraw(ctx, s.host.Submitter, s.seeds[0], lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	s.r.Until("a task waits", func(st lantern.AgentStatus) bool { return st.Tasks == 1 })
	want := []string{"opened 2", "owner 0", "owner 0", "note 0", "task 0", "task-done 0", "closed 0 done", "reopened 0 new-evidence", "round 1", "corrected 0 withdrawn"}
	if got := s.events(c.ID); !slices.Equal(got, want) {
		t.Errorf("got timeline\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if _, err := s.r.VerifyOwnLog(ctx); err != nil {
		t.Error(err)
	}
}

// What names a person is shared back only if a person reviewed it, and confirmed a hit it
// comes from.
func TestShareBackOfPersons(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	_, both := s.colleague()
	c := s.open("case")
	s.confirm(c.ID, "root-1")
	mail := lantern.Draft{Type: "email", Value: "night.owl@example.com", Tags: []lantern.Tag{"csam"}, Basis: lantern.Basis{Policy: "child safety 4", ReviewedBy: lantern.ByHuman}}
	theirs := mail
	theirs.Programs = []lantern.ID{s.Program.ID}
	s.MustShare(s.host.Submitter, theirs)
	s.Reaches(s.r, s.social)
	s.r.MatchOne(lantern.Record{Ref: "mail-1", Account: "m-1", Text: mail.Value}, false)
	open := s.r.HitsIn("")
	hit := open[slices.IndexFunc(open, func(h lantern.Hit) bool { return h.Ref == "mail-1" })].ID
	refused := func(what string, d lantern.Draft, pointer string) {
		t.Helper()
		p, err := s.r.PreviewShare(ctx, both, c.ID, stream(nil, d))
		if err != nil || (pointer == "") != (p.Items[0].Problem == nil) || pointer != "" && p.Items[0].Problem.Pointer != pointer {
			t.Errorf("%s: got %+v, %v; want a complaint at %q", what, p.Items, err, pointer)
		}
	}
	refused("an open hit", mail, "/value")
	alias := mail
	alias.Value = "night.owl+x@example.com"
	refused("an alias of it", alias, "/value")
	s.decide(hit, lantern.Unsure, "")
	refused("an unsure hit", mail, "/value")
	s.decide(hit, lantern.Confirmed, "")
	refused("a confirmed hit", mail, "")
	mail.Value = "other@example.com"
	refused("no hit", mail, "")
	mail.Basis.ReviewedBy = lantern.ByMachine
	refused("reviewed by a machine", mail, "/basis/reviewed_by")
}

func TestSharePreview(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ctx := t.Context()
	_, both := s.colleague()
	c := s.open("case")
	s.confirm(c.ID, "root-1")
	basis := lantern.Basis{Policy: "child safety 4", ReviewedBy: lantern.ByHuman}
	link := lantern.Draft{Type: "url", Value: "HTTPS://files.example.com:443/found/1?utm_source=x#top", Tags: []lantern.Tag{"csam"}, Basis: basis}
	with := func(change func(*lantern.Draft)) lantern.Draft {
		d := link
		change(&d)
		return d
	}
	drafts := []lantern.Draft{
		link,
		with(func(d *lantern.Draft) { d.SuspectedMinor = true }),
		with(func(d *lantern.Draft) { d.Note = "she is 13" }),
		with(func(d *lantern.Draft) { d.Basis.Action = "told her mother" }),
		with(func(d *lantern.Draft) { d.Role = "victim" }),
		with(func(d *lantern.Draft) { d.Type, d.Value = "username", "facegram.test/root-2" }), // nobody confirmed
		with(func(d *lantern.Draft) { d.Type, d.Value = "phrase", strings.Repeat("they wrote and then i wrote ", 40) }),
		with(func(d *lantern.Draft) { d.Value = "data:image/png;base64,iVBORw0KGgo=" }),
		with(func(d *lantern.Draft) { d.Tags = []lantern.Tag{"unheard-of"} }),
		with(func(d *lantern.Draft) { d.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: 4711}} }),
		with(func(d *lantern.Draft) { d.Expires = s.Clock.Now().AddDate(30, 0, 0) }),
	}
	pointers := []string{"", "/suspected_minor", "/note", "/basis/action", "/subject_role", "/value", "/value", "/value", "/tags/0", "/links/0/signal", "/expires"}
	p, err := s.r.PreviewShare(ctx, both, c.ID, stream(nil, drafts...))
	if err != nil || len(p.Items) != len(drafts) || p.Receiving != 1 || p.Refused != len(drafts)-1 || p.Members != 1 || p.Name != s.Program.Name || p.Digest == "" {
		t.Fatalf("got %+v, %v", p, err)
	}
	for i, v := range p.Items[1:] {
		if v.Receives != nil || v.Problem == nil || v.Problem.Pointer != pointers[i+1] {
			t.Errorf("draft %d: got %+v, want a complaint at %s", i+1, v.Problem, pointers[i+1])
		}
	}
	got := p.Items[0].Receives
	if got == nil || got.Value != "https://files.example.com/found/1" || got.Expires.IsZero() || got.Handling != lantern.AmberStrict || len(got.Links) != 2 || !slices.Equal(got.Programs, []lantern.ID{s.Program.ID}) {
		t.Fatalf("the program would receive %+v", got)
	}

	share := func(digest string, drafts ...lantern.Draft) (results []lantern.ShareResult, err error) {
		err = s.r.ShareBack(ctx, both, c.ID, digest, stream(nil, drafts...), func(r lantern.ShareResult) error {
			results = append(results, r)
			return nil
		})
		return results, err
	}
	again, err := s.r.PreviewShare(ctx, both, c.ID, stream(nil, drafts...))
	if err != nil || again.Digest != p.Digest {
		t.Errorf("previewing again: got %s, %v; want the same digest", again.Digest, err)
	}
	_, err = share(p.Digest, drafts[1:]...)
	conflict(t, "other drafts", err, "changed")
	results, err := share(p.Digest, drafts...)
	if err != nil || len(results) != len(drafts) || results[0].Status != lantern.Created || slices.ContainsFunc(results[1:], func(r lantern.ShareResult) bool { return r.Status != lantern.Refused }) {
		t.Fatalf("got %+v, %v", results, err)
	}
	arrived, err := s.Signal(ctx, s.host.Submitter, results[0].Signal)
	if err != nil || arrived.Value != got.Value || arrived.Note != got.Note || !slices.Equal(arrived.Tags, got.Tags) || len(arrived.Links) != len(got.Links) ||
		arrived.Handling != got.Handling || arrived.Expires.Sub(got.Expires).Abs() > time.Minute {
		t.Errorf("arrived %+v, %v; previewed %+v", arrived, err, got)
	}

	// Somebody joins: what was previewed for one reader is not shared to two.
	p, err = s.r.PreviewShare(ctx, both, c.ID, stream(nil, link))
	if err != nil {
		t.Fatal(err)
	}
	s.AddCompany("Pixelplay")
	_, err = share(p.Digest, link)
	conflict(t, "another audience", err, "who could see them")
	s.newPolicy()
	if p, err = s.r.PreviewShare(ctx, both, c.ID, stream(nil, link)); err != nil || p.Members != 2 || p.Policy != 2 {
		t.Errorf("got %+v, %v", p, err)
	}
}

// newPolicy raises the version of the program's policy.
func (s *stage) newPolicy() {
	s.t.Helper()
	if _, err := s.SetPolicy(s.t.Context(), s.Steward, s.Program.ID, s.Program.Policy); err != nil {
		s.t.Fatal(err)
	}
}
