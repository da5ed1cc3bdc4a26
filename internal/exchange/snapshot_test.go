package exchange_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/store"
)

// snapshot reads a whole snapshot and takes it apart.
func snapshot(t *testing.T, w *exchangetest.World, a policy.Actor, f lantern.FeedFilter) ([]lantern.Change, lantern.FeedMark) {
	t.Helper()
	var text []byte
	err := w.Snapshot(t.Context(), a, w.Program.ID, f, func(block []byte) error {
		text = append(text, block...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	changes := make([]lantern.Change, len(lines)-1)
	var mark lantern.FeedMark
	for i, l := range lines {
		var into any = &mark
		if i < len(changes) {
			into = &changes[i]
		}
		if err := json.Unmarshal(l, into); err != nil {
			t.Fatalf("line %d: %v", i, err)
		}
	}
	return changes, mark
}

// TestSnapshotEqualsFeed holds a snapshot to what pages say, whole and filtered, with every
// kind of entry in it, and goes on from its mark.
func TestSnapshotEqualsFeed(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		red, blue, green, yellow := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Chatter"), w.AddCompany("Pixelplay")
		ctx := t.Context()
		var drafts []lantern.Draft
		for n := range 900 {
			drafts = append(drafts, w.Draft(n))
		}
		drafts[7].Value, drafts[7].Note = `https://files.example.com/a%22b?q=<x>&y=é`, "line one\nline \"two\" <3"
		drafts[8].Imminent, drafts[8].LastSeen, drafts[8].UseRestriction = true, exchangetest.Start, "ncmec"
		results, err := w.ShareBatch(ctx, red.Service, drafts)
		if err != nil {
			t.Fatal(err)
		}
		opposite := w.Draft(3)
		opposite.Status = lantern.NonViolating
		w.MustShare(blue.Service, opposite)
		w.Drain(blue.Service, "")
		derived := w.Draft(5000)
		derived.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: results[20].Signal}, {Kind: lantern.SameAccount, Signal: results[21].Signal}}
		w.MustShare(blue.Service, derived)
		w.MustShare(blue.Service, w.Draft(30)) // says the same
		for _, r := range []lantern.Reaction{lantern.Seen, lantern.Helpful} {
			if _, err := w.React(ctx, blue.Service, lantern.Feedback{Signal: results[50].Signal, Reaction: r}); err != nil {
				t.Fatal(err)
			}
		}
		w.Drain(green.Service, "")
		w.Drain(yellow.Service, "")
		if _, err := w.Withdraw(ctx, red.Submitter, results[60].Signal, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated}); err != nil {
			t.Fatal(err)
		}
		for _, f := range []lantern.FeedFilter{{}, {Imminent: true}, {MinCorroboration: 1}, {Types: []lantern.SignalType{"url"}}} {
			var want []lantern.Change
			for cursor, more := lantern.Cursor(""), true; more; {
				page, err := w.FilteredFeed(ctx, green.Service, w.Program.ID, f, cursor, 100, 0)
				if err != nil {
					t.Fatal(err)
				}
				want, cursor, more = append(want, page.Changes...), page.Next, page.More
			}
			got, mark := snapshot(t, w, yellow.Service, f)
			if len(got) != len(want) {
				t.Fatalf("filter %+v: the snapshot has %d changes, the feed %d", f, len(got), len(want))
			}
			for i := range got {
				if !reflect.DeepEqual(got[i], want[i]) {
					t.Fatalf("filter %+v, change %d:\nsnapshot %+v\nfeed     %+v", f, i, got[i], want[i])
				}
			}
			page, err := w.FilteredFeed(ctx, yellow.Service, w.Program.ID, f, mark.Next, 0, 0)
			if err != nil || len(page.Changes) != 0 || page.More {
				t.Fatalf("after the snapshot the feed goes on with %d changes, %v", len(page.Changes), err)
			}
		}
	})
}

// What moves or falls while a snapshot is on its way comes after it, and counts as sent.
func TestSnapshotOfMovingFeed(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		red, blue := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ids := map[lantern.ID]bool{}
		var last lantern.ID
		many := 2000 * (3*runtime.GOMAXPROCS(0) + 3) // more than the blocks that are prepared ahead hold
		for n := 0; n < many; n += lantern.MaxBatch {
			var drafts []lantern.Draft
			for i := range lantern.MaxBatch {
				drafts = append(drafts, w.Draft(n+i))
			}
			results, err := w.ShareBatch(t.Context(), red.Service, drafts)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				last = r.Signal
				ids[last] = true
			}
		}
		first := true
		var lines int
		err := w.Snapshot(t.Context(), blue.Service, w.Program.ID, lantern.FeedFilter{}, func(block []byte) error {
			if first {
				first = false
				w.MustShare(red.Service, w.Draft(many))
				if _, err := w.Withdraw(t.Context(), red.Submitter, last, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: true}); err != nil {
					return err
				}
			}
			if bytes.Contains(block, []byte(last.String())) {
				return errors.New("an erased signal is in the snapshot")
			}
			lines += bytes.Count(block, []byte("\n"))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if lines != many-1+1 {
			t.Errorf("the snapshot has %d lines, want every signal but one and the mark", lines)
		}
		err = w.Config.DB.Read(t.Context(), func(tx *sqldb.Tx) error {
			list, err := store.Recipients(t.Context(), tx, last)
			if err == nil && (len(list) != 1 || list[0].Member != blue.ID) {
				err = fmt.Errorf("recipients of the erased signal: %v", list)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A reader who loses its rights gets no further, and one that stops reading stops the work.
func TestSnapshotEnds(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		red, blue := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		w.MustShare(red.Service, w.Draft(1))
		stop := errors.New("the socket is gone")
		if err := w.Snapshot(t.Context(), blue.Service, w.Program.ID, lantern.FeedFilter{}, func([]byte) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("a reader that went away: %v", err)
		}
		var text strings.Builder
		err := w.Snapshot(t.Context(), blue.Service, w.Program.ID, lantern.FeedFilter{MinSeverity: lantern.Critical}, func(b []byte) error {
			text.Write(b)
			return nil
		})
		if err != nil || strings.Count(text.String(), "\n") != 1 {
			t.Errorf("nothing passes the filter: %q, %v", text.String(), err)
		}
		if _, err := w.SetMemberState(t.Context(), w.Steward, blue.ID, lantern.StateChange{State: lantern.SuspendedMember, Reason: "drawn"}); err != nil {
			t.Fatal(err)
		}
		err = w.Snapshot(t.Context(), blue.Service, w.Program.ID, lantern.FeedFilter{}, func([]byte) error { return nil })
		if lantern.KindOf(err) != lantern.Unauthorized {
			t.Errorf("a member that was suspended since it was authenticated: %v", err)
		}
	})
}
