package match_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
	face "lantern/internal/face/match"
	"lantern/internal/openapi/openapitest"
)

// desk is an agent behind its face, with a client for a person.
type desk struct {
	*agenttest.Running
	person *client.Agent
	token  *client.Agent
	second *client.Agent // of another person
	url    string
	key    string // the person's
	watch  *openapitest.Watch
}

func serve(t *testing.T, w *agenttest.World, r *agenttest.Running, c exchangetest.Company, dir string) *desk {
	t.Helper()
	srv := httptest.NewServer(face.Handler(r.Agent, nil))
	t.Cleanup(srv.Close)
	doc, err := face.Document()
	d := &desk{Running: r, url: srv.URL, watch: &openapitest.Watch{T: t, Spec: openapitest.Load(t, doc, err),
		Live: map[string]bool{"/v1/hits/follow": true, "/v1/pieces": true}}}
	open := func(credential string) *client.Agent {
		return client.NewAgent(srv.URL, credential, client.Options{Retries: -1, Transport: d.watch})
	}
	d.key = investigator(t, w, c, "reviewer-1")
	d.person, d.second, d.token = open(d.key), open(investigator(t, w, c, "reviewer-2")), open(localToken(t, dir))
	return d
}

// open fetches what needs no credential.
func (d *desk) open(t *testing.T, path string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := d.watch.RoundTrip(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %v, %v", path, res, err)
	}
	res.Body.Close()
}

// investigator makes a person who investigates and submits, and returns a key.
func investigator(t *testing.T, w *agenttest.World, c exchangetest.Company, label string) string {
	t.Helper()
	p, err := w.CreatePerson(t.Context(), w.Steward, lantern.Person{Member: c.ID, Label: label, Roles: []lantern.PersonRole{lantern.Investigator, lantern.Submitter}})
	if err == nil {
		_, err = w.TrainPerson(t.Context(), w.Steward, p.ID, w.Clock.Now().AddDate(0, 11, 0))
	}
	var k lantern.Key
	if err == nil {
		k, err = w.IssueKey(t.Context(), w.Steward, lantern.Key{Actor: p.ID, Expires: w.Clock.Now().AddDate(0, 11, 0),
			Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return k.Secret
}

func accounts(from, n int, link string, via func(i int) string) iter.Seq[lantern.Candidate] {
	return func(yield func(lantern.Candidate) bool) {
		for i := range n {
			if !yield(lantern.Candidate{Account: fmt.Sprintf("u-%05d", from+i), Link: link, Via: via(i)}) {
				return
			}
		}
	}
}

func TestTheURLStory(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	d := serve(t, w, r, social, dir)
	ctx := t.Context()
	var seeds []lantern.ID
	for i := range 40 {
		seeds = append(seeds, w.MustShare(host.Submitter, w.Draft(i)))
	}
	w.Reaches(r, social)

	// 300 accounts posted 37 of the URLs; a stream answers in order.
	records := func(yield func(lantern.Record) bool) {
		for i := range 600 {
			rec := lantern.Record{Ref: fmt.Sprintf("post-%d", i), Account: fmt.Sprintf("u-%05d", i%300), URLs: []string{w.Draft(i % 37).Value}}
			if !yield(rec) {
				return
			}
		}
	}
	n, found := 0, 0
	err := d.token.MatchStream(ctx, client.Lines(iter.Seq[lantern.Record](records)), false, func(a lantern.Answer) error {
		if a.Ref != fmt.Sprintf("post-%d", n) || a.State != lantern.AnswerOK {
			t.Errorf("answer %d: got ref %s, state %s", n, a.Ref, a.State)
		}
		n, found = n+1, found+len(a.Matches)
		return nil
	})
	if err != nil || n != 600 || found != 600 {
		t.Fatalf("got %d answers, %d matches, %v; want 600, 600", n, found, err)
	}

	k, err := d.person.OpenCase(ctx, lantern.CaseDraft{Title: "campaign", Program: w.Program.ID, Signals: seeds})
	if err != nil || k.Accounts != 300 || len(k.Rounds) != 1 {
		t.Fatalf("got case %+v, %v; want 300 accounts in round 0", k, err)
	}
	start := time.Now()
	one, err := d.person.AddRound(ctx, k.ID, client.Lines(accounts(200, 2000, "same-device", func(i int) string { return fmt.Sprintf("u-%05d", i%300) })))
	if err != nil || one.Number != 1 || one.Added != 1900 || one.Total != 2200 || one.Links["same-device"] != 2000 || one.Warning != "" {
		t.Errorf("round 1: got %+v, %v", one, err)
	}
	two, err := d.person.AddRound(ctx, k.ID, client.Lines(accounts(0, 12_900, "same-payment", func(i int) string { return fmt.Sprintf("handle-%t", i%5 == 4) })))
	if err != nil || two.Number != 2 || two.Total != 12_900 || two.Warning != "" {
		t.Errorf("round 2: got %+v, %v", two, err)
	}
	// Whoever paid one handle has the same evidence. Of each, the sample the agent drew is
	// looked at singly, like everybody of the rounds before; the others follow in bulk.
	evidence, err := d.token.CaseEvidence(ctx, k.ID)
	if err != nil || len(evidence) < 2 || evidence[0].Accounts != 8_560 || len(evidence[0].Sample) != 50 || evidence[1].Accounts != 2_140 || len(evidence[1].Sample) != 47 {
		t.Fatalf("evidence: got %+v, %v", evidence, err)
	}
	rulings := inTheStory(evidence[:2])
	k, err = d.person.Rule(ctx, k.ID, client.Lines(rulings))
	if err != nil || k.Decided[lantern.Confirmed] != 10_320 || k.Decided[lantern.NotHere] != 2_580 {
		t.Errorf("after the rulings: got %v, %v", k.Decided, err)
	}
	t.Logf("two rounds and 12,900 rulings took %v", time.Since(start).Round(time.Millisecond))

	o, err := d.person.SendOutcome(ctx, k.ID, lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "child safety 4"})
	if err != nil || o.Count != 10_320 || o.Attestation.Singly != 1_810 || o.Attestation.InBulk != 8_510 || len(o.Signals) != 37 {
		t.Errorf("outcome: got %+v, %v", o, err)
	}
	if _, err := d.person.SendOutcome(ctx, k.ID, lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "child safety 4"}); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("the same accounts again: got %v, want a conflict", err)
	}
	if _, err := d.token.SendOutcome(ctx, k.ID, lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "x"}); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("an outcome with the local token: got %v, want forbidden", err)
	}

	count := 0
	err = d.token.Candidates(ctx, k.ID, func(lantern.CaseAccount) error { count++; return nil })
	if err != nil || count != 12_900 {
		t.Errorf("candidates: got %d, %v", count, err)
	}
	d.shareBack(t, w, k)
	totals, err := w.OutcomeTotals(ctx, host.Submitter, seeds[0])
	if err != nil || totals.Counts[lantern.AccountsActioned] != (lantern.Cell{AtLeast: 10_320, AtMost: 10_324}) || totals.Members.String() != "<5" {
		t.Errorf("the sharer sees %+v, %v", totals, err)
	}
	reactions, err := w.Reactions(ctx, host.Submitter, seeds[0])
	if err != nil || len(reactions) == 0 {
		t.Errorf("the sharer got reactions %+v, %v", reactions, err)
	}
	if _, err := agenttest.VerifyOwnLog(ctx, dir); err != nil {
		t.Error(err)
	}
}

// inTheStory rules on 12,900 accounts: the samples and the accounts of the first two rounds
// singly, then the others in bulk.
func inTheStory(evidence []lantern.CaseEvidence) iter.Seq[lantern.Ruling] {
	looked := map[string]bool{}
	for _, e := range evidence {
		for _, s := range e.Sample {
			looked[s.Account] = true
		}
	}
	return func(yield func(lantern.Ruling) bool) {
		for _, bulk := range []bool{false, true} {
			for i := range 12_900 {
				ruling := lantern.Ruling{Account: fmt.Sprintf("u-%05d", i), Decision: lantern.Confirmed, Reason: lantern.LinkedAccount}
				if i%5 == 4 {
					ruling.Decision, ruling.Reason = lantern.NotHere, lantern.NothingFound
				}
				ruling.Bulk = i >= 2200 && !looked[ruling.Account]
				if ruling.Bulk == bulk && !yield(ruling) {
					return
				}
			}
		}
	}
}

// shareBack shares three findings, of which two must not leave.
func (d *desk) shareBack(t *testing.T, w *agenttest.World, k lantern.Case) {
	t.Helper()
	basis := lantern.Basis{Policy: "child safety 4", ReviewedBy: lantern.ByHuman}
	drafts := func(yield func(lantern.Draft) bool) {
		for _, draft := range []lantern.Draft{
			{Type: "url", Value: "https://files.example.com/found/1", Tags: []lantern.Tag{"csam"}, Basis: basis},
			{Type: "username", Value: "chatter.test/u-00004", Tags: []lantern.Tag{"csam"}, Basis: basis}, // decided: not here
			{Type: "url", Value: "https://files.example.com/found/2", Tags: []lantern.Tag{"csam"}, Basis: basis, SuspectedMinor: true},
		} {
			if !yield(draft) {
				return
			}
		}
	}
	var results []lantern.ShareResult
	err := d.person.ShareBack(t.Context(), k.ID, client.Lines(iter.Seq[lantern.Draft](drafts)), func(r lantern.ShareResult) error {
		results = append(results, r)
		return nil
	})
	if err != nil || len(results) != 3 || results[0].Status != lantern.Created || results[1].Status != lantern.Refused || results[2].Status != lantern.Refused {
		t.Fatalf("sharing back: got %+v, %v", results, err)
	}
	if p := results[1].Problem; p.Pointer != "/value" || strings.Contains(p.Reason+p.Fix, "u-00004") {
		t.Errorf("an account nobody confirmed: got %+v", p)
	}
	s, err := w.Signal(t.Context(), w.Actor(d.key), results[0].Signal)
	if err != nil || len(s.Links) != lantern.MaxLinks || s.Links[0].Kind != lantern.DerivedFrom {
		t.Errorf("the shared signal: got links %v, %v", s.Links, err)
	}
	if k, err = d.person.Case(t.Context(), k.ID); err != nil || len(k.Shared) != 1 || k.Shared[0] != results[0].Signal || len(k.Outcomes) != 1 {
		t.Errorf("got case %+v, %v", k, err)
	}
}
