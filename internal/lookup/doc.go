// Package lookup has a member's agent look at files of the member's own: it reads, unpacks
// and cuts them (package corpus), sends the pieces over several streams at once, and hands
// back what was found in the order of the files. It is what lantern match and lantern hunt
// have in common.
//
// One goroutine reads; as many as there are cores, and one, send; one, the caller's, is told
// the outcome. Memory is bounded by the pieces under way, whatever the size of the files. A
// worker whose piece is not the next to be told waits once it has a few answers; the next
// one never waits, because pieces are handed out in their order.
//
// In a hunt the agent says first which files are due, and notes each piece. Nothing here
// remembers anything.
package lookup
