package agent_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent/agenttest"
)

// Acknowledgements do not wait for one another: a thousand corrections at once must be
// acknowledged as masked within the minute, and each takes the exchange a commit.
func TestAcknowledgementsGoTogether(t *testing.T) {
	t.Parallel()
	const together = 4
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	var ids []lantern.ID
	for i := range 3 * together {
		ids = append(ids, w.MustShare(host.Submitter, w.Draft(i)))
	}
	dir := t.TempDir()
	w.Run(t, social, dir).Stop()
	for _, id := range ids {
		if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	waiting := 0 // guarded by mu
	open := make(chan struct{})
	w.URL = proxy(t, w, func(_ http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/acks") {
			return false
		}
		mu.Lock()
		if waiting++; waiting == together {
			close(open)
		}
		n := waiting
		mu.Unlock()
		select {
		case <-open:
		case <-time.After(5 * time.Second):
			t.Errorf("%d acknowledgements are under way at once, want %d", n, together)
		}
		return false
	})
	r := w.Run(t, social, dir)
	r.Until("everything is acknowledged", func(s lantern.AgentStatus) bool { return s.Signals+s.Acks == 0 })
}
