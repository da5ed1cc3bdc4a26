#include "textflag.h"

DATA start<>+0(SB)/8, $0x736f6d6570736575
DATA start<>+8(SB)/8, $0x646f72616e646f83 // of the form with 128 bits: the last byte with 0xee
DATA start<>+16(SB)/8, $0x6c7967656e657261
DATA start<>+24(SB)/8, $0x7465646279746573
DATA start<>+32(SB)/8, $0xee
DATA start<>+40(SB)/8, $1
GLOBL start<>(SB), RODATA, $48

// ROUND turns the words Z0 to Z3 over once, in the lanes of K1.
#define ROUND \
	VPADDQ Z1, Z0, K1, Z0   \
	VPADDQ Z3, Z2, K1, Z2   \
	VPROLQ $13, Z1, K1, Z1  \
	VPROLQ $16, Z3, K1, Z3  \
	VPXORQ Z0, Z1, K1, Z1   \
	VPXORQ Z2, Z3, K1, Z3   \
	VPROLQ $32, Z0, K1, Z0  \
	VPADDQ Z3, Z0, K1, Z0   \
	VPADDQ Z1, Z2, K1, Z2   \
	VPROLQ $21, Z3, K1, Z3  \
	VPROLQ $17, Z1, K1, Z1  \
	VPXORQ Z0, Z3, K1, Z3   \
	VPXORQ Z2, Z1, K1, Z1   \
	VPROLQ $32, Z2, K1, Z2

// func firstAVX512(e *eight, most int, out *[8]uint64)
//
// Z0 to Z3 the words of the state, one lane a message. Z5 how many words each message has, Z6
// the number of the word, Z7 ones.
TEXT ·firstAVX512(SB), NOSPLIT, $0-24
	MOVQ e+0(FP), SI
	MOVQ most+8(FP), CX
	MOVQ out+16(FP), DI
	VMOVDQU64 (SI), Z8
	VMOVDQU64 64(SI), Z9
	VPBROADCASTQ start<>+0(SB), Z0
	VPBROADCASTQ start<>+8(SB), Z1
	VPBROADCASTQ start<>+16(SB), Z2
	VPBROADCASTQ start<>+24(SB), Z3
	VPXORQ Z8, Z0, Z0
	VPXORQ Z9, Z1, Z1
	VPXORQ Z8, Z2, Z2
	VPXORQ Z9, Z3, Z3
	VMOVDQU64 192(SI), Z5
	VPXORQ Z6, Z6, Z6
	VPBROADCASTQ start<>+40(SB), Z7
	LEAQ 256(SI), BX

word:
	TESTQ CX, CX
	JZ    last
	VPCMPUQ $6, Z6, Z5, K1   // the messages that have this word
	VMOVDQU64 (BX), Z4
	VPXORQ Z4, Z3, K1, Z3
	ROUND
	ROUND
	VPXORQ Z4, Z0, K1, Z0
	VPADDQ Z7, Z6, Z6
	ADDQ $64, BX
	DECQ CX
	JMP  word

last:
	KXNORW K1, K1, K1
	VMOVDQU64 128(SI), Z4
	VPXORQ Z4, Z3, Z3
	ROUND
	ROUND
	VPXORQ Z4, Z0, Z0
	VPBROADCASTQ start<>+32(SB), Z4
	VPXORQ Z4, Z2, Z2
	ROUND
	ROUND
	ROUND
	ROUND
	VPXORQ Z1, Z0, Z0
	VPXORQ Z3, Z2, Z2
	VPXORQ Z2, Z0, Z0
	VMOVDQU64 Z0, (DI)
	VZEROUPPER
	RET
