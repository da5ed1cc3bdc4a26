// Package fair shares what is scarce among members, so that one with many callers leaves
// the others theirs. A [Queue] has members take turns where acts wait for a group, [Slots] bound
// how much of the processors one member's requests take, and [Buckets] bound how many
// signals a member may share and be handed in an hour. Nothing here knows what an act is,
// and nothing is stored: each process shares its own means.
package fair
