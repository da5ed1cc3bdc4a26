package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/cli/command"
)

// standIn is an exchange that answers with what it is told, for what a real one does only
// by chance of time.
func standIn(t *testing.T, feed []lantern.FeedPage, batch func(n int, drafts []lantern.Draft)) map[string]string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) {
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux.HandleFunc("GET /v1/whoami", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, lantern.Whoami{Member: lantern.Member{ID: 6}, Programs: []lantern.Program{{ID: 12, Policy: defaultPolicy(nil)}}})
	})
	mux.HandleFunc("GET /v1/programs/12/changes", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, feed[0])
		feed = feed[1:]
	})
	batches := 0
	mux.HandleFunc("POST /v1/signals/batch", func(w http.ResponseWriter, r *http.Request) {
		var in lantern.Items[lantern.Draft]
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		batches++
		batch(batches, in.Items)
		if r.Context().Err() == nil {
			answer(w, lantern.BatchAnswer{Results: make([]lantern.ShareResult, len(in.Items))})
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return map[string]string{"LANTERN_EXCHANGE": server.URL, "LANTERN_KEY": "lk_123456789_none"}
}

// A signal that falls while others are still read must not stay in an export; one that
// fell before was never in it.
func TestExportHoldsNothingThatFell(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	active := lantern.Change{Time: began.Add(-time.Hour), Signal: lantern.Signal{ID: 71, Member: 7, State: lantern.Active,
		Draft: lantern.Draft{Type: "url", Value: "https://files.example.com/a"}}}
	fell := func(at time.Time) lantern.Change {
		return lantern.Change{Time: at, Signal: lantern.Signal{ID: 71, Member: 7, State: lantern.Withdrawn}}
	}
	for _, tt := range []struct {
		name   string
		second lantern.Change
		code   int
	}{
		{"before", fell(began.Add(-time.Minute)), command.ExitOK},
		{"meanwhile", fell(began.Add(time.Second)), command.ExitFailed},
	} {
		env := standIn(t, []lantern.FeedPage{
			{Changes: []lantern.Change{active}, Next: "c1", More: true, AsOf: began},
			{Changes: []lantern.Change{tt.second}, Next: "c2", AsOf: began.Add(time.Second)}}, nil)
		dir := t.TempDir()
		file := filepath.Join(dir, "theirs.ndjson")
		got := runWith(t, env, "", "export", file, "--program", "12")
		left, err := os.ReadDir(dir)
		if err != nil || got.code != tt.code || len(left) != 1-tt.code {
			t.Errorf("%s: exit %d, %d files, %s", tt.name, got.code, len(left), got.err)
		}
	}
}

// A run that is interrupted says how far it came, keeps the rows refused so far, and the
// same command goes on.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	rows := "type,value,programs,tags,policy,reviewed_by\nurl,not an address,12,csam,p,human\n" +
		strings.Repeat("url,https://files.example.com/a,12,csam,p,human\n", 3000)
	ctx, interrupt := context.WithCancel(t.Context())
	env := standIn(t, nil, func(n int, _ []lantern.Draft) {
		if n == 3 { // rows on one value wait for each other, so that two batches are done
			interrupt()
		}
	})
	rejects := filepath.Join(t.TempDir(), "mend.csv")
	var out, errs bytes.Buffer
	code := Run(ctx, command.Process{
		Args: []string{"import", "-", "--rejects", rejects}, In: strings.NewReader(rows), Out: &out, Err: &errs,
		Env:   func(k string) (string, bool) { v, ok := env[k]; return v, ok },
		Clock: time.Now, Random: rand.Reader,
	})
	refused, err := os.ReadFile(rejects)
	if code != command.ExitInterrupted || err != nil || strings.Count(string(refused), "\n") != 2 {
		t.Errorf("exit %d, %v, refused rows %q", code, err, refused)
	}
	if !strings.Contains(errs.String(), "the same command with another --rejects goes on from there") {
		t.Errorf("got %s", errs.String())
	}
}
