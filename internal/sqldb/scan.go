package sqldb

import "strings"

// tokenKind says what a stretch of SQL text is.
type tokenKind int

const (
	space       tokenKind = iota // white space
	word                         // an identifier, keyword or number
	quoted                       // 'text' or "name", quotes included
	comment                      // -- to the end of the line, or /* … */
	placeholder                  // $n
	symbol                       // any other single byte
)

// token is one stretch of SQL text. The texts of all tokens of a statement, put together,
// are the statement.
type token struct {
	kind tokenKind
	text string
}

// scan cuts SQL of the portable subset into tokens. Unfinished quotes and comments run
// to the end; the engine will complain about them.
func scan(s string) []token {
	var out []token
	for len(s) > 0 {
		kind, n := first(s)
		out = append(out, token{kind, s[:n]})
		s = s[n:]
	}
	return out
}

// first returns kind and length of the token at the start of s, which is not empty.
func first(s string) (tokenKind, int) {
	switch c := s[0]; {
	case isSpace(c):
		return space, span(s, isSpace)
	case c == '\'' || c == '"':
		return quoted, quotedLen(s, c)
	case strings.HasPrefix(s, "--"):
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return comment, i
		}
		return comment, len(s)
	case strings.HasPrefix(s, "/*"):
		if i := strings.Index(s[2:], "*/"); i >= 0 {
			return comment, i + 4
		}
		return comment, len(s)
	case c == '$' && len(s) > 1 && s[1] >= '1' && s[1] <= '9':
		return placeholder, 1 + span(s[1:], isDigit)
	case isWord(c):
		return word, span(s, isWord)
	}
	return symbol, 1
}

// quotedLen returns the length of the quoted text at the start of s; a doubled quote
// stands for itself and reads as two texts side by side, which changes nothing here.
func quotedLen(s string, quote byte) int {
	if i := strings.IndexByte(s[1:], quote); i >= 0 {
		return i + 2
	}
	return len(s)
}

// span counts the leading bytes of s for which in holds.
func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// statements splits a script at its semicolons. Comments stay with the statement they
// precede or stand in; stretches without any word are dropped.
func statements(script string) [][]token {
	var out [][]token
	var cur []token
	flush := func() {
		for _, t := range cur {
			if t.kind == word {
				out = append(out, cur)
				break
			}
		}
		cur = nil
	}
	for _, t := range scan(script) {
		if t.kind == symbol && t.text == ";" {
			flush()
			continue
		}
		cur = append(cur, t)
	}
	flush()
	return out
}

// text puts tokens together again.
func text(tokens []token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.text)
	}
	return strings.TrimSpace(b.String())
}
