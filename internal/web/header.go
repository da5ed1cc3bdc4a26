package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// Bearer returns the credential of the Authorization header. Its errors say nothing
// about what was sent.
func Bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 1 {
		scheme, token, ok := strings.Cut(values[0], " ")
		if ok && strings.EqualFold(scheme, "Bearer") && token != "" && len(token) <= 512 && !strings.ContainsAny(token, " \t") {
			return token, nil
		}
	}
	return "", &lantern.Error{Kind: lantern.Unauthorized, Reason: "no key was given", Fix: "send the header Authorization: Bearer <key>"}
}

// MaxIdempotencyKey bounds an idempotency key, in bytes.
const MaxIdempotencyKey = 128

// IdempotencyKey returns the Idempotency-Key header, "" if there is none. A key is 1 to
// [MaxIdempotencyKey] visible ASCII characters.
func IdempotencyKey(r *http.Request) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", nil
	}
	key := values[0]
	visible := func(c rune) bool { return c > ' ' && c < 0x7f }
	if len(values) > 1 || key == "" || len(key) > MaxIdempotencyKey || strings.ContainsFunc(key, func(c rune) bool { return !visible(c) }) {
		return "", &lantern.Error{Kind: lantern.Invalid, Reason: "the Idempotency-Key header is malformed", Fix: "send one key of 1 to 128 visible ASCII characters, a random one"}
	}
	return key, nil
}

// Quota is how much a caller may still do.
type Quota struct {
	Limit     int           // requests of a window
	Remaining int           // of these, still free
	Reset     time.Duration // until the window ends
}

// Set writes the RateLimit headers, and Retry-After once nothing remains. A face calls it
// before it answers, with what its quota keeper says; web keeps no quotas itself.
func (q Quota) Set(h http.Header) {
	reset := wholeSeconds(q.Reset)
	h.Set("RateLimit-Limit", strconv.Itoa(q.Limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(q.Remaining))
	h.Set("RateLimit-Reset", reset)
	if q.Remaining <= 0 {
		h.Set("Retry-After", reset)
	}
}
