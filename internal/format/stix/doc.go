// Package stix writes signals as objects of STIX 2.1 and reads indicators as drafts of signals.
//
// STIX is what security tools say to each other about threats, as JSON. A signal is an
// indicator: an author, times, markings, and a pattern, which is a small query that finds the
// value in what somebody observed. A tactic, which has no value, is an attack-pattern. A member
// is an identity, a handling label a marking-definition of TLP 2.0.
//
// # What STIX has no words for
//
// Four extensions carry it: what is said of a signal (status, severity, basis, state), near
// hashes, phrases and accounts. [Definitions] has them as objects; their JSON schemas are in the
// folder schemas. Values that STIX has no observable for are patterns on object types of ours
// that begin with x-lantern-. A reader that knows no extension still has a whole indicator.
//
// # Ids
//
// An object's id is made of the exchange's ids and of nothing else ([ID]): it is the same at each
// reading, and nobody can test a guessed value against it. Observables, whose ids STIX derives
// from their values, are never written as objects.
//
// # What falls
//
// A signal that was withdrawn, erased or has expired is a last version of its indicator with
// revoked true; one that is suspended, or was taken out of the program, may come back, which
// revoked may not, and is a version whose valid_until is past. STIX demands a pattern of either:
// it is one that names the signal's id and finds nothing. The value is in none of them.
package stix
