package stage

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/webhook"
)

// A pager rings once for each event, and takes nothing that was not signed for it.
func TestPager(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	secret, err := webhook.NewSecret(strings.NewReader(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	other, err := webhook.NewSecret(strings.NewReader(strings.Repeat("o", 32)))
	if err != nil {
		t.Fatal(err)
	}
	p := &Pager{clock: func() time.Time { return now }, secret: secret, rang: map[lantern.ID]Ringing{}}
	send := func(id string, with webhook.Secret) int {
		body := `{"id":"` + id + `","type":"signal.imminent","timestamp":"2026-03-01T12:00:00Z","data":{"object":"7"}}`
		r := httptest.NewRequest(http.MethodPost, "/page", strings.NewReader(body))
		if err := webhook.Sign(r.Header, id, now, []byte(body), with); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Code
	}
	for _, id := range []string{"11", "12", "11"} {
		if code := send(id, secret); code != http.StatusNoContent {
			t.Fatalf("event %s: %d", id, code)
		}
	}
	rang, err := p.Rang(t.Context(), 2)
	if err != nil || len(rang) != 2 || !rang[0].At.Equal(now) || rang[0].Event.Type != lantern.SignalImminent {
		t.Errorf("got %+v, %v", rang, err)
	}
	if code := send("13", other); code != http.StatusBadRequest {
		t.Errorf("a stranger's event: %d", code)
	}
	if _, err := p.Rang(t.Context(), 2); err == nil {
		t.Error("a stranger's event was passed over in silence")
	}
}
