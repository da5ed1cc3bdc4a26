// Package stage starts what a story needs and stops it again: one exchange and the agents
// of five invented companies, each with its own folder, keys and people.
//
// The stage is a user. It starts servers with the commands anybody has, which its caller
// hands it, and meets them through their HTTP interfaces with keys from files. It opens no
// database, and nothing in it knows what the companies will do.
//
// Time. Everything on the stage runs by one [Clock], which shows the true time until
// [Stage.Later] moves it on: a delay of thirty days, a signal that expires, an agent that
// was away for the night are then what the running system makes of them, not what a
// narrator says. The machines stand still while the clock moves: the agents are stopped
// before and started after it, as no real agent goes unanswered for days without noticing.
package stage
