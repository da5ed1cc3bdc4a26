// Package agent is what a member of an exchange runs on its own machines: it follows the
// feeds of the member's programs, matches the member's own posts, profiles and files
// against what they hold, keeps the hits for people to review, and sends back only what
// the member decides to send.
//
// The words. The replica is the agent's sealed copy of the feeds. A hit is a match that
// waits for a person; it never leaves the agent. A case is a review that starts from hits
// and widens in rounds of candidates, the member's own accounts with the reason each was
// linked. A ruling is a person's decision on a hit or a candidate. An outcome is what the
// member tells the exchange it did, attested by the person whose key sends it. A review
// task is what the member owes after a correction: look again at what rested on the
// signal that fell.
//
// What the agent promises.
//
//   - A signal is a clue. Nothing here answers allow or deny; every match requires review.
//   - "No match" never means "I could not look". An [lantern.Answer] is ok only while the
//     replica was read to its end and the exchange was reached in the last 24 hours; after
//     72 hours values that name a person are not looked up at all. A value that cannot be
//     read is named by pointer.
//   - Corrections go first. A page of the feed is one transaction that writes replica,
//     cursor, hit states, review tasks and the acknowledgements owed; then the engine
//     follows. A suspended signal stops matching at once; its open hits are hidden, and what
//     it would have matched is held, sealed, for nobody to see
//     until it is restored. A fallen one loses its value and the key that sealed it, and
//     "purged" is acknowledged only after the freed bytes were overwritten.
//   - The exchange is checked. Its log's key is pinned; each checkpoint must be signed by
//     it and continue the newest one seen, and must cover every disclosure made to this
//     agent. A contradiction stops the feed for good, and answers say so.
//   - A kill at any moment loses nothing that was acknowledged and doubles nothing. The
//     engine holds no truth of its own: its files can be made anew from the replica.
//   - The keys of persons are used for the call that brought them and never stored. What
//     only a person may say (outcomes, challenges, shares) is sent while the person waits.
//
// Values are sealed in the replica under a key per record, as on the exchange; open text
// in the database are the member's own references and account ids, and what a signal says
// without its value and note. Reveals and decisions are entries of a log of the agent's
// own, built like the exchange's.
//
// The queue is guarded (package queue): a signal that hits too much is quarantined until a
// person releases it, a dismissed hit is deleted after 30 days and does not come back, and
// in shadow mode nobody is told anything. A database that went back (package fence), is
// damaged (package mend) or cannot be written says so, and nothing that was masked matches
// because of it.
//
// Limits. One agent serves one member. The member's own signals are held but not matched
// unless [Config.MatchOwn] asks for it.
//
// What people decide, undo and write down stands in package casework, all SQL in package
// agentstore.
package agent
