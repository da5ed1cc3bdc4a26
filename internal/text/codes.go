package text

import "unicode/utf8"

// Code is a code in a text, and the character that it stands for.
type Code struct {
	Start, End int
	Char       byte
}

// longestCode is how many bytes a code has at most.
const longestCode = 8

// named are the entities with a name that are codes: of what identifiers are made of, and the blank. Their names are of one case.
var named = []struct {
	name string
	c    byte
}{
	{"commat;", '@'}, {"period;", '.'}, {"sol;", '/'}, {"colon;", ':'}, {"lowbar;", '_'}, {"nbsp;", ' '},
	{"plus;", '+'}, {"num;", '#'}, {"dollar;", '$'}, {"quest;", '?'}, {"equals;", '='},
}

// CodeAt returns the character of ASCII that a percent code or an entity of markup at i stands for, and how long that is;
// size is 0 if there is none.
func CodeAt(b []byte, i int) (c byte, size int) {
	if i+2 >= len(b) {
		return 0, 0
	}
	switch {
	case b[i] == '%' && IsHex(b[i+1]) && IsHex(b[i+2]):
		if c = hexOf(b[i+1])<<4 | hexOf(b[i+2]); c < utf8.RuneSelf {
			return c, 3
		}
	case b[i] == '&' && b[i+1] == '#':
		return numberAt(b, i)
	case b[i] == '&':
		for _, e := range named {
			if end := i + 1 + len(e.name); b[i+1] == e.name[0] && end <= len(b) && string(b[i+1:end]) == e.name {
				return e.c, end - i
			}
		}
	}
	return 0, 0
}

// numberAt is CodeAt of a numeric entity: up to four digits, of a blank or what can be seen. Like a browser it needs no semicolon.
func numberAt(b []byte, i int) (c byte, size int) {
	const digits = 4
	from, base := i+2, 10
	if Lower(b[from]) == 'x' {
		from, base = from+1, 16
	}
	n, k := 0, from
	for k < len(b) && k-from <= digits && (Classes[b[k]]&Digit != 0 || base == 16 && IsHex(b[k])) {
		n = n*base + int(hexOf(b[k]))
		k++
	}
	if k-from > digits || n < ' ' || n >= 0x7F {
		return 0, 0
	}
	if k < len(b) && b[k] == ';' {
		k++
	}
	return byte(n), k - i
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
