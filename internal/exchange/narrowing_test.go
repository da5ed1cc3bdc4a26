package exchange_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// audienceWorld is two programs: red shares to both, blue is in both, green in the first only.
type audienceWorld struct {
	*exchangetest.World
	other            lantern.Program
	red, blue, green exchangetest.Company
}

func newAudience(t *testing.T, url string) *audienceWorld {
	w := &audienceWorld{World: exchangetest.New(t, url)}
	w.other = w.AddProgram("payments")
	w.red, w.blue, w.green = w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Chatter")
	w.Join(w.red, w.other, lantern.Both)
	w.Join(w.blue, w.other, lantern.Both)
	return w
}

// both is a draft for both programs.
func (w *audienceWorld) both(n int) lantern.Draft {
	d := w.Draft(n)
	d.Programs = []lantern.ID{w.Program.ID, w.other.ID}
	return d
}

// state is how a program's feed shows a signal to a reader, "" if it does not.
func (w *audienceWorld) state(a policy.Actor, program, signal lantern.ID) (s lantern.SignalState, c lantern.Change) {
	w.T.Helper()
	page, err := w.Feed(w.T.Context(), a, program, "", 0, 0)
	if err != nil {
		w.T.Fatal(err)
	}
	for _, c := range page.Changes {
		if c.Signal.ID == signal {
			return c.Signal.State, c
		}
	}
	return "", c
}

func (w *audienceWorld) wantState(who string, a policy.Actor, program, signal lantern.ID, want lantern.SignalState) lantern.Change {
	w.T.Helper()
	got, c := w.state(a, program, signal)
	if got != want {
		w.T.Errorf("%s is shown the signal as %q, want %q", who, got, want)
	}
	return c
}

// TestNarrow takes a signal out of one of two programs: who loses it is told and owes two
// acknowledgements, who has it through the other keeps it, and it can come back.
func TestNarrow(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := newAudience(t, url), t.Context()
		id := w.MustShare(w.red.Service, w.both(1))
		w.Drain(w.blue.Service, "")
		w.Drain(w.green.Service, "")
		late := w.AddCompany("Pixelplay") // in the first program, and never read it

		c, err := w.Narrow(ctx, w.red.Submitter, id, lantern.Narrowing{Program: w.Program.ID})
		if err != nil {
			t.Fatal(err)
		}
		if c.Kind != lantern.CorrectionNarrowed || c.Program != w.Program.ID || len(c.Recipients) != 1 || c.Recipients[0].Member != w.green.ID {
			t.Errorf("the correction is %+v, want one that only the member which loses the signal must acknowledge", c)
		}
		change := w.wantState("the member that loses it", w.green.Service, w.Program.ID, id, lantern.Narrowed)
		if change.Correction != c.ID || change.Seq != c.Seq || change.Signal.Value != "" {
			t.Errorf("its tombstone is %+v, want correction %s at place %d and no value", change, c.ID, c.Seq)
		}
		change = w.wantState("the member of both, in the first", w.blue.Service, w.Program.ID, id, lantern.Narrowed)
		if change.Correction != 0 {
			t.Errorf("a member that keeps the signal owes correction %s", change.Correction)
		}
		w.wantState("the member of both, in the second", w.blue.Service, w.other.ID, id, lantern.Active)
		w.wantState("a member that was never sent it", late.Service, w.Program.ID, id, "")
		for _, by := range []struct {
			who  string
			a    policy.Actor
			want lantern.SignalState
		}{{"green", w.green.Service, lantern.Narrowed}, {"blue", w.blue.Service, lantern.Active}, {"red", w.red.Service, lantern.Active}} {
			s, err := w.Signal(ctx, by.a, id)
			if err != nil || s.State != by.want || (s.Value == "") != (by.want == lantern.Narrowed) {
				t.Errorf("%s looks at it: %s %v, want %s", by.who, s.State, err, by.want)
			}
		}
		if _, err := w.Signal(ctx, late.Service, id); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("a member that was never sent it looks at it: %v, want not found", err)
		}

		// Both steps are acknowledged like those of any correction, and are late like them.
		w.Clock.Add(2 * time.Minute)
		list, err := w.Corrections(ctx, w.red.Submitter, lantern.CorrectionFilter{Overdue: true})
		if err != nil || len(list) != 1 {
			t.Errorf("%d overdue corrections (%v), want 1", len(list), err)
		}
		if _, err := w.Acknowledge(ctx, w.blue.Service, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("a member that keeps the signal acknowledges: %v, want not found", err)
		}
		if _, err := w.Acknowledge(ctx, w.green.Service, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
			t.Error(err)
		}

		// Placing it again is a share.
		again, err := w.Share(ctx, w.red.Service, w.both(1))
		if err != nil || again.Status != lantern.Updated || again.Signal != id {
			t.Fatalf("sharing it to the program again: %+v %v, want the same signal updated", again, err)
		}
		change = w.wantState("the member that had lost it", w.green.Service, w.Program.ID, id, lantern.Active)
		if change.Correction != 0 || change.Signal.Value == "" {
			t.Errorf("it came back as %+v", change)
		}
		var snapshot strings.Builder
		err = w.Snapshot(ctx, w.green.Service, w.Program.ID, lantern.FeedFilter{}, func(b []byte) error { snapshot.Write(b); return nil })
		line, _, _ := strings.Cut(snapshot.String(), "\n")
		var inSnapshot lantern.Change
		if err == nil {
			err = json.Unmarshal([]byte(line), &inSnapshot)
		}
		if err != nil || inSnapshot.Seq != change.Seq || !inSnapshot.Signal.Updated.Equal(change.Signal.Updated) {
			t.Errorf("the snapshot shows place %d, updated %v (%v); the page place %d, updated %v", inSnapshot.Seq, inSnapshot.Signal.Updated, err, change.Seq, change.Signal.Updated)
		}
	})
}

// A signal that was narrowed and then falls reaches those who had lost it, since they may have
// acted on it.
func TestFallAfterNarrow(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := newAudience(t, url), t.Context()
		id := w.MustShare(w.red.Service, w.both(1))
		w.Drain(w.green.Service, "")
		if _, err := w.Narrow(ctx, w.red.Submitter, id, lantern.Narrowing{Program: w.Program.ID}); err != nil {
			t.Fatal(err)
		}
		_, cursor := w.Drain(w.green.Service, "")
		if _, err := w.Feed(ctx, w.blue.Service, w.other.ID, "", 0, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := w.OpenChallenge(ctx, w.blue.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive}); err != nil {
			t.Fatal(err)
		}
		if changes, _ := w.Drain(w.green.Service, cursor); len(changes) != 0 {
			t.Errorf("who lost the signal is told that it is suspended elsewhere: %+v", changes)
		}
		c, err := w.Withdraw(ctx, w.red.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError})
		if err != nil || len(c.Recipients) != 2 {
			t.Fatalf("withdrawn with the recipients %+v (%v), want both who were sent it", c.Recipients, err)
		}
		changes, _ := w.Drain(w.green.Service, cursor)
		if len(changes) != 1 || changes[0].Signal.State != lantern.Withdrawn || changes[0].Correction != c.ID {
			t.Errorf("who lost the signal is told %+v, want its withdrawal", changes)
		}
	})
}

// TestNarrowRefused lists what is no narrowing.
func TestNarrowRefused(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := newAudience(t, url), t.Context()
		one, two := w.MustShare(w.red.Service, w.Draft(1)), w.MustShare(w.red.Service, w.both(2))
		w.Drain(w.blue.Service, "")
		challenged := w.MustShare(w.red.Service, w.both(3))
		w.Drain(w.blue.Service, "")
		if _, err := w.OpenChallenge(ctx, w.blue.Investigator, lantern.Challenge{Signal: challenged, Reason: lantern.NotAbusive}); err != nil {
			t.Fatal(err)
		}
		whole, err := w.ShareIncident(ctx, w.red.Service, lantern.IncidentDraft{Programs: w.both(4).Programs, Signals: []lantern.Draft{w.both(4), w.both(5)}})
		if err != nil {
			t.Fatal(err)
		}
		gone := w.MustShare(w.red.Service, w.both(6))
		if _, err := w.Withdraw(ctx, w.red.Submitter, gone, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
		narrowed := w.MustShare(w.red.Service, w.both(7))
		if _, err := w.Narrow(ctx, w.red.Submitter, narrowed, lantern.Narrowing{Program: w.other.ID}); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			by      policy.Actor
			signal  lantern.ID
			program lantern.ID
			kind    lantern.Kind
			reason  string
		}{
			"no program":        {w.red.Submitter, two, 0, lantern.Invalid, "missing"},
			"the only program":  {w.red.Submitter, one, w.Program.ID, lantern.Conflict, "in no other program"},
			"another program":   {w.red.Submitter, one, w.other.ID, lantern.NotFound, "not in that program"},
			"a second time":     {w.red.Submitter, narrowed, w.other.ID, lantern.NotFound, "not in that program"},
			"the last one left": {w.red.Submitter, narrowed, w.Program.ID, lantern.Conflict, "in no other program"},
			"another's signal":  {w.blue.Submitter, two, w.other.ID, lantern.NotFound, "no such signal"},
			"challenged":        {w.red.Submitter, challenged, w.other.ID, lantern.Conflict, "challenged"},
			"of an incident":    {w.red.Submitter, whole.Results[0].Signal, w.other.ID, lantern.Conflict, "incident"},
			"withdrawn":         {w.red.Submitter, gone, w.other.ID, lantern.Conflict, "withdrawn"},
			"by an officer":     {w.red.Officer, two, w.other.ID, lantern.Forbidden, ""},
		} {
			_, err := w.Narrow(ctx, c.by, c.signal, lantern.Narrowing{Program: c.program})
			if lantern.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("%s: %v, want %s with %q", name, err, c.kind, c.reason)
			}
		}
	})
}

// TestNarrowedTombstonesArePurged ends the tombstone of a placement like any other.
func TestNarrowedTombstonesArePurged(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := newAudience(t, url), t.Context()
		id := w.MustShare(w.red.Service, w.both(1))
		w.Drain(w.green.Service, "")
		if _, err := w.Narrow(ctx, w.red.Submitter, id, lantern.Narrowing{Program: w.Program.ID}); err != nil {
			t.Fatal(err)
		}
		_, cursor := w.Drain(w.blue.Service, "")
		w.Clock.Add(policy.TombstoneLife - time.Minute)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		w.wantState("after 90 days less a minute, green", w.green.Service, w.Program.ID, id, lantern.Narrowed)
		w.Clock.Add(2 * time.Minute)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		w.wantState("after 90 days, green", w.green.Service, w.Program.ID, id, "")
		if counts, err := w.Overdue(ctx); err != nil || counts["tombstones"] != 0 {
			t.Errorf("overdue: %v %v", counts, err)
		}
		if _, err := w.Feed(ctx, w.blue.Service, w.Program.ID, cursor, 0, 0); err != nil {
			t.Errorf("going on from behind the tombstone: %v", err)
		}
		if s, err := w.Signal(ctx, w.red.Service, id); err != nil || len(s.Programs) != 1 || s.Programs[0] != w.other.ID {
			t.Errorf("the signal is in %v (%v), want the other program", s.Programs, err)
		}
	})
}
