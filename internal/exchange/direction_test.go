package exchange_test

import (
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// TestContributorIsNotLeftMasked has a member stop receiving in one of two programs that a
// signal is in. What it would be told there of a suspension it would never be told the end
// of, and its agent would go on masking what the other program shows as active.
func TestContributorIsNotLeftMasked(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		ctx := t.Context()
		cloud, face, chat := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Chatter")
		second := w.AddProgram("second")
		w.Join(cloud, second, lantern.Both)
		w.Join(face, second, lantern.Both)
		d := w.Draft(1)
		d.Programs = append(d.Programs, second.ID)
		id := w.MustShare(cloud.Submitter, d)
		w.Drain(face.Service, "")
		w.Join(face, second, lantern.ContributeOnly)
		c, err := w.OpenChallenge(ctx, chat.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		states := func(program lantern.ID) (list []lantern.SignalState) {
			t.Helper()
			page, err := w.Feed(ctx, face.Service, program, "", 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, change := range page.Changes {
				list = append(list, change.Signal.State)
			}
			return list
		}
		if got := states(w.Program.ID); len(got) != 1 || got[0] != lantern.Suspended {
			t.Errorf("where it receives: got %v, want the suspension", got)
		}
		if got := states(second.ID); len(got) != 0 {
			t.Errorf("where it contributes only: got %v, want nothing", got)
		}
		if _, err := w.Decide(ctx, cloud.Submitter, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "it was wrong"}); err != nil {
			t.Fatal(err)
		}
		if got := states(second.ID); len(got) != 1 || got[0] != lantern.Withdrawn {
			t.Errorf("where it contributes only, after the fall: got %v, want the withdrawal", got)
		}
	})
}
