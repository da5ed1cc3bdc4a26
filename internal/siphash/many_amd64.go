package siphash

import "golang.org/x/sys/cpu"

// fast reports whether the processor makes eight hashes side by side.
var fast = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW && cpu.X86.HasBMI2

// firstsAVX512 sets out to [Key.First] of messages, eight at a time, so many times: each of
// keys, texts and out has eight for each.
//
//go:noescape
func firstsAVX512(keys **Key, texts *string, out *uint64, times int)
