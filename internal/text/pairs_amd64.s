#include "textflag.h"

// What words are changed by before they are mixed: wordhash.High, wordhash.Low. Then what keeps the lower half of one.
DATA pairsBy<>+0(SB)/8, $0xbf58476d1ce4e5b9
DATA pairsBy<>+8(SB)/8, $0x9e3779b97f4a7c15
DATA pairsBy<>+16(SB)/8, $0x00000000ffffffff
GLOBL pairsBy<>(SB), RODATA|NOPTR, $24

// BY loads these.
#define BY \
	VPBROADCASTQ pairsBy<>+0(SB), Z10 \
	VPBROADCASTQ pairsBy<>+8(SB), Z11 \
	VPBROADCASTQ pairsBy<>+16(SB), Z12

// PAIR makes in Z4 the hashes of pairs of which those of the first are in Z0 and of the second in Z1: the product of
// 128 bits, of the four products of halves, the lowest in Z4, then Z5 and Z6, the highest in Z7, and the sum of its halves.
#define PAIR \
	VPXORQ   Z10, Z0, Z0   \
	VPSRLQ   $32, Z0, Z2   \
	VPXORQ   Z11, Z1, Z1   \
	VPMULUDQ Z0, Z1, Z4    \
	VPSRLQ   $32, Z1, Z3   \
	VPMULUDQ Z2, Z1, Z5    \
	VPMULUDQ Z0, Z3, Z6    \
	VPMULUDQ Z2, Z3, Z7    \
	VPSRLQ   $32, Z4, Z8   \
	VPANDQ   Z12, Z4, Z4   \
	VPADDQ   Z8, Z5, Z5    \
	VPANDQ   Z12, Z5, Z8   \
	VPSRLQ   $32, Z5, Z5   \
	VPADDQ   Z8, Z6, Z6    \
	VPADDQ   Z5, Z7, Z7    \
	VPSRLQ   $32, Z6, Z8   \
	VPSLLQ   $32, Z6, Z6   \
	VPADDQ   Z8, Z7, Z7    \
	VPADDQ   Z6, Z4, Z4    \
	VPADDQ   Z7, Z4, Z4

// func pairsAVX512(dst, hashes *uint64, n int)
TEXT ·pairsAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX
	MOVL $0xFF, DX
	BY

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
	PAIR
	VMOVDQU64   Z4, K1, (DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $8, CX
	JMP         eight

done:
	VZEROUPPER
	RET

// func triplesAVX512(dst, hashes *uint64, n int)
//
// Z9 has the hashes of the pairs that the next triples begin with. Of n triples there are n+1 pairs and n+2 words.
TEXT ·triplesAVX512(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ hashes+8(FP), SI
	MOVQ n+16(FP), CX

	// Eight pairs, or as many as there are.
	LEAQ    1(CX), AX
	MOVL    $8, R8
	CMPQ    AX, R8
	CMOVQGT R8, AX
	MOVL    $0xFF, R8
	BZHIL   AX, R8, R8
	KMOVW   R8, K1
	BY
	VMOVDQU64.Z 0(SI), K1, Z0
	VMOVDQU64.Z 8(SI), K1, Z1
	PAIR
	VMOVDQA64   Z4, Z9

eight:
	// The pairs behind these, one or more of which the triples end with if there are eight.
	MOVL  $0xFF, R8
	MOVL  $0xFF, R9
	LEAQ  -7(CX), AX
	CMPQ  CX, $8
	JB    last
	CMPQ  AX, $8
	JAE   whole
	BZHIL AX, R8, R8
	JMP   whole

last:
	XORL  R8, R8
	BZHIL CX, R9, R9

whole:
	KMOVW       R8, K1
	KMOVW       R9, K2
	VMOVDQU64.Z 64(SI), K1, Z0
	VMOVDQU64.Z 72(SI), K1, Z1
	PAIR
	VALIGNQ     $1, Z9, Z4, Z1
	VMOVDQA64   Z9, Z0
	VMOVDQA64   Z4, Z9
	PAIR
	VMOVDQU64   Z4, K2, (DI)
	ADDQ        $64, SI
	ADDQ        $64, DI
	SUBQ        $8, CX
	JG          eight
	VZEROUPPER
	RET
