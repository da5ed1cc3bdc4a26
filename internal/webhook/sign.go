package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a request.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// Tolerance is how far the timestamp of a request may be from the receiver's clock.
const Tolerance = 5 * time.Minute

// Bounds of a secret's length in bytes, by the specification. Ours have 32.
const (
	minSecret = 24
	maxSecret = 64
	newSecret = 32
)

const (
	secretPrefix = "whsec_"
	version      = "v1,"
)

// Secret is the key that one sender and one receiver share. It must be kept like a
// password; formatting it gives no hint of it.
type Secret struct{ key []byte }

// NewSecret draws a secret from random, which must be a secure source.
func NewSecret(random io.Reader) (Secret, error) {
	key := make([]byte, newSecret)
	if _, err := io.ReadFull(random, key); err != nil {
		return Secret{}, fmt.Errorf("drawing a webhook's secret: %w", err)
	}
	return Secret{key}, nil
}

// errSecret is the one complaint about a malformed secret.
var errSecret = errors.New("a webhook's secret is whsec_ and the base64 of 24 to 64 bytes")

// ParseSecret reads what [Secret.Text] writes. The error never repeats it.
func ParseSecret(text string) (Secret, error) {
	b64, ok := strings.CutPrefix(text, secretPrefix)
	key, err := base64.StdEncoding.Strict().DecodeString(b64)
	if !ok || err != nil || len(key) < minSecret || len(key) > maxSecret {
		return Secret{}, errSecret
	}
	return Secret{key}, nil
}

// Text is the form that is handed to the receiver: "whsec_" and base64.
func (s Secret) Text() string { return secretPrefix + base64.StdEncoding.EncodeToString(s.key) }

// String hides the secret from logs and errors.
func (Secret) String() string { return "whsec_…" }

// GoString hides it from %#v.
func (Secret) GoString() string { return "webhook.Secret{…}" }

// sign returns one signature.
func (s Secret) sign(id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Sign sets the three headers of a request with that body, signed with every secret. The
// id may hold no dot: it would make two different requests sign alike.
func Sign(h http.Header, id string, at time.Time, body []byte, secrets ...Secret) error {
	if id == "" || strings.Contains(id, ".") || len(secrets) == 0 {
		return errors.New("signing a webhook without a secret or a proper id")
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	list := make([]string, len(secrets))
	for i, s := range secrets {
		list[i] = version + base64.StdEncoding.EncodeToString(s.sign(id, timestamp, body))
	}
	h.Set(HeaderID, id)
	h.Set(HeaderTimestamp, timestamp)
	h.Set(HeaderSignature, strings.Join(list, " "))
	return nil
}

// The reasons for which [Verify] refuses.
var (
	ErrHeaders   = errors.New("a webhook header is missing, malformed or given twice")
	ErrTimestamp = errors.New("the webhook's timestamp is too far from the clock")
	ErrSignature = errors.New("no signature of the webhook fits")
)

// Verify is what a receiver does: it accepts a request if one of its signatures was made
// with one of the secrets, and its timestamp is at most [Tolerance] from now. Signatures
// of versions it does not know are passed over. That an event is new it cannot know:
// remember the id.
func Verify(h http.Header, body []byte, now time.Time, secrets ...Secret) error {
	for _, name := range []string{HeaderID, HeaderTimestamp, HeaderSignature} {
		if len(h.Values(name)) != 1 || h.Get(name) == "" {
			return ErrHeaders
		}
	}
	id, timestamp := h.Get(HeaderID), h.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != timestamp || strings.Contains(id, ".") {
		return ErrHeaders
	}
	if seconds < now.Add(-Tolerance).Unix() || seconds > now.Add(Tolerance).Unix() {
		return ErrTimestamp
	}
	good := false
	for _, s := range secrets {
		want := s.sign(id, timestamp, body)
		for _, given := range strings.Fields(h.Get(HeaderSignature)) {
			b64, ok := strings.CutPrefix(given, version)
			mac, err := base64.StdEncoding.Strict().DecodeString(b64)
			good = ok && err == nil && hmac.Equal(mac, want) || good
		}
	}
	if !good {
		return ErrSignature
	}
	return nil
}
