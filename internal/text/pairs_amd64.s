#include "textflag.h"

// What words are changed by before they are mixed: hashHigh, hashLow. Then what keeps the lower half of one.
DATA pairsBy<>+0(SB)/8, $0xbf58476d1ce4e5b9
DATA pairsBy<>+8(SB)/8, $0x9e3779b97f4a7c15
DATA pairsBy<>+16(SB)/8, $0x00000000ffffffff
GLOBL pairsBy<>(SB), RODATA|NOPTR, $24

// func pairsAVX512(dst, hashes *uint64, n int)
TEXT ·pairsAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX

	VPBROADCASTQ pairsBy<>+0(SB), Z10
	VPBROADCASTQ pairsBy<>+8(SB), Z11
	VPBROADCASTQ pairsBy<>+16(SB), Z12
	MOVL         $0xFF, DX

eight:
	CMPQ  CX, $8
	JAE   whole
	TESTQ CX, CX
	JZ    done
	BZHIL CX, DX, DX
	MOVL  $8, CX

whole:
	KMOVW       DX, K1
	VMOVDQU64.Z 0(SI), K1, Z0
	VMOVDQU64.Z 8(SI), K1, Z1
	VPXORQ      Z10, Z0, Z0
	VPXORQ      Z11, Z1, Z1

	// The product of 128 bits, of the four products of halves: the lowest in Z4, then Z5
	// and Z6, the highest in Z7.
	VPSRLQ   $32, Z0, Z2
	VPSRLQ   $32, Z1, Z3
	VPMULUDQ Z0, Z1, Z4
	VPMULUDQ Z2, Z1, Z5
	VPMULUDQ Z0, Z3, Z6
	VPMULUDQ Z2, Z3, Z7
	VPSRLQ   $32, Z4, Z8
	VPADDQ   Z8, Z5, Z5
	VPANDQ   Z12, Z5, Z8
	VPADDQ   Z8, Z6, Z6
	VPSRLQ   $32, Z5, Z5
	VPSRLQ   $32, Z6, Z8
	VPADDQ   Z5, Z7, Z7
	VPADDQ   Z8, Z7, Z7
	VPSLLQ   $32, Z6, Z6
	VPANDQ   Z12, Z4, Z4

	// The sum of its halves.
	VPADDQ    Z6, Z4, Z4
	VPADDQ    Z7, Z4, Z4
	VMOVDQU64 Z4, K1, (DI)

	ADDQ $64, SI
	ADDQ $64, DI
	SUBQ $8, CX
	JMP  eight

done:
	VZEROUPPER
	RET
