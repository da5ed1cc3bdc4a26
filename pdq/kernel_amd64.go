package pdq

import "golang.org/x/sys/cpu"

// fast reports whether the processor works on eight values at once.
var fast = cpu.X86.HasAVX2

// ycbcrAVX2 reads n pixels, eight at a time, as [ycbcr] does; what is left of them it leaves.
// across is 1 or 2, and dst the lane of the first of n quads.
//
//go:noescape
func ycbcrAVX2(ys, cbs, crs *byte, n, across int, dst *float32)

// addSubAVX2 is [columns.addSub], eight at a time; what is left it leaves.
//
//go:noescape
func addSubAVX2(sums, in, out *float32, n int)

// divideAVX2 is [divide], eight at a time; what is left it leaves. dst is the lane of the first of
// n quads.
//
//go:noescape
func divideAVX2(sums *float32, n int, count float32, dst *float32)

// ycbcrFast does the first pixels of a row, as many as it returns.
func ycbcrFast(ys, cbs, crs []byte, across int, dst []quad, lane int) int {
	n := len(ys) &^ 7
	if !fast || across > 2 || n == 0 {
		return 0
	}
	_, _, _ = cbs[n/across-1], crs[n/across-1], dst[n-1]
	ycbcrAVX2(&ys[0], &cbs[0], &crs[0], n, across, &dst[0][lane])
	return n
}

// addSubFast does the first sums, as many as it returns.
func addSubFast(sums, in, out []float32) int {
	n := len(sums) &^ 7
	if !fast || n == 0 {
		return 0
	}
	_, _ = in[n-1], out[n-1]
	addSubAVX2(&sums[0], &in[0], &out[0], n)
	return n
}

// divideFast does the first sums, as many as it returns.
func divideFast(sums []float32, count int, dst []quad, lane int) int {
	n := len(sums) &^ 7
	if !fast || n == 0 {
		return 0
	}
	_ = dst[n-1]
	divideAVX2(&sums[0], n, float32(count), &dst[0][lane])
	return n
}
