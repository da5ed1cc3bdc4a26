//go:build !amd64

package text

func classifyAll([]Block, []byte) bool { return false }

func classify(dst []Block, text []byte) { classifyPlain(dst, text) }
