package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/sqldb/sqldbtest"
)

// Every operation is called as a client calls it, over a real exchange, and every answer
// is held to the document.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := newWorld(t, url)
		w.tellMembers()
		signal := w.tellSharing()
		w.tellStreams()
		w.tellAnswers(signal)
		w.tellCorrection(signal)
		w.tellNarrowing()
		w.tellIncident()
		w.tellFiles()
		w.tellWebhooks()
		w.tellLog()
		w.tellRestore()
		for _, op := range w.spec.Operations {
			answered := false
			for status := range op.Answers {
				answered = answered || status < "3" && w.seen[op.ID+" "+status]
			}
			if !answered {
				t.Errorf("%s never succeeded in this test", op.ID)
			}
		}
		for _, secret := range []string{"lk_", "files.example.com", "planted", "whsec_", "hooks.example.com"} {
			if strings.Contains(w.log.String(), secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	})
}

func (w *world) tellMembers() {
	ctx, t := w.t.Context(), w.t
	who := must(t)(w.red.Whoami(ctx)).(lantern.Whoami)
	if who.Person == nil || who.Person.ID != w.red.person || len(who.Programs) != 1 {
		t.Errorf("red is %+v", who)
	}
	service := must(t)(w.red.CreateService(ctx, lantern.Service{Name: "scanner", Responsible: w.red.person})).(lantern.Service)
	key := must(t)(w.red.IssueKey(ctx, lantern.Key{Actor: service.ID, Scopes: []lantern.Scope{lantern.ScopeRead}})).(lantern.Key)
	must(t)(w.client(key.Secret).Whoami(ctx))
	key = must(t)(w.red.RotateKey(ctx, key.ID, lantern.Rotation{})).(lantern.Key)
	must(t)(w.client(key.Secret).Whoami(ctx))
	must(t)(w.red.RevokeKey(ctx, key.ID))
	if _, err := w.client(key.Secret).Whoami(ctx); lantern.KindOf(err) != lantern.Unauthorized {
		t.Errorf("a revoked key: %v", err)
	}
	extra := must(t)(w.steward.CreateMember(ctx, lantern.Member{Name: "Grey Pay", Kind: lantern.Company})).(lantern.Member)
	moved := must(t)(w.steward.SetMemberState(ctx, extra.ID, lantern.StateChange{State: lantern.Reviewing, Reason: "papers are in"})).(lantern.Member)
	if got := must(t)(w.steward.Member(ctx, extra.ID)).(lantern.Member); got.State != lantern.Reviewing || moved.State != lantern.Reviewing {
		t.Errorf("the member is %s", got.State)
	}
	if list := must(t)(w.steward.Members(ctx)).([]lantern.Member); len(list) != 5 {
		t.Errorf("%d members, want 5", len(list))
	}
	for name, list := range map[string]func() (int, error){
		"persons":  func() (int, error) { l, err := w.red.Persons(ctx); return len(l), err },
		"services": func() (int, error) { l, err := w.red.Services(ctx); return len(l), err },
	} {
		if n, err := list(); err != nil || n != 1 {
			t.Errorf("%d %s, want 1: %v", n, name, err)
		}
	}
	for _, k := range must(t)(w.red.Keys(ctx)).([]lantern.Key) {
		if k.Secret != "" {
			t.Error("a listed key has its secret")
		}
	}
	policy := rules()
	policy.Types["domain"] = lantern.TypePolicy{Retention: 10}
	if p := must(t)(w.steward.SetPolicy(ctx, w.program, policy)).(lantern.Program); len(p.Policy.Types) != 3 {
		t.Errorf("the policy has %d types", len(p.Policy.Types))
	}
	must(t)(w.red.Programs(ctx))
	must(t)(w.red.Program(ctx, w.program))
	if list := must(t)(w.red.Memberships(ctx, w.program)).([]lantern.Membership); len(list) != 3 {
		t.Errorf("%d memberships, want 3", len(list))
	}
	if list := must(t)(w.red.Types(ctx)).([]lantern.TypeInfo); len(list) < 10 {
		t.Errorf("%d types", len(list))
	}
}

// tellSharing shares a signal that is still alive at the end, and returns it.
func (w *world) tellSharing() lantern.ID {
	ctx, t := w.t.Context(), w.t
	d := w.draft("https://files.example.com/a/1") // one for both: the next second is another basis
	first := must(t)(w.red.Share(ctx, d)).(lantern.ShareResult)
	d.Value = "hxxps://files[.]example[.]com/a/1"
	again := must(t)(w.red.Share(ctx, d)).(lantern.ShareResult)
	if first.Status != lantern.Created || again.Status != lantern.Unchanged || again.Signal != first.Signal {
		t.Errorf("shared %+v, then %+v", first, again)
	}
	if !w.seen["Share 201"] || !w.seen["Share 200"] {
		t.Error("sharing does not tell created from unchanged by its status")
	}
	bad := w.draft("not a url")
	results := must(t)(w.red.ShareBatch(ctx, []lantern.Draft{w.draft("https://files.example.com/a/2"), bad, w.draft("https://files.example.com/a/3")})).([]lantern.ShareResult)
	if results[0].Status != lantern.Created || results[1].Status != lantern.Refused || results[1].Problem.Pointer != "/value" || results[2].Status != lantern.Created {
		t.Errorf("the batch gave %+v", results)
	}
	mine := must(t)(w.red.Signals(ctx, clientFilter(lantern.Active, 2))).([]lantern.Signal)
	if len(mine) != 2 || mine[0].ID >= mine[1].ID {
		t.Errorf("a page of two has %d", len(mine))
	}
	if s := must(t)(w.blue.Signal(ctx, first.Signal)).(lantern.Signal); s.Value != "https://files.example.com/a/1" {
		t.Error("blue does not see the canonical value")
	}
	renewal := lantern.Renewal{Expires: time.Now().Add(20 * 24 * time.Hour), Basis: lantern.Basis{Policy: "Rule 4", ReviewedBy: lantern.ByHuman, At: time.Now()}}
	if s := must(t)(w.red.Renew(ctx, first.Signal, renewal)).(lantern.Signal); s.Expires.Before(time.Now()) {
		t.Errorf("renewed until %v", s.Expires)
	}
	return first.Signal
}

// tellStreams reads and shares by lines; TestStreams does it while they come.
func (w *world) tellStreams() {
	ctx, t := w.t.Context(), w.t
	lines := 0
	mark, err := w.green.Snapshot(ctx, w.program, lantern.FeedFilter{Types: []lantern.SignalType{"url"}}, func(lantern.Change) error { lines++; return nil })
	if err != nil || lines != 3 {
		t.Errorf("the snapshot has %d changes: %v", lines, err)
	}
	page := must(t)(w.green.FilteredFeed(ctx, w.program, lantern.FeedFilter{Types: []lantern.SignalType{"url"}}, mark.Next, 0, 0)).(lantern.FeedPage)
	if len(page.Changes) != 0 {
		t.Errorf("after the snapshot come %d changes", len(page.Changes))
	}
	if _, err := w.green.Feed(ctx, w.program, mark.Next, 0, 0); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("a cursor of another filter: %v", err)
	}
	path := "/v1/programs/" + w.program.String() + "/stream?seconds=1&cursor="
	res, text := w.send("GET", path, w.green.key, "", "Accept", "text/event-stream")
	if res.StatusCode != 200 || !strings.HasPrefix(text, "retry: 2000\n\nevent: change\ndata: {") || !strings.Contains(text, "\n\nid: ") {
		t.Errorf("the events are %d %.200q", res.StatusCode, text)
	}
	drafts := []lantern.Draft{w.draft("https://files.example.com/a/2"), w.draft("not a url")}
	var got []lantern.StreamResult
	err = w.red.ShareStream(ctx, client.Lines(slices.Values(drafts)), func(r lantern.StreamResult) error { got = append(got, r); return nil })
	if err != nil || len(got) != 2 || got[0].Line != 1 || got[0].Status == lantern.Refused || got[1].Line != 2 || got[1].Status != lantern.Refused {
		t.Errorf("the stream of drafts gave %+v: %v", got, err)
	}
}

func (w *world) tellAnswers(signal lantern.ID) {
	ctx, t := w.t.Context(), w.t
	page := must(t)(w.blue.Feed(ctx, w.program, "", 2, 0)).(lantern.FeedPage)
	if len(page.Changes) != 2 || !page.More || page.Leaf == 0 {
		t.Errorf("the first page: %d changes, more %v", len(page.Changes), page.More)
	}
	page = must(t)(w.blue.Feed(ctx, w.program, page.Next, 0, 0)).(lantern.FeedPage)
	if len(page.Changes) != 1 || page.More {
		t.Errorf("the second page: %d changes, more %v", len(page.Changes), page.More)
	}
	// A read that waits is woken by a write.
	got := make(chan lantern.FeedPage, 1)
	go func() {
		p, err := w.blue.Feed(ctx, w.program, page.Next, 0, lantern.MaxWait)
		if err != nil {
			t.Error(err)
		}
		got <- p
	}()
	must(t)(w.red.Share(ctx, w.draft("https://files.example.com/a/4")))
	if p := <-got; len(p.Changes) != 1 {
		t.Errorf("the read that waited got %d changes", len(p.Changes))
	}
	if _, err := w.green.Feed(ctx, w.program, page.Next, 0, 0); err == nil {
		t.Error("another member's cursor was taken")
	}

	must(t)(w.blue.React(ctx, lantern.Feedback{Signal: signal, Reaction: lantern.Helpful}))
	if list := must(t)(w.red.Reactions(ctx, signal)).([]lantern.Feedback); len(list) != 1 {
		t.Errorf("%d reactions, want 1", len(list))
	}
	outcome := lantern.Outcome{
		Program: w.program, Kind: lantern.ContentRemoved, Count: 3, Signals: []lantern.ID{signal},
		Attestation: &lantern.Attestation{Person: w.blue.person, Ground: "Rule 9", Singly: 3, Digest: strings.Repeat("ab", 32)},
	}
	must(t)(w.blue.RecordOutcome(ctx, outcome))
	if list := must(t)(w.blue.Outcomes(ctx)).([]lantern.Outcome); len(list) != 1 || list[0].Count != 3 {
		t.Errorf("outcomes: %+v", list)
	}
	if sum := must(t)(w.red.OutcomeTotals(ctx, signal)).(lantern.OutcomeTotals); sum.Counts[lantern.ContentRemoved].String() != "<5" {
		t.Errorf("totals: %+v", sum)
	}
	if sum := must(t)(w.red.ProgramOutcomes(ctx, w.program)).(lantern.ProgramOutcomes); sum.Members.String() != "<5" {
		t.Errorf("totals of the program: %+v", sum)
	}
}

// tellCorrection challenges the signal in vain, then takes it back.
func (w *world) tellCorrection(signal lantern.ID) {
	ctx, t := w.t.Context(), w.t
	ch := must(t)(w.blue.OpenChallenge(ctx, lantern.Challenge{Signal: signal, Reason: lantern.BenignShared})).(lantern.Challenge)
	if s := must(t)(w.red.Signal(ctx, signal)).(lantern.Signal); s.State != lantern.Suspended {
		t.Errorf("a challenged signal is %s", s.State)
	}
	must(t)(w.red.Decide(ctx, ch.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "looked at again"}))
	must(t)(w.green.Decide(ctx, ch.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "the page is what it was said to be"}))
	if list := must(t)(w.red.Challenges(ctx)).([]lantern.Challenge); len(list) != 1 {
		t.Errorf("%d challenges, want 1", len(list))
	}
	if c := must(t)(w.blue.Challenge(ctx, ch.ID)).(lantern.Challenge); c.State != lantern.ChallengeRejected {
		t.Errorf("the challenge is %s", c.State)
	}
	c := must(t)(w.red.Withdraw(ctx, signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError})).(lantern.Correction)
	if list := must(t)(w.blue.Corrections(ctx)).([]lantern.Correction); len(list) != 1 || list[0].ID != c.ID {
		t.Errorf("blue has %d corrections, want 1", len(list))
	}
	for _, step := range []lantern.AckStep{lantern.AckMasked, lantern.AckPurged} {
		must(t)(w.blue.Acknowledge(ctx, lantern.Ack{Correction: c.ID, Step: step}))
	}
	must(t)(w.red.Correction(ctx, c.ID))
	if p := must(t)(w.blue.Feed(ctx, w.program, "", 0, 0)).(lantern.FeedPage); !hasTombstone(p, signal) {
		t.Error("the feed does not tell the withdrawal")
	}
	if err := w.green.Leave(ctx, w.program, w.green.member); err != nil {
		t.Error(err)
	}
}

// tellNarrowing takes a signal out of the program that blue is in.
func (w *world) tellNarrowing() {
	ctx, t := w.t.Context(), w.t
	signal, other := w.shareWider("https://files.example.com/narrowed")
	cursor := must(t)(w.blue.Feed(ctx, w.program, "", 0, 0)).(lantern.FeedPage).Next
	c := must(t)(w.red.Narrow(ctx, signal, lantern.Narrowing{Program: w.program})).(lantern.Correction)
	p := must(t)(w.blue.Feed(ctx, w.program, cursor, 0, 0)).(lantern.FeedPage)
	if len(p.Changes) != 1 || p.Changes[0].Signal.State != lantern.Narrowed || p.Changes[0].Correction != c.ID {
		t.Errorf("the feed tells %+v, want that the signal left the program, with correction %s", p.Changes, c.ID)
	}
	if done := must(t)(w.blue.Acknowledge(ctx, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged})).(lantern.Correction); done.Kind != lantern.CorrectionNarrowed || done.Program != w.program {
		t.Errorf("acknowledged %+v", done)
	}
	if s := must(t)(w.red.Signal(ctx, signal)).(lantern.Signal); s.State != lantern.Active || len(s.Programs) != 1 || s.Programs[0] != other {
		t.Errorf("the signal is %s in %v, want active in the other program", s.State, s.Programs)
	}
}

func hasTombstone(p lantern.FeedPage, signal lantern.ID) bool {
	for _, c := range p.Changes {
		if c.Signal.ID == signal {
			return c.Signal.State == lantern.Withdrawn && c.Signal.Value == "" && c.Correction != 0
		}
	}
	return false
}

// tellWebhooks does everything with a webhook but call it.
func (w *world) tellWebhooks() {
	ctx, t := w.t.Context(), w.t
	hook := must(t)(w.red.CreateWebhook(ctx, lantern.Webhook{URL: "https://hooks.example.com/in", Events: []lantern.EventType{lantern.CorrectionOpened}})).(lantern.Webhook)
	sent := must(t)(w.red.TestWebhook(ctx, hook.ID)).(lantern.Delivery)
	if sent.Event.Type != lantern.WebhookTest || sent.State != lantern.DeliveryPending {
		t.Errorf("a test gives %+v", sent)
	}
	list := must(t)(w.red.Deliveries(ctx, hook.ID)).([]lantern.Delivery)
	if len(list) != 1 || list[0].Event.ID != sent.Event.ID {
		t.Errorf("%d deliveries, want 1", len(list))
	}
	if r := must(t)(w.red.ReplayWebhook(ctx, hook.ID, lantern.Replay{Since: time.Now().Add(-time.Hour)})).(lantern.Replayed); r.Deliveries != 0 {
		t.Errorf("%d deliveries of nothing", r.Deliveries)
	}
	rotated := must(t)(w.red.RotateWebhook(ctx, hook.ID)).(lantern.Webhook)
	if rotated.Secret == hook.Secret || rotated.Rotating.IsZero() {
		t.Error("the secret is the same after it was replaced")
	}
	for _, h := range must(t)(w.red.Webhooks(ctx)).([]lantern.Webhook) {
		if h.Secret != "" || h.URL != hook.URL {
			t.Error("a listed webhook shows its secret, or another address")
		}
	}
	must(t)(w.red.RemoveWebhook(ctx, hook.ID))
}

// tellLog checks the log as an outsider does, with nothing but the open calls.
func (w *world) tellLog() {
	ctx, t := w.t.Context(), w.t
	outsider := w.client("")
	key := must(t)(outsider.LogKey(ctx)).(string)
	note := must(t)(outsider.Checkpoint(ctx)).([]byte)
	head, err := audit.OpenCheckpoint(note, key)
	if err != nil {
		t.Fatal(err)
	}
	proof := must(t)(outsider.Consistency(ctx, 3, head.Size)).([]audit.Hash)
	if len(proof) == 0 {
		t.Error("an empty proof")
	}
	anchored := must(t)(w.blue.Anchor(ctx, lantern.Anchor{Log: make([]byte, 32), Size: 1, Root: make([]byte, 32)})).(lantern.Anchor)
	if list := must(t)(w.blue.Anchors(ctx)).([]lantern.Anchor); len(list) != 1 || list[0].Entry != anchored.Entry {
		t.Errorf("%d anchors, want the one of entry %d", len(list), anchored.Entry)
	}
	text := must(t)(outsider.Receipt(ctx, 3)).([]byte)
	if _, _, err := audit.VerifyProof(text, key); err != nil {
		t.Errorf("the receipt: %v", err)
	}
	entries := must(t)(outsider.Tile(ctx, audit.EntriesPath(0, int(head.Size)))).([]byte)
	leaves, err := audit.DecodeEntries(entries)
	if err != nil || int64(len(leaves)) != head.Size {
		t.Fatalf("%d entries of %d: %v", len(leaves), head.Size, err)
	}
	var tree audit.Tree
	for _, l := range leaves {
		tree.Append(audit.LeafHash(l))
	}
	if tree.Root() != head.Root {
		t.Error("the entries do not give the checkpoint's root")
	}
	must(t)(w.steward.Opening(ctx, 3))
	if st := must(t)(w.steward.Status(ctx)).(lantern.ExchangeStatus); len(st.Overdue) == 0 || st.Overdue["signals"] != 0 {
		t.Errorf("status: %+v", st)
	}
	if err := outsider.Ready(ctx); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{"/livez": "ok\n", "/openapi.json": `"openapi":"3.1.0"`} {
		if res, body := w.send("GET", path, "", ""); res.StatusCode != 200 || !strings.Contains(body, want) {
			t.Errorf("%s answers %d", path, res.StatusCode)
		}
	}
}

func clientFilter(state lantern.SignalState, limit int) client.SignalFilter {
	return client.SignalFilter{State: state, Type: "url", Limit: limit}
}

// tellFiles has a file brought in, and another one taken out.
func (w *world) tellFiles() {
	ctx, t := w.t.Context(), w.t
	report, err := w.red.Import(ctx, w.program, strings.NewReader("Link,Analyst\nhttps://files.example.com/file/1,me\n"), table(), func(lantern.ImportRow) error { return nil })
	if err != nil || report.Counts["created"] != 1 {
		t.Errorf("a file of one row: %+v, %v", report, err)
	}
	var file strings.Builder
	if out, err := w.blue.Export(ctx, w.program, client.ExportOptions{}, &file); err != nil || !strings.Contains(file.String(), "files.example.com/file/1") {
		t.Errorf("what others share: %+v, %v", out, err)
	}
}
