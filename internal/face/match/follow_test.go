package match_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent/agenttest"
	face "lantern/internal/face/match"
)

// cutter hands out connections that break after some bytes, wherever that is.
type cutter struct {
	net.Listener
	mu   sync.Mutex
	luck *rand.Rand // guarded by mu
}

func (c *cutter) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return &cut{Conn: conn, left: 200 + c.luck.IntN(20_000)}, nil
}

type cut struct {
	net.Conn
	left int
}

func (c *cut) Write(b []byte) (int, error) {
	if len(b) <= c.left {
		c.left -= len(b)
		return c.Conn.Write(b)
	}
	n, _ := c.Conn.Write(b[:c.left]) // the rest is lost, which is what is tried
	return n, errors.Join(net.ErrClosed, c.Conn.Close())
}

// Connections break in the middle of lines, and the follower is stopped and started again
// with the place it kept: every hit comes, and none twice.
func TestFollowLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	plain, grave := w.Draft(1), w.Draft(2)
	grave.Imminent = true
	w.MustShare(host.Submitter, plain)
	w.MustShare(host.Submitter, grave)
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	w.Reaches(r, social)
	srv := httptest.NewUnstartedServer(face.Handler(r.Agent, nil))
	srv.Listener = &cutter{Listener: srv.Listener, luck: rand.New(rand.NewPCG(7, 11))}
	srv.Start()
	t.Cleanup(srv.Close)
	follower := client.NewAgent(srv.URL, localToken(t, dir), client.Options{})
	const many = 400
	go func() {
		for i := range many {
			value := plain.Value
			if i%10 == 0 {
				value = grave.Value
			}
			r.MatchOne(lantern.Record{Ref: fmt.Sprintf("post-%d", i), URLs: []string{value}}, false)
		}
	}()
	seen, place, starts := make(map[string]int), lantern.Cursor(""), 0
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	stop := errors.New("stopped by a kill")
	for ; len(seen) < many; starts++ {
		lives := 1 + starts*7%60
		err := follower.FollowHits(ctx, place, func(n lantern.Notice) error {
			// The line and its place are kept in one step.
			seen[n.Hit.Ref]++
			place = n.Next
			if lives--; lives == 0 || len(seen) == many {
				return stop
			}
			return nil
		})
		if !errors.Is(err, stop) {
			t.Fatalf("after %d hits: %v", len(seen), err)
		}
	}
	for ref, n := range seen {
		if n != 1 {
			t.Errorf("%s came %d times", ref, n)
		}
	}
	if starts < 5 {
		t.Errorf("only %d starts", starts)
	}
	// Nothing is left behind the last place.
	if err := follower.ToldHits(ctx, place, func(n lantern.Notice) error { return fmt.Errorf("another line: %s", n.Hit.Ref) }); err != nil && lantern.KindOf(err) != lantern.Unavailable {
		t.Error(err)
	}
}
