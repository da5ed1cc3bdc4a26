//go:build !amd64

package pdq

func ycbcrFast(ys, cbs, crs []byte, across int, dst []quad, lane int) int { return 0 }

func addSubFast(sums, in, out []float32) int { return 0 }

func divideFast(sums []float32, count int, dst []quad, lane int) int { return 0 }
