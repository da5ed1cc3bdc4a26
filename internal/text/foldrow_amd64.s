#include "textflag.h"

// The fields of a foldedRow.
#define TEXTAT 0
#define LEFT   8
#define FOLD   16
#define OF     24
#define TABLES 32
#define WORDS  40
#define STEPS  48
#define OPEN   56
#define BEGUN  64
#define READ   72
#define FOLDED 80
#define OVER   88

// The fields of foldWordsAt.
#define STARTS 0
#define ENDS   1096
#define FOLDS  2192

// The fields of foldTables.
#define NUMBERS 0
#define SPREAD  64
#define FURTHER 128
#define KEEP    192
#define SHIFT   256
#define LEAST   320
#define SIZE    384

DATA folding<>+0(SB)/4, $0xc0c0c0c0  // bytes inside a character are less than these, as signed ones
DATA folding<>+4(SB)/4, $0x01400140  // what makes a number of four bytes
DATA folding<>+8(SB)/4, $0x00011000  // and of that
DATA folding<>+12(SB)/4, $0x00020000 // folding.End
DATA folding<>+16(SB)/4, $0x00ffffff // the bytes of what a character folds to
DATA folding<>+20(SB)/4, $1          // folding.ToWord
DATA folding<>+24(SB)/4, $3          // folding.ToNothing
DATA folding<>+28(SB)/4, $4          // folding.ToOther
DATA folding<>+32(SB)/4, $0xe0       // folding.FirstTag, without its lowest 12 bits
DATA folding<>+36(SB)/4, $0xc0000    // folding.TagsMove
DATA folding<>+40(SB)/4, $0xfefefefe
DATA folding<>+44(SB)/4, $0xcccccccc // marks begin with this byte or the next
DATA folding<>+48(SB)/4, $0xb0b0b0b0 // behind the next: less than this, as a signed byte
DATA folding<>+52(SB)/4, $0x85858585 // and not this, a mark that is a letter
GLOBL folding<>(SB), RODATA|NOPTR, $56

// func foldAVX512(f *foldedRow)
//
// R15 bytes are read, and R14 were written; R10 words have begun, R11 are over, R13 is 1 if one is open. A step reads up to 16
// characters. Each of these is a lane: Z1 is where it begins, Z2 where the next does, Z3 its number, Z7 what it folds to.
TEXT ·foldAVX512(SB), NOSPLIT, $24-8
	MOVQ f+0(FP), DX
	MOVQ TEXTAT(DX), SI
	MOVQ FOLD(DX), DI
	MOVQ OF(DX), R12
	MOVQ WORDS(DX), R9
	MOVQ OPEN(DX), R13
	MOVQ BEGUN(DX), R10
	MOVQ LEFT(DX), AX
	MOVQ AX, left-8(SP)
	MOVQ STEPS(DX), AX
	MOVQ AX, steps-16(SP)
	MOVQ $0, OVER(DX)
	MOVQ TABLES(DX), BX
	XORL R11, R11
	XORL R14, R14
	XORL R15, R15

	VMOVDQU64    NUMBERS(BX), Z31
	VMOVDQU64    FURTHER(BX), Z30
	VMOVDQU64    SPREAD(BX), Z29
	VMOVDQU64    KEEP(BX), Z28
	VMOVDQU64    SHIFT(BX), Z27
	VMOVDQU64    LEAST(BX), Z26
	VMOVDQU64    SIZE(BX), Z25
	VPBROADCASTD folding<>+0(SB), Z24
	VPBROADCASTD folding<>+4(SB), Z23
	VPBROADCASTD folding<>+8(SB), Z22
	VPBROADCASTD folding<>+12(SB), Z21
	VPBROADCASTD folding<>+16(SB), Z20
	VPBROADCASTD folding<>+20(SB), Z19
	VPBROADCASTD folding<>+24(SB), Z18
	VPBROADCASTD folding<>+28(SB), Z17
	VPBROADCASTD folding<>+32(SB), Z16
	VPBROADCASTD folding<>+36(SB), Z15
	VPBROADCASTD folding<>+40(SB), Z14
	VPBROADCASTD folding<>+44(SB), Z13

step:
	MOVQ  left-8(SP), DX
	SUBQ  R15, DX
	MOVQ  $-1, AX
	CMPQ  DX, $64
	JAE   whole
	BZHIQ DX, AX, AX

whole:
	KMOVQ      AX, K1
	VMOVDQU8.Z (SI)(R15*1), K1, Z0

	// BX: bytes outside ASCII. CX: where characters begin, and where the text ends.
	VPMOVB2M Z0, K2
	KMOVQ    K2, BX
	VPCMPB   $1, Z24, Z0, K3
	KMOVQ    K3, CX
	LEAQ     1(AX)(AX*1), AX
	ANDNQ    AX, CX, CX
	TESTQ    BX, BX
	JZ       ascii

on:
	VPANDD   Z14, Z0, Z3
	VPCMPEQB Z13, Z3, K4
	BLSRQ    CX, AX
	KORTESTQ K4, K4
	JNZ      marks

lanes:
	KMOVQ         CX, K3
	KMOVQ         AX, K4
	VPCOMPRESSB.Z Z31, K3, Z1
	VPCOMPRESSB.Z Z31, K4, Z2
	VPMOVZXBD     X1, Z1
	VPMOVZXBD     X2, Z2

	// The four bytes from where each begins, by the first of them what counts, and the number they make.
	VPSHUFB    Z29, Z1, Z3
	VPADDB     Z30, Z3, Z3
	VPERMB     Z0, Z3, Z3
	VPSRLD     $4, Z3, Z4
	VPERMD     Z28, Z4, Z5
	VPANDD     Z5, Z3, Z3
	VPMADDUBSW Z23, Z3, Z3
	VPMADDWD   Z22, Z3, Z3
	VPERMD     Z27, Z4, Z5
	VPSRLVD    Z5, Z3, Z3

	// K1: those that are characters for which there is a table.
	VPSUBD     Z1, Z2, Z6
	VPERMD     Z25, Z4, Z5
	VPCMPEQD   Z5, Z6, K1
	VPERMD     Z26, Z4, Z5
	VPCMPUD    $5, Z5, Z3, K1, K1
	VPSRLD     $12, Z3, Z6
	VPCMPEQD   Z16, Z6, K1, K2
	VPCMPUD    $1, Z21, Z3, K1, K1
	KORW       K1, K2, K1
	VPSUBD     Z15, Z3, K2, Z3
	VPXORD     Z7, Z7, Z7
	VPGATHERDD (R12)(Z3*4), K1, Z7

	// K5: parts of words. K6: other characters. K7: those, and what folds to nothing.
	VPSRLD   $28, Z7, Z8
	VPCMPEQD Z19, Z8, K5
	VPCMPEQD Z17, Z8, K6
	VPCMPEQD Z18, Z8, K7
	KORW     K5, K6, K4
	KORW     K4, K7, K7

	// DX: how many lanes count. AX: as many as there are, which is guessed, so that the next step can begin.
	KMOVW   K7, DX
	NOTL    DX
	TZCNTL  DX, DX
	TESTL   DX, DX
	JZ      none
	POPCNTQ CX, AX
	DECQ    AX
	MOVL    $16, BP
	CMPQ    AX, BP
	CMOVQGT BP, AX
	TESTQ   BX, BX
	JZ      upTo
	CMPL    DX, AX
	JNE     fewer

forward:
	VPBROADCASTD R15, Z9
	MOVL         $1, BP
	SHLXQ        AX, BP, BP
	PDEPQ        CX, BP, BP
	TZCNTQ       BP, BP
	ADDQ         BP, R15

	// Of the characters that are seen, BX lanes, BP says that one follows part of a word, DX that it is one, and
	// AX that it ends a word.
	KMOVW   K5, AX
	BZHIL   DX, AX, AX
	KMOVW   K4, BX
	BZHIL   DX, BX, BX
	PEXTL   BX, AX, DX
	POPCNTL BX, CX
	LEAQ    (R13)(DX*2), BP
	SHRXQ   CX, BP, R13
	ANDL    $1, R13
	ANDNL   BP, DX, AX
	BZHIL   CX, AX, AX

	// Where words end, the last perhaps only so far.
	VPADDD        Z9, Z1, Z1
	VPADDD        Z9, Z2, Z2
	MOVL          DX, R8
	SHRL          $1, R8
	ANDNL         DX, R8, R8
	PDEPL         BX, R8, R8
	KMOVW         R8, K1
	VPCOMPRESSD.Z Z2, K1, Z10
	MOVL          AX, R8
	ANDL          $1, R8
	ADDQ          R11, R8
	TESTL         DX, DX
	JZ            unseen
	VMOVDQU32     Z10, ENDS(R9)(R8*4)

unseen:
	POPCNTL AX, R8
	ADDQ    R8, R11

	// Where they begin.
	ANDNL         DX, BP, R8
	PDEPL         BX, R8, R8
	KMOVW         R8, K1
	VPCOMPRESSD.Z Z1, K1, Z10
	VMOVDQU32     Z10, STARTS(R9)(R10*4)

	// What they fold to, and a space behind each.
	ORL           DX, AX
	PDEPL         BX, AX, AX
	KMOVW         AX, K2
	VPANDD.Z      Z20, Z7, K2, Z7
	VPTESTMB      Z7, Z7, K2
	KMOVQ         K2, AX
	VPCOMPRESSB.Z Z7, K2, Z10
	VMOVDQU64     Z10, (DI)(R14*1)

	// And where that begins.
	MOVQ          $0x1111111111111111, DX
	PDEPQ         DX, R8, DX
	PEXTQ         AX, DX, DX
	KMOVQ         DX, K1
	VPCOMPRESSB.Z Z31, K1, Z10
	VPMOVZXBD     X10, Z10
	VPBROADCASTD  R14, Z11
	VPADDD        Z11, Z10, Z10
	VMOVDQU32     Z10, FOLDS(R9)(R10*4)
	POPCNTL       R8, R8
	ADDQ          R8, R10
	POPCNTQ       AX, AX
	ADDQ          AX, R14
	DECQ          steps-16(SP)
	JNZ           step
	JMP           done

fewer:
	// The next is of another kind.
	MOVL DX, AX
	MOVQ $1, steps-16(SP)
	JMP  forward

marks:
	// Marks U+0300 to U+036F, of which a letter may have many, are no lanes, but U+0345, which folds to a letter.
	KMOVQ        K3, AX
	VPBROADCASTD folding<>+48(SB), Z3
	VPCMPB       $1, Z3, Z0, K5
	VPBROADCASTD folding<>+52(SB), Z3
	VPCMPEQB     Z3, Z0, K6
	VPCMPEQB     Z13, Z0, K7
	KANDNQ       K5, K6, K5
	KMOVQ        K5, BP
	KMOVQ        K7, DX
	KMOVQ        K4, R8
	SHRQ         $1, BP
	ORQ          DX, BP
	ANDQ         R8, BP
	SHRQ         $1, AX
	ANDQ         AX, BP
	MOVQ         CX, R8
	SHRQ         $2, CX
	ANDQ         CX, BP
	ANDNQ        R8, BP, CX
	PEXTQ        R8, CX, AX
	ADDQ         AX, AX
	PDEPQ        R8, AX, AX
	JMP          lanes

none:
	// Nothing but marks, up to the next lane, or another kind.
	TZCNTQ CX, AX
	TESTQ  AX, AX
	JZ     done
	ADDQ   AX, R15
	DECQ   steps-16(SP)
	JNZ    step
	JMP    done

ascii:
	// Nothing but ASCII follows: up to the end of the word that is open.
	TESTQ R13, R13
	JNZ   on
	MOVQ  f+0(FP), DX
	MOVQ  $1, OVER(DX)
	JMP   done

upTo:
	KMOVW   K6, AX
	TZCNTL  AX, AX
	INCL    AX
	CMPL    AX, DX
	CMOVLGT DX, AX
	MOVL    AX, DX
	JMP     forward

done:
	MOVQ f+0(FP), DX
	MOVQ R13, OPEN(DX)
	MOVQ R10, BEGUN(DX)
	MOVQ R15, READ(DX)
	MOVQ R14, FOLDED(DX)
	VZEROUPPER
	RET
