#include "textflag.h"

// The fields of a reading.
#define BYTES   0
#define LEFT    8
#define MOST    16
#define START   24
#define FOLD    32
#define LIST    40
#define HASHES  48
#define FOLDS   56
#define THREES  64
#define TABLES  72

// Where known has its pages.
#define PAGES 16384

// The fields of aloneTables.
#define FIRST 0
#define ENDS  384
#define WHICH 576
#define GROW  768

// How 48 bytes become 16 characters: four times three words of four bytes, each by itself.
DATA aloneFours<>+0(SB)/8, $0x0000000100000000
DATA aloneFours<>+8(SB)/8, $0x0000000000000002
DATA aloneFours<>+16(SB)/8, $0x0000000400000003
DATA aloneFours<>+24(SB)/8, $0x0000000000000005
DATA aloneFours<>+32(SB)/8, $0x0000000700000006
DATA aloneFours<>+40(SB)/8, $0x0000000000000008
DATA aloneFours<>+48(SB)/8, $0x0000000a00000009
DATA aloneFours<>+56(SB)/8, $0x000000000000000b
GLOBL aloneFours<>(SB), RODATA|NOPTR, $64

DATA aloneThrees<>+0(SB)/8, $0x8005040380020100
DATA aloneThrees<>+8(SB)/8, $0x800b0a0980080706
GLOBL aloneThrees<>(SB), RODATA|NOPTR, $16

DATA alone<>+0(SB)/4, $0x00c0c0f0  // bits of three bytes that say that they are a character
DATA alone<>+4(SB)/4, $0x008080e0  // and how
DATA alone<>+8(SB)/4, $0x003f3f0f  // the others
DATA alone<>+12(SB)/4, $0x00010140 // what makes a number of them
DATA alone<>+16(SB)/4, $0x00010040 // and of that
DATA alone<>+20(SB)/4, $0x20000000 // a space behind
DATA alone<>+24(SB)/4, $0x7f4a7c15 // wordhash.Low, the lower half
DATA alone<>+28(SB)/4, $1          // aloneSelf
DATA alone<>+32(SB)/8, $0x1ce4e5b9         // wordhash.High, the lower half
DATA alone<>+40(SB)/8, $0xbf58476d         // the upper
DATA alone<>+48(SB)/8, $0x9abd73b1         // the upper half of wordhash.Low by wordhash.High: its lowest four bytes
DATA alone<>+56(SB)/8, $0x7641f307b0d4ab77 // and all others
DATA alone<>+64(SB)/8, $0xffffffff
DATA alone<>+72(SB)/4, $2          // aloneGap
GLOBL alone<>(SB), RODATA|NOPTR, $76

// Where each of 16 characters begins.
DATA aloneStarts<>+0(SB)/8, $0x0000000300000000
DATA aloneStarts<>+8(SB)/8, $0x0000000900000006
DATA aloneStarts<>+16(SB)/8, $0x0000000f0000000c
DATA aloneStarts<>+24(SB)/8, $0x0000001500000012
DATA aloneStarts<>+32(SB)/8, $0x0000001b00000018
DATA aloneStarts<>+40(SB)/8, $0x000000210000001e
DATA aloneStarts<>+48(SB)/8, $0x0000002700000024
DATA aloneStarts<>+56(SB)/8, $0x0000002d0000002a
GLOBL aloneStarts<>(SB), RODATA|NOPTR, $64

// HASH makes the hashes in Z2 of eight characters in the lower halves of the words of Z2.
#define HASH \
	VPMULUDQ   Z20, Z2, Z3         \
	VPMULUDQ   Z21, Z2, Z4         \
	VPADDQ     Z22, Z4, Z4         \
	VPSRLQ     $32, Z3, Z5         \
	VPANDQ     Z24, Z4, Z6         \
	VPADDQ     Z6, Z5, Z5          \
	VPSLLQ     $32, Z5, Z6         \
	VPTERNLOGQ $0xEA, Z6, Z24, Z3  \ // the lower half of Z3, the upper of Z6
	VPSRLQ     $32, Z4, Z4         \
	VPSRLQ     $32, Z5, Z5         \
	VPADDQ     Z23, Z4, Z4         \
	VPADDQ     Z5, Z3, Z2          \
	VPADDQ     Z4, Z2, Z2

// ROW puts eight fields of words that begin three bytes apart, FOLD those that say where the folded form lies.
#define ROW(at, folds) \
	VPADDQ    FIRST+at(R13), Z10, Z2        \
	VPADDQ    FIRST+at(R13), Z11, folds, Z2 \
	VMOVDQU64 Z2, at(DI)

// GAPS puts eight fields of words of which the starts are given.
#define GAPS(at, starts, which, ends, folds) \
	VPERMQ    starts, which, Z2             \
	VPADDQ    ends(R13), Z2, Z2             \
	VPADDQ    FIRST+at(R13), Z11, folds, Z2 \
	VMOVDQU64 Z2, at(DI)

// func aloneAVX512(r *reading) (words int)
//
// SI is the next character, R14 where it stands in the text, R8 how many bytes are left; DI, R10, R11 where the next
// word is put, R15 where it lies in Words.fold; R9 how many are wanted. Of the next 16 characters, CX are read and AX of
// these are words.
TEXT ·aloneAVX512(SB), NOSPLIT, $0-16
	MOVQ r+0(FP), DX
	MOVQ BYTES(DX), SI
	MOVQ LEFT(DX), R8
	MOVQ MOST(DX), R9
	MOVQ START(DX), R14
	MOVQ FOLD(DX), R15
	MOVQ LIST(DX), DI
	MOVQ HASHES(DX), R10
	MOVQ FOLDS(DX), R11
	MOVQ THREES(DX), R12
	MOVQ TABLES(DX), R13

	VMOVDQU64       WHICH+0(R13), Z12
	VMOVDQU64       WHICH+64(R13), Z13
	VMOVDQU64       WHICH+128(R13), Z14
	VPBROADCASTD    alone<>+72(SB), Z15
	VMOVDQU64       aloneStarts<>(SB), Z16
	VPBROADCASTD    alone<>+20(SB), Z17
	VPBROADCASTD    alone<>+24(SB), Z18
	VPBROADCASTD    alone<>+28(SB), Z19
	VPBROADCASTQ    alone<>+32(SB), Z20
	VPBROADCASTQ    alone<>+40(SB), Z21
	VPBROADCASTQ    alone<>+48(SB), Z22
	VPBROADCASTQ    alone<>+56(SB), Z23
	VPBROADCASTQ    alone<>+64(SB), Z24
	VPBROADCASTD    alone<>+0(SB), Z25
	VPBROADCASTD    alone<>+4(SB), Z26
	VPBROADCASTD    alone<>+8(SB), Z27
	VPBROADCASTD    alone<>+12(SB), Z28
	VPBROADCASTD    alone<>+16(SB), Z29
	VMOVDQU64       aloneFours<>(SB), Z30
	VBROADCASTI32X4 aloneThrees<>(SB), Z31
	VMOVDQU         PAGES(R12), Y7

	// Each third field is where the folded form lies.
	MOVL  $0x24, AX
	KMOVW AX, K5
	MOVL  $0x49, AX
	KMOVW AX, K6
	MOVL  $0x92, AX
	KMOVW AX, K7

sixteen:
	MOVQ  $0xFFFFFFFFFFFF, AX
	CMPQ  R8, $48
	JAE   whole
	BZHIQ R8, AX, AX

whole:
	KMOVQ       AX, K1
	VMOVDQU8.Z  (SI), K1, Z0
	VPERMD      Z0, Z30, Z0
	VPSHUFB     Z31, Z0, Z0

	// K1: those that are characters of three bytes. Z1: their numbers.
	VPANDD     Z25, Z0, Z1
	VPCMPEQD   Z26, Z1, K1
	VPANDD     Z27, Z0, Z1
	VPMADDUBSW Z28, Z1, Z1
	VPMADDWD   Z29, Z1, Z1

	// K2: those in pages of which all fold to themselves.
	VPSRLD       $13, Z1, Z2
	VPSRLD       $8, Z1, Z3
	VPERMD       Z7, Z2, Z2
	VPRORVD      Z3, Z2, Z2
	VPTESTMD     Z19, Z2, K1, K2
	VPBROADCASTQ R14, Z10
	VPBROADCASTQ R15, Z11
	KMOVW        K2, AX
	MOVL         $16, CX
	CMPL         AX, $0xFFFF
	JE           row

	// Or each of which does, and in BX those that are no part of a word.
	XORL       BX, BX
	KXORW      K2, K1, K3
	KTESTW     K3, K3
	JZ         count
	VPSRLD     $4, Z1, Z2
	VPXORD     Z3, Z3, Z3
	KMOVW      K3, K4
	VPGATHERDD (R12)(Z2*4), K4, Z3
	VPADDD     Z1, Z1, Z1
	VPRORVD    Z1, Z3, Z3
	VPTESTMD   Z19, Z3, K3, K4
	KORW       K4, K2, K2
	KMOVW      K2, AX
	VPTESTMD   Z15, Z3, K3, K4
	KMOVW      K4, BX

count:
	ORL    AX, BX
	NOTL   BX
	TZCNTL BX, CX // how many before the first that is neither, at most 16, as what is above was zero
	BZHIL  CX, AX, AX
	MOVL   AX, BX
	NOTL   BX
	TZCNTL BX, BX
	CMPL   BX, CX
	JNE    gaps
	TESTL  CX, CX
	JZ     done

row:
	MOVL CX, AX
	ROW(0, K5)
	ROW(64, K6)
	ROW(128, K7)
	ROW(192, K5)
	ROW(256, K6)
	ROW(320, K7)
	JMP  fold

gaps:
	KMOVW         AX, K2
	POPCNTL       AX, AX
	JZ            advance
	VPCOMPRESSD.Z Z0, K2, Z0
	VPCOMPRESSD.Z Z16, K2, Z8
	VEXTRACTI64X4 $1, Z8, Y9
	VPMOVZXDQ     Y8, Z8
	VPMOVZXDQ     Y9, Z9
	VPADDQ        Z10, Z8, Z8
	VPADDQ        Z10, Z9, Z9
	GAPS(0, Z8, Z12, ENDS+0, K5)
	GAPS(64, Z8, Z13, ENDS+64, K6)
	GAPS(128, Z8, Z14, ENDS+128, K7)
	GAPS(192, Z9, Z12, ENDS+0, K5)
	GAPS(256, Z9, Z13, ENDS+64, K6)
	GAPS(320, Z9, Z14, ENDS+128, K7)

fold:
	VPORD         Z17, Z0, Z1
	VMOVDQU64     Z1, (R11)
	VPXORD        Z18, Z0, Z0
	VPMOVZXDQ     Y0, Z2
	VEXTRACTI64X4 $1, Z0, Y0
	HASH
	VMOVDQU64     Z2, (R10)
	VPMOVZXDQ     Y0, Z2
	HASH
	VMOVDQU64     Z2, 64(R10)

advance:
	LEAQ (R11)(AX*4), R11
	LEAQ (R10)(AX*8), R10
	LEAQ (R15)(AX*4), R15
	LEAQ (AX)(AX*2), BX
	LEAQ (DI)(BX*8), DI
	LEAQ (CX)(CX*2), BX
	ADDQ BX, SI
	ADDQ BX, R14
	SUBQ BX, R8
	SUBQ AX, R9
	CMPL CX, $16
	JNE  done
	TESTQ R9, R9
	JG   sixteen

done:
	MOVQ R14, START(DX)
	MOVQ MOST(DX), AX
	SUBQ R9, AX
	MOVQ AX, words+8(FP)
	VZEROUPPER
	RET

// What the kernel of eight loads, each 32 bytes: the constants of above, then how it moves words of four bytes.
DATA eight<>+0(SB)/8, $0x00c0c0f000c0c0f0
DATA eight<>+8(SB)/8, $0x00c0c0f000c0c0f0
DATA eight<>+16(SB)/8, $0x00c0c0f000c0c0f0
DATA eight<>+24(SB)/8, $0x00c0c0f000c0c0f0
DATA eight<>+32(SB)/8, $0x008080e0008080e0
DATA eight<>+40(SB)/8, $0x008080e0008080e0
DATA eight<>+48(SB)/8, $0x008080e0008080e0
DATA eight<>+56(SB)/8, $0x008080e0008080e0
DATA eight<>+64(SB)/8, $0x003f3f0f003f3f0f
DATA eight<>+72(SB)/8, $0x003f3f0f003f3f0f
DATA eight<>+80(SB)/8, $0x003f3f0f003f3f0f
DATA eight<>+88(SB)/8, $0x003f3f0f003f3f0f
DATA eight<>+96(SB)/8, $0x0001014000010140
DATA eight<>+104(SB)/8, $0x0001014000010140
DATA eight<>+112(SB)/8, $0x0001014000010140
DATA eight<>+120(SB)/8, $0x0001014000010140
DATA eight<>+128(SB)/8, $0x0001004000010040
DATA eight<>+136(SB)/8, $0x0001004000010040
DATA eight<>+144(SB)/8, $0x0001004000010040
DATA eight<>+152(SB)/8, $0x0001004000010040
DATA eight<>+160(SB)/8, $0x2000000020000000
DATA eight<>+168(SB)/8, $0x2000000020000000
DATA eight<>+176(SB)/8, $0x2000000020000000
DATA eight<>+184(SB)/8, $0x2000000020000000
DATA eight<>+192(SB)/8, $0x7f4a7c157f4a7c15
DATA eight<>+200(SB)/8, $0x7f4a7c157f4a7c15
DATA eight<>+208(SB)/8, $0x7f4a7c157f4a7c15
DATA eight<>+216(SB)/8, $0x7f4a7c157f4a7c15
DATA eight<>+224(SB)/8, $0x0000001f0000001f
DATA eight<>+232(SB)/8, $0x0000001f0000001f
DATA eight<>+240(SB)/8, $0x0000001f0000001f
DATA eight<>+248(SB)/8, $0x0000001f0000001f
DATA eight<>+256(SB)/8, $0x000000001ce4e5b9
DATA eight<>+264(SB)/8, $0x000000001ce4e5b9
DATA eight<>+272(SB)/8, $0x000000001ce4e5b9
DATA eight<>+280(SB)/8, $0x000000001ce4e5b9
DATA eight<>+288(SB)/8, $0x00000000bf58476d
DATA eight<>+296(SB)/8, $0x00000000bf58476d
DATA eight<>+304(SB)/8, $0x00000000bf58476d
DATA eight<>+312(SB)/8, $0x00000000bf58476d
DATA eight<>+320(SB)/8, $0x000000009abd73b1
DATA eight<>+328(SB)/8, $0x000000009abd73b1
DATA eight<>+336(SB)/8, $0x000000009abd73b1
DATA eight<>+344(SB)/8, $0x000000009abd73b1
DATA eight<>+352(SB)/8, $0x7641f307b0d4ab77
DATA eight<>+360(SB)/8, $0x7641f307b0d4ab77
DATA eight<>+368(SB)/8, $0x7641f307b0d4ab77
DATA eight<>+376(SB)/8, $0x7641f307b0d4ab77
DATA eight<>+384(SB)/8, $0x00000000ffffffff
DATA eight<>+392(SB)/8, $0x00000000ffffffff
DATA eight<>+400(SB)/8, $0x00000000ffffffff
DATA eight<>+408(SB)/8, $0x00000000ffffffff
DATA eight<>+416(SB)/8, $0x0000000100000000
DATA eight<>+424(SB)/8, $0x0000000000000002
DATA eight<>+432(SB)/8, $0x0000000400000003
DATA eight<>+440(SB)/8, $0x0000000000000005
DATA eight<>+448(SB)/8, $0x8005040380020100
DATA eight<>+456(SB)/8, $0x800b0a0980080706
DATA eight<>+464(SB)/8, $0x8005040380020100
DATA eight<>+472(SB)/8, $0x800b0a0980080706
GLOBL eight<>(SB), RODATA|NOPTR, $480

#define CHARACTER eight<>+0(SB)
#define SHAPE     eight<>+32(SB)
#define OTHERS    eight<>+64(SB)
#define NUMBER    eight<>+96(SB)
#define NUMBERS   eight<>+128(SB)
#define SPACE     eight<>+160(SB)
#define LOW       eight<>+192(SB)
#define LOWEST    eight<>+224(SB)
#define HIGHLOW   eight<>+256(SB)
#define HIGHHIGH  eight<>+288(SB)
#define REST      eight<>+320(SB)
#define MORE      eight<>+352(SB)
#define LOWER     eight<>+384(SB)
#define FOURS     eight<>+416(SB)
#define SHUFFLE   eight<>+448(SB)

// HASH4 makes the hashes in Y2 of four characters in the lower halves of the words of Y2.
#define HASH4 \
	VPMULUDQ HIGHLOW, Y2, Y3      \
	VPMULUDQ HIGHHIGH, Y2, Y4     \
	VPADDQ   REST, Y4, Y4         \
	VPSRLQ   $32, Y3, Y5          \
	VPAND    LOWER, Y4, Y6        \
	VPADDQ   Y6, Y5, Y5           \
	VPSLLQ   $32, Y5, Y6          \
	VPBLENDD $0xAA, Y6, Y3, Y3    \
	VPSRLQ   $32, Y4, Y4          \
	VPSRLQ   $32, Y5, Y5          \
	VPADDQ   MORE, Y4, Y4         \
	VPADDQ   Y5, Y3, Y2           \
	VPADDQ   Y4, Y2, Y2

// func aloneAVX2(r *reading) (words int)
//
// Y8 to Y13 are the fields of the next eight words.
TEXT ·aloneAVX2(SB), NOSPLIT, $0-16
	MOVQ r+0(FP), DX
	MOVQ BYTES(DX), SI
	MOVQ LEFT(DX), R8
	MOVQ MOST(DX), R9
	MOVQ LIST(DX), DI
	MOVQ HASHES(DX), R10
	MOVQ FOLDS(DX), R11
	MOVQ THREES(DX), R12
	MOVQ TABLES(DX), R13

	// Each third field is where the folded form lies.
	VPBROADCASTQ START(DX), Y8
	VPBROADCASTQ FOLD(DX), Y0
	VPBLENDD     $0x0C, Y0, Y8, Y9
	VPBLENDD     $0xC3, Y0, Y8, Y10
	VPBLENDD     $0x30, Y0, Y8, Y8
	VPADDQ       96(R13), Y8, Y11
	VPADDQ       128(R13), Y9, Y12
	VPADDQ       160(R13), Y10, Y13
	VPADDQ       0(R13), Y8, Y8
	VPADDQ       32(R13), Y9, Y9
	VPADDQ       64(R13), Y10, Y10
	VMOVDQU      PAGES(R12), Y7
	VMOVDQU      FOURS, Y15
	VMOVDQU      SHUFFLE, Y14

eight:
	CMPQ        R8, $24
	JL          done
	VMOVDQU     (SI), X0
	VMOVQ       16(SI), X1
	VINSERTI128 $1, X1, Y0, Y0
	VPERMD      Y0, Y15, Y0
	VPSHUFB     Y14, Y0, Y0

	// Y2: those that are characters of three bytes. Y1: their numbers.
	VPAND      CHARACTER, Y0, Y1
	VPCMPEQD   SHAPE, Y1, Y2
	VPAND      OTHERS, Y0, Y1
	VPMADDUBSW NUMBER, Y1, Y1
	VPMADDWD   NUMBERS, Y1, Y1

	// In the highest bits of Y3: those in pages of which all fold to themselves.
	VPSRLD    $13, Y1, Y3
	VPSRLD    $8, Y1, Y4
	VPAND     LOWEST, Y4, Y4
	VPERMD    Y7, Y3, Y3
	VPSRLVD   Y4, Y3, Y3
	VPSLLD    $31, Y3, Y3
	VPAND     Y2, Y3, Y3
	VMOVMSKPS Y3, AX
	CMPL      AX, $0xFF
	JE        put

	// Or each of which does.
	VPSRLD     $4, Y1, Y4
	VPXOR      Y5, Y5, Y5
	VMOVDQA    Y2, Y6
	VPGATHERDD Y6, (R12)(Y4*4), Y5
	VPADDD     Y1, Y1, Y4
	VPAND      LOWEST, Y4, Y4
	VPSRLVD    Y4, Y5, Y5
	VPSLLD     $31, Y5, Y5
	VPAND      Y2, Y5, Y5
	VMOVMSKPS  Y5, AX

put:
	NOTL   AX
	TZCNTL AX, CX // how many before the first other, at most 8, as what is above was zero
	TESTL  CX, CX
	JZ     done
	VPOR         SPACE, Y0, Y1
	VMOVDQU      Y1, (R11)
	VPXOR        LOW, Y0, Y0
	VPMOVZXDQ    X0, Y2
	VEXTRACTI128 $1, Y0, X0
	HASH4
	VMOVDQU   Y2, (R10)
	VPMOVZXDQ X0, Y2
	HASH4
	VMOVDQU Y2, 32(R10)
	VMOVDQU Y8, 0(DI)
	VMOVDQU Y9, 32(DI)
	VMOVDQU Y10, 64(DI)
	VMOVDQU Y11, 96(DI)
	VMOVDQU Y12, 128(DI)
	VMOVDQU Y13, 160(DI)
	SUBQ    CX, R9
	CMPL    CX, $8
	JNE     done
	VPADDQ  GROW+0(R13), Y8, Y8
	VPADDQ  GROW+32(R13), Y9, Y9
	VPADDQ  GROW+64(R13), Y10, Y10
	VPADDQ  GROW+0(R13), Y11, Y11
	VPADDQ  GROW+32(R13), Y12, Y12
	VPADDQ  GROW+64(R13), Y13, Y13
	ADDQ    $24, SI
	SUBQ    $24, R8
	ADDQ    $32, R11
	ADDQ    $64, R10
	ADDQ    $192, DI
	TESTQ   R9, R9
	JG      eight

done:
	MOVQ MOST(DX), AX
	SUBQ R9, AX
	MOVQ AX, words+8(FP)
	LEAQ (AX)(AX*2), AX
	ADDQ AX, START(DX)
	VZEROUPPER
	RET
