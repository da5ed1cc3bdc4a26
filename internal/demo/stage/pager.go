package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"lantern"
	"lantern/internal/webhook"
)

// Pager is a company's own receiver of webhooks, as somebody on call would have it: it
// takes what is signed with its secret, and rings once for each event.
type Pager struct {
	clock  func() time.Time // the stage's, to which requests are signed
	server *http.Server
	net    net.Listener

	secret webhook.Secret // set before it serves

	mu   sync.Mutex
	rang map[lantern.ID]Ringing // by event; guarded by mu
	bad  int                    // requests that were refused; guarded by mu
}

// Ringing is one event, as it arrived.
type Ringing struct {
	Event lantern.Event
	At    time.Time // the pager's clock
}

// maxEvent bounds the body of an event, which is thin.
const maxEvent = 4096

// Page registers a receiver of the company's at the exchange for the given events. It
// listens on the machine's own loopback address and must be closed.
func (s *Stage) Page(ctx context.Context, c *Company, events ...lantern.EventType) (*Pager, error) {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a receiver of webhooks: %w", err)
	}
	p := &Pager{clock: s.o.Clock.Now, net: at, rang: map[lantern.ID]Ringing{}}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	hook, err := c.People[Admin].CreateWebhook(ctx, lantern.Webhook{URL: "http://" + at.Addr().String() + "/page", Events: events})
	if err == nil {
		p.secret, err = webhook.ParseSecret(hook.Secret)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("registering a webhook of %s: %w", c.Name, err), at.Close())
	}
	go func() { _ = p.server.Serve(at) }() // ends with Close
	return p, nil
}

// Close stops listening.
func (p *Pager) Close() error { return p.server.Close() }

// ServeHTTP takes an event. Twice the same rings once.
func (p *Pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := p.clock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
	var e lantern.Event
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil || webhook.Verify(r.Header, body, now, p.secret) != nil || json.Unmarshal(body, &e) != nil {
		p.bad++
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if _, known := p.rang[e.ID]; !known {
		p.rang[e.ID] = Ringing{e, now}
	}
	w.WriteHeader(http.StatusNoContent)
}

// Rang waits until so many events arrived, and returns them in no order. A request that
// was not signed as it should be is an error: nobody else knows the address.
func (p *Pager) Rang(ctx context.Context, n int) (list []Ringing, err error) {
	err = Until(ctx, func() (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.bad > 0 {
			return false, errors.New("a webhook came with a signature that does not fit")
		}
		if len(p.rang) < n {
			return false, nil
		}
		for _, r := range p.rang {
			list = append(list, r)
		}
		return true, nil
	})
	return list, err
}
