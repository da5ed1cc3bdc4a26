// Package casework holds what people do with hits and candidates in an agent: they decide
// (in acts that can be undone), decide together on identical evidence, own and close cases,
// write notes and tasks, and approve what a colleague proposed. Package agent stands above:
// it knows who calls, follows the feeds and speaks to the exchange; nothing here does.
//
// A [Desk] runs each act as one transaction of the agent's database, with its entry in the
// agent's own log and, if it belongs to a case, on the case's timeline: after a kill either
// all of it is there or nothing. What an act means for the sharers of signals is noted in
// the same transaction, and sent by the agent.
//
// Evidence is called identical only by what the agent knows itself; a decision in bulk
// rests on a sample that was drawn before anybody looked and decided singly. Why these
// rules are as they are: docs/design/019-decisions-and-cases.md.
package casework
