package exchange_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
)

// told lists what a receiver got since the last look, without times and ids of events.
func told(r *exchangetest.Receiver, seen *int) []string {
	got := r.Got()
	var list []string
	for _, e := range got[*seen:] {
		list = append(list, fmt.Sprintf("%s object %s signal %s program %s", e.Type, e.Data.Object, e.Data.Signal, e.Data.Program))
	}
	*seen = len(got)
	slices.Sort(list)
	return list
}

// hearing is a world in which every company, and the operator, has a webhook for all events.
type hearing struct {
	*exchangetest.World
	t                 *testing.T
	cloud, face, game exchangetest.Company
	hears             map[string]*exchangetest.Receiver
	seen              map[string]*int
}

func newHearing(t *testing.T, url string) *hearing {
	t.Helper()
	h := &hearing{World: exchangetest.New(t, url), t: t, hears: map[string]*exchangetest.Receiver{}, seen: map[string]*int{}}
	h.cloud, h.face, h.game = h.AddCompany("cloud"), h.AddCompany("face"), h.AddCompany("game")
	gives, outside := h.AddCompany("gives"), h.AddCompany("outside")
	h.Join(gives, h.Program, lantern.ContributeOnly)
	if err := h.Leave(t.Context(), h.Steward, h.Program.ID, outside.ID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []exchangetest.Company{h.cloud, h.face, h.game, gives, outside} {
		h.hears[c.Name], _ = h.AddReceiver(c.Admin)
	}
	h.hears["coalition"], _ = h.AddReceiver(h.Steward)
	for name := range h.hears {
		h.seen[name] = new(int)
	}
	return h
}

// step sends what is due and compares what each has heard since the last step.
func (h *hearing) step(what string, err error, want map[string][]string) {
	h.t.Helper()
	if err == nil {
		err = h.Deliver(h.t.Context())
	}
	if err != nil {
		h.t.Fatalf("%s: %v", what, err)
	}
	for name, r := range h.hears {
		if got := told(r, h.seen[name]); !slices.Equal(got, want[name]) {
			h.t.Errorf("%s: %s is told\n%s\nwant\n%s", what, name, strings.Join(got, "\n"), strings.Join(want[name], "\n"))
		}
	}
}

func line(e lantern.EventType, object, signal, program lantern.ID) []string {
	return []string{fmt.Sprintf("%s object %s signal %s program %s", e, object, signal, program)}
}

// TestWhoIsTold walks through everything that makes events and checks who hears of it:
// those concerned, nobody else, and never a value.
func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		h := newHearing(t, url)
		signal := h.signals()
		h.answers(signal)
		h.challenge(signal)
		h.suspension(signal)
		for name, r := range h.hears {
			for _, body := range r.Bodies() {
				if strings.Contains(body, "example.com") || strings.Contains(body, "helpful") || strings.Contains(body, "7,") {
					t.Errorf("%s was told more than ids", name)
				}
			}
		}
	})
}

func (h *hearing) signals() lantern.ID {
	plain := h.MustShare(h.cloud.Service, h.Draft(1))
	h.Drain(h.face.Service, "")
	h.step("an ordinary signal", nil, nil)
	urgent := h.Draft(2)
	urgent.Imminent = true
	now := h.MustShare(h.cloud.Service, urgent)
	h.MustShare(h.cloud.Service, urgent)
	imminent := line(lantern.SignalImminent, now, 0, h.Program.ID)
	h.step("an imminent signal, shared twice", nil, map[string][]string{"face": imminent, "game": imminent})
	amended := h.Draft(1)
	amended.Imminent = true
	h.MustShare(h.cloud.Service, amended)
	imminent = line(lantern.SignalImminent, plain, 0, h.Program.ID)
	h.step("a signal that becomes imminent", nil, map[string][]string{"face": imminent, "game": imminent})
	h.Drain(h.face.Service, "")
	return plain
}

func (h *hearing) answers(signal lantern.ID) {
	ctx := h.t.Context()
	f, err := h.React(ctx, h.face.Service, lantern.Feedback{Signal: signal, Reaction: lantern.Helpful})
	h.step("feedback", err, map[string][]string{"cloud": line(lantern.FeedbackReceived, f.ID, signal, h.Program.ID)})
	for _, back := range []bool{false, true} {
		_, err := h.React(ctx, h.face.Service, lantern.Feedback{Signal: signal, Reaction: lantern.Helpful, Removed: back})
		h.step("feedback repeated or taken back", err, nil)
	}
	_, err = h.RecordOutcome(ctx, h.face.Investigator, lantern.Outcome{Program: h.Program.ID, Kind: lantern.AccountsActioned, Count: 7, Signals: []lantern.ID{signal},
		Attestation: &lantern.Attestation{Person: h.face.Investigator.Person, Ground: "child safety", Singly: 7, Digest: strings.Repeat("ab", 32)}})
	h.step("an outcome", err, map[string][]string{"cloud": line(lantern.OutcomeReceived, signal, 0, h.Program.ID)})
}

func (h *hearing) challenge(signal lantern.ID) {
	ctx := h.t.Context()
	c, err := h.OpenChallenge(ctx, h.face.Investigator, lantern.Challenge{Signal: signal, Reason: lantern.IdentifierReused})
	opened := line(lantern.ChallengeOpened, c.ID, signal, h.Program.ID)
	h.step("a challenge", err, map[string][]string{"cloud": opened, "face": opened})
	_, err = h.Decide(ctx, h.cloud.Officer, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "looked again"})
	waits := line(lantern.ChallengeWaits, c.ID, signal, h.Program.ID)
	h.step("a dispute waits for third parties, none of them outside", err, map[string][]string{"game": waits, "gives": waits})
	h.Clock.Add(time.Hour)
	overdue := line(lantern.ChallengeOverdue, c.ID, signal, h.Program.ID)
	everybody := map[string][]string{"cloud": overdue, "face": overdue, "game": overdue, "gives": overdue}
	h.step("an imminent challenge past its hour", h.Sweep(ctx), everybody)
	h.step("at once after it", h.Sweep(ctx), nil)
	h.Clock.Add(31 * time.Minute)
	h.step("half an hour later", h.Sweep(ctx), everybody)
	_, err = h.Decide(ctx, h.game.Officer, c.ID, lantern.Decision{Verdict: lantern.Reject, Reason: "it stands"})
	decided := line(lantern.ChallengeDecided, c.ID, signal, h.Program.ID)
	back := line(lantern.SignalImminent, signal, 0, h.Program.ID)
	h.step("a rejection, after which the signal is active again", err, map[string][]string{"cloud": decided, "face": slices.Concat(decided, back), "game": back})
}

func (h *hearing) suspension(signal lantern.ID) {
	ctx := h.t.Context()
	_, err := h.SetMemberState(ctx, h.Steward, h.face.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "review"})
	everyone := map[string][]string{}
	for name := range h.hears {
		everyone[name] = line(lantern.MemberChanged, h.face.ID, 0, 0)
	}
	h.step("a suspension", err, everyone)
	urgent := h.Draft(3)
	urgent.Imminent = true
	other := h.MustShare(h.cloud.Service, urgent)
	h.step("an imminent signal, with one member suspended", nil, map[string][]string{"game": line(lantern.SignalImminent, other, 0, h.Program.ID)})
	c, err := h.Withdraw(ctx, h.cloud.Submitter, signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: true})
	h.step("a correction reaches its recipients, suspended or not", err, map[string][]string{"face": line(lantern.CorrectionOpened, c.ID, signal, h.Program.ID)})
}

func TestRefusedActsTellNothing(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	r, _ := w.AddReceiver(face.Admin)
	bad := w.Draft(1)
	bad.Imminent, bad.Tags = true, []lantern.Tag{"no-such-tag"}
	if _, err := w.Share(t.Context(), cloud.Service, bad); err == nil {
		t.Fatal("shared")
	}
	id := w.MustShare(cloud.Service, w.Draft(2))
	if _, err := w.OpenChallenge(t.Context(), cloud.Investigator, lantern.Challenge{Signal: id, Reason: lantern.OutOfScope}); err == nil {
		t.Fatal("challenged the member's own signal")
	}
	if err := w.Deliver(t.Context()); err != nil || len(r.Got()) != 0 {
		t.Errorf("%d events of acts that were refused, %v", len(r.Got()), err)
	}
}

// A webhook belongs to its member and to the people who manage it.
func TestWebhookAccess(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		ctx := t.Context()
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		_, hook := w.AddReceiver(cloud.Admin, lantern.CorrectionOpened)
		calls := func(a policy.Actor) map[string]error {
			_, remove := w.RemoveWebhook(ctx, a, hook.ID)
			_, rotate := w.RotateWebhook(ctx, a, hook.ID)
			_, test := w.TestWebhook(ctx, a, hook.ID)
			_, replay := w.ReplayWebhook(ctx, a, hook.ID, lantern.Replay{Since: exchangetest.Start})
			_, deliveries := w.Deliveries(ctx, a, hook.ID)
			return map[string]error{"remove": remove, "rotate": rotate, "test": test, "replay": replay, "deliveries": deliveries}
		}
		for name, err := range calls(face.Admin) {
			if lantern.KindOf(err) != lantern.NotFound {
				t.Errorf("another member's admin, %s: got %v, want not found", name, err)
			}
		}
		for who, a := range map[string]policy.Actor{"submitter": cloud.Submitter, "service": cloud.Service} {
			for name, err := range calls(a) {
				if lantern.KindOf(err) != lantern.Forbidden {
					t.Errorf("a %s, %s: got %v, want forbidden", who, name, err)
				}
			}
			if _, err := w.CreateWebhook(ctx, a, lantern.Webhook{URL: "https://hooks.example.com"}); lantern.KindOf(err) != lantern.Forbidden {
				t.Errorf("a %s adds a webhook: %v", who, err)
			}
		}
		list, err := w.Webhooks(ctx, cloud.Admin)
		if err != nil || len(list) != 1 || list[0].Secret != "" || !strings.HasSuffix(list[0].URL, "/in") || !slices.Equal(list[0].Events, hook.Events) {
			t.Errorf("the member's webhooks: %d, %v", len(list), err)
		}
		if list, err := w.Webhooks(ctx, face.Admin); err != nil || len(list) != 0 {
			t.Errorf("another member's admin lists %d, %v", len(list), err)
		}
		for name, bad := range map[string]lantern.Webhook{
			"no address": {}, "inside": {URL: "https://10.0.0.1/"}, "not https": {URL: "http://hooks.example.com"},
			"unknown event": {URL: "https://hooks.example.com", Events: []lantern.EventType{"signal.changed"}},
			"test events":   {URL: "https://hooks.example.com", Events: []lantern.EventType{lantern.WebhookTest}},
			"twice":         {URL: "https://hooks.example.com", Events: []lantern.EventType{lantern.MemberChanged, lantern.MemberChanged}},
		} {
			if _, err := w.CreateWebhook(ctx, cloud.Admin, bad); lantern.KindOf(err) != lantern.Invalid {
				t.Errorf("%s: got %v, want invalid", name, err)
			}
		}
		for range 9 {
			if _, err := w.CreateWebhook(ctx, cloud.Admin, lantern.Webhook{URL: "https://hooks.example.com"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.CreateWebhook(ctx, cloud.Admin, lantern.Webhook{URL: "https://hooks.example.com"}); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("an eleventh webhook: got %v, want a conflict", err)
		}
		if _, err := w.RemoveWebhook(ctx, cloud.Admin, hook.ID); err != nil {
			t.Error(err)
		}
		if _, err := w.TestWebhook(ctx, cloud.Admin, hook.ID); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("testing what was removed: %v", err)
		}
	})
}

func TestRotateWebhook(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		ctx := t.Context()
		cloud := w.AddCompany("Cloudbin")
		r, hook := w.AddReceiver(cloud.Admin)
		send := func() {
			t.Helper()
			before := len(r.Got())
			if _, err := w.TestWebhook(ctx, cloud.Admin, hook.ID); err != nil {
				t.Fatal(err)
			}
			if err := w.Deliver(ctx); err != nil || len(r.Got()) != before+1 {
				t.Fatalf("%d events, %v; want one more than %d", len(r.Got()), err, before)
			}
		}
		send()
		second, err := w.RotateWebhook(ctx, cloud.Admin, hook.ID)
		if err != nil || second.Secret == hook.Secret || second.Rotating.Sub(w.Clock.Now()).Round(time.Hour) != 24*time.Hour {
			t.Fatalf("rotating: both secrets until %v, %v", second.Rotating, err)
		}
		send() // the receiver still has the first
		r.Trust(second.Secret)
		send()
		third, err := w.RotateWebhook(ctx, cloud.Admin, hook.ID)
		if err != nil {
			t.Fatal(err)
		}
		send() // has the second
		w.Clock.Add(24 * time.Hour)
		r.Trust(third.Secret)
		send()
		list, err := w.Webhooks(ctx, cloud.Admin)
		if err != nil || len(list) != 1 || !list[0].Rotating.IsZero() {
			t.Errorf("after a day: %+v, %v", list, err)
		}
		var found int
		err = w.Config.DB.Read(ctx, func(tx *sqldb.Tx) error {
			var url, secret, previous []byte
			if err := tx.QueryRow(ctx, `SELECT url, secret, previous FROM webhook_endpoint`).Scan(&url, &secret, &previous); err != nil {
				return err
			}
			for _, b := range [][]byte{url, secret, previous} {
				if strings.Contains(string(b), "127.0.0.1") || strings.Contains(string(b), "whsec_") {
					found++
				}
			}
			return nil
		})
		if err != nil || found != 0 {
			t.Errorf("%d fields lie in the clear, %v", found, err)
		}
	})
}
