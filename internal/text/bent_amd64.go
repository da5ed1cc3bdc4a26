package text

// bendsAVX2 is [bends] of n blocks, behind which two bytes more can be read.
//
//go:noescape
func bendsAVX2(dst *uint64, text *byte, n int)

// bendsFast does the first blocks, as many as it returns.
func bendsFast(dst []uint64, text []byte) int {
	n := (len(text) - 2) / blockSize
	if !fast || n <= 0 {
		return 0
	}
	_ = dst[n-1]
	bendsAVX2(&dst[0], &text[0], n)
	return n
}
