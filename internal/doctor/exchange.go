package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agentstore"
	"lantern/signal"
)

// The bounds of the clock and of what runs out.
const (
	askWithin = 10 * time.Second
	skewDoubt = 5 * time.Second
	skewBad   = time.Minute         // a correction must be carried out in it
	soon      = 14 * 24 * time.Hour // what runs out within is worth a word
)

// transport is what the exchange is asked with. Certificates are judged by the visit's own
// clock, so that a wrong one is found under its name.
func (v *visit) transport() http.RoundTripper {
	if v.Transport != nil {
		return v.Transport
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, Time: v.Clock}
	v.Transport = t
	return t
}

// client speaks to the exchange, once each time.
func (v *visit) client() *client.Client {
	return client.New(v.Exchange, v.Key, client.Options{Transport: v.transport(), Retries: -1, Timeout: askWithin})
}

// lookExchange asks whether anything answers, and notes its clock.
func lookExchange(ctx context.Context, v *visit) Finding {
	u, err := url.Parse(v.Exchange)
	if err != nil || u.Host == "" {
		return bad("the address of the exchange is not one", fixUnreachable)
	}
	limited, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, strings.TrimRight(v.Exchange, "/")+"/livez", nil)
	if err != nil {
		return bad("the address of the exchange is not one", fixUnreachable)
	}
	res, err := v.transport().RoundTrip(req)
	if err != nil {
		return unreachable(u, err)
	}
	defer res.Body.Close() // nothing in it is of interest
	v.asked = v.Clock()
	v.date, _ = http.ParseTime(res.Header.Get("Date")) // without one the clock is not compared
	if res.StatusCode != http.StatusOK {
		return bad(fmt.Sprintf("%s answers with status %d", u.Host, res.StatusCode), fixNotExchange)
	}
	return good(u.Host + " answers")
}

// unreachable says why there was no answer.
func unreachable(u *url.URL, err error) Finding {
	var name *net.DNSError
	var invalid x509.CertificateInvalidError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return bad(fmt.Sprintf("the certificate of %s is good from %s to %s, and it is not by this machine's clock", u.Host,
			invalid.Cert.NotBefore.UTC().Format(time.DateOnly), invalid.Cert.NotAfter.UTC().Format(time.DateOnly)), fixExpired+"; if it is good today, the clock is wrong: "+fixClock)
	case errors.As(err, &authority):
		return bad("this machine does not know the authority that issued the certificate of "+u.Host, fixAuthority)
	case errors.As(err, &host):
		return bad("the certificate was issued for another name than "+u.Hostname(), fixHost)
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return bad("no encrypted connection to "+u.Host+" comes about", fixTLS)
	case errors.As(err, &name):
		return bad("the name "+u.Hostname()+" is not found", fixName)
	}
	return bad("nothing answers at "+u.Host, fixUnreachable)
}

// lookCertificate tells how long the certificate is good. That it is, lookExchange found.
func lookCertificate(ctx context.Context, v *visit) Finding {
	u, err := url.Parse(v.Exchange)
	if err != nil || u.Scheme != "https" {
		return doubt("the connection is not encrypted: only for an exchange on this machine", fixTLS)
	}
	limited, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodHead, v.Exchange, nil)
	if err != nil {
		return bad("the address of the exchange is not one", fixUnreachable)
	}
	res, err := v.transport().RoundTrip(req)
	if err != nil {
		return unreachable(u, err)
	}
	defer res.Body.Close() // has none
	if res.TLS == nil || len(res.TLS.PeerCertificates) == 0 {
		return bad("the exchange shows no certificate", fixTLS)
	}
	until := res.TLS.PeerCertificates[0].NotAfter
	found := "good until " + until.UTC().Format(time.DateOnly)
	if until.Sub(v.now) < soon {
		return doubt(found, fixSoon)
	}
	return good(found)
}

// lookClock compares this machine's clock with the exchange's, to the second.
func lookClock(_ context.Context, v *visit) Finding {
	if v.date.IsZero() {
		return skipped("the exchange does not tell the time")
	}
	// The header is cut to the second: half of one is the best guess.
	skew := v.asked.Sub(v.date.Add(500 * time.Millisecond)).Round(time.Second)
	word := "ahead of"
	if skew < 0 {
		word, skew = "behind", -skew
	}
	found := fmt.Sprintf("%s %s the exchange's", skew, word)
	switch {
	case skew >= skewBad:
		return bad(found, fixClock)
	case skew >= skewDoubt:
		return doubt(found, fixClock)
	}
	return good("within some seconds of the exchange's")
}

// lookKey asks the exchange whom the key speaks for.
func lookKey(ctx context.Context, v *visit) Finding {
	if v.Key == "" {
		return bad(v.KeyFile+" holds no API key that could be read", fixKeyFile)
	}
	who, err := v.client().Whoami(ctx)
	switch kind := lantern.KindOf(err); {
	case kind == lantern.Unauthorized:
		return bad("the exchange does not take the agent's key: revoked, expired or of another exchange", fixKey)
	case err != nil:
		return bad("the exchange does not say whom the key speaks for: "+said(err), fixNotExchange)
	case who.Service == nil:
		return bad("it is the key of a person", fixPerson)
	}
	if v.db != nil {
		state, f, ok := v.state(ctx)
		if !ok {
			return f
		}
		if own := state[agentstore.StateMember]; own != "" && own != who.Member.ID.String() {
			return bad("it is a key of "+who.Member.Name+", and what the agent keeps is another member's", fixMemberKey)
		}
	}
	v.who = &who
	found := "of service " + who.Service.ID.String() + " of " + who.Member.Name + ", good until " + who.Expires.UTC().Format(time.DateOnly)
	if who.Expires.Sub(v.now) < soon {
		return doubt(found, fixRotate)
	}
	return good(found)
}

// said is why the exchange refused, without what it may have repeated.
func said(err error) string {
	if kind := lantern.KindOf(err); kind != "" {
		return string(kind)
	}
	return "no answer that can be read"
}

// lookRights tells whether the key can do what an agent does.
func lookRights(_ context.Context, v *visit) Finding {
	var missing []string
	for _, s := range []lantern.Scope{lantern.ScopeRead, lantern.ScopeRespond} {
		if !slices.Contains(v.who.Scopes, s) {
			missing = append(missing, string(s))
		}
	}
	switch {
	case len(missing) > 0:
		return bad("the key lacks the scope "+strings.Join(missing, " and "), fixScopes)
	case v.who.Member.State != lantern.ActiveMember && v.who.Member.State != lantern.ReadOnly:
		return bad("the member is "+string(v.who.Member.State)+" at the exchange", fixMember)
	case len(v.who.Programs) == 0:
		return bad("the member joined no program", fixProgram)
	}
	return good(fmt.Sprintf("reads and acknowledges in %d programs", len(v.who.Programs)))
}

// lookLogKey compares the key of the exchange's log with the one that is configured or
// pinned.
func lookLogKey(ctx context.Context, v *visit) Finding {
	key, err := v.client().LogKey(ctx)
	if err != nil {
		return bad("the exchange does not give the key of its log: "+said(err), fixNotExchange)
	}
	want, which := v.LogKey, "configured"
	if want == "" && v.db != nil {
		state, f, ok := v.state(ctx)
		if !ok {
			return f
		}
		want, which = state[agentstore.StateLogKey], "pinned"
	}
	switch want {
	case "":
		return good("none is pinned yet: the first contact does it")
	case key:
		return good("the one that is " + which)
	}
	return bad("the exchange's log is signed by another key than the one "+which, fixLogKey)
}

// lookVersion asks the exchange for types this program cannot read.
func lookVersion(ctx context.Context, v *visit) Finding {
	types, err := v.client().Types(ctx)
	if err != nil {
		return bad("the exchange does not list its types: "+said(err), fixNotExchange)
	}
	var unknown []string
	for _, t := range types {
		if _, ok := signal.Lookup(t.Name); !ok {
			unknown = append(unknown, string(t.Name))
		}
	}
	if len(unknown) > 0 {
		return doubt("the exchange knows types that this program does not match: "+strings.Join(unknown, ", "), fixVersion)
	}
	return good("reads all types the exchange knows")
}
