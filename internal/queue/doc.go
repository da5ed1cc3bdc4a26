// Package queue decides what becomes of a match within the transaction that stores it: a hit
// in the queue, a hit in quarantine, a row of the held queue, or nothing because a person
// dismissed the same evidence before. It belongs to the agent, which opens the transactions,
// and is apart from it because it needs nothing else of it.
//
// The queue. A match of an active signal is a hit, with a place in an order: the risk to a
// child first, then the time.
//
// Quarantine. A signal that hits more than package guard allows leaves the queue with the
// hits of its burst, and further ones join it there, up to a bound. A person looks at a
// sample and releases the signal, or says that it is wrong. Nobody outside is told.
//
// The held queue. A suspended signal matches nothing that anybody sees. What it would have
// matched is sealed, all of it, under a key of its own for each signal: even the rows say no
// more than how many there are. When the signal is restored they are hits, found when they
// were found; when it falls, key and rows are deleted, and the agent overwrites the bytes.
//
// The negative list. A dismissed hit is deleted after [lantern.DismissedKept]; a keyed mark
// keeps the same evidence from being a hit again for as long as the signal is held. A value
// that fell to a challenge leaves a mark for twelve months: a later share of it that was not
// reviewed since waits for a person and is not matched. Marks are digests under a key
// that is not in the database.
//
// Times are arguments. Every function may run again in a retried transaction.
package queue
