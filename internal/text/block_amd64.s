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

// func classifyAVX2(dst *Block, text *byte, n int, tables *[2][16]byte, rows *[16]byte)
TEXT ·classifyAVX2(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ n+16(FP), CX
	MOVQ tables+24(FP), BX
	MOVQ rows+32(FP), DX

	VBROADCASTI128 0(BX), Y10
	VBROADCASTI128 16(BX), Y11
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
	MOVQ      AX, 16(DI)
	VPSRLW    $4, Y0, Y2
	VPSRLW    $4, Y1, Y3
	VPAND     Y9, Y2, Y2
	VPAND     Y9, Y3, Y3
	VPSHUFB   Y2, Y15, Y2
	VPSHUFB   Y3, Y15, Y3

	SET(Y10, 0)
	SET(Y11, 8)

	ADDQ $64, SI
	ADDQ $24, DI
	DECQ CX
	JMP  block

done:
	VZEROUPPER
	RET

// One set of a block: the bytes of which those in T at the lower four bits of the text's have the
// bit that the upper four bits choose.
#define SET512(T, AT) \
	VPSHUFB  Z0, T, Z4     \
	VPTESTMB Z2, Z4, K2    \
	KMOVQ    K2, AT(DI)

// func classifyAVX512(dst *Block, text *byte, size int, tables *[2][16]byte, rows *[16]byte)
TEXT ·classifyAVX512(SB), NOSPLIT, $0-40
	MOVQ dst+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ size+16(FP), CX
	MOVQ tables+24(FP), BX
	MOVQ rows+32(FP), DX

	VBROADCASTI32X4 0(BX), Z10
	VBROADCASTI32X4 16(BX), Z11
	VBROADCASTI32X4 (DX), Z15
	MOVL            $0x0f0f0f0f, AX
	VPBROADCASTD    AX, Z9
	MOVQ            $-1, AX

block512:
	CMPQ CX, $64
	JAE  whole
	TESTQ CX, CX
	JZ   done512
	BZHIQ CX, AX, AX
	MOVQ  $64, CX

whole:
	KMOVQ      AX, K1
	PREFETCHT0 512(SI)
	VMOVDQU8.Z (SI), K1, Z0
	VPMOVB2M   Z0, K2
	KMOVQ      K2, 16(DI)
	VPSRLW     $4, Z0, Z2
	VPANDD     Z9, Z2, Z2
	VPSHUFB    Z2, Z15, Z2

	SET512(Z10, 0)
	SET512(Z11, 8)

	ADDQ $64, SI
	ADDQ $24, DI
	SUBQ $64, CX
	JMP  block512

done512:
	VZEROUPPER
	RET
