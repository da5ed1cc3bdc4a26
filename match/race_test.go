//go:build race

package match_test

// raced says that the race detector is on, under which the slow programs that tests hold to
// take ten times as long, and find nothing that they do not find without it.
const raced = true
