#include "textflag.h"

// Every lane of a vector does what Go does for one value, with the same roundings: a product
// and a sum are two instructions, never one that is fused.

// The factors of JFIF, in 1/65536, and the luma weights; see [newChroma] and [weigh].
DATA factors<>+0(SB)/4, $0x10101
DATA factors<>+4(SB)/4, $128
DATA factors<>+8(SB)/4, $91881
DATA factors<>+12(SB)/4, $-22554
DATA factors<>+16(SB)/4, $-46802
DATA factors<>+20(SB)/4, $116130
DATA factors<>+24(SB)/4, $255
DATA factors<>+28(SB)/4, $0x3e991687 // 0.299
DATA factors<>+32(SB)/4, $0x3f1645a2 // 0.587
DATA factors<>+36(SB)/4, $0x3de978d5 // 0.114
GLOBL factors<>(SB), RODATA, $40

// SPREAD writes the eight values of Y0, whose lower half is X0, to one lane of eight quads.
#define SPREAD \
	VEXTRACTF128 $1, Y0, X1     \
	VMOVSS       X0, (DI)       \
	VEXTRACTPS   $1, X0, 16(DI) \
	VEXTRACTPS   $2, X0, 32(DI) \
	VEXTRACTPS   $3, X0, 48(DI) \
	VMOVSS       X1, 64(DI)     \
	VEXTRACTPS   $1, X1, 80(DI) \
	VEXTRACTPS   $2, X1, 96(DI) \
	VEXTRACTPS   $3, X1, 112(DI)

// WEIGH cuts a channel to a byte and multiplies it by its weight.
#define WEIGH(channel, weight) \
	VPSRAD    $16, channel, channel     \
	VPMAXSD   Y8, channel, channel      \
	VPMINSD   Y9, channel, channel      \
	VCVTDQ2PS channel, channel          \
	VMULPS    weight, channel, channel

// func ycbcrAVX2(ys, cbs, crs *byte, n, across int, dst *float32)
//
// SI luma, R8 and R9 chroma, CX pixels left, DX pixels that share chroma, DI where it goes.
TEXT ·ycbcrAVX2(SB), NOSPLIT, $0-48
	MOVQ ys+0(FP), SI
	MOVQ cbs+8(FP), R8
	MOVQ crs+16(FP), R9
	MOVQ n+24(FP), CX
	MOVQ across+32(FP), DX
	MOVQ dst+40(FP), DI

	VPBROADCASTD factors<>+0(SB), Y15
	VPBROADCASTD factors<>+4(SB), Y14
	VPBROADCASTD factors<>+8(SB), Y13
	VPBROADCASTD factors<>+12(SB), Y12
	VPBROADCASTD factors<>+16(SB), Y11
	VPBROADCASTD factors<>+20(SB), Y10
	VPBROADCASTD factors<>+24(SB), Y9
	VPBROADCASTD factors<>+28(SB), Y7
	VPBROADCASTD factors<>+32(SB), Y6
	VPBROADCASTD factors<>+36(SB), Y5
	VPXOR        Y8, Y8, Y8

loop:
	CMPQ CX, $8
	JLT  done
	CMPQ DX, $2
	JEQ  shared
	VMOVQ (R8), X1
	VMOVQ (R9), X2
	ADDQ  $8, R8
	ADDQ  $8, R9

pixels:
	VPMOVZXBD (SI), Y0
	VPMULLD   Y15, Y0, Y0
	VPMOVZXBD X1, Y1
	VPMOVZXBD X2, Y2
	VPSUBD    Y14, Y1, Y1
	VPSUBD    Y14, Y2, Y2
	VPMULLD   Y13, Y2, Y3 // red
	VPADDD    Y0, Y3, Y3
	VPMULLD   Y12, Y1, Y4 // green
	VPMULLD   Y11, Y2, Y2
	VPADDD    Y4, Y2, Y2
	VPADDD    Y0, Y2, Y2
	VPMULLD   Y10, Y1, Y1 // blue
	VPADDD    Y0, Y1, Y1
	WEIGH(Y3, Y7)
	WEIGH(Y2, Y6)
	WEIGH(Y1, Y5)
	VADDPS    Y2, Y3, Y0
	VADDPS    Y1, Y0, Y0
	SPREAD
	ADDQ      $8, SI
	ADDQ      $128, DI
	SUBQ      $8, CX
	JMP       loop

shared:
	VMOVD      (R8), X1
	VMOVD      (R9), X2
	VPUNPCKLBW X1, X1, X1
	VPUNPCKLBW X2, X2, X2
	ADDQ       $4, R8
	ADDQ       $4, R9
	JMP        pixels

done:
	VZEROUPPER
	RET

// func addSubAVX2(sums, in, out *float32, n int)
TEXT ·addSubAVX2(SB), NOSPLIT, $0-32
	MOVQ sums+0(FP), DI
	MOVQ in+8(FP), SI
	MOVQ out+16(FP), R8
	MOVQ n+24(FP), CX

loop:
	CMPQ    CX, $8
	JLT     done
	VMOVUPS (DI), Y0
	VADDPS  (SI), Y0, Y0
	VSUBPS  (R8), Y0, Y0
	VMOVUPS Y0, (DI)
	ADDQ    $32, DI
	ADDQ    $32, SI
	ADDQ    $32, R8
	SUBQ    $8, CX
	JMP     loop

done:
	VZEROUPPER
	RET

// func divideAVX2(sums *float32, n int, count float32, dst *float32)
TEXT ·divideAVX2(SB), NOSPLIT, $0-32
	MOVQ         sums+0(FP), SI
	MOVQ         n+8(FP), CX
	VBROADCASTSS count+16(FP), Y2
	MOVQ         dst+24(FP), DI

loop:
	CMPQ    CX, $8
	JLT     done
	VMOVUPS (SI), Y0
	VDIVPS  Y2, Y0, Y0
	SPREAD
	ADDQ    $32, SI
	ADDQ    $128, DI
	SUBQ    $8, CX
	JMP     loop

done:
	VZEROUPPER
	RET
