package webhook_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"lantern"
	"lantern/internal/webhook"
)

// lines reads a file of testdata: a line each, "#" begins a comment of its own line.
func lines(t *testing.T, name string) (all []string) {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

// refusing is a client that must never get as far as a connection.
func refusing(t *testing.T, answers ...netip.Addr) *webhook.Client {
	return webhook.NewClient(webhook.Config{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return answers, nil },
		Dial: func(context.Context, string, string) (net.Conn, error) {
			t.Error("a connection was tried")
			return nil, net.ErrClosed
		},
	})
}

// Whatever is written as an address, it is refused at once, and never dialed even if it
// had been stored.
func TestHostileURLs(t *testing.T) {
	t.Parallel()
	all := lines(t, "hostile-urls.txt")
	if len(all) < 60 {
		t.Errorf("%d hostile addresses", len(all))
	}
	inside := netip.MustParseAddr("127.0.0.1") // what a lenient resolver makes of any of them
	for _, raw := range all {
		err := webhook.CheckURL(raw, false)
		if lantern.KindOf(err) != lantern.Invalid {
			t.Errorf("%q: got %v, want invalid", raw, err)
		} else if len(raw) > 20 && strings.Contains(err.Error(), raw) {
			t.Errorf("%q is repeated by its refusal", raw)
		}
		if r := refusing(t, inside).Post(t.Context(), raw, http.Header{}, nil); r.Failure != webhook.BadAddress {
			t.Errorf("%q: posting gives %+v", raw, r)
		}
	}
}

// Names are free to resolve to anything.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	good := netip.MustParseAddr("2606:2800:220:1::1")
	all := lines(t, "hostile-addresses.txt")
	if len(all) < 40 {
		t.Errorf("%d hostile addresses", len(all))
	}
	for _, text := range all {
		bad := netip.MustParseAddr(text)
		for name, answers := range map[string][]netip.Addr{"alone": {bad}, "first": {bad, good}, "last": {good, bad}} {
			if r := refusing(t, answers...).Post(t.Context(), "https://hooks.example.com/", http.Header{}, nil); r.Failure != webhook.BadAddress {
				t.Errorf("%s %s: %+v", text, name, r)
			}
		}
		literal := "https://" + text + "/"
		if bad.Is6() {
			literal = "https://[" + text + "]/"
		}
		if webhook.CheckURL(literal, false) == nil {
			t.Errorf("%s is taken as a webhook's address", literal)
		}
	}
	if r := refusing(t).Post(t.Context(), "https://hooks.example.com/", http.Header{}, nil); r.Failure != webhook.NoName {
		t.Errorf("no addresses: %+v", r)
	}
}

func TestGoodURLs(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"https://hooks.example.com", "https://hooks.example.com/", "https://HOOKS.example.com:8443/a/b?token=x&y=%20", "https://xn--bcher-kva.example.com/",
		"https://1.example.com/", "https://a_b.example.com/", "https://hooks.example.com/?q=//user@host",
	} {
		if err := webhook.CheckURL(raw, false); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
	for _, raw := range []string{"http://127.0.0.1:9/x", "http://[::1]:9/", "http://localhost:9/", "https://127.8.8.8/"} {
		if webhook.CheckURL(raw, false) == nil {
			t.Errorf("%q is taken without the operator's switch", raw)
		}
		if err := webhook.CheckURL(raw, true); err != nil {
			t.Errorf("%q with the operator's switch: %v", raw, err)
		}
	}
	for _, raw := range []string{"http://hooks.example.com/", "http://10.0.0.1/", "http://0x7f.1/", "http://127.1/", "http://[::ffff:127.0.0.1]/", "http://u@127.0.0.1/", "http://127.0.0.1/#x", "ftp://127.0.0.1/"} {
		if webhook.CheckURL(raw, true) == nil {
			t.Errorf("%q is taken with the operator's switch", raw)
		}
	}
}

// The owner of a name answers the check with a public address and everything after it
// with an inner one. There is nothing after it: the name is asked for once, and what is
// dialed is the address that was looked at.
func TestRebinding(t *testing.T) {
	t.Parallel()
	public, inner := netip.MustParseAddr("2606:2800:220:1::1"), netip.MustParseAddr("169.254.169.254")
	var asked atomic.Int64
	var dialed []string
	c := webhook.NewClient(webhook.Config{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			if asked.Add(1) == 1 {
				return []netip.Addr{public}, nil
			}
			return []netip.Addr{inner}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			dialed = append(dialed, address)
			return nil, net.ErrClosed
		},
	})
	if r := c.Post(t.Context(), "https://hooks.example.com:8443/", http.Header{}, nil); r.Failure != webhook.Unreachable {
		t.Errorf("the first attempt: %+v", r)
	}
	if asked.Load() != 1 || len(dialed) != 1 || dialed[0] != "[2606:2800:220:1::1]:8443" {
		t.Errorf("asked %d times, dialed %q; want once, the checked address", asked.Load(), dialed)
	}
	if r := c.Post(t.Context(), "https://hooks.example.com:8443/", http.Header{}, nil); r.Failure != webhook.BadAddress || len(dialed) != 1 {
		t.Errorf("the second attempt: %+v, dialed %q", r, dialed)
	}
}

// However an address is written, nothing inside is dialed for it.
func FuzzPost(f *testing.F) {
	for _, s := range []string{"https://hooks.example.com/", "https://0x7f.1/", "https://[::ffff:169.254.169.254]/", "https://a@b:c", "//", "https://127.0.0.1%2f@x"} {
		f.Add(s)
	}
	c := webhook.NewClient(webhook.Config{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			a := netip.MustParseAddrPort(address).Addr().Unmap()
			if !a.IsGlobalUnicast() || a.IsPrivate() {
				panic("dialed an inner address")
			}
			return nil, net.ErrClosed
		},
	})
	f.Fuzz(func(t *testing.T, raw string) {
		if r := c.Post(t.Context(), raw, http.Header{}, nil); r.Failure == webhook.None {
			t.Error("delivered to nobody")
		}
	})
}
