package agent_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent/agenttest"
)

// gate is an exchange whose whole feeds wait until they are let through; the lanes of what
// is imminent never do.
func gate(t *testing.T, w *agenttest.World) (address string, open chan struct{}) {
	t.Helper()
	target, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	open = make(chan struct{})
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		feed := "/v1/programs/" + w.Program.ID.String()
		if (r.URL.Path == feed+"/changes" || r.URL.Path == feed+"/snapshot") && r.URL.Query().Get("imminent") == "" {
			select {
			case <-open:
			case <-r.Context().Done():
				return
			}
		}
		pass.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, open
}

// An agent that has not read a line of its backlog matches what is imminent, and still
// says that it could not look everywhere.
func TestImminentComesBeforeTheBacklog(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	for n := range 20 {
		w.MustShare(host.Submitter, w.Draft(n))
	}
	urgent := w.Draft(20)
	urgent.Imminent = true
	id := w.MustShare(host.Submitter, urgent)
	address, open := gate(t, w)
	c := w.AgentConfig(t, social, t.TempDir())
	c.Exchange = client.New(address, social.ServiceKey, client.Options{Retries: -1})
	r := agenttest.Start(t, c)
	r.Until("the imminent one is held", func(s lantern.AgentStatus) bool { return s.Signals == 1 })
	a := r.MatchOne(lantern.Record{Ref: "post-1", URLs: []string{urgent.Value, w.Draft(1).Value}}, false)
	if a.State != lantern.CouldNotLook || len(a.Matches) != 1 || a.Matches[0].Signal != id || !a.Matches[0].Imminent {
		t.Errorf("before the backlog: got %+v, want the imminent one, and could-not-look", a)
	}
	// What is imminent now comes while the backlog still waits, and so does its correction.
	second := w.Draft(21)
	second.Imminent = true
	w.MustShare(host.Submitter, second)
	r.Until("the second is held", func(s lantern.AgentStatus) bool { return s.Signals == 2 })
	if _, err := w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	r.Until("the first is gone", func(s lantern.AgentStatus) bool { return s.Signals == 1 && s.Tasks == 1 && s.Acks == 0 })
	close(open)
	s := r.Until("the backlog is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
	if s.Signals != 21 {
		t.Errorf("loaded: got %d signals, want 21", s.Signals)
	}
}

// A page of the whole feed that was read before a suspension and arrives after it must not
// bring the signal back: the lane had it first.
func TestLaneAndFeedOvertakeEachOther(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
	urgent := w.Draft(1)
	urgent.Imminent = true
	id := w.MustShare(host.Submitter, urgent)
	target, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	// The first answer of the whole feed is held back on its way.
	read, open := make(chan struct{}), make(chan struct{})
	var first sync.Once
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, ModifyResponse: func(res *http.Response) error {
		if u := res.Request.URL; u.Path == "/v1/programs/"+w.Program.ID.String()+"/changes" && u.Query().Get("imminent") == "" {
			first.Do(func() { close(read); <-open })
		}
		return nil
	}}
	srv := httptest.NewServer(pass)
	t.Cleanup(srv.Close)
	c := w.AgentConfig(t, social, t.TempDir())
	c.Exchange = client.New(srv.URL, social.ServiceKey, client.Options{Retries: -1})
	r := agenttest.Start(t, c)
	<-read
	r.Until("the lane brought it", func(s lantern.AgentStatus) bool { return s.Signals == 1 })
	if _, err := w.OpenChallenge(t.Context(), game.Investigator, lantern.Challenge{Signal: id, Reason: lantern.WrongValue}); err != nil {
		t.Fatal(err)
	}
	r.Until("the lane brought the suspension", func(s lantern.AgentStatus) bool { return s.Signals == 0 })
	close(open)
	r.Until("the feed is loaded", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
	if a := r.MatchOne(lantern.Record{Ref: "post-1", URLs: []string{urgent.Value}}, true); len(a.Matches) != 0 {
		t.Errorf("an older page brought a suspended signal back: %s", fmt.Sprint(a.Matches))
	}
}

// With a backlog of 50,000 signals, what is imminent is matchable while the backlog loads.
func TestImminentOvertakesALongBacklog(t *testing.T) {
	t.Parallel()
	const backlog = 50_000
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	for first := 0; first < backlog; first += lantern.MaxBatch {
		drafts := make([]lantern.Draft, lantern.MaxBatch)
		for i := range drafts {
			drafts[i] = w.Draft(first + i)
		}
		if _, err := w.ShareBatch(t.Context(), host.Service, drafts); err != nil {
			t.Fatal(err)
		}
	}
	urgent := w.Draft(backlog)
	urgent.Imminent = true
	id := w.MustShare(host.Service, urgent)
	began := time.Now()
	r := agenttest.Start(t, w.AgentConfig(t, social, t.TempDir()))
	record := lantern.Record{Ref: "post-1", URLs: []string{urgent.Value}}
	s := r.Until("the imminent one is matchable", func(lantern.AgentStatus) bool {
		return slices.Equal(agenttest.Matched(r.MatchOne(record, true)), []lantern.ID{id})
	})
	if s.Programs[0].Loaded || s.Signals > backlog/2 {
		t.Errorf("it came with %d signals of %d, loaded %v; want it before the backlog", s.Signals, backlog, s.Programs[0].Loaded)
	}
	t.Logf("matchable after %v, with %d of %d signals", time.Since(began), s.Signals, backlog)
}
