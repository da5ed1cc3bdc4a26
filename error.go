package lantern

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what a caller can do about an error. The set is closed: each protocol face
// maps every kind to its own form in one table.
type Kind string

// The kinds. An error without a kind is internal: it is logged once and shown as
// "internal error".
const (
	Invalid      Kind = "invalid"      // the request is malformed; mend it
	Unauthorized Kind = "unauthorized" // no valid key was given
	Forbidden    Kind = "forbidden"    // the key is valid and the policy says no
	NotFound     Kind = "not-found"    // no such object, or none the caller may know of
	Conflict     Kind = "conflict"     // the object's state does not allow this
	TooLarge     Kind = "too-large"    // over a documented bound
	RateLimited  Kind = "rate-limited" // wait and retry
	Resync       Kind = "resync"       // the cursor is of no use; start from the beginning
	Unavailable  Kind = "unavailable"  // a part is down; retry later, and never read this as "no match"
	Unsupported  Kind = "unsupported"  // a media type or method this door does not take
)

// Error is a failure the caller can act on. None of its fields may ever hold a signal
// value, a hash of one, a key or a person's data: it is shown to callers and logged.
type Error struct {
	Kind   Kind          // what the caller can do
	Field  string        // JSON pointer to the offending member ("/value", "/items/3/tags/0"); "" for the whole request
	Reason string        // what is wrong, lower case, no full stop
	Fix    string        // what to do instead; may be ""
	Wait   time.Duration // of a RateLimited error: after which a retry may succeed; 0: not known
	Also   []*Error      // further errors of the same request, each with its own Field
}

// Error formats the parts as "field: reason (fix)".
func (e *Error) Error() string {
	var b strings.Builder
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Reason)
	if e.Fix != "" {
		b.WriteString(" (" + e.Fix + ")")
	}
	if n := len(e.Also); n > 0 {
		fmt.Fprintf(&b, " and %d more", n)
	}
	return b.String()
}

// At returns a copy of e whose Field, and those of e.Also, lie under prefix.
func (e *Error) At(prefix string) *Error {
	c := *e
	c.Field = prefix + e.Field
	c.Also = nil
	for _, a := range e.Also {
		c.Also = append(c.Also, a.At(prefix))
	}
	return &c
}

// KindOf returns the kind of the first [*Error] in err's chain, or "" if there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// Errorf returns an *Error of that kind without field or fix. The arguments must obey
// the rule of [Error]: no value, no key, no person's data.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Reason: fmt.Sprintf(format, args...)}
}

// invalid is the usual complaint about one field.
func invalid(field, reason, fix string) *Error {
	return &Error{Kind: Invalid, Field: field, Reason: reason, Fix: fix}
}

// join folds a list of complaints into one error, nil if there are none.
func join(errs []*Error) error {
	if len(errs) == 0 {
		return nil
	}
	first := *errs[0]
	first.Also = append(first.Also[:len(first.Also):len(first.Also)], errs[1:]...)
	return &first
}
