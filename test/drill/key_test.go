package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent/agenttest"
	"lantern/internal/sqldb/sqldbtest"
)

// endsWithin is how long a stolen key may go on after it was revoked. A second is promised;
// a machine that runs all tests at once is late.
const endsWithin = 2 * time.Second

// TestStolenKeyIsRevoked has somebody follow a feed, wait for it and share with a key that
// is not theirs. The member's admin revokes it: all three end at once, whoever comes back
// with the key is refused, what is shared afterwards does not reach them, what they were answered before stands, and
// the member's own agent, which has another key, notices nothing.
func TestStolenKeyIsRevoked(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := agenttest.NewOn(t, url)
		ctx := t.Context()
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		w.MustShare(cloud.Submitter, w.Draft(1))
		run := w.Run(t, face, t.TempDir())
		stolen, err := w.IssueKey(ctx, face.Admin, lantern.Key{Actor: face.Submitter.Person, Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare}})
		if err != nil {
			t.Fatal(err)
		}
		thief := client.New(w.URL, stolen.Secret, client.Options{Retries: -1})

		var mu sync.Mutex
		got := map[lantern.ID]bool{} // signals handed to the thief
		taken := func(c lantern.Change) error {
			mu.Lock()
			defer mu.Unlock()
			got[c.Signal.ID] = true
			return nil
		}
		busy, ended := make(chan string, 2), make(chan error, 3)
		go func() {
			first := true
			ended <- named("following", thief.Follow(ctx, w.Program.ID, lantern.FeedFilter{}, "", taken, func(lantern.FeedMark) error {
				if first {
					first = false
					busy <- "following"
				}
				return nil
			}))
		}()
		lines, out := io.Pipe()
		defer out.Close()
		var shared lantern.ID
		go func() {
			ended <- named("sharing", thief.ShareStream(ctx, lines, func(r lantern.StreamResult) error {
				shared = r.Signal
				busy <- "sharing"
				return nil
			}))
		}()
		go func() { ended <- named("waiting", wait(ctx, thief, w.Program.ID, taken)) }()
		draft, err := json.Marshal(w.Draft(2))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(out, "%s\n", draft)
		<-busy
		<-busy

		if _, err := w.RevokeKey(ctx, face.Admin, stolen.ID); err != nil {
			t.Fatal(err)
		}
		revoked := time.Now()
		for range 3 {
			if err := <-ended; err == nil {
				t.Error("something ended well with a revoked key")
			}
			if took := time.Since(revoked); took > endsWithin {
				t.Errorf("something went on for %v with a revoked key", took)
			}
		}
		after := w.MustShare(cloud.Submitter, w.Draft(3))
		run.Until("the member's own agent has what was shared afterwards", func(lantern.AgentStatus) bool {
			return len(run.MatchOne(lantern.Record{Ref: "r", URLs: []string{w.Draft(3).Value}}, false).Matches) > 0
		})
		if _, err := thief.Feed(ctx, w.Program.ID, "", 0, 0); lantern.KindOf(err) != lantern.Unauthorized {
			t.Errorf("a new read: got %v, want unauthorized", err)
		}
		mu.Lock()
		defer mu.Unlock()
		if got[after] {
			t.Error("what was shared after the key ended reached its bearer")
		}
		if s, err := w.Signal(ctx, face.Submitter, shared); err != nil || s.State != lantern.Active {
			t.Errorf("what was answered before the key ended: got %v, %v", s.State, err)
		}
	})
}

// wait reads a feed to its end and waits for more, again and again.
func wait(ctx context.Context, c *client.Client, program lantern.ID, taken func(lantern.Change) error) error {
	var cursor lantern.Cursor
	for {
		page, err := c.Feed(ctx, program, cursor, 0, lantern.MaxWait)
		if err != nil {
			return err
		}
		cursor = page.Next
		for _, change := range page.Changes {
			if err := taken(change); err != nil {
				return err
			}
		}
	}
}

func named(what string, err error) error { return fmt.Errorf("%s: %w", what, err) }
