#include "textflag.h"

// The lower 96 bits of an entry hold bits of the hash.
DATA low96<>+0(SB)/8, $0xffffffffffffffff
DATA low96<>+8(SB)/8, $0x00000000ffffffff
GLOBL low96<>(SB), RODATA, $16

// BEGIN loads what putEntries and putNumbers are given: SI the values, R8 their number, DI the list, CX the lower bits,
// R9 to R11 where it goes.
#define BEGIN \
	MOVQ values+0(FP), SI \
	MOVQ n+8(FP), R8 \
	MOVQ list+16(FP), DI \
	MOVQ low+24(FP), CX \
	MOVQ ends+32(FP), R9 \
	MOVQ lines+40(FP), R10 \
	MOVQ placed+48(FP), R11

// func gatherFetch(spans *span, starts, flips *uint32, n int, value, limit uint32, list unsafe.Pointer, shift int) int
TEXT ·gatherFetch(SB), NOSPLIT, $0-64
	MOVQ spans+0(FP), DI
	MOVQ starts+8(FP), SI
	MOVQ flips+16(FP), R8
	MOVQ n+24(FP), R15
	MOVL value+32(FP), R9
	MOVL limit+36(FP), R10
	MOVQ list+40(FP), R11
	MOVQ shift+48(FP), CX
	XORQ R12, R12            // listed in all

bucket:
	TESTQ R15, R15
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
	SHLQ  CX, BX
	PREFETCHT0 (R11)(BX*1)
	PREFETCHT0 64(R11)(BX*1)
	ADDQ  $4, R8
	ADDQ  $8, DI
	DECQ  R15
	JMP   bucket

gathered:
	MOVQ R12, ret+56(FP)
	RET

// func fetchRows(numbers *uint32, n int, rows *Hash)
TEXT ·fetchRows(SB), NOSPLIT, $0-24
	MOVQ numbers+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ rows+16(FP), DI

fetch:
	TESTQ CX, CX
	JLE   fetched
	MOVL  (SI), AX
	SHLQ  $5, AX
	PREFETCHT0 (DI)(AX*1)    // a number beyond the rows does no harm
	ADDQ  $4, SI
	DECQ  CX
	JMP   fetch

fetched:
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

// func dealAVX512(hashes *Hash, n int, plan *plan, out *dealt)
//
// Z0-Z11 hold the plan, Z12 a hash twice.
TEXT ·dealAVX512(SB), NOSPLIT, $0-32
	MOVQ hashes+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ plan+16(FP), DX
	MOVQ out+24(FP), DI
	VMOVDQU64 (DX), Z0
	VMOVDQU64 64(DX), Z1
	VMOVDQU64 128(DX), Z2
	VMOVDQU64 192(DX), Z3
	VMOVDQU64 256(DX), Z4
	VMOVDQU64 320(DX), Z5
	VMOVDQU64 384(DX), Z6
	VMOVDQU64 448(DX), Z7
	VMOVDQU64 512(DX), Z8
	VMOVDQU64 576(DX), Z9
	VMOVDQU64 640(DX), Z10
	VMOVDQU64 704(DX), Z11

one:
	TESTQ CX, CX
	JLE   dealt
	VBROADCASTI64X4 (SI), Z12
	VPERMB       Z12, Z0, Z13
	VPSHUFBITQMB Z1, Z13, K1
	VPERMB       Z12, Z2, Z14
	VPSHUFBITQMB Z3, Z14, K2
	VPERMB       Z12, Z4, Z15
	VPSHUFBITQMB Z5, Z15, K3
	VPERMB       Z12, Z6, Z16
	VPSHUFBITQMB Z7, Z16, K4
	VPERMB       Z12, Z8, Z17
	VPSHUFBITQMB Z9, Z17, K5
	VPERMB       Z12, Z10, Z18
	VPSHUFBITQMB Z11, Z18, K6
	KMOVQ K1, (DI)
	KMOVQ K2, 8(DI)
	KMOVQ K3, 16(DI)
	KMOVQ K4, 24(DI)
	KMOVQ K5, 32(DI)
	KMOVD K6, AX             // the filter's 96 bits end here
	MOVQ  AX, 40(DI)
	ADDQ  $32, SI
	ADDQ  $48, DI
	DECQ  CX
	JMP   one

dealt:
	VZEROUPPER
	RET

// every4<> picks the same word of each of four hashes.
DATA every4<>+0(SB)/8, $0
DATA every4<>+8(SB)/8, $4
DATA every4<>+16(SB)/8, $8
DATA every4<>+24(SB)/8, $12
DATA every4<>+32(SB)/8, $0
DATA every4<>+40(SB)/8, $4
DATA every4<>+48(SB)/8, $8
DATA every4<>+56(SB)/8, $12
GLOBL every4<>(SB), RODATA|NOPTR, $64

// WORDS takes one word, which Z28 or Z29 picks, of each of the eight hashes in Z0 to Z3 to TO.
#define WORDS(PICK, TO, TO256, HIGH, HIGH256) \
	VMOVDQA64    PICK, TO         \
	VPERMI2Q     Z1, Z0, TO       \
	VMOVDQA64    PICK, HIGH       \
	VPERMI2Q     Z3, Z2, HIGH     \
	VINSERTI64X4 $1, HIGH256, TO, TO

// func valuesAVX512(rows *Hash, n int, word, next, shift, mask uint64, values *uint32)
TEXT ·valuesAVX512(SB), NOSPLIT, $0-56
	MOVQ rows+0(FP), SI
	MOVQ n+8(FP), CX
	MOVQ values+48(FP), DI
	VMOVDQU64    every4<>(SB), Z27
	VPBROADCASTQ word+16(FP), Z28
	VPADDQ       Z27, Z28, Z28
	VPBROADCASTQ next+24(FP), Z29
	VPADDQ       Z27, Z29, Z29
	VMOVQ        shift+32(FP), X25
	MOVQ $64, AX
	SUBQ shift+32(FP), AX
	VMOVQ        AX, X26     // by 64 nothing is left
	VPBROADCASTQ mask+40(FP), Z30

eight:
	VMOVDQU64 (SI), Z0
	VMOVDQU64 64(SI), Z1
	VMOVDQU64 128(SI), Z2
	VMOVDQU64 192(SI), Z3
	WORDS(Z28, Z4, Y4, Z5, Y5)
	WORDS(Z29, Z6, Y6, Z7, Y7)
	VPSRLQ  X25, Z4, Z4
	VPSLLQ  X26, Z6, Z6
	VPORQ   Z6, Z4, Z4
	VPANDQ  Z30, Z4, Z4
	VPMOVQD Z4, (DI)
	ADDQ $256, SI
	ADDQ $32, DI
	SUBQ $8, CX
	JNZ  eight
	VZEROUPPER
	RET

// LINE writes a line of 128 bytes from R12 to before DX, past the caches.
#define LINE \
	MOVOU  (R12), X0        \
	MOVOU  16(R12), X1      \
	MOVOU  32(R12), X2      \
	MOVOU  48(R12), X3      \
	MOVNTO X0, -128(DX)     \
	MOVNTO X1, -112(DX)     \
	MOVNTO X2, -96(DX)      \
	MOVNTO X3, -80(DX)      \
	MOVOU  64(R12), X0       \
	MOVOU  80(R12), X1       \
	MOVOU  96(R12), X2       \
	MOVOU  112(R12), X3      \
	MOVNTO X0, -64(DX)      \
	MOVNTO X1, -48(DX)      \
	MOVNTO X2, -32(DX)      \
	MOVNTO X3, -16(DX)

// NEXT takes the value at SI to AX: BX its part, DX where that goes on, R12 the part's line.
#define NEXT \
	MOVL (SI), AX           \
	MOVL AX, BX             \
	SHRL CX, BX             \
	MOVL (R9)(BX*4), DX     \
	MOVQ BX, R12            \
	SHLQ $7, R12            \
	ADDQ R10, R12

// func putEntries(values *uint32, n int, list *entry, low uint64, ends *uint32, lines, placed *entry)
//
// SI the value, R8 values left, DI its entry.
TEXT ·putEntries(SB), NOSPLIT, $0-56
	BEGIN

put:
	TESTQ R8, R8
	JLE   fence
	NEXT
	MOVOU  (DI), X0
	PINSRW $7, AX, X0        // the upper half of the number
	MOVL   DX, R15
	ANDL   $7, R15
	SHLL   $4, R15
	MOVOU  X0, (R12)(R15*1)
	INCL   DX
	MOVL   DX, (R9)(BX*4)
	TESTL  $7, DX
	JZ     full

step:
	ADDQ $4, SI
	ADDQ $16, DI
	DECQ R8
	JMP  put

full:
	SHLQ $4, DX
	ADDQ R11, DX
	LINE
	JMP  step

fence:
	SFENCE
	RET

// func putNumbers(values *uint32, n int, list *uint32, low uint64, ends, lines, placed *uint32)
TEXT ·putNumbers(SB), NOSPLIT, $0-56
	BEGIN

put:
	TESTQ R8, R8
	JLE   fence
	NEXT
	MOVWLZX (DI), R13
	SHLL    $16, AX          // the upper half of the number
	ORL     R13, AX
	MOVL    DX, R15
	ANDL    $31, R15
	MOVL    AX, (R12)(R15*4)
	INCL    DX
	MOVL    DX, (R9)(BX*4)
	TESTL   $31, DX
	JZ      full

step:
	ADDQ $4, SI
	ADDQ $4, DI
	DECQ R8
	JMP  put

full:
	SHLQ $2, DX
	ADDQ R11, DX
	LINE
	JMP  step

fence:
	SFENCE
	RET
