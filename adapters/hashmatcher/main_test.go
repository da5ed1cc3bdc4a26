package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern/client"
	"lantern/internal/agent/agenttest"
	face "lantern/internal/face/match"
)

func TestLookups(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	hash := strings.Repeat("f0", 32)
	near := strings.Repeat("f0", 31) + "f3" // two bits away
	film := strings.Repeat("ab", 16)
	d := w.Draft(1)
	d.Type, d.Value = "pdq", hash
	id := w.MustShare(host.Submitter, d)
	d.Type, d.Value = "video-md5", film
	filmed := w.MustShare(host.Submitter, d)
	dir := t.TempDir()
	r := w.Run(t, social, dir)
	w.Reaches(r, social)
	agent := httptest.NewServer(face.Handler(r.Agent, nil))
	t.Cleanup(agent.Close)
	token, err := os.ReadFile(filepath.Join(dir, "agent.token"))
	if err != nil {
		t.Fatal(err)
	}
	h := handler(client.NewAgent(agent.URL, strings.TrimSpace(string(token)), client.Options{Retries: -1}))
	ask := func(path string) (int, string) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		return rec.Code, strings.TrimSpace(rec.Body.String())
	}
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"/m/lookup?signal_type=pdq&signal=" + hash, 200, fmt.Sprintf(`{"lantern":[{"bank_content_id":%d,"distance":"0"}]}`, id)},
		{"/m/lookup?signal_type=pdq&signal=" + near, 200, fmt.Sprintf(`{"lantern":[{"bank_content_id":%d,"distance":"2"}]}`, id)},
		{"/m/raw_lookup?signal_type=pdq&include_distance=true&signal=" + near, 200, fmt.Sprintf(`{"matches":[{"bank_content_id":%d,"distance":"2"}]}`, id)},
		{"/m/raw_lookup?signal_type=video_md5&signal=" + film, 200, fmt.Sprintf(`{"matches":[%d]}`, filmed)},
		{"/m/raw_lookup?signal_type=sha1&signal=" + strings.Repeat("a1", 20), 200, `{"matches":[]}`},
		// A blank picture or an empty file has a hash that nobody shares: that is an answer.
		{"/m/lookup?signal_type=pdq&signal=" + strings.Repeat("0", 64), 200, `{"lantern":[]}`},
		{"/m/raw_lookup?signal_type=pdq&signal=" + strings.Repeat("F", 64), 200, `{"matches":[]}`},
		{"/m/raw_lookup?signal_type=md5&signal=d41d8cd98f00b204e9800998ecf8427e", 200, `{"matches":[]}`},
		{"/m/lookup?signal_type=pdq&signal=xyz", 400, "signal cannot be read as that signal_type"},
		{"/m/lookup?signal_type=scent&signal=" + hash, 400, "give signal, and signal_type: pdq, video_md5, md5, sha1 or sha256"},
		{"/status", 200, "I-AM-ALIVE"},
	} {
		if status, body := ask(c.path); status != c.status || body != c.body {
			t.Errorf("%s: got %d %s, want %d %s", c.path, status, body, c.status, c.body)
		}
	}
	if hits := r.HitsIn("open"); len(hits) != 3 { // exact and near are two ways of matching
		t.Errorf("%d hits wait", len(hits))
	}
	// An agent that cannot be relied on never says that there is nothing.
	w.Clock.Add(25 * time.Hour)
	if status, body := ask("/status"); status != 503 || body != "INDEX-STALE" {
		t.Errorf("stale: got %d %s", status, body)
	}
	if status, _ := ask("/m/raw_lookup?signal_type=sha1&signal=" + strings.Repeat("a1", 20)); status != 503 {
		t.Errorf("stale: a look-up gives %d", status)
	}
	agent.Close()
	if status, body := ask("/status"); status != 503 || body != "INDEX-NOT-LOADED" {
		t.Errorf("no agent: got %d %s", status, body)
	}
}
