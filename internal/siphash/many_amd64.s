#include "textflag.h"

DATA start<>+0(SB)/8, $0x736f6d6570736575
DATA start<>+8(SB)/8, $0x646f72616e646f83 // of the form with 128 bits: the last byte with 0xee
DATA start<>+16(SB)/8, $0x6c7967656e657261
DATA start<>+24(SB)/8, $0x7465646279746573
DATA start<>+32(SB)/8, $0xee
DATA start<>+40(SB)/8, $1
GLOBL start<>(SB), RODATA|NOPTR, $48

// Where in eight strings, each a place and a length, their lengths stand.
DATA lengths<>+0(SB)/8, $1
DATA lengths<>+8(SB)/8, $3
DATA lengths<>+16(SB)/8, $5
DATA lengths<>+24(SB)/8, $7
DATA lengths<>+32(SB)/8, $9
DATA lengths<>+40(SB)/8, $11
DATA lengths<>+48(SB)/8, $13
DATA lengths<>+56(SB)/8, $15
GLOBL lengths<>(SB), RODATA|NOPTR, $64

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

// LOAD reads bytes DX to DX+64 of message number I into TO, and zeros behind its end. BX becomes the
// length of the longest. Where nothing is left, the place is not touched.
#define LOAD(I, TO) \
	MOVQ       (16*I)(SI), AX   \
	MOVQ       (16*I+8)(SI), CX \
	CMPQ       CX, BX           \
	CMOVQGT    CX, BX           \
	ADDQ       DX, AX           \
	SUBQ       DX, CX           \
	CMOVQLE    R10, CX          \
	CMOVQLE    R13, AX          \
	CMPQ       CX, R11          \
	CMOVQGT    R11, CX          \
	BZHIQ      CX, R12, CX      \
	KMOVQ      CX, K2           \
	VMOVDQU8.Z (AX), K2, TO

// QUARTERS puts quarters 0 and 2 of A and B into EVEN, and 1 and 3 into ODD.
#define QUARTERS(A, B, EVEN, ODD) \
	VSHUFI64X2 $0x88, B, A, EVEN \
	VSHUFI64X2 $0xdd, B, A, ODD

// func firstsAVX512(keys **Key, texts *string, out *uint64, times int)
//
// Z0 to Z3 the words of the state, one lane a message. Z5 the number of each message's last word,
// Z6 the number of the word, Z7 ones, Z8 the lengths, as the last word ends with them.
TEXT ·firstsAVX512(SB), NOSPLIT, $512-32
	MOVQ keys+0(FP), R8
	MOVQ texts+8(FP), SI
	MOVQ out+16(FP), DI
	MOVQ times+24(FP), R9
	LEAQ words-512(SP), R13
	XORL R10, R10
	MOVL $64, R11
	MOVQ $-1, R12
	VPBROADCASTQ start<>+40(SB), Z7

eight:
	VMOVDQU64    (R8), Z9
	KXNORW       K1, K1, K1
	KXNORW       K2, K2, K2
	VPXORQ       Z10, Z10, Z10
	VPXORQ       Z11, Z11, Z11
	VPGATHERQQ   (R10)(Z9*1), K1, Z10
	VPGATHERQQ   8(R10)(Z9*1), K2, Z11
	VPBROADCASTQ start<>+0(SB), Z0
	VPBROADCASTQ start<>+8(SB), Z1
	VPBROADCASTQ start<>+16(SB), Z2
	VPBROADCASTQ start<>+24(SB), Z3
	VPXORQ       Z10, Z0, Z0
	VPXORQ       Z11, Z1, Z1
	VPXORQ       Z10, Z2, Z2
	VPXORQ       Z11, Z3, Z3
	VMOVDQU64    lengths<>(SB), Z8
	VMOVDQU64    (SI), Z9
	VPERMT2Q     64(SI), Z8, Z9
	VPSRLQ       $3, Z9, Z5
	VPSLLQ       $56, Z9, Z8
	VPXORQ       Z6, Z6, Z6
	XORL         DX, DX
	XORL         BX, BX

chunk:
	LOAD(0, Z16)
	LOAD(1, Z17)
	LOAD(2, Z18)
	LOAD(3, Z19)
	LOAD(4, Z20)
	LOAD(5, Z21)
	LOAD(6, Z22)
	LOAD(7, Z23)

	// Word for word instead of message for message.
	VPUNPCKLQDQ Z17, Z16, Z24
	VPUNPCKHQDQ Z17, Z16, Z25
	VPUNPCKLQDQ Z19, Z18, Z26
	VPUNPCKHQDQ Z19, Z18, Z27
	VPUNPCKLQDQ Z21, Z20, Z28
	VPUNPCKHQDQ Z21, Z20, Z29
	VPUNPCKLQDQ Z23, Z22, Z30
	VPUNPCKHQDQ Z23, Z22, Z31
	QUARTERS(Z24, Z26, Z16, Z17)
	QUARTERS(Z28, Z30, Z18, Z19)
	QUARTERS(Z25, Z27, Z20, Z21)
	QUARTERS(Z29, Z31, Z22, Z23)
	QUARTERS(Z16, Z18, Z24, Z28)
	QUARTERS(Z17, Z19, Z26, Z30)
	QUARTERS(Z20, Z22, Z25, Z29)
	QUARTERS(Z21, Z23, Z27, Z31)
	VMOVDQU64   Z24, (R13)
	VMOVDQU64   Z25, 64(R13)
	VMOVDQU64   Z26, 128(R13)
	VMOVDQU64   Z27, 192(R13)
	VMOVDQU64   Z28, 256(R13)
	VMOVDQU64   Z29, 320(R13)
	VMOVDQU64   Z30, 384(R13)
	VMOVDQU64   Z31, 448(R13)

	MOVQ BX, CX
	SUBQ DX, CX
	SHRQ $3, CX
	INCQ CX      // words to take in, the last ones too
	MOVQ R13, AX
	ADDQ $64, DX
	CMPQ CX, $8
	JLE  word
	MOVL $8, CX

word:
	VMOVDQU64 (AX), Z4
	VPCMPEQQ  Z6, Z5, K3
	VPCMPUQ   $5, Z6, Z5, K1 // the messages that have this word
	VPORQ     Z8, Z4, K3, Z4
	VPXORQ    Z4, Z3, K1, Z3
	ROUND
	ROUND
	VPXORQ    Z4, Z0, K1, Z0
	VPADDQ    Z7, Z6, Z6
	ADDQ      $64, AX
	DECQ      CX
	JNZ       word
	CMPQ      DX, BX
	JLE       chunk

	KXNORW       K1, K1, K1
	VPBROADCASTQ start<>+32(SB), Z4
	VPXORQ       Z4, Z2, Z2
	ROUND
	ROUND
	ROUND
	ROUND
	VPXORQ       Z1, Z0, Z0
	VPXORQ       Z3, Z2, Z2
	VPXORQ       Z2, Z0, Z0
	VMOVDQU64    Z0, (DI)

	ADDQ $64, R8
	ADDQ $128, SI
	ADDQ $64, DI
	DECQ R9
	JNZ  eight
	VZEROUPPER
	RET
