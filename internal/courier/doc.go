// Package courier carries an agent's events to the systems of the member that its operator
// named: a review tool, a pager, a queue.
//
// Events are thin, as the exchange's are: what sort of thing happened to which object, no
// value, no account. They are rows of the agent's database, written in the transaction of
// what they tell of. A [Courier] reads them in their order, enters a delivery for each
// webhook that wants them and attempts what is due, signed and paced as package webhook
// says; what the exchange's dispatcher and this one decide alike is decided there.
//
// # Addresses
//
// At the exchange a member's admin registers an address, and the exchange must not be led
// inside its operator's network by it. Here nobody registers anything: the webhooks stand in
// a file beside the agent's keys, which only the operator can write, and their receivers are
// meant to be inside. So any address is called, this machine's own and http too. No call of
// the agent's API can add one or change one.
//
// # Delivery
//
// Once or more, in no order that can be relied on, with one id at every attempt. One process
// owns an agent's database, so no delivery needs a lease: what was under way when the process
// died is due at the next start. A webhook is told of what happens after it was made.
package courier
