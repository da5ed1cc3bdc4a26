// Package doctor examines a member's agent from outside and says what is wrong and what to
// do about it: the folder and who may read it, the sealing key, the disk, the database and the log in it; the
// way to the exchange, its certificate, the clock, the agent's key and what it may do, the
// key of the log; and, if the agent runs, whether its answers can be relied on.
//
// A check is one row of the list in checks.go: its name, what must be true before it makes
// sense, and what it does. What it found goes into a [Finding], in words for a person who did
// not write the program. A finding never holds a key, a token or a value. Each failure names
// its fix; the fixes stand beside each other in fixes.go.
//
// It changes nothing, and may run beside the agent or without it.
package doctor
