package siphash

import "golang.org/x/sys/cpu"

// fast reports whether the processor makes eight hashes side by side.
var fast = cpu.X86.HasAVX512F

// firstAVX512 sets out to [Key.First] of the eight messages in e, none of which has more than
// most whole words.
//
//go:noescape
func firstAVX512(e *eight, most int, out *[lanes]uint64)
