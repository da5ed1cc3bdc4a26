package text

import "golang.org/x/sys/cpu"

// fast reports whether the processor looks 32 bytes up at once.
var fast = cpu.X86.HasAVX2

// blockRows is the bit for each value of the upper four bits of a character.
var blockRows = [16]byte{1, 2, 4, 8, 16, 32, 64, 128}

// classifyAVX2 is [classifyPlain] for n blocks.
//
//go:noescape
func classifyAVX2(dst *Block, text *byte, n int, tables *[len(blockSets)][16]byte, rows *[16]byte)

// wide reports whether the processor looks 64 bytes up at once.
var wide = cpu.X86.HasAVX512BW && cpu.X86.HasBMI2

// classifyAVX512 is [classifyPlain] for a text of so many bytes.
//
//go:noescape
func classifyAVX512(dst *Block, text *byte, size int, tables *[len(blockSets)][16]byte, rows *[16]byte)

// classifyAll fills all blocks of a text, the last of which may be cut short, if there is a kernel
// that can.
func classifyAll(dst []Block, text []byte) bool {
	if !wide || len(text) == 0 {
		return false
	}
	_ = dst[(len(text)-1)/blockSize]
	classifyAVX512(&dst[0], &text[0], len(text), &blockTables, &blockRows)
	return true
}

func classify(dst []Block, text []byte) {
	if !fast {
		classifyPlain(dst, text)
		return
	}
	if len(dst) > 0 {
		_ = text[len(dst)*blockSize-1]
		classifyAVX2(&dst[0], &text[0], len(dst), &blockTables, &blockRows)
	}
}
