#include "textflag.h"

// The fields of a cutting.
#define BYTES   0
#define LIMIT   8
#define BLOCKS  16
#define COUNT   24
#define BASE    32
#define START   40
#define CARRY   48
#define SKIP    56
#define LIST    64
#define HASHES  72
#define TABLES  80
#define READ    88
#define WORDS   96

// func cutAVX(c *cutting)
TEXT ·cutAVX(SB), NOSPLIT, $0-8
	MOVQ    c+0(FP), DX
	MOVQ    BYTES(DX), SI
	MOVQ    LIMIT(DX), R8
	MOVQ    BLOCKS(DX), R10
	MOVQ    COUNT(DX), R11
	MOVQ    BASE(DX), BX
	MOVQ    START(DX), R12
	MOVQ    CARRY(DX), R15
	MOVQ    LIST(DX), DI
	MOVQ    HASHES(DX), R9
	MOVQ    TABLES(DX), R13
	VMOVDQU 304(R13), X1 // foldBits
	VMOVDQU 320(R13), X2 // wordhash.Low, wordhash.High

	// The first block: bits before where to begin are passed over.
	MOVQ 0(R10), AX
	MOVQ 16(R10), CX
	ANDQ SKIP(DX), AX
	ANDQ SKIP(DX), CX
	MOVQ CX, DX
	JMP  edges

block:
	MOVQ 0(R10), AX
	MOVQ 16(R10), DX

edges:
	LEAQ  (R15)(AX*2), CX
	XORQ  AX, CX   // where words begin and where they are over
	MOVQ  AX, R15
	SHRQ  $63, R15
	TESTQ DX, DX
	JNZ   high

turn:
	TESTQ R12, R12
	JNS   open

next:
	// No word is open.
	TESTQ  CX, CX
	JZ     over
	TZCNTQ CX, R12
	BLSRQ  CX, CX
	ADDQ   BX, R12

open:
	TESTQ  CX, CX
	JZ     over
	TZCNTQ CX, AX
	BLSRQ  CX, CX
	ADDQ   BX, AX

	// A word from R12 to AX.
	MOVQ R12, 0(DI)
	MOVQ AX, 8(DI)
	MOVQ $-1, 16(DI)
	ADDQ $24, DI
	XORL R14, R14
	MOVQ AX, DX
	SUBQ R12, DX
	CMPQ DX, $16
	JA   long

last:
	CMPQ    R12, R8
	JG      tail
	VPOR    (SI)(R12*1), X1, X0
	SHLQ    $4, DX
	VPAND   (R13)(DX*1), X0, X0

hash:
	VPXOR   X2, X0, X0
	VMOVQ   X0, AX
	XORQ    R14, AX
	VPEXTRQ $1, X0, DX
	MULQ    DX
	ADDQ    DX, AX
	MOVQ    AX, (R9)
	ADDQ    $8, R9
	MOVQ    $-1, R12
	JMP     next

tail:
	// Near the end of the text: its last 16 bytes, moved down.
	VPOR    -16(SI)(AX*1), X1, X0
	NEGQ    DX
	VPSHUFB 288(R13)(DX*1), X0, X0
	JMP     hash

long:
	VPOR    (SI)(R12*1), X1, X0
	VPXOR   X2, X0, X0
	VMOVQ   X0, AX
	XORQ    R14, AX
	VPEXTRQ $1, X0, DX
	MULQ    DX
	ADDQ    DX, AX
	MOVQ    AX, R14
	ADDQ    $16, R12
	MOVQ    -16(DI), AX
	MOVQ    AX, DX
	SUBQ    R12, DX
	CMPQ    DX, $16
	JA      long
	JMP     last

high:
	// What stands before the first character outside ASCII still counts; it is the last block.
	BLSIQ DX, DX
	DECQ  DX
	ANDQ  DX, CX
	MOVL  $1, R11
	JMP   turn

over:
	ADDQ $64, BX
	ADDQ $24, R10
	DECQ R11
	JNZ  block

	MOVQ c+0(FP), DX
	MOVQ R12, START(DX)
	MOVQ R15, CARRY(DX)
	SUBQ BLOCKS(DX), R10
	MOVQ R10, READ(DX)
	SUBQ HASHES(DX), R9
	SHRQ $3, R9
	MOVQ R9, WORDS(DX)
	RET
