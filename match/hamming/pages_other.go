//go:build !linux

package hamming

// pages is of use on Linux only.
type pages struct{}

func fresh[T any](_ *pages, n int) []T { return make([]T, n) }

func (*pages) done() {}
