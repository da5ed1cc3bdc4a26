// Package match is the HTTP face of a member's agent: what the member's own tools and
// people call on its own machines. It turns requests into calls of the agent; it holds no
// rule, no SQL and no clock. routes.go is the whole face on one page.
//
// Two credentials open it, both as "Authorization: Bearer …". The agent's local token
// (the file agent.token in its folder) may match and read hits and cases. A person's
// exchange key may do what only a person may: decide, open and widen cases, attest
// outcomes, share, reveal a value. The face passes the key on for the call and keeps nothing.
//
// Streams are NDJSON, one object a line, in both directions. Input is read only as fast
// as it is worked off, and a stream that breaks off mid-way cuts the connection, so that
// a part is never taken for the whole. Requests are decoded strictly (package web) and no
// answer to a bad one repeats any of it; a complaint about a line points to its index, from 0.
//
// It is meant for loopback, a socket or the member's own network: it has no rate limits,
// and bodies of streams may be large.
package match
