package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lantern"
	"lantern/client"
)

// A stream that breaks off in the middle of a line says why, and not that the line is bad.
func TestStreamBreaksOff(t *testing.T) {
	t.Parallel()
	half := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = w.Write([]byte(`{"ref":"a","state":"ok","matches":[]}` + "\n" + `{"ref":"b",`))
		_ = http.NewResponseController(w).Flush()
		select {
		case <-half:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	agent := client.NewAgent(server.URL, "token", client.Options{})

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := agent.MatchStream(ctx, strings.NewReader("{}\n"), false, func(lantern.Answer) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("given up by the caller: %v", err)
	}
	err = agent.MatchStream(t.Context(), strings.NewReader("{}\n"), false, func(lantern.Answer) error { close(half); return nil })
	if lantern.KindOf(err) != lantern.Unavailable || strings.Contains(err.Error(), "malformed") {
		t.Errorf("cut off by the server: %v", err)
	}
}
