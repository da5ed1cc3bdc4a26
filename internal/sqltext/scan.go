package sqltext

import "strings"

// Kind says what a stretch of SQL text is.
type Kind int

const (
	Space       Kind = iota // white space
	Word                    // an identifier, keyword or number
	Quoted                  // 'text' or "name", quotes included
	Comment                 // -- to the end of the line, or /* … */
	Placeholder             // $n
	Symbol                  // any other single byte
)

// Token is one stretch of SQL text. The texts of all tokens of a statement, put together,
// are the statement.
type Token struct {
	Kind Kind
	Text string
}

// Scan cuts SQL of the portable subset into tokens. Unfinished quotes and comments run
// to the end; the engine will complain about them.
func Scan(s string) []Token {
	var out []Token
	for len(s) > 0 {
		kind, n := first(s)
		out = append(out, Token{kind, s[:n]})
		s = s[n:]
	}
	return out
}

// first returns kind and length of the token at the start of s, which is not empty.
func first(s string) (Kind, int) {
	switch c := s[0]; {
	case isSpace(c):
		return Space, span(s, isSpace)
	case c == '\'' || c == '"':
		return Quoted, quotedLen(s, c)
	case strings.HasPrefix(s, "--"):
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return Comment, i
		}
		return Comment, len(s)
	case strings.HasPrefix(s, "/*"):
		if i := strings.Index(s[2:], "*/"); i >= 0 {
			return Comment, i + 4
		}
		return Comment, len(s)
	case c == '$' && len(s) > 1 && s[1] >= '1' && s[1] <= '9':
		return Placeholder, 1 + span(s[1:], isDigit)
	case isWord(c):
		return Word, span(s, isWord)
	}
	return Symbol, 1
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

// Statements splits a script at its semicolons. Comments stay with the statement they
// precede or stand in; stretches without any word are dropped.
func Statements(script string) [][]Token {
	var out [][]Token
	var cur []Token
	flush := func() {
		for _, t := range cur {
			if t.Kind == Word {
				out = append(out, cur)
				break
			}
		}
		cur = nil
	}
	for _, t := range Scan(script) {
		if t.Kind == Symbol && t.Text == ";" {
			flush()
			continue
		}
		cur = append(cur, t)
	}
	flush()
	return out
}

// Text puts tokens together again.
func Text(tokens []Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(t.Text)
	}
	return strings.TrimSpace(b.String())
}
