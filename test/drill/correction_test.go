package drill

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent/agenttest"
	"lantern/internal/exchange/exchangetest"
)

// TestCorrectionReachesThoseWhoAreNotThere withdraws a signal that three members' agents
// hold: one member is suspended, one agent is off for a day, one loses its disk after it
// purged and comes back from a backup that still holds the signal. The steward's list of
// who is late shows exactly the one that is off, until it is back; in the end everybody
// has purged, and the signal has surfaced nowhere.
func TestCorrectionReachesThoseWhoAreNotThere(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	ctx := t.Context()
	cloud := w.AddCompany("Cloudbin")
	suspended, off, restored := w.AddCompany("Facegram"), w.AddCompany("Pixelplay"), w.AddCompany("Chatter")
	wrong, right := w.MustShare(cloud.Submitter, w.Draft(1)), w.MustShare(cloud.Submitter, w.Draft(2))
	record := lantern.Record{Ref: "post", URLs: []string{w.Draft(1).Value, w.Draft(2).Value}}
	matches := func(when string, r *agenttest.Running, want ...lantern.ID) {
		t.Helper()
		slices.Sort(want)
		if got := agenttest.Matched(r.MatchOne(record, false)); !slices.Equal(got, want) {
			t.Errorf("%s: signals %v match, want %v", when, got, want)
		}
	}

	// Everybody holds both signals; one agent's folder is backed up.
	dirs := map[lantern.ID]string{suspended.ID: t.TempDir(), off.ID: t.TempDir(), restored.ID: t.TempDir()}
	backup := filepath.Join(t.TempDir(), "backup")
	run := map[lantern.ID]*agenttest.Running{}
	for _, c := range []exchangetest.Company{suspended, off, restored} {
		run[c.ID] = w.Run(t, c, dirs[c.ID])
		matches(c.Name+" at first", run[c.ID], wrong, right)
	}
	run[restored.ID].Stop()
	copyFolder(t, dirs[restored.ID], backup)
	run[restored.ID] = w.Run(t, restored, dirs[restored.ID])

	// A bad day: one member is suspended, one agent is off, and the signal is wrong.
	run[off.ID].Stop()
	if _, err := w.SetMemberState(ctx, w.Steward, suspended.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "under review"}); err != nil {
		t.Fatal(err)
	}
	opened, err := w.Withdraw(ctx, cloud.Submitter, wrong, lantern.Withdrawal{Reason: lantern.WithdrawnAppeal})
	if err != nil {
		t.Fatal(err)
	}
	purged := func(c exchangetest.Company) {
		t.Helper()
		run[c.ID].Until(c.Name+" purged", func(lantern.AgentStatus) bool {
			list, err := w.Correction(ctx, w.Steward, opened.ID)
			i := slices.IndexFunc(list.Recipients, func(r lantern.Receivership) bool { return r.Member == c.ID })
			return err == nil && i >= 0 && !list.Recipients[i].Purged.IsZero() && list.Recipients[i].PurgedHow == lantern.AckByAgent
		})
	}
	late := func(when string, want ...lantern.ID) {
		t.Helper()
		got := []lantern.ID{}
		list, err := w.Corrections(ctx, w.Steward, lantern.CorrectionFilter{Overdue: true})
		for _, c := range list {
			for _, r := range c.Recipients {
				if r.Overdue {
					got = append(got, r.Member)
				}
			}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v are late, %v; want %v", when, got, err, want)
		}
	}
	purged(suspended)
	purged(restored)
	run[suspended.ID].Until("it dropped what it may not have", func(s lantern.AgentStatus) bool { return s.Signals == 0 })
	matches("suspended", run[suspended.ID])
	matches("before its disk is lost", run[restored.ID], right)
	w.Clock.Add(2 * time.Minute)
	late("after two minutes", off.ID)

	// One loses its disk. Its backup holds the signal, until it is in contact.
	run[restored.ID].Stop()
	copyFolder(t, backup, dirs[restored.ID])
	run[restored.ID] = w.Run(t, restored, dirs[restored.ID])
	w.Reaches(run[restored.ID], restored)
	matches("back from a backup", run[restored.ID], right)
	run[restored.ID].Until("it acknowledged again", func(s lantern.AgentStatus) bool { return s.Acks == 0 })

	// A day later the one that was off is the only one that is late, until it is back.
	w.Clock.Add(25 * time.Hour)
	late("after a day", off.ID)
	run[off.ID] = w.Run(t, off, dirs[off.ID])
	w.Reaches(run[off.ID], off)
	matches("back after a day", run[off.ID], right)
	purged(off)
	late("in the end", []lantern.ID{}...)
	done, err := w.Correction(ctx, w.Steward, opened.ID)
	if p := done.Progress; err != nil || p == nil || p.Recipients != 3 || p.Masked != 3 || p.Purged != 3 || p.Attested != 0 || p.Overdue != 0 {
		t.Errorf("the map says %+v, %v; want three recipients who purged", p, err)
	}
}

// copyFolder makes to what from is.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := os.RemoveAll(to)
	if err == nil {
		err = os.CopyFS(to, os.DirFS(from))
	}
	if err != nil {
		t.Fatal(err)
	}
}
