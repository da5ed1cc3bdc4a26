// Package demo shows a whole exchange at work on one machine, without a network, in a
// world that does not exist.
//
// The stage (package stage): one exchange and the agents of invented companies (a file host,
// a social network, a chat service, a payment service, a game), each with its own folder,
// keys and people, all by one clock. The world (package world): what these companies would
// know of their own platforms, drawn from a seed; the same seed gives the same world. A story
// is what the companies' people then do (package desk), in the order in which they would do
// it, told while it happens (package tell) and counted (package tally). There are four, in
// [Stories]; each is one value in plot.go and one file story_<name>.go, and each of its
// chapters is a method.
//
// Promises. A story uses only what any user has: the HTTP interfaces of the exchange and
// of the agents, keys from files, a company's own knowledge of its own platform. It opens
// no database. No figure is written down beforehand: what is told is counted from what
// the running system answered. The world knows for each account whether it breaks the
// rules; the people of the story never look at that, they judge by the evidence their
// platform shows them, and only the final comparison reads it. Nothing names anybody
// real, and nothing describes harm: accounts "offer" or "ask for" access to removed files
// in words that mean nothing.
//
// Limits. People decide in no time here, and where they would take days the clock is moved
// on while all agents are off. Reports to the authorities are counted, not sent: a member's
// own process files them, and the demo has none.
package demo
