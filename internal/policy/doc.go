// Package policy holds the rules of the exchange as pure functions: who may do what
// ([Can]), who may see which signal ([See]), how long a signal may live ([Expiry]) and
// how a challenge moves ([Step]).
//
// The rules deny by default: an action that is not in the table, a role that is not in
// its row, a member state that is not listed is refused. Nothing here reads a clock, a
// database or a request, so each rule is tested as a table, and both the exchange and
// the SQL of the feed are held to it. There is one exception to "one place": the feed's
// SQL repeats [See], because a database must filter where the rows are; a property test
// in package exchange holds the two equal.
package policy
