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
