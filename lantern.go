// Package lantern is the vocabulary of the exchange: the nouns that members of a
// child-safety program say to each other, as plain Go types with their rules of form.
//
// The words. A [Member] is an organisation; its actors are a [Person] or a [Service].
// A [Program] is a group of members with one purpose and one policy: the program is the
// audience. A [Signal] is one member's opinion on one value (a URL, a handle, a hash, a
// phrase) that broke its own child-safety policy. Other members answer with [Feedback]
// and report what they did with [Outcome] entries, each resting on an [Attestation] by a
// Person. Whoever thinks a signal is wrong opens a [Challenge]; a signal that falls
// leaves a [Correction] that every recipient must acknowledge. Everything a program's
// members may see reaches them as [Change] entries of its feed. A member's own agent
// finds a [Hit] and works it in a [Case]; both stay with the member.
//
// Promises that show in these types: a signal is a clue and never a verdict, so no type
// says allow, deny or ban, and every match says it requires review; an outcome that
// names an enforcement act cannot exist without a person's attestation; every error
// names field, reason and fix, and never the value.
//
// The types are the wire types of the native API (/v1): JSON, identifiers as decimal
// strings, times as RFC 3339 in UTC. The package imports the standard library only,
// holds no state and is safe for concurrent use.
package lantern
