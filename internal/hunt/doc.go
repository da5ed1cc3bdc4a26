// Package hunt remembers for an agent what its member's hunts looked at, and what they are
// owed (docs/design/021-hunt.md).
//
// The ledger. Of each file a row says up to which arrival it was looked at, by which reading
// rules, and what could not be looked at. Paths and bytes stand in it as digests under a key
// of the installation. A large file is noted piece by piece, and as a whole with its last.
//
// Recent engines. A file that was looked at before is looked at only for the signals that
// arrived since: small engines hold these, shared by files of about the same age.
//
// Whether the agent can look at all, and the looking itself, is the agent's business. So are
// the transactions.
package hunt
