// Package member is the command line of a member's own people: the commands that speak to
// their agent, from looking up the member's own files over hits, cases and decisions to the
// agent's health. What they speak to runs on the member's machines, and so do they.
//
// A command holds no rule: it calls the agent through package client, as any other program
// would, with the agent's token or, where only a person may act, that person's key. Two
// read the agent's folder instead: the doctor, which must work when the agent does not, and
// the commands that enter webhooks, so that nobody can by a call.
//
// A match is a clue. What these commands print never says what to do to an account, and a
// run that could not look everywhere fails, so that "nothing found" is never "not looked".
package member
