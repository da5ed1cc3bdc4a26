package threatexchange

import (
	"fmt"
	"net/http"
	"strings"

	"lantern"
)

// Failure is a Graph error, as its envelope holds it.
type Failure struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    int    `json:"code"`
	Subcode int    `json:"error_subcode,omitempty"`
	Trace   string `json:"fbtrace_id"` // the id of the request
}

// Envelope is the body of an error.
type Envelope struct {
	Error Failure `json:"error"`
}

// TokenField is the field of a complaint about a missing token, which has a code of its own.
// Complaints about tokens begin with Graph's words, for that is what clients know.
const TokenField = "/access_token"

// arguments are the parameters behind what a draft and a feed name otherwise, where the name alone
// does not tell.
var arguments = map[string]string{
	"value": "indicator", "programs": "privacy_members", "handling": "share_level", "expires": "expired_on", "first_seen": "first_active", "last_seen": "last_active",
	"basis/policy": "description", "basis/reviewed_by": "review_status", "links": "related_ids_for_upload", "cursor": "after",
}

// argument is the parameter that a pointer is about, as clients write it.
func argument(pointer string) string {
	name := strings.TrimPrefix(pointer, "/")
	if a, ok := arguments[name]; ok {
		return a
	}
	first, _, _ := strings.Cut(name, "/") // of a list its items are not told apart: how it was written is not known here
	if a, ok := arguments[first]; ok {
		return a
	}
	return first
}

// Fail returns the status and body of an error of that kind; "" is an internal one. complaints are
// told by the names of parameters, the first one whole; of none, message is what is told.
func Fail(kind lantern.Kind, complaints []*lantern.Problem, message, trace string) (int, Envelope) {
	field := ""
	if n := len(complaints); n > 0 {
		first := lantern.Error{Reason: complaints[0].Reason, Fix: complaints[0].Fix}
		if field = complaints[0].Pointer; field != "" && field != TokenField { // the words for tokens are Graph's own
			first.Field = argument(field)
		}
		if message = first.Error(); n > 1 {
			message += fmt.Sprintf(" and %d more", n-1)
		}
	}
	f := Failure{Message: message, Type: "OAuthException", Code: 100, Trace: trace}
	status := http.StatusBadRequest
	switch kind {
	case lantern.Unauthorized:
		if status, f.Code = http.StatusUnauthorized, 190; field == TokenField {
			f.Code = 104
		}
	case lantern.Forbidden:
		status, f.Code = http.StatusForbidden, 200
	case lantern.NotFound:
		status, f.Type, f.Subcode = http.StatusNotFound, "GraphMethodException", 33
	case lantern.RateLimited:
		status, f.Code = http.StatusTooManyRequests, 4
	case lantern.Unavailable:
		status, f.Code = http.StatusServiceUnavailable, 2
	case lantern.TooLarge:
		status = http.StatusRequestEntityTooLarge
	case lantern.Conflict, lantern.Resync, lantern.Invalid, lantern.Unsupported:
	default:
		status, f.Code = http.StatusInternalServerError, 1
	}
	return status, Envelope{f}
}
