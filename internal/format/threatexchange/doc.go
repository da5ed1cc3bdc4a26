// Package threatexchange holds the words and wire forms of Meta's ThreatExchange: how a signal
// is written as a threat descriptor, a value as a row of threat updates, an error as a Graph
// error, and how what clients send is read. It decides nothing and knows no clock.
//
// # Their nouns and ours
//
// A privacy group is a program, an app or owner a member, a descriptor a signal, an indicator a
// value, a reaction feedback. docs/protocol/threatexchange.md holds the whole convention,
// also for what their words cannot say.
//
// # Shapes that clients insist on
//
// Ids are decimal texts. Times are texts like 2019-11-09T02:58:41+0000, but for threat
// updates, where they are whole seconds. Tags have two shapes: {"data":[{id,text}]} on a
// descriptor, flat texts on an update. A list of ids comes as 1,2 or [1,2], a list of texts also
// as ['a', 'b']. Every object has its id, whether it was asked for or not.
package threatexchange
