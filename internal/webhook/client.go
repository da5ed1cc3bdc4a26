package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// The bounds of one request.
const (
	Timeout   = 5 * time.Second // for everything: name, connection, TLS, request, answer
	MaxAnswer = 64 << 10        // bytes of the answer that are read; none is kept
	maxHeader = 16 << 10
)

// Config says how a [Client] reaches receivers. The zero Config is the safe one.
type Config struct {
	// Loopback lets webhooks go to this machine's own loopback addresses, over http too.
	// It is for demonstrations and tests: on a server it lets every member's admin call
	// whatever listens there.
	Loopback bool

	// Own says that every address comes from the operator of the sender itself, so that it
	// may be any: inside the network, this machine, http too. It must never be set where
	// somebody else can register an address.
	Own bool

	// Lookup resolves a name. Default: the system's resolver.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

	// Dial opens a connection to an address that was checked, always a literal one.
	// Default: the system's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Roots are the authorities that may certify receivers. Default: the system's.
	Roots *x509.CertPool
}

// Client sends webhooks. It is safe for concurrent use, and holds nothing to close.
type Client struct {
	config Config
	http   *http.Client
}

// NewClient returns a client.
func NewClient(c Config) *Client {
	if c.Lookup == nil {
		c.Lookup = net.DefaultResolver.LookupNetIP
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	client := &Client{config: c}
	client.http = &http.Client{
		// Without Proxy no environment variable can put somebody in between.
		Transport: &http.Transport{
			DialContext:            client.dial,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots},
			DisableKeepAlives:      true, // each delivery looks at its address anew
			DisableCompression:     true, // nothing is unpacked
			MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client
}

// CheckURL is [CheckURL] with this client's configuration.
func (c *Client) CheckURL(raw string) error {
	_, err := c.parse(raw)
	return err
}

// parse reads and checks an address with this client's configuration.
func (c *Client) parse(raw string) (*url.URL, error) {
	if c.config.Own {
		return parseOwn(raw)
	}
	return parse(raw, c.config.Loopback)
}

// Failure is a word for why a delivery failed. The set is closed: what the receiver
// answered, or a library says, may hold anything.
type Failure string

// The failures.
const (
	None        Failure = ""
	BadAddress  Failure = "address-refused" // the URL, or what its name resolves to, is not public
	NoName      Failure = "name-not-found"
	Unreachable Failure = "unreachable"
	NoTLS       Failure = "tls"
	TimedOut    Failure = "timeout"
	Redirected  Failure = "redirect"
	Refused     Failure = "status"  // any other answer that is not 2xx
	Closing     Failure = "closing" // the sender ended; it says nothing about the receiver
)

// Result is what became of one attempt.
type Result struct {
	Status  int // of the answer, 0 without one
	Failure Failure
}

// errAddress says that an address was not dialed.
var errAddress = errors.New("the address is not a public one")

// Post sends one event: the headers that [Sign] set, the body, once. It returns within
// [Timeout].
func (c *Client) Post(ctx context.Context, to string, signed http.Header, body []byte) Result {
	u, err := c.parse(to)
	if err != nil {
		return Result{Failure: BadAddress}
	}
	limited, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	req := &http.Request{Method: http.MethodPost, URL: u, Header: signed.Clone(), Host: u.Host,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "lantern-webhook")
	res, err := c.http.Do(req.WithContext(limited))
	if err != nil {
		return Result{Failure: failure(ctx, limited, err)}
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, MaxAnswer)); err != nil {
		return Result{Status: res.StatusCode, Failure: failure(ctx, limited, err)}
	}
	switch {
	case res.StatusCode/100 == 2:
		return Result{Status: res.StatusCode}
	case res.StatusCode/100 == 3:
		return Result{Status: res.StatusCode, Failure: Redirected}
	}
	return Result{Status: res.StatusCode, Failure: Refused}
}

// failure finds the word for an error.
func failure(ctx, limited context.Context, err error) Failure {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.Is(err, errAddress):
		return BadAddress
	case ctx.Err() != nil:
		return Closing
	case limited.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		return TimedOut
	case errors.As(err, &name):
		return NoName
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return NoTLS
	}
	return Unreachable
}

// dial resolves once, checks everything that came back, and connects to what was checked:
// there is no second question to the name server that could be answered otherwise.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	// The transport lets a dial outlive the request it was for.
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, errAddress
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, errAddress
	}
	addrs, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		var conn net.Conn
		if conn, err = c.config.Dial(ctx, network, netip.AddrPortFrom(a, uint16(n)).String()); err == nil {
			return conn, nil
		}
	}
	return nil, err
}

// resolve returns the addresses of a host if every one of them may be called. One bad
// address refuses them all: an honest name has none.
func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	own := c.config.Loopback && ownHost(host)
	var addrs []netip.Addr
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{a}
	} else if addrs, err = c.config.Lookup(ctx, "ip", host); err != nil {
		return nil, fmt.Errorf("resolving a webhook's host: %w", err)
	}
	good := make([]netip.Addr, len(addrs))
	for i, a := range addrs {
		// A resolver may hand IPv4 over in IPv6 form; the system would dial IPv4.
		a = a.Unmap()
		if own && a.IsLoopback() || c.config.Own {
			good[i] = a
			continue
		}
		if ok, _ := public(a); !ok {
			return nil, errAddress
		}
		good[i] = a
	}
	if len(good) == 0 {
		return nil, &net.DNSError{Err: "no addresses", IsNotFound: true}
	}
	return good, nil
}
