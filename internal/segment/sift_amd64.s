#include "textflag.h"

// The numbers of the first hashes.
DATA siftFirst<>+0(SB)/8, $0x0000000100000000
DATA siftFirst<>+8(SB)/8, $0x0000000300000002
DATA siftFirst<>+16(SB)/8, $0x0000000500000004
DATA siftFirst<>+24(SB)/8, $0x0000000700000006
GLOBL siftFirst<>(SB), RODATA|NOPTR, $32

// What both kernels need: where bits are, and the numbers of the hashes.
#define CONSTANTS \
	MOVL         $63, AX             \
	VPBROADCASTQ AX, Z11             \
	MOVL         $1, AX              \
	VPBROADCASTQ AX, Z12             \
	MOVL         $8, AX              \
	VPBROADCASTD AX, Y13             \
	VMOVDQU      siftFirst<>(SB), Y9

// Where in a filter of WORDS words to look for the hashes H: the upper half of the product.
#define PLACES(H, WORDS, TO, T) \
	VPSRLQ   $32, H, T        \
	VPMULUDQ WORDS, H, TO     \
	VPMULUDQ WORDS, T, T      \
	VPSRLQ   $32, TO, TO      \
	VPADDQ   TO, T, TO        \
	VPSRLQ   $32, TO, TO

// Which of the hashes H have their three bits in W, of those in ALL, into K2, and their numbers to AT.
#define SIFTED(H, W, ALL, AT) \
	VPSRLQ        $6, H, Z4      \
	VPSRLQ        $12, H, Z5     \
	VPANDQ        Z11, H, Z1     \
	VPANDQ        Z11, Z4, Z4    \
	VPANDQ        Z11, Z5, Z5    \
	VPSRLVQ       Z1, W, Z1      \
	VPSRLVQ       Z4, W, Z4      \
	VPSRLVQ       Z5, W, Z5      \
	VPANDQ        Z1, Z4, Z4     \
	VPANDQ        Z5, Z4, Z4     \
	VPTESTMQ      Z12, Z4, ALL, K2 \
	VPCOMPRESSD.Z Y9, K2, Y6     \
	VMOVDQU       Y6, (AT)       \
	KMOVW         K2, AX         \
	POPCNTL       AX, AX         \
	LEAQ          (AT)(AX*4), AT

// func siftAVX512(filter *byte, words uint64, hashes *uint64, n int, dst *uint32) int
TEXT ·siftAVX512(SB), NOSPLIT, $0-48
	MOVQ filter+0(FP), SI
	MOVQ words+8(FP), AX
	MOVQ hashes+16(FP), BX
	MOVQ n+24(FP), CX
	MOVQ dst+32(FP), DI
	MOVQ DI, R8

	VPBROADCASTQ AX, Z10
	CONSTANTS
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

	PLACES(Z0, Z10, Z1, Z2)
	VPXORQ     Z3, Z3, Z3
	VPGATHERQQ (SI)(Z1*8), K1, Z3
	SIFTED(Z0, Z3, K3, R8)
	VPADDD     Y13, Y9, Y9

	ADDQ $64, BX
	SUBQ $8, CX
	JMP  eight

done:
	SUBQ DI, R8
	SHRQ $2, R8
	MOVQ R8, ret+40(FP)
	VZEROUPPER
	RET

// What the halves of a pair are changed by before they are mixed.
DATA pairSalt<>+0(SB)/8, $0xbf58476d1ce4e5b9
DATA pairSalt<>+8(SB)/8, $0x9e3779b97f4a7c15
GLOBL pairSalt<>(SB), RODATA|NOPTR, $16

// func siftPairsAVX512(words *byte, inWords uint64, pairs *byte, inPairs uint64, hashes *uint64, n int, one, two *uint32) (ones, twos int)
TEXT ·siftPairsAVX512(SB), NOSPLIT, $0-80
	MOVQ words+0(FP), SI
	MOVQ pairs+16(FP), R9
	MOVQ hashes+32(FP), BX
	MOVQ n+40(FP), CX
	MOVQ one+48(FP), R8
	MOVQ two+56(FP), R10

	VPBROADCASTQ inWords+8(FP), Z10
	VPBROADCASTQ inPairs+24(FP), Z14
	VPBROADCASTQ pairSalt<>+0(SB), Z15
	VPBROADCASTQ pairSalt<>+8(SB), Z16
	CONSTANTS
	MOVL         $-1, AX
	VPBROADCASTQ AX, Z24 // the lower half of each
	MOVL         $0xFF, DX
	MOVL         $0xFF, R12

eight:
	CMPQ  CX, $9
	JGE   whole
	TESTQ CX, CX
	JLE   done
	BZHIL CX, DX, DX
	DECQ  CX
	BZHIL CX, R12, R12
	XORL  CX, CX

whole:
	KMOVW       DX, K1
	KMOVW       DX, K3
	KMOVW       R12, K4
	KMOVW       R12, K5
	VMOVDQU64.Z (BX), K1, Z0
	VMOVDQU64.Z 8(BX), K4, Z8

	PLACES(Z0, Z10, Z1, Z2)
	VPXORQ     Z3, Z3, Z3
	VPGATHERQQ (SI)(Z1*8), K1, Z3

	// The hash of each word and the next: the sum of the halves of their product.
	VPXORQ   Z15, Z0, Z7
	VPXORQ   Z16, Z8, Z8
	VPSRLQ   $32, Z7, Z17
	VPSRLQ   $32, Z8, Z18
	VPMULUDQ Z7, Z8, Z19
	VPMULUDQ Z17, Z8, Z20
	VPMULUDQ Z7, Z18, Z21
	VPMULUDQ Z17, Z18, Z22
	VPSRLQ   $32, Z19, Z23
	VPADDQ   Z23, Z20, Z20
	VPANDQ   Z24, Z20, Z23
	VPADDQ   Z23, Z21, Z21
	VPSRLQ   $32, Z20, Z20
	VPADDQ   Z20, Z22, Z22
	VPSRLQ   $32, Z21, Z23
	VPADDQ   Z23, Z22, Z22
	VPSLLQ   $32, Z21, Z21
	VPANDQ   Z24, Z19, Z19
	VPORQ    Z21, Z19, Z19
	VPADDQ   Z19, Z22, Z22

	PLACES(Z22, Z14, Z1, Z2)
	VPXORQ     Z7, Z7, Z7
	VPGATHERQQ (R9)(Z1*8), K4, Z7

	SIFTED(Z0, Z3, K3, R8)
	SIFTED(Z22, Z7, K5, R10)
	VPADDD Y13, Y9, Y9

	ADDQ $64, BX
	SUBQ $8, CX
	JMP  eight

done:
	SUBQ one+48(FP), R8
	SHRQ $2, R8
	MOVQ R8, ones+64(FP)
	SUBQ two+56(FP), R10
	SHRQ $2, R10
	MOVQ R10, twos+72(FP)
	VZEROUPPER
	RET

// func ahead(p *byte)
TEXT ·ahead(SB), NOSPLIT, $0-8
	MOVQ       p+0(FP), AX
	PREFETCHT0 (AX)
	PREFETCHT0 63(AX)
	RET
