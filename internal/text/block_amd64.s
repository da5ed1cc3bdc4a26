#include "textflag.h"

// One set of both halves of a block: the bytes in T at the lower four bits of the text's, and
// of these the bit that the upper four bits choose.
#define SET(T, AT) \
	VPSHUFB   Y0, T, Y4  \
	VPSHUFB   Y1, T, Y5  \
	VPAND     Y2, Y4, Y4 \
	VPAND     Y3, Y5, Y5 \
	VPCMPEQB  Y8, Y4, Y4 \
	VPCMPEQB  Y8, Y5, Y5 \
	VPMOVMSKB Y4, AX     \
	VPMOVMSKB Y5, DX     \
	SHLQ      $32, DX    \
	ORQ       DX, AX     \
	NOTQ      AX         \
	MOVQ      AX, AT(DI)

// func classifyAVX2(dst *Block, text *byte, n int, tables *[5][16]byte, rows *[16]byte)
TEXT ·classifyAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ tables+24(FP), BX
	MOVQ rows+32(FP), DX

	VBROADCASTI128 0(BX), Y10
	VBROADCASTI128 16(BX), Y11
	VBROADCASTI128 32(BX), Y12
	VBROADCASTI128 48(BX), Y13
	VBROADCASTI128 64(BX), Y14
	VBROADCASTI128 (DX), Y15
	MOVL           $0x0f0f0f0f, AX
	VMOVD          AX, X9
	VPBROADCASTD   X9, Y9
	VPXOR          Y8, Y8, Y8

block:
	TESTQ CX, CX
	JZ    done

	VMOVDQU   (SI), Y0
	VMOVDQU   32(SI), Y1
	VPMOVMSKB Y0, AX
	VPMOVMSKB Y1, DX
	SHLQ      $32, DX
	ORQ       DX, AX
	MOVQ      AX, 40(DI)
	VPSRLW    $4, Y0, Y2
	VPSRLW    $4, Y1, Y3
	VPAND     Y9, Y2, Y2
	VPAND     Y9, Y3, Y3
	VPSHUFB   Y2, Y15, Y2
	VPSHUFB   Y3, Y15, Y3

	SET(Y10, 0)
	SET(Y11, 8)
	SET(Y12, 16)
	SET(Y13, 24)
	SET(Y14, 32)

	ADDQ $64, SI
	ADDQ $48, DI
	DECQ CX
	JMP  block

done:
	VZEROUPPER
	RET
