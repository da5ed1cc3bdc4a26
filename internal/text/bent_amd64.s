#include "textflag.h"

DATA bent<>+0(SB)/4, $0xdfdfdfdf // all bits but the one that folds letters
DATA bent<>+4(SB)/4, $0xf8f8f8f8 // those that digits from 0 to 7 share
DATA bent<>+8(SB)/4, $0x30303030 // and how they are
DATA bent<>+12(SB)/4, $0x25252525 // "%"
DATA bent<>+16(SB)/4, $0x26262626 // "&"
GLOBL bent<>(SB), RODATA|NOPTR, $20

// BENDS puts the set of 32 bytes into AX.
#define BENDS(at) \
	VMOVDQU   at(SI), Y0       \
	VMOVDQU   at+1(SI), Y1     \
	VPXOR     Y0, Y1, Y2       \
	VPXOR     at+2(SI), Y0, Y3 \
	VPOR      Y2, Y3, Y2       \
	VPAND     Y8, Y2, Y2       \
	VPCMPEQB  Y11, Y2, Y2      \
	VPADDB    Y0, Y0, Y3       \
	VPANDN    Y3, Y0, Y3       \
	VPAND     Y2, Y3, Y2       \
	VPAND     Y9, Y0, Y4       \
	VPCMPEQB  Y10, Y4, Y4      \
	VPADDB    Y1, Y1, Y5       \
	VPANDN    Y5, Y1, Y5       \
	VPAND     Y4, Y5, Y4       \
	VPOR      Y4, Y2, Y2       \
	VPCMPEQB  Y12, Y0, Y4      \
	VPCMPEQB  Y13, Y0, Y5      \
	VPOR      Y4, Y2, Y2       \
	VPOR      Y5, Y2, Y2       \
	VPMOVMSKB Y2, AX

// func bendsAVX2(dst *uint64, text *byte, n int)
TEXT ·bendsAVX2(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ n+16(FP), CX

	VPBROADCASTD bent<>+0(SB), Y8
	VPBROADCASTD bent<>+4(SB), Y9
	VPBROADCASTD bent<>+8(SB), Y10
	VPBROADCASTD bent<>+12(SB), Y12
	VPBROADCASTD bent<>+16(SB), Y13
	VPXOR        Y11, Y11, Y11

block:
	BENDS(0)
	MOVL AX, BX
	BENDS(32)
	SHLQ $32, AX
	ORQ  BX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  block
	VZEROUPPER
	RET
