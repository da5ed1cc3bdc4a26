package corrections

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/seal"
)

// realReader is an agent as members run it, but for the network, which is a function call.
type realReader struct {
	*agent.Agent
	w      *world
	member int
	dir    string
	net    *network // of the present contact
}

func newRealReader(w *world, member int) (*realReader, error) {
	r := &realReader{w: w, member: member, dir: filepath.Join(w.dir, "agent"+strconv.Itoa(member))}
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		return nil, err
	}
	return r, r.start()
}

func (r *realReader) start() (err error) {
	c := client.New("http://exchange.example.com", r.w.cast.companies[r.member].ServiceKey, client.Options{Retries: -1, Transport: r})
	r.Agent, err = agent.New(r.w.ctx, agent.Config{Dir: r.dir, Exchange: c, Sealer: seal.New(seal.NewLocalKEK([32]byte{7})), Clock: r.w.clock.Now, Random: r.w.random})
	return err
}

// RoundTrip is the network.
func (r *realReader) RoundTrip(req *http.Request) (res *http.Response, err error) {
	if r.w.handler == nil {
		return nil, errCut
	}
	n := r.net
	if n == nil {
		n = &network{saw: func(int, any) {}}
	}
	in := httptest.NewRequest(req.Method, req.URL.String(), http.NoBody).WithContext(req.Context())
	in.Header = req.Header
	var sent []byte
	if req.Body != nil {
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		in.Body, in.ContentLength = io.NopCloser(bytes.NewReader(sent)), int64(len(sent))
	}
	ack := strings.HasSuffix(req.URL.Path, "/acks")
	err = n.carry(ack, func() error {
		w := httptest.NewRecorder()
		r.w.handler.ServeHTTP(w, in)
		if res = w.Result(); w.Code == http.StatusOK {
			answer, err := plain(w)
			if err != nil {
				return err
			}
			return r.observe(n, req.URL.Path, sent, answer)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return res, nil
}

// plain is an answer's body as it was before it was packed.
func plain(w *httptest.ResponseRecorder) ([]byte, error) {
	if w.Header().Get("Content-Encoding") != "zstd" {
		return w.Body.Bytes(), nil
	}
	d, err := zstd.NewReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return io.ReadAll(d)
}

// observe tells the observer what the exchange answered.
func (r *realReader) observe(n *network, path string, sent, answer []byte) error {
	switch {
	case strings.HasSuffix(path, "/changes"):
		var page lantern.FeedPage
		if err := json.Unmarshal(answer, &page); err != nil {
			return err
		}
		n.saw(r.member, page)
	case strings.HasSuffix(path, "/snapshot"):
		var page lantern.FeedPage
		for line := range bytes.Lines(answer) {
			var c lantern.Change // or the mark at the end, which holds none
			if err := json.Unmarshal(line, &c); err != nil {
				return err
			}
			if c.Seq != 0 {
				page.Changes = append(page.Changes, c)
			}
		}
		n.saw(r.member, page)
	case path == "/v1/corrections":
		var list lantern.Items[lantern.Correction]
		if err := json.Unmarshal(answer, &list); err != nil {
			return err
		}
		n.saw(r.member, list.Items)
	case strings.HasSuffix(path, "/acks"):
		var ack lantern.Ack
		if err := json.Unmarshal(sent, &ack); err != nil {
			return err
		}
		n.saw(r.member, ack)
	}
	return nil
}

func (r *realReader) contact(n *network) error {
	r.net = n
	defer func() { r.net = nil }()
	return r.RunOnce(r.w.ctx)
}

// look looks every value of the story up.
func (r *realReader) look(dry bool) (map[lantern.ID]bool, error) {
	rec := lantern.Record{Ref: "post"}
	for v := range values {
		rec.URLs = append(rec.URLs, valueText(v))
	}
	answers, err := r.Match(r.w.ctx, []lantern.Record{rec}, agent.MatchOptions{Dry: dry})
	if err != nil {
		return nil, err
	}
	matching := map[lantern.ID]bool{}
	for _, m := range answers[0].Matches {
		matching[m.Signal] = true
	}
	return matching, nil
}

func (r *realReader) holds() (map[lantern.ID]bool, error) { return r.look(false) }

func (r *realReader) openHits() (map[lantern.ID]bool, error) {
	hits, err := r.Hits(r.w.ctx, agent.HitFilter{State: lantern.HitOpen})
	waiting := map[lantern.ID]bool{}
	for _, h := range hits {
		waiting[h.Match.Signal] = true
	}
	return waiting, err
}

func (r *realReader) copyFolder(from, to string) error {
	if err := r.Close(); err != nil {
		return err
	}
	err := os.RemoveAll(to)
	if err == nil {
		err = os.CopyFS(to, os.DirFS(from))
	}
	return errors.Join(err, r.start())
}

func (r *realReader) keep() error { return r.copyFolder(r.dir, r.dir+".kept") }

func (r *realReader) goBack() error {
	return r.copyFolder(r.dir+".kept", r.dir)
}

func (r *realReader) reopen() error { return errors.Join(r.Close(), r.start()) }

func (r *realReader) close() error { return r.Close() }

// accept is what a person does who was told by the operator. Which of the exchange's
// restores explains the fault is found by trying.
func (r *realReader) accept(restores []lantern.Restore) error {
	s, err := r.Status(r.w.ctx)
	if err != nil || s.Log.Fault == "" {
		return err
	}
	caller, err := r.Authenticate(r.w.ctx, r.w.cast.companies[r.member].InvestigatorKey)
	if err != nil {
		return err
	}
	for i := range restores {
		_, err = r.AcceptRestore(r.w.ctx, caller, lantern.Restore{Entry: restores[len(restores)-1-i].Entry, Reason: "called the operator"})
		if err == nil {
			return nil
		}
	}
	return err
}
