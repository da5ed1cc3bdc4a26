// Package cli is the command line: it reads flags, environment and the configuration
// file, puts the parts of Lantern together, and shows what they answer.
//
// A command is one struct with a Run method and one line in [commands], the list of all
// of them; those that speak to an agent are in package member, and what all work with is
// in package command. A command holds no rule of the exchange: it speaks to an exchange or
// an agent through package client, as any other program would. Only `exchange init`,
// `exchange serve` and `agent run` touch a database, and wire.go is the only file that
// builds those parts.
//
// Manners. Data goes to standard output: a table on a terminal, one JSON object a line
// in a pipe, or what -o asks for. Everything else goes to standard error; progress is
// shown only there and only on a terminal. An error is one line "lantern: error: …",
// followed by "lantern: hint: …" if there is something to do about it. The exit code is
// 0 for done, 1 for failed, 2 for misuse and 130 for interrupted.
//
// What is never taken from a flag, because flags end up in the history of a shell and in
// the list of processes: a secret (it comes from a file or the environment) and a signal
// value (it comes from a file or standard input).
//
// What is shown may have been written by somebody else, so control characters, escape
// sequences and direction changes are shown as visible codes ([display.Clean]), and a CSV cell
// never starts a formula.
package cli
