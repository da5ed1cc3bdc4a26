package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/cli/command"
	"lantern/internal/courier"
	"lantern/internal/exchange"
	"lantern/internal/face/api"
	"lantern/internal/face/match"
	"lantern/internal/face/taxii"
	"lantern/internal/face/threatexchange"
	"lantern/internal/fair"
	"lantern/internal/guard"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/web"
	"lantern/internal/webhook"
	"lantern/signal"
)

// The layout of a server's folder.
const (
	logKeyName  = "log"
	fenceName   = "log.newest"
	stewardName = "steward"
)

// exchangeParts is an exchange put together, not yet serving.
type exchangeParts struct {
	db      *sqldb.DB
	service *exchange.Exchange
	log     *slog.Logger
}

// openExchange puts an exchange together from its folder.
func openExchange(ctx context.Context, a *command.App, c ExchangeServer, quotas ExchangeQuotas, hooks WebhookSending, screen exchange.Screen, change ...func(*exchange.Config)) (*exchangeParts, error) {
	keys := filepath.Join(c.Dir, command.KeysDir)
	kek, err := seal.FileRing(filepath.Join(keys, command.KEKName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, command.Failed("lantern exchange init founds one", "there is no exchange in %s", c.Dir)
	}
	if err != nil {
		return nil, err
	}
	signer, err := readSigner(filepath.Join(keys, logKeyName))
	if err != nil {
		return nil, err
	}
	address, err := c.database(a)
	if err != nil {
		return nil, err
	}
	p := &exchangeParts{log: serverLog(a)}
	if p.db, err = sqldb.Open(ctx, address); err != nil {
		return nil, err
	}
	config := exchange.Config{
		DB: p.db, Sealer: seal.New(kek), Signer: signer, Clock: a.Clock, Random: a.Random, Log: p.log,
		Sender: webhook.NewClient(webhook.Config{Loopback: hooks.WebhookLoopback}),
		Fence:  filepath.Join(keys, fenceName),
		Quotas: fair.Quotas{Share: max(0, quotas.ShareQuota), Disclose: max(0, quotas.DiscloseQuota)},
		Screen: screen,
	}
	for _, f := range change {
		f(&config)
	}
	p.service, err = exchange.New(ctx, config)
	if err != nil {
		return nil, errors.Join(err, p.db.Close())
	}
	return p, nil
}

// close ends the service, then the database under it.
func (p *exchangeParts) close() error {
	return errors.Join(p.service.Close(), p.db.Close())
}

// database returns the address of the database.
func (c ExchangeServer) database(a *command.App) (string, error) {
	if c.DB == "" {
		return "sqlite:" + filepath.Join(c.Dir, "exchange.db"), nil
	}
	if u, err := url.Parse(c.DB); err == nil && u.User != nil {
		_, secret := u.User.Password()
		for _, arg := range a.Args {
			if secret && strings.Contains(arg, c.DB) {
				return "", command.Misuse("use LANTERN_EXCHANGE_DB or PGPASSWORD", "--db holds a password, which others on this machine can see")
			}
		}
	}
	return c.DB, nil
}

// serverLog is the log of a server: JSON on standard error.
func serverLog(a *command.App) *slog.Logger {
	level := slog.LevelInfo
	if a.Common.Quiet {
		level = slog.LevelError
	}
	return slog.New(slog.NewJSONHandler(a.Err, &slog.HandlerOptions{Level: level}))
}

// The file of the log's seed holds one line: this word, the log's origin and the seed in
// hexadecimal.
const logKeyWord = "lantern-log-1"

// readSigner reads the key that signs the log.
func readSigner(path string) (*audit.Signer, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the log's key: %w", err)
	}
	var origin string
	var seed []byte
	if _, err := fmt.Sscanf(string(b), logKeyWord+" %s %x\n", &origin, &seed); err != nil {
		return nil, fmt.Errorf("the log's key %s is malformed", path)
	}
	return audit.NewSigner(origin, seed)
}

// handlers returns what the API and the admin address answer.
func (p *exchangeParts) handlers(foreign ForeignFaces) (public, admin http.Handler, err error) {
	metrics := web.NewMetrics()
	metrics.Gauge("lantern_log_entries", "Entries of the log.", p.logSize)
	metrics.Gauges("lantern_retention_overdue", "What is past its time and was not dealt with; should be 0.", "kind", func() (map[string]int, bool) {
		counts, err := p.service.Overdue(context.Background())
		return counts, err == nil
	})
	metrics.Gauge("lantern_commits", "Transactions committed since the start.", func() (float64, bool) {
		commits, _ := p.service.Written()
		return float64(commits), true
	})
	metrics.Gauge("lantern_acts", "Writes of callers that these transactions held.", func() (float64, bool) {
		_, acts := p.service.Written()
		return float64(acts), true
	})
	face, err := api.New(p.service, api.Config{Log: p.log, Quota: api.Quota(p.service)})
	if err != nil {
		return nil, nil, err
	}
	options := web.Options{Log: p.log, Metrics: metrics}
	mux := web.NewMux(options)
	face.Mount(mux)
	return foreign.beside(mux, p.service, options), adminHandler(metrics, p.service.Ready), nil
}

// beside adds the foreign faces that are on to the exchange's own.
func (c ForeignFaces) beside(own http.Handler, x *exchange.Exchange, options web.Options) http.Handler {
	var graph, collections http.Handler
	if c.ThreatExchange {
		graph = threatexchange.New(x, threatexchange.Config{PublicURL: c.PublicURL, Usage: threatexchange.Usage(x)}).Handler(options)
	}
	if c.TAXII {
		collections = taxii.New(x).Handler(options)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case graph != nil && threatexchange.Takes(r):
			graph.ServeHTTP(w, r)
		case collections != nil && taxii.Takes(r):
			collections.ServeHTTP(w, r)
		default:
			own.ServeHTTP(w, r)
		}
	})
}

// logSize is the size of the log as its signed head says.
func (p *exchangeParts) logSize() (float64, bool) {
	note, err := p.service.Checkpoint(context.Background())
	if err != nil {
		return 0, false
	}
	head, err := audit.OpenCheckpoint(note, p.service.LogKey())
	return float64(head.Size), err == nil
}

// adminHandler answers metrics and health checks.
func adminHandler(metrics *web.Metrics, ready func(context.Context) error) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler())
	mux.Handle("GET /livez", web.Wrap(web.Live, web.Options{}))
	mux.Handle("GET /readyz", web.Wrap(web.Ready(ready), web.Options{}))
	return mux
}

// site is one address and what answers there.
type site struct {
	name    string
	address string
	handler http.Handler
	group   bool // of a socket: its file's group may use it
	net     net.Listener
}

// listen opens the sites' addresses. An address that other machines can reach needs TLS.
func (c Listener) listen(sites []*site) error {
	var config *tls.Config
	if c.TLSCert != "" || c.TLSKey != "" {
		pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return command.Misuse("--tls-cert and --tls-key belong together", "the certificate: %w", err)
		}
		config = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	for _, s := range sites {
		if path, ok := strings.CutPrefix(s.address, "unix:"); ok {
			var err error
			if s.net, err = web.ListenSocket(path, s.group); err != nil {
				closeSites(sites)
				return err
			}
			continue // nobody else on the way could read along
		}
		l, err := net.Listen("tcp", s.address)
		if err != nil {
			closeSites(sites)
			return command.Failed("another program may use the address; choose one with --listen or --admin-listen", "%w", err)
		}
		s.net = l
		if config == nil && !c.InsecureHTTP && !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
			closeSites(sites)
			return command.Misuse("give --tls-cert and --tls-key, or --insecure-http behind a proxy that encrypts",
				"%s can be reached by other machines, and answers there would not be encrypted", s.address)
		}
		if config != nil {
			s.net = tls.NewListener(l, config)
		}
	}
	return nil
}

func closeSites(sites []*site) {
	for _, s := range sites {
		if s.net != nil {
			_ = s.net.Close() // nothing was served on it
		}
	}
}

// url is where a site answers.
func (s *site) url(encrypted bool) string {
	if s.net.Addr().Network() == "unix" {
		return s.address
	}
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	return scheme + "://" + s.net.Addr().String()
}

// serveSites answers on all sites until ctx ends or one of them fails.
func serveSites(ctx context.Context, log *slog.Logger, sites []*site, also ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var jobs []func(context.Context) error
	for _, s := range sites {
		server := web.Server{Handler: s.handler, Log: log}
		jobs = append(jobs, func(ctx context.Context) error { return server.Serve(ctx, s.net) })
	}
	jobs = append(jobs, also...)
	done := make(chan error, len(jobs))
	for _, job := range jobs {
		go func() { done <- job(ctx) }()
	}
	var err error
	for range jobs {
		if e := <-done; e != nil && err == nil {
			err = e
		}
		stop() // one ended, for whatever reason: end the others
	}
	return err
}

// agentParts is an agent put together, not yet serving.
type agentParts struct {
	agent    *agent.Agent
	courier  *courier.Courier
	exchange *client.Client
	log      *slog.Logger
	clock    func() time.Time
}

// agentGauges are what an operator watches of an agent.
var agentGauges = []struct {
	name, help string
	read       func(s lantern.AgentStatus, now time.Time) float64
}{
	{"lantern_agent_signals", "Signals that match at this moment.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Signals) }},
	{"lantern_agent_contact_age_seconds", "Time since the exchange was last reached.", contactAge},
	{"lantern_agent_hits_open", "Hits that wait for a person.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Hits[lantern.HitOpen]) }},
	{"lantern_agent_held", "Matches of suspended signals, which nobody can see until these are restored.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Held) }},
	{"lantern_agent_quarantined", "Signals that hit too much and wait for a person.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Quarantined) }},
	{"lantern_agent_overdue", "What is past its time and still there.", agentOverdue},
	{"lantern_agent_acks_owed", "Acknowledgements the exchange has not accepted yet.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Acks) }},
	{"lantern_agent_tasks", "Review tasks that wait for a ruling.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Tasks) }},
	{"lantern_agent_log_verified_entries", "Size of the newest checkpoint verified.", func(s lantern.AgentStatus, _ time.Time) float64 { return float64(s.Log.Size) }},
}

// agentOverdue is the sum over all kinds.
func agentOverdue(s lantern.AgentStatus, _ time.Time) (sum float64) {
	for _, n := range s.Overdue {
		sum += float64(n)
	}
	return sum
}

// contactAge is not a number before the first contact.
func contactAge(s lantern.AgentStatus, now time.Time) float64 {
	if s.LastContact.IsZero() {
		return math.NaN()
	}
	return now.Sub(s.LastContact).Seconds()
}

// openAgent puts an agent together from its folder.
func openAgent(ctx context.Context, a *command.App, c *agentRun) (*agentParts, error) {
	return openAgentWith(ctx, a, c, serverLog(a))
}

// openAgentWith is openAgent with a log of another's.
func openAgentWith(ctx context.Context, a *command.App, c *agentRun, log *slog.Logger) (*agentParts, error) {
	keys := filepath.Join(c.Dir, command.KeysDir)
	kek, err := seal.FileKEK(filepath.Join(keys, command.KEKName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, command.Failed("lantern agent init makes one", "there is no agent in %s", c.Dir)
	}
	if err != nil {
		return nil, err
	}
	sampling, err := guard.ParseSampling(c.Sampling)
	if err != nil {
		return nil, command.Misuse("", "--sampling: %w", err)
	}
	flood, err := guard.ParseFlood(c.Flood, func(t lantern.SignalType) bool { _, known := signal.Lookup(t); return known })
	if err != nil {
		return nil, command.Misuse("", "--flood: %w", err)
	}
	p := &agentParts{log: log, clock: a.Clock}
	logKey := ""
	if c.LogKey != "" {
		b, err := command.ReadSmall(c.LogKey)
		if err != nil {
			return nil, command.Misuse("", "the log's key: %w", err)
		}
		logKey = strings.TrimSpace(string(b))
	}
	access := c.Access(c.AgentServer)
	if p.exchange, err = access.Open(a); err != nil {
		return nil, err
	}
	p.agent, err = agent.New(ctx, agent.Config{
		Dir: filepath.Join(c.Dir, command.DataDir), Exchange: p.exchange, Sealer: seal.New(kek),
		LogKey: logKey, Region: c.Region, MatchOwn: c.MatchOwn,
		Shadow: c.Shadow, Sampling: sampling, Flood: &flood, Fence: filepath.Join(keys, command.FenceName),
		Clock: a.Clock, Random: a.Random, Log: p.log,
	})
	if err != nil {
		p.exchange.Close()
		return nil, err
	}
	p.courier = courier.New(courier.Config{
		DB: p.agent.DB(), File: filepath.Join(keys, command.WebhooksName), Sender: webhook.NewClient(webhook.Config{Own: true}),
		Told: p.agent.Told, Clock: a.Clock, Random: a.Random, Log: p.log,
	})
	return p, nil
}

func (p *agentParts) close() error {
	p.exchange.Close()
	return p.agent.Close()
}

// handlers returns what the API and the admin address answer.
func (p *agentParts) handlers() (public, admin http.Handler) {
	metrics := web.NewMetrics()
	for _, g := range agentGauges {
		metrics.Gauge(g.name, g.help, func() (float64, bool) {
			s, err := p.agent.Status(context.Background())
			v := g.read(s, p.clock())
			return v, err == nil && !math.IsNaN(v)
		})
	}
	mux := web.NewMux(web.Options{Log: p.log, Metrics: metrics})
	match.New(p.agent, p.courier).Mount(mux)
	return mux, adminHandler(metrics, p.agent.Ready)
}
