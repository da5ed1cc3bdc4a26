// Package web is the HTTP plumbing under every face of Lantern: it knows requests,
// bodies and errors, and nothing of signals or members.
//
// The words. A [Handler] is an HTTP handler that returns its error. A [Mux] routes to
// handlers and surrounds each with what all requests need: a request id, one log line,
// one set of metrics, recovery from panics, and the error in the form of RFC 9457
// ("problem+json"). A [Server] gives a listener its time limits and ends well.
//
// Promises:
//
//   - Bounds come before work. Header and body sizes, read and write times, nesting
//     depth and line length are limited, and a body over its limit is refused before it
//     is decoded. Compressed bodies and pictures are refused whatever they claim to be.
//   - Decoding is strict ([Decode]): no duplicate or unknown names, no invalid UTF-8, no
//     trailing bytes. Every complaint names the place by JSON pointer.
//   - Nothing a caller sent is echoed or recorded: no value, no member name that is not
//     one of ours, no path parameter, no query string, no header. Problems, log lines
//     and metrics hold route patterns, statuses, counts and ids.
//   - An error that is not an [*lantern.Error] is "internal error" to the caller; its
//     cause stands once in the log, under the request id the caller was given.
//
// What net/http itself refuses (a malformed request line, headers above the limit) is
// answered by it in plain text, before any handler runs.
package web
