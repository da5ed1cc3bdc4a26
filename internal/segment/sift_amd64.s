#include "textflag.h"

// The numbers of the first hashes.
DATA siftFirst<>+0(SB)/8, $0x0000000100000000
DATA siftFirst<>+8(SB)/8, $0x0000000300000002
DATA siftFirst<>+16(SB)/8, $0x0000000500000004
DATA siftFirst<>+24(SB)/8, $0x0000000700000006
GLOBL siftFirst<>(SB), RODATA|NOPTR, $32

// func siftAVX512(filter *byte, words uint64, hashes *uint64, n int, dst *uint32) int
TEXT ·siftAVX512(SB), NOSPLIT, $0-48
	MOVQ filter+0(FP), SI
	MOVQ words+8(FP), AX
	MOVQ hashes+16(FP), BX
	MOVQ n+24(FP), CX
	MOVQ dst+32(FP), DI
	MOVQ DI, R8

	VPBROADCASTQ AX, Z10
	MOVL         $63, AX
	VPBROADCASTQ AX, Z11
	MOVL         $1, AX
	VPBROADCASTQ AX, Z12
	MOVL         $8, AX
	VPBROADCASTD AX, Y13
	VMOVDQU      siftFirst<>(SB), Y9
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
	KMOVW       K1, K3
	VMOVDQU64.Z (BX), K1, Z0

	// The upper half of the product of hash and words: where to look.
	VPSRLQ   $32, Z0, Z1
	VPMULUDQ Z10, Z0, Z2
	VPMULUDQ Z10, Z1, Z1
	VPSRLQ   $32, Z2, Z2
	VPADDQ   Z2, Z1, Z1
	VPSRLQ   $32, Z1, Z1

	VPXORQ     Z3, Z3, Z3
	VPGATHERQQ (SI)(Z1*8), K1, Z3

	// The three bits.
	VPSRLQ  $6, Z0, Z4
	VPSRLQ  $12, Z0, Z5
	VPANDQ  Z11, Z0, Z0
	VPANDQ  Z11, Z4, Z4
	VPANDQ  Z11, Z5, Z5
	VPSRLVQ Z0, Z3, Z0
	VPSRLVQ Z4, Z3, Z4
	VPSRLVQ Z5, Z3, Z5
	VPANDQ  Z0, Z4, Z4
	VPANDQ  Z5, Z4, Z4

	VPTESTMQ     Z12, Z4, K3, K2
	VPCOMPRESSD.Z Y9, K2, Y6
	VMOVDQU      Y6, (R8)
	KMOVW        K2, AX
	POPCNTL      AX, AX
	LEAQ         (R8)(AX*4), R8
	VPADDD       Y13, Y9, Y9

	ADDQ $64, BX
	SUBQ $8, CX
	JMP  eight

done:
	SUBQ DI, R8
	SHRQ $2, R8
	MOVQ R8, ret+40(FP)
	VZEROUPPER
	RET

// func ahead(p *byte)
TEXT ·ahead(SB), NOSPLIT, $0-8
	MOVQ       p+0(FP), AX
	PREFETCHT0 (AX)
	PREFETCHT0 63(AX)
	RET
