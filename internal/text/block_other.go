//go:build !amd64

package text

func classify(dst []Block, text []byte) { classifyPlain(dst, text) }
