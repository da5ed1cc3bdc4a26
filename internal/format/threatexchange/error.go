package threatexchange

import (
	"net/http"

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
const TokenField = "/access_token"

// Fail returns the status and body of an error of that kind; "" is an internal one.
func Fail(kind lantern.Kind, field, message, trace string) (int, Envelope) {
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
