// Package command is what every command of the command line works with: the process it
// runs in, how it reaches an exchange or the member's own agent, which secrets it takes
// from where, and how it ends.
//
// [App] is handed to each command. A command embeds [ExchangeAccess] or [AgentAccess] and
// so gets their settings; [Ask], [AskAll], [Tell], [Look] and [LookAs] call the other side
// once and show what it answers. [Misuse] and [Failed] are errors with advice and an exit
// code, which [Report] prints.
//
// A secret comes from a file or the environment, never from a flag. What is given as one
// and does not look like it is sent nowhere: it may be another secret.
//
// The commands themselves, the configuration file and the wiring stand above: in package
// cli and, for the people beside an agent, in package member.
package command
