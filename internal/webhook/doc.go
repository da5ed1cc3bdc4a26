// Package webhook sends signed notices to addresses that other people chose, safely for
// both sides. It follows the Standard Webhooks specification (standardwebhooks.com) and
// knows neither members nor databases: what is sent to whom, and when, is decided above.
//
// # For the receiver
//
// A request carries three headers: webhook-id, the same at each attempt and each replay
// of one event; webhook-timestamp, the second of the attempt; and webhook-signature, one
// or more signatures with a space between them. A signature is "v1," and the base64 of an
// HMAC-SHA-256, under the webhook's secret, of id, timestamp and body joined by dots. Two
// signatures are sent while a secret is being replaced. A receiver recomputes, compares in
// constant time, refuses a timestamp more than [Tolerance] from its own clock, and forgets
// no id for as long as events are repeated. [Verify] does all but the last, and
// testdata/vectors.json holds every step for other languages.
//
// # For the sender
//
// Whoever may register an address can make the sender call it, so an address may not lead
// inside: not to a private network, the host itself or a cloud's metadata service. Names
// are no protection, because their owner decides what they resolve to, at each question
// anew. A [Client] therefore resolves a name once, refuses if any of the addresses is not
// a public one, and dials exactly the address it looked at. It follows no redirect, uses
// no proxy, keeps no connection, takes five seconds in all and reads 64 KiB of an answer,
// of which it keeps the status and nothing else.
//
// Delivery is at least once and in no order; [Next] is the schedule of attempts.
package webhook
