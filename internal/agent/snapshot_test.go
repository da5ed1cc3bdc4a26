package agent_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
)

// Should an exchange send a signal as active and, before the snapshot's end, that it fell, it
// must not stand by what was sent first.
func TestSignalThatFallsWithinASnapshot(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	falls, stands := w.Draft(1), w.Draft(2)
	id := w.MustShare(host.Submitter, falls)
	w.MustShare(host.Submitter, stands)
	target, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	// withdrawn puts the withdrawal of the signal between the changes and the mark of a snapshot.
	withdrawn := func(body []byte) ([]byte, error) {
		lines := strings.SplitAfter(strings.TrimSuffix(string(body), "\n"), "\n")
		var mark map[string]any
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &mark); err != nil {
			return nil, err
		}
		if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
			return nil, err
		}
		changes, next := w.Drain(social.Service, "")
		mark["next"] = next
		out := bytes.NewBufferString(strings.Join(lines[:len(lines)-1], ""))
		enc := json.NewEncoder(out)
		for _, c := range changes {
			if c.Signal.ID == id {
				if err := enc.Encode(c); err != nil {
					return nil, err
				}
			}
		}
		err := enc.Encode(mark)
		return out.Bytes(), err
	}
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Header.Set("Accept-Encoding", "identity") },
		ModifyResponse: func(res *http.Response) error {
			if !strings.HasSuffix(res.Request.URL.Path, "/snapshot") {
				return nil
			}
			body, err := io.ReadAll(res.Body)
			if err == nil {
				body, err = withdrawn(body)
			}
			res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), -1
			res.Header.Del("Content-Length")
			return err
		},
	}
	srv := httptest.NewServer(pass)
	t.Cleanup(srv.Close)
	c := w.AgentConfig(t, social, t.TempDir())
	c.Exchange = client.New(srv.URL, social.ServiceKey, client.Options{Retries: -1})
	a, err := agent.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close() //nolint:errcheck // the test is over
	if err := a.RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := a.Match(t.Context(), []lantern.Record{{Ref: "post-1", URLs: []string{falls.Value}}, {Ref: "post-2", URLs: []string{stands.Value}}}, agent.MatchOptions{Dry: true})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].State != lantern.AnswerOK || len(got[0].Matches) != 0 {
		t.Errorf("the signal that fell: %+v", got[0])
	}
	if len(got[1].Matches) != 1 {
		t.Errorf("the signal that stands: got %d matches, want 1", len(got[1].Matches))
	}
}
