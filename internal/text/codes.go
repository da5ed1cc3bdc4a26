package text

import "unicode/utf8"

// longestCode is how many bytes a code has at most.
const longestCode = 8

// CodeAt returns the character of ASCII that a percent code or a numeric entity of markup at i stands for, and how long that is;
// size is 0 if there is none.
func CodeAt(b []byte, i int) (c byte, size int) {
	if i+2 < len(b) && b[i] == '%' && IsHex(b[i+1]) && IsHex(b[i+2]) {
		c = hexOf(b[i+1])<<4 | hexOf(b[i+2])
		if c < utf8.RuneSelf {
			return c, 3
		}
		return 0, 0
	}
	if i+3 >= len(b) || b[i] != '&' || b[i+1] != '#' {
		return 0, 0
	}
	from, base := i+2, 10
	if Lower(b[from]) == 'x' {
		from, base = from+1, 16
	}
	n := 0
	for k := from; k < len(b) && k-from <= 4; k++ {
		switch d := b[k]; {
		case d == ';' && k > from && n >= ' ' && n < 0x7F:
			return byte(n), k + 1 - i
		case Classes[d]&Digit != 0 || base == 16 && IsHex(d):
			n = n*base + int(hexOf(d))
		default:
			return 0, 0
		}
	}
	return 0, 0
}

// CodeBefore is [CodeAt] of a code that ends at i.
func CodeBefore(b []byte, i int) (c byte, size int) {
	if i == 0 || b[i-1] != ';' && !IsHex(b[i-1]) {
		return 0, 0
	}
	for k := i - 1; k >= max(0, i-longestCode) && b[k] > ' ' && b[k] < utf8.RuneSelf; k-- {
		if b[k] == '%' || b[k] == '&' {
			if c, size = CodeAt(b, k); size == i-k {
				return c, size
			}
			return 0, 0
		}
	}
	return 0, 0
}

// hexOf is the value of a hexadecimal digit.
func hexOf(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return Lower(c) - 'a' + 10
}
