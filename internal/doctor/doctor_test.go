package doctor_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/agentstore"
	"lantern/internal/doctor"
	"lantern/internal/exchange/exchangetest"
	face "lantern/internal/face/match"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
)

// ward is an agent that ran once, beside a real exchange, with all its files.
type ward struct {
	w   *agenttest.World
	r   *agenttest.Running
	c   exchangetest.Company
	dir string
	p   doctor.Patient
}

func admit(t *testing.T) *ward {
	t.Helper()
	w := agenttest.New(t)
	c := w.AddCompany("Facegram")
	dir := t.TempDir()
	keys, data := filepath.Join(dir, "keys"), filepath.Join(dir, "data")
	for _, d := range []string{keys, data} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := seal.CreateKEKFile(filepath.Join(keys, "kek")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(keys, "exchange"), []byte(c.ServiceKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := w.Run(t, c, data)
	r.Until("the log was verified", func(s lantern.AgentStatus) bool { return s.Log.Size > 0 })
	srv := httptest.NewServer(face.Handler(r.Agent, nil))
	t.Cleanup(srv.Close)
	token, err := os.ReadFile(filepath.Join(data, "agent.token"))
	if err != nil {
		t.Fatal(err)
	}
	return &ward{w: w, r: r, c: c, dir: dir, p: doctor.Patient{
		Keys: keys, Data: data, KEK: filepath.Join(keys, "kek"), KeyFile: filepath.Join(keys, "exchange"),
		Database: filepath.Join(data, agent.DatabaseFile), Engine: filepath.Join(data, agent.EngineDir), Token: filepath.Join(data, "agent.token"), Fence: filepath.Join(keys, "fence"),
		Exchange: w.URL, Key: c.ServiceKey, Clock: time.Now,
		Agent: client.NewAgent(srv.URL, strings.TrimSpace(string(token)), client.Options{Retries: -1}),
		Free:  func(string) (uint64, error) { return 10 << 30, nil },
	}}
}

// examine returns the findings by check.
func examine(t *testing.T, p doctor.Patient) map[string]doctor.Finding {
	t.Helper()
	seen := make(map[string]doctor.Finding)
	failures, err := doctor.Examine(t.Context(), p, func(f doctor.Finding) error {
		seen[f.Check] = f
		if (f.State == doctor.Bad || f.State == doctor.Doubt) != (f.Fix != "") {
			t.Errorf("%+v: each failure names its fix", f)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	bad := 0
	for _, f := range seen {
		if f.State == doctor.Bad {
			bad++
		}
	}
	if bad != failures {
		t.Errorf("%d failures were counted of %d", failures, bad)
	}
	return seen
}

// want checks how one check ended and what it says.
func want(t *testing.T, seen map[string]doctor.Finding, check string, state doctor.State, words ...string) {
	t.Helper()
	f := seen[check]
	if f.State != state {
		t.Errorf("%s: got %+v, want %s", check, f, state)
	}
	for _, w := range words {
		if !strings.Contains(f.Found+" "+f.Fix, w) {
			t.Errorf("%s: got %+v, want it to say %q", check, f, w)
		}
	}
}

func TestHealthy(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	seen := examine(t, wd.p)
	for check, f := range seen {
		switch check {
		case "certificate", "lease", "key": // http on this machine; the world's clock is not this machine's
		default:
			if f.State != doctor.Good {
				t.Errorf("%+v", f)
			}
		}
	}
	if len(seen) != 19 {
		t.Errorf("%d checks", len(seen))
	}
	want(t, seen, "certificate", doctor.Doubt, "not encrypted")
}

func TestTooLittleRoom(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	wd.p.Free = func(string) (uint64, error) { return 50 << 20, nil }
	want(t, examine(t, wd.p), "disk", doctor.Bad, "50 MB free")
	wd.p.Free = func(string) (uint64, error) { return 500 << 20, nil }
	want(t, examine(t, wd.p), "disk", doctor.Doubt, "500 MB free")
	// What was written last stands in a file beside the database, which grows by it later.
	wd.r.Stop()
	size := func(file string, n int64) {
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Truncate(file, n)); err != nil {
			t.Fatal(err)
		}
	}
	size(wd.p.Database, 300<<10)
	size(wd.p.Database+"-wal", 200<<10)
	want(t, examine(t, wd.p), "disk", doctor.Doubt, "500 MB free, the database has 500 kB")
	size(wd.p.Database+"-wal", 600<<20)
	want(t, examine(t, wd.p), "disk", doctor.Bad, "500 MB free, the database has 600 MB")
	wd.p.Free = nil // whatever this machine has, it can be read
	if f := examine(t, wd.p)["disk"]; strings.Contains(f.Found, "cannot be read") {
		t.Errorf("got %+v", f)
	}
}

func TestFaultsOfTheFolder(t *testing.T) {
	t.Parallel()
	t.Run("no folder", func(t *testing.T) {
		t.Parallel()
		wd := admit(t)
		wd.p.Keys = filepath.Join(wd.dir, "nothing")
		seen := examine(t, wd.p)
		want(t, seen, "folder", doctor.Bad, "lantern agent init")
		want(t, seen, "database", doctor.Skipped, "see folder")
	})
	t.Run("readable key", func(t *testing.T) {
		t.Parallel()
		wd := admit(t)
		if err := os.Chmod(wd.p.KeyFile, 0o640); err != nil {
			t.Fatal(err)
		}
		want(t, examine(t, wd.p), "permissions", doctor.Bad, "keys/exchange (640)", "chmod 600")
	})
	t.Run("damaged sealing key", func(t *testing.T) {
		t.Parallel()
		wd := admit(t)
		if err := os.WriteFile(wd.p.KEK, []byte("not a key"), 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, examine(t, wd.p), "sealing key", doctor.Bad, "backup of the keys")
	})
	t.Run("readable sealing key", func(t *testing.T) {
		t.Parallel()
		wd := admit(t)
		if err := os.Chmod(wd.p.KEK, 0o644); err != nil {
			t.Fatal(err)
		}
		seen := examine(t, wd.p)
		want(t, seen, "sealing key", doctor.Bad, "mode 0644", "chmod 600")
		if strings.Contains(seen["sealing key"].Fix, "anew") {
			t.Errorf("a key that is whole is to be thrown away: %+v", seen["sealing key"])
		}
	})
	t.Run("damaged database", func(t *testing.T) {
		t.Parallel()
		wd := admit(t)
		wd.r.Stop()
		b, err := os.ReadFile(wd.p.Database)
		if err != nil {
			t.Fatal(err)
		}
		for i := 4096; i < len(b); i++ { // all pages behind the first
			b[i] = 0x5a
		}
		if err := os.WriteFile(wd.p.Database, b, 0o600); err != nil {
			t.Fatal(err)
		}
		seen := examine(t, wd.p)
		want(t, seen, "database", doctor.Bad, "damaged", "move agent.db")
		want(t, seen, "lease", doctor.Skipped, "see database")
	})
	t.Run("damaged engine", func(t *testing.T) {
		t.Parallel()
		wd := admit(t)
		host := wd.w.AddCompany("Cloudbin")
		wd.w.MustShare(host.Submitter, wd.w.Draft(1))
		wd.r.Until("it is held", func(s lantern.AgentStatus) bool { return s.Signals == 1 })
		wd.r.Stop() // which saves
		names, err := filepath.Glob(filepath.Join(wd.p.Engine, "*.segment"))
		if err != nil || len(names) == 0 {
			t.Fatalf("no files of the engine: %v", err)
		}
		want(t, examine(t, wd.p), "engine files", doctor.Good, "without damage")
		b, err := os.ReadFile(names[0])
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)-64] ^= 1
		if err := os.WriteFile(names[0], b, 0o600); err != nil {
			t.Fatal(err)
		}
		want(t, examine(t, wd.p), "engine files", doctor.Bad, "is damaged", "replace the disk")
	})
}

func TestFaultsOnTheWay(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	t.Run("nothing listens", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := wd.p
		p.Exchange = "http://" + l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		seen := examine(t, p)
		want(t, seen, "exchange", doctor.Bad, "nothing answers", "address and port")
		for _, check := range []string{"certificate", "clock", "key", "rights", "log key", "version"} {
			want(t, seen, check, doctor.Skipped)
		}
	})
	t.Run("no such name", func(t *testing.T) {
		t.Parallel()
		p := wd.p
		p.Exchange = "http://exchange.test"
		p.Transport = &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "exchange.test", IsNotFound: true}}
		}}
		want(t, examine(t, p), "exchange", doctor.Bad, "not found", "name server")
	})
	t.Run("something else answers", func(t *testing.T) {
		t.Parallel()
		srv := httptest.NewServer(http.NotFoundHandler())
		defer srv.Close()
		p := wd.p
		p.Exchange = srv.URL
		want(t, examine(t, p), "exchange", doctor.Bad, "status 404", "something else")
	})
	t.Run("plain text where TLS should be", func(t *testing.T) {
		t.Parallel()
		p := wd.p
		p.Exchange = strings.Replace(wd.w.URL, "http:", "https:", 1)
		want(t, examine(t, p), "exchange", doctor.Bad, "no encrypted connection")
	})
	for _, skew := range []struct {
		by    time.Duration
		state doctor.State
		words string
	}{{90 * time.Minute, doctor.Bad, "1h30m0s ahead of"}, {-2 * time.Minute, doctor.Bad, "behind"}, {10 * time.Second, doctor.Doubt, "ahead of"}, {0, doctor.Good, "within"}} {
		t.Run("clock "+skew.by.String(), func(t *testing.T) {
			t.Parallel()
			p := wd.p
			p.Clock = func() time.Time { return time.Now().Add(skew.by) }
			want(t, examine(t, p), "clock", skew.state, skew.words)
		})
	}
}

// secure is the exchange behind a certificate.
func secure(t *testing.T, to string, certificate tls.Certificate) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(u))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

// issue makes a certificate of its own authority.
func issue(t *testing.T, until time.Time, ip net.IP) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "exchange.test"}, NotBefore: until.AddDate(0, -3, 0), NotAfter: until,
		IPAddresses: []net.IP{ip}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestFaultsOfTheCertificate(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	here, there := net.IPv4(127, 0, 0, 1), net.IPv4(192, 0, 2, 1)
	for _, c := range []struct {
		name  string
		until time.Time
		ip    net.IP
		known bool
		check string
		state doctor.State
		words string
	}{
		{"good", time.Now().AddDate(0, 2, 0), here, true, "certificate", doctor.Good, "good until"},
		{"expires soon", time.Now().AddDate(0, 0, 5), here, true, "certificate", doctor.Doubt, "renew"},
		{"expired", time.Now().AddDate(0, 0, -1), here, true, "exchange", doctor.Bad, "renew its certificate"},
		{"unknown authority", time.Now().AddDate(0, 2, 0), here, false, "exchange", doctor.Bad, "authority"},
		{"another name", time.Now().AddDate(0, 2, 0), there, true, "exchange", doctor.Bad, "another name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			certificate, pool := issue(t, c.until, c.ip)
			p := wd.p
			p.Exchange = secure(t, wd.w.URL, certificate)
			if !c.known {
				pool = x509.NewCertPool()
			}
			p.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
			want(t, examine(t, p), c.check, c.state, c.words)
		})
	}
}

func TestFaultsOfTheKey(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	ctx := t.Context()
	want(t, examine(t, wd.p), "key", doctor.Good, "Facegram")
	issue := func(scopes ...lantern.Scope) lantern.Key {
		k, err := wd.w.IssueKey(ctx, wd.w.Steward, lantern.Key{Actor: wd.c.Service.ID(), Scopes: scopes, Expires: time.Now().AddDate(0, 6, 0)})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	p := wd.p
	p.Key = ""
	seen := examine(t, p)
	want(t, seen, "key", doctor.Bad, "mode 600")
	want(t, seen, "rights", doctor.Skipped)
	p.Key = wd.c.InvestigatorKey
	want(t, examine(t, p), "key", doctor.Bad, "of a person", "service")
	p.Key = wd.w.AddCompany("Cloudbin").ServiceKey
	seen = examine(t, p)
	want(t, seen, "key", doctor.Bad, "a key of Cloudbin", "another member's")
	want(t, seen, "rights", doctor.Skipped)
	k := issue(lantern.ScopeRead)
	p.Key = k.Secret
	want(t, examine(t, p), "rights", doctor.Bad, "respond")
	if _, err := wd.w.RevokeKey(ctx, wd.w.Steward, k.ID); err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, p), "key", doctor.Bad, "revoked", "key issue")
	if strings.Contains(strings.Join([]string{seen["key"].Found, seen["key"].Fix}, " "), "lk_") {
		t.Error("a finding holds a key")
	}
}

func TestFaultsOfTheLogAndTheLease(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	p := wd.p
	p.LogKey = "exchange.test+00000000+AAAA"
	want(t, examine(t, p), "log key", doctor.Bad, "another key", "by another way")
	want(t, examine(t, wd.p), "log key", doctor.Good, "pinned")
	start := wd.w.Clock.Now()
	for _, c := range []struct {
		after time.Duration
		state doctor.State
		words string
	}{{time.Hour, doctor.Good, ""}, {25 * time.Hour, doctor.Doubt, "stale"}, {73 * time.Hour, doctor.Bad, "not looked up"}} {
		p.Clock = func() time.Time { return start.Add(c.after) }
		want(t, examine(t, p), "lease", c.state, c.words)
	}
}

func TestOverdueAcknowledgementsAndADeafEngine(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	host := wd.w.AddCompany("Cloudbin")
	id := wd.w.MustShare(host.Submitter, wd.w.Draft(1))
	wd.w.Reaches(wd.r, wd.c)
	wd.r.Stop()
	// The agent receives a correction and never gets its acknowledgements through.
	config := wd.w.AgentConfig(t, wd.c, wd.p.Data)
	u, err := url.Parse(wd.w.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	config.Exchange = client.New(srv.URL, wd.c.ServiceKey, client.Options{Retries: -1})
	if _, err := wd.w.Withdraw(t.Context(), host.Submitter, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError}); err != nil {
		t.Fatal(err)
	}
	r := agenttest.Start(t, config)
	r.Until("the acknowledgements are owed", func(s lantern.AgentStatus) bool { return s.Acks == 2 })
	now := wd.w.Clock.Now()
	p := wd.p
	p.Clock = func() time.Time { return now.Add(10 * time.Second) }
	want(t, examine(t, p), "acknowledgements", doctor.Good, "2 owed")
	p.Clock = func() time.Time { return now.Add(5 * time.Minute) }
	want(t, examine(t, p), "acknowledgements", doctor.Bad, "1 of 2 owed", "of 2 owed")
	p.Clock = func() time.Time { return now.Add(25 * time.Hour) }
	want(t, examine(t, p), "acknowledgements", doctor.Bad, "2 of 2 owed")

	p.Agent = client.NewAgent("unix:"+filepath.Join(t.TempDir(), "none.sock"), "la_x", client.Options{Retries: -1})
	want(t, examine(t, p), "engine", doctor.Doubt, "no agent answers")
	hurt := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"status":503,"errors":[{"kind":"unavailable","reason":"the database's file is damaged","fix":"start the agent again"}]}`)
	}))
	defer hurt.Close()
	p.Agent = client.NewAgent(hurt.URL, "la_x", client.Options{Retries: -1})
	want(t, examine(t, p), "engine", doctor.Bad, "is damaged", "start the agent again")
	p.Agent = nil
	want(t, examine(t, p), "engine", doctor.Skipped)
}

func TestFaultsOfLogVersionAndEngine(t *testing.T) {
	t.Parallel()
	wd := admit(t)
	u, err := url.Parse(wd.w.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/types" {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"items":[{"name":"url"},{"name":"scent"}]}`)) // the reader says whether it came
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p := wd.p
	p.Exchange = srv.URL
	want(t, examine(t, p), "version", doctor.Doubt, "scent", "up to date")

	wd.w.Clock.Add(25 * time.Hour)
	want(t, examine(t, wd.p), "engine", doctor.Doubt, "no contact with the exchange for 25 hours")
	wd.r.Stop()
	dir := t.TempDir()
	config := wd.w.AgentConfig(t, wd.c, dir)
	config.Exchange = client.New("http://127.0.0.1:1", wd.c.ServiceKey, client.Options{Retries: -1})
	r := agenttest.Start(t, config)
	face := httptest.NewServer(face.Handler(r.Agent, nil))
	t.Cleanup(face.Close)
	token, err := os.ReadFile(filepath.Join(dir, "agent.token"))
	if err != nil {
		t.Fatal(err)
	}
	p.Agent = client.NewAgent(face.URL, strings.TrimSpace(string(token)), client.Options{Retries: -1})
	want(t, examine(t, p), "engine", doctor.Bad, "could not look", "no program is followed")
	p.Agent = client.NewAgent(face.URL, "la_not-the-token", client.Options{Retries: -1})
	want(t, examine(t, p), "engine", doctor.Bad, "token")

	db, err := sqldb.Open(t.Context(), "sqlite:"+wd.p.Database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // only a row was written
	err = db.Write(t.Context(), func(tx *sqldb.Tx) error {
		return agentstore.SaveState(t.Context(), tx, agentstore.StateFault, "the log went back from 9 to 7 entries")
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, examine(t, wd.p), "log", doctor.Bad, "went back from 9 to 7", "accept-restore")
}
