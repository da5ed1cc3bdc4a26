package api_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/exchange"
	"lantern/internal/face/api"
	"lantern/internal/openapi/openapitest"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/web"
)

// world is an exchange behind its face, with a steward and three companies in one
// program. Every answer that anybody gets is held to the document.
type world struct {
	t       *testing.T
	x       *exchange.Exchange
	url     string
	spec    *openapitest.Spec
	log     *logBuffer
	metrics *web.Metrics
	ahead   atomic.Int64 // how far the clock is ahead
	config  api.Config

	mu   sync.Mutex
	seen map[string]bool // "operation status"; guarded by mu

	steward          *client.Client
	stewardKey       string
	outsider         lantern.ID // a person of a company outside of the program
	program          lantern.ID
	red, blue, green company

	expiredKey, revokedKey, readKey string // made when they are asked for
}

type company struct {
	*client.Client
	member, person lantern.ID
	key            string
}

type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func loadSpec(t *testing.T) *openapitest.Spec {
	t.Helper()
	b, err := api.Document()
	return openapitest.Load(t, b, err)
}

func newWorld(t *testing.T, url string, change ...func(*api.Config)) *world {
	t.Helper()
	return foundWorld(t, url, func(*exchange.Config) {}, func(w *world) {
		for _, c := range change {
			c(&w.config)
		}
	})
}

func foundWorld(t *testing.T, url string, exchanged func(*exchange.Config), faced func(*world)) *world {
	t.Helper()
	w := &world{t: t, spec: loadSpec(t), log: &logBuffer{}, metrics: web.NewMetrics(), seen: map[string]bool{}}
	db, err := sqldb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	signer, err := audit.NewSigner("exchange.example.com/log", bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	config := exchange.Config{
		DB: db, Sealer: seal.New(seal.NewLocalKEK([32]byte{1})), Signer: signer, Log: log, SweepEvery: -1, WebhookEvery: -1,
		Clock: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) },
	}
	exchanged(&config)
	if w.x, err = exchange.New(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.x.Close() })
	founder, err := w.x.Init(t.Context(), "Coalition")
	if err != nil {
		t.Fatal(err)
	}
	w.config.Log = log
	faced(w)
	face, err := api.New(w.x, w.config)
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(web.Options{Log: log, Metrics: w.metrics})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	w.stewardKey, w.steward = founder.Secret, w.client(founder.Secret)
	w.settle()
	return w
}

func (w *world) client(key string) *client.Client {
	return client.New(w.url, key, client.Options{Transport: w, Retries: -1})
}

// settle fills the world: three companies, one program.
func (w *world) settle() {
	ctx := w.t.Context()
	must(w.t)(w.steward.CreateProgram(ctx, lantern.Program{Name: "Elsewhere", Purpose: "not the caller's", Policy: rules()}))
	program := must(w.t)(w.steward.CreateProgram(ctx, lantern.Program{Name: "Links", Purpose: "find what was removed", Policy: rules()})).(lantern.Program)
	w.program = program.ID
	w.red, w.blue, w.green = w.found("Red Files"), w.found("Blue Chat"), w.found("Green Games")
}

func rules() lantern.Policy {
	return lantern.Policy{Types: map[lantern.SignalType]lantern.TypePolicy{"url": {}, "email": {}}, Tags: lantern.Taxonomy()}
}

// found makes a company with one trained person who may do everything.
func (w *world) found(name string) company {
	ctx := w.t.Context()
	m := must(w.t)(w.steward.CreateMember(ctx, lantern.Member{Name: name, Kind: lantern.Company, State: lantern.ActiveMember})).(lantern.Member)
	p := must(w.t)(w.steward.CreatePerson(ctx, lantern.Person{Member: m.ID, Label: "reviewer-1", Roles: []lantern.PersonRole{
		lantern.Admin, lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer,
	}})).(lantern.Person)
	must(w.t)(w.steward.TrainPerson(ctx, p.ID, time.Now().Add(90*24*time.Hour)))
	k := must(w.t)(w.steward.IssueKey(ctx, lantern.Key{Actor: p.ID, Scopes: []lantern.Scope{
		lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond, lantern.ScopeManage,
	}})).(lantern.Key)
	must(w.t)(w.steward.Join(ctx, lantern.Membership{Program: w.program, Member: m.ID, Direction: lantern.Both}))
	return company{w.client(k.Secret), m.ID, p.ID, k.Secret}
}

// shareWider shares a value to the program and to another one, in which red is alone.
func (w *world) shareWider(value string) (signal, other lantern.ID) {
	ctx := w.t.Context()
	other = must(w.t)(w.steward.CreateProgram(ctx, lantern.Program{Name: "Narrower", Purpose: "fewer members", Policy: rules()})).(lantern.Program).ID
	must(w.t)(w.steward.Join(ctx, lantern.Membership{Program: other, Member: w.red.member, Direction: lantern.Both}))
	d := w.draft(value)
	d.Programs = append(d.Programs, other)
	return must(w.t)(w.red.Share(ctx, d)).(lantern.ShareResult).Signal, other
}

// must returns the value of a call that may not fail.
func must(t *testing.T) func(v any, err error) any {
	return func(v any, err error) any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// draft is what the companies share.
func (w *world) draft(value string) lantern.Draft {
	return lantern.Draft{
		Programs: []lantern.ID{w.program}, Type: "url", Value: value, Tags: []lantern.Tag{"trade"},
		Basis: lantern.Basis{Policy: "Rule 4", ReviewedBy: lantern.ByHuman, At: time.Now().Add(-time.Hour).UTC().Truncate(time.Second)},
	}
}

// RoundTrip sends a request and holds the answer to the document.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err := w.checkAnswer(r, res, body); err != nil {
		w.t.Errorf("%s: %v", res.Request.Method, err)
	}
	return res, nil
}

func (w *world) checkAnswer(r *http.Request, res *http.Response, body []byte) error {
	seen, err := w.spec.CheckAnswer(r, res, body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[seen] = true
	return err
}

// send makes a raw request; header pairs follow.
func (w *world) send(method, path, key, body string, header ...string) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := w.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res, string(b)
}

// size is the number of log entries: it grows with everything that is stored.
func (w *world) size() int64 {
	w.t.Helper()
	note, err := w.x.Checkpoint(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := audit.OpenCheckpoint(note, w.x.LogKey())
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Size
}
