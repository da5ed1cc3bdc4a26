package text

import (
	"testing"
	"unicode/utf8"
)

// TestFourBytes decodes all that may begin with a byte for four, with bytes behind it at and beside the borders.
func TestFourBytes(t *testing.T) {
	t.Parallel()
	some := []byte{0, 'a', 0x7F, 0x80, 0x81, 0x8F, 0x90, 0x9D, 0xAF, 0xBF, 0xC0, 0xE3, 0xF0, 0xFF}
	for first := 0xE0; first <= 0xFF; first++ {
		for second := range 256 {
			for _, third := range some {
				for _, fourth := range some {
					b := []byte{byte(first), byte(second), third, fourth}
					want, size := utf8.DecodeRune(b)
					if got, ok := fourBytes(b); ok != (size == 4) || ok && got != want {
						t.Fatalf("fourBytes(% x) = %U, %v, want %U of %d bytes", b, got, ok, want, size)
					}
				}
			}
		}
	}
}
