package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
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

// A line of any length is one, and what was read of one line is not overwritten by the next.
func TestLongLines(t *testing.T) {
	t.Parallel()
	refs := []string{"a", strings.Repeat("b", 200_000), "c", strings.Repeat("d", 70_000), "e"}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, ref := range refs {
			_, _ = w.Write([]byte(`{"ref":"` + ref + `","state":"ok","matches":[],"of_tomorrow":1}` + "\n"))
		}
	}))
	defer server.Close()
	var got []string
	agent := client.NewAgent(server.URL, "token", client.Options{})
	err := agent.MatchStream(t.Context(), strings.NewReader("{}\n"), false, func(a lantern.Answer) error { got = append(got, a.Ref); return nil })
	if err != nil || !slices.Equal(got, refs) {
		t.Errorf("got %d lines and %v, want the %d that were sent", len(got), err, len(refs))
	}
}
