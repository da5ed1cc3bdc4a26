// Package exchange is the service: every use of a rule and every transaction of the
// coalition's side of Lantern. Faces translate, package policy decides, package store
// holds the rows; this package is the only one that lets something happen.
//
// # Life of a write
//
// An act is decoded by a face and comes in with its [policy.Actor]. What can be checked
// and prepared without the database is: form, normal form, sealing, keyed index. The rest
// is one function that runs in a transaction: it reads what the policy needs, decides,
// writes rows, gives the affected placements new places in their feeds, and appends one
// leaf to the log. Functions of several callers that arrive while a transaction commits
// run together in the next one (group commit), in order; if one of them fails after it
// wrote, the group is rolled back and each runs alone, so a bad act never harms its
// neighbours. The caller gets its answer after the commit: nothing is visible before it
// is in the log, and nothing is in the log that did not happen.
//
// Every transaction first locks the one row that holds the tree's right edge. Several
// processes may therefore write to one database at once; the log orders them all.
//
// # Life of a feed read
//
// Handing signals to a member is an act too. A page is read in a snapshot; one
// transaction drops what moved since, enters who is sent what and appends a disclosure
// leaf, before the first byte leaves. A read with nothing to hand out changes nothing and
// waits. The first load is entered at once and read part by part afterwards.
//
// An [Exchange] is safe for concurrent use.
package exchange
