package webhook_test

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"lantern/internal/webhook"
)

// receiver starts a TLS server and returns a client that reaches it under a public name
// and address.
func receiver(t *testing.T, h http.HandlerFunc) *webhook.Client {
	t.Helper()
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return webhook.NewClient(webhook.Config{
		Roots: roots,
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("2606:2800:220:1::1")}, nil
		},
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
	})
}

const target = "https://hooks.example.com/in?x=1"

func TestPost(t *testing.T) {
	t.Parallel()
	secret, err := webhook.NewSecret(strings.NewReader(strings.Repeat("s", 32)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1795424400, 0)
	c := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "POST" || r.URL.RequestURI() != "/in?x=1" || r.Host != "hooks.example.com" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("received %s %s for %s: %v", r.Method, r.URL.RequestURI(), r.Host, err)
		}
		if err := webhook.Verify(r.Header, body, now, secret); err != nil {
			t.Errorf("verifying: %v", err)
		}
		w.WriteHeader(http.StatusAccepted)
	})
	h := http.Header{}
	if err := webhook.Sign(h, "1", now, []byte(`{"id":"1"}`), secret); err != nil {
		t.Fatal(err)
	}
	if r := c.Post(t.Context(), target, h, []byte(`{"id":"1"}`)); r != (webhook.Result{Status: 202}) {
		t.Errorf("got %+v, want 202", r)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int64
	inner := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(inner.Close)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   webhook.Result
	}{
		"no content": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, webhook.Result{Status: 204}},
		"an endless answer is cut": {func(w http.ResponseWriter, _ *http.Request) {
			for chunk := make([]byte, 32<<10); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, webhook.Result{Status: 200}},
		"endless headers": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 64<<10))
		}, webhook.Result{Failure: webhook.Unreachable}},
		"an error":           {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, webhook.Result{Status: 500, Failure: webhook.Refused}},
		"gone":               {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(410) }, webhook.Result{Status: 410, Failure: webhook.Refused}},
		"a redirect inside":  {redirect(302, inner.URL), webhook.Result{Status: 302, Failure: webhook.Redirected}},
		"a kept method":      {redirect(307, inner.URL), webhook.Result{Status: 307, Failure: webhook.Redirected}},
		"permanently inside": {redirect(308, "https://169.254.169.254/"), webhook.Result{Status: 308, Failure: webhook.Redirected}},
		"to itself":          {redirect(301, "/in"), webhook.Result{Status: 301, Failure: webhook.Redirected}},
		"hung up":            {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, webhook.Result{Failure: webhook.Unreachable}},
	} {
		if r := receiver(t, c.answer).Post(t.Context(), target, http.Header{}, nil); r != c.want {
			t.Errorf("%s: got %+v, want %+v", name, r, c.want)
		}
	}
	if elsewhere.Load() != 0 {
		t.Error("a redirect was followed")
	}
}

func redirect(status int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}
}

// A certificate must be good for the name, and a server must speak TLS at all.
func TestTLS(t *testing.T) {
	t.Parallel()
	handler := func(http.ResponseWriter, *http.Request) { t.Error("an unsafe connection carried a request") }
	if r := receiver(t, handler).Post(t.Context(), "https://other.invalid.example.org/", http.Header{}, nil); r.Failure != webhook.NoTLS {
		t.Errorf("another name's certificate: %+v", r)
	}
	plain := httptest.NewServer(http.HandlerFunc(handler))
	t.Cleanup(plain.Close)
	c := webhook.NewClient(webhook.Config{Loopback: true})
	if r := c.Post(t.Context(), strings.Replace(plain.URL, "http:", "https:", 1), http.Header{}, nil); r.Failure != webhook.NoTLS {
		t.Errorf("no TLS: %+v", r)
	}
	plain.Close()
	if r := c.Post(t.Context(), plain.URL, http.Header{}, nil); r.Failure != webhook.Unreachable {
		t.Errorf("nobody there: %+v", r)
	}
}

// Five seconds are for everything together, whatever takes them.
func TestTimeout(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	for name, c := range map[string]webhook.Config{
		"name": {Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) { return nil, hang(ctx) }},
		"connection": {Loopback: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return nil, hang(ctx)
		}},
		"answer": {Loopback: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, far) }() // ends with the pipe
			return near, nil
		}},
	} {
		synctest.Test(t, func(t *testing.T) {
			to := "http://127.0.0.1:9/"
			if c.Lookup != nil {
				to = target
			}
			began := time.Now()
			r := webhook.NewClient(c).Post(t.Context(), to, http.Header{}, nil)
			if took := time.Since(began); r.Failure != webhook.TimedOut || took != webhook.Timeout {
				t.Errorf("a hanging %s: %+v after %v", name, r, took)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if r := webhook.NewClient(c).Post(ended, to, http.Header{}, nil); r.Failure != webhook.Closing {
				t.Errorf("a hanging %s while the sender ends: %+v", name, r)
			}
		})
	}
}

// A proxy in the environment would resolve and dial by itself.
func TestNoProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the proxy was asked") }))
	t.Cleanup(proxy.Close)
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, proxy.URL)
	}
	c := receiver(t, func(http.ResponseWriter, *http.Request) {})
	if r := c.Post(t.Context(), target, http.Header{}, nil); r.Status != 200 {
		t.Errorf("got %+v, want 200", r)
	}
}
