#include "textflag.h"

// The lower 96 bits of an entry hold bits of the hash.
DATA low96<>+0(SB)/8, $0xffffffffffffffff
DATA low96<>+8(SB)/8, $0x00000000ffffffff
GLOBL low96<>(SB), RODATA, $16

// func gatherAVX512(spans *span, starts, flips *uint32, n int, value, limit uint32, entries *entry) int
TEXT ·gatherAVX512(SB), NOSPLIT, $0-56
	MOVQ spans+0(FP), DI
	MOVQ starts+8(FP), SI
	MOVQ flips+16(FP), R8
	MOVQ n+24(FP), CX
	MOVL value+32(FP), R9
	MOVL limit+36(FP), R10
	MOVQ entries+40(FP), R11
	XORQ R12, R12            // entries in all

bucket:
	TESTQ CX, CX
	JZ    gathered
	MOVL  (R8), AX
	XORL  R9, AX
	MOVL  (SI)(AX*4), BX     // from
	MOVL  4(SI)(AX*4), DX    // to
	CMPL  DX, R10
	CMOVLHI R10, DX          // never beyond the end
	CMPL  BX, DX
	CMOVLHI DX, BX
	MOVL  BX, (DI)
	MOVL  DX, 4(DI)
	MOVL  DX, R13
	SUBL  BX, R13
	ADDQ  R13, R12
	SHLQ  $4, BX
	PREFETCHT0 (R11)(BX*1)
	PREFETCHT0 64(R11)(BX*1)
	ADDQ  $4, R8
	ADDQ  $8, DI
	DECQ  CX
	JMP   bucket

gathered:
	MOVQ R12, ret+48(FP)
	RET

// func scanAVX512(spans *span, n int, entries *entry, q *filter, limit uint64, out *uint32, room int) (done, found int)
//
// Z0 the question four times, Z1 low96, Z2 the limit eight times.
// SI the span, CX spans left, R8 the next place of out, R9 places left,
// AX the next entry, BX entries left in the span.
TEXT ·scanAVX512(SB), NOSPLIT, $0-72
	MOVQ spans+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ entries+16(FP), DI
	MOVQ q+24(FP), DX
	MOVQ out+40(FP), R8
	MOVQ room+48(FP), R9
	VBROADCASTI32X4 (DX), Z0
	VBROADCASTI32X4 low96<>(SB), Z1
	VPBROADCASTQ limit+32(FP), Z2

next:
	TESTQ CX, CX
	JZ    done
	MOVL  (SI), AX
	MOVL  4(SI), BX
	SUBL  AX, BX             // also clears the upper half
	SHLQ  $4, AX
	ADDQ  DI, AX

four:
	CMPQ BX, $4
	JLT  rest
	VPXORQ   (AX), Z0, Z3
	VPANDQ   Z1, Z3, Z3
	VPOPCNTQ Z3, Z3
	VPSHUFD  $0x4e, Z3, Z4   // the other half of each entry
	VPADDQ   Z3, Z4, Z4
	VPCMPUQ  $2, Z2, Z4, K1  // at most the limit
	KMOVW    K1, DX
	TESTL    DX, DX
	JNZ      hit

step:
	ADDQ $64, AX
	SUBQ $4, BX
	JMP  four

rest:
	TESTQ BX, BX
	JLE   over
	MOVQ  CX, R10
	LEAQ  (BX)(BX*1), CX     // two lanes an entry
	MOVL  $1, DX
	SHLL  CX, DX
	DECL  DX
	MOVQ  R10, CX
	KMOVW DX, K2
	VMOVDQU64.Z (AX), K2, Z3
	VPXORQ   Z3, Z0, Z3
	VPANDQ   Z1, Z3, Z3
	VPOPCNTQ Z3, Z3
	VPSHUFD  $0x4e, Z3, Z4
	VPADDQ   Z3, Z4, Z4
	VPCMPUQ  $2, Z2, Z4, K2, K1
	KMOVW    K1, DX
	TESTL    DX, DX
	JNZ      hit

over:
	ADDQ $8, SI
	DECQ CX
	JMP  next

hit:
	CMPQ R9, $4
	JLT  full
	TESTL $1, DX
	JZ    second
	MOVL  12(AX), R10
	MOVL  R10, (R8)
	ADDQ  $4, R8
	DECQ  R9

second:
	TESTL $4, DX
	JZ    third
	MOVL  28(AX), R10
	MOVL  R10, (R8)
	ADDQ  $4, R8
	DECQ  R9

third:
	TESTL $16, DX
	JZ    fourth
	MOVL  44(AX), R10
	MOVL  R10, (R8)
	ADDQ  $4, R8
	DECQ  R9

fourth:
	TESTL $64, DX
	JZ    taken
	MOVL  60(AX), R10
	MOVL  R10, (R8)
	ADDQ  $4, R8
	DECQ  R9

taken:
	CMPQ BX, $4
	JGE  step
	JMP  over

full:
	SUBQ DI, AX
	SHRQ $4, AX
	MOVL AX, (SI)

done:
	VZEROUPPER
	MOVQ n+8(FP), AX
	SUBQ CX, AX
	MOVQ AX, done+56(FP)
	MOVQ room+48(FP), AX
	SUBQ R9, AX
	MOVQ AX, found+64(FP)
	RET
