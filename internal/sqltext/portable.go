package sqltext

import (
	"fmt"
	"slices"
	"strings"
)

// CheckPortable holds SQL text, usually all migrations put together, to the portable
// subset and to the rules that keep distributed PostgreSQL open; the package comment
// lists both. It returns one line for each breach, none if the text is fine. It is a
// check for tests, not a parser: it reads the style our migrations are written in.
func CheckPortable(sqlText string) []string {
	c := checker{tables: make(map[string]*tableRule)}
	all := Statements(sqlText)
	for _, s := range all {
		c.words(s)
		if t := c.table(s); t != nil {
			c.tables[t.name] = t
		}
	}
	for _, s := range all {
		c.index(s)
	}
	for _, name := range c.order {
		c.placement(c.tables[name])
	}
	return c.found
}

// checker collects breaches.
type checker struct {
	found  []string
	tables map[string]*tableRule
	order  []string
}

// tableRule is what the rules need to know of a table.
type tableRule struct {
	name    string
	place   string // "distributed", "reference" or "local"
	column  string // the distribution column
	primary []string
	uniques [][]string
	refers  []string // tables its foreign keys point to
}

func (c *checker) breach(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

// forbidden are words that may not occur outside quotes and comments, with the reason.
var forbidden = map[string]string{
	"SERIAL": "ids are random", "BIGSERIAL": "ids are random", "SMALLSERIAL": "ids are random",
	"IDENTITY": "ids are random", "AUTOINCREMENT": "ids are random",
	"SEQUENCE": "positions come from a head row", "NEXTVAL": "positions come from a head row",
	"LISTEN": "readers poll the head row", "NOTIFY": "readers poll the head row",
	"TRIGGER": "rules live in Go", "TEMP": "no temporary tables", "TEMPORARY": "no temporary tables",
	"ROWID": "SQLite only", "STRICT": "added by Migrate", "PRAGMA": "SQLite only", "ILIKE": "PostgreSQL only",
	"NOW": "pass the time", "RANDOM": "pass the randomness", "CURRENT_TIMESTAMP": "pass the time",
	"SKIP": "PostgreSQL only", "LATERAL": "PostgreSQL only", "LIKE": "folds case on one engine only",
}

// words checks the words of a statement.
func (c *checker) words(s []Token) {
	code := Significant(s)
	for i, t := range code {
		w := strings.ToUpper(t.Text)
		if t.Kind == Word {
			if why, ok := forbidden[w]; ok {
				c.breach("%s: %s (%s)", Head(code), w, why)
			}
			if strings.Contains(w, "ADVISORY") {
				c.breach("%s: advisory locks are not portable", Head(code))
			}
		}
		if t.Text != "*" || i == 0 {
			continue
		}
		switch before := strings.ToUpper(code[i-1].Text); before {
		case "SELECT", "RETURNING", "DISTINCT", "ALL", ".":
			c.breach("%s: %s *: list the columns", Head(code), before)
		}
	}
}

// portableTypes are the column types both engines understand alike.
var portableTypes = []string{"BIGINT", "TEXT", "BYTEA", "BOOLEAN", "DOUBLE"}

// table reads a CREATE TABLE statement, or returns nil.
func (c *checker) table(s []Token) *tableRule {
	code := Significant(s)
	i := After(code, "CREATE", "TABLE")
	if i < 0 {
		if i := After(code, "ALTER", "TABLE"); i >= 0 && !slices.ContainsFunc(code, IsAny("COLUMN", "RENAME")) {
			c.breach("%s: ALTER TABLE may only ADD COLUMN, DROP COLUMN or RENAME", Head(code))
		}
		return nil
	}
	t := &tableRule{name: strings.ToLower(code[i].Text)}
	c.order = append(c.order, t.name)
	c.comments(t, s)
	for _, def := range Parts(code[i+1:]) {
		c.define(t, def)
	}
	return t
}

// comments finds the table's place in the comments before and inside its statement.
func (c *checker) comments(t *tableRule, s []Token) {
	for _, tok := range s {
		if tok.Kind != Comment {
			continue
		}
		body := strings.ToLower(strings.Trim(tok.Text, "-/* \t.;"))
		column, distributed := strings.CutPrefix(body, "distributed by ")
		if !distributed && body != "reference" && body != "local" {
			continue
		}
		if t.place != "" {
			c.breach("table %s: its place is given twice", t.name)
		}
		if t.place = body; distributed {
			t.place, t.column = "distributed", strings.TrimSpace(column)
		}
	}
}

// define reads one column or constraint of a table.
func (c *checker) define(t *tableRule, def []Token) {
	if len(def) > 2 && strings.EqualFold(def[0].Text, "CONSTRAINT") {
		def = def[2:]
	}
	columns := []string{strings.ToLower(def[0].Text)}
	if IsAny("PRIMARY", "UNIQUE", "FOREIGN", "CHECK")(def[0]) {
		columns = List(def)
	} else if len(def) < 2 || !slices.Contains(portableTypes, strings.ToUpper(def[1].Text)) {
		c.breach("table %s: column %s: its type is not one of %s", t.name, columns[0], strings.Join(portableTypes, ", "))
	}
	for i, tok := range def {
		if tok.Kind != Word {
			continue
		}
		switch strings.ToUpper(tok.Text) {
		case "PRIMARY":
			t.primary = columns
		case "UNIQUE":
			t.uniques = append(t.uniques, columns)
		case "REFERENCES":
			if i+1 < len(def) {
				t.refers = append(t.refers, strings.ToLower(def[i+1].Text))
			}
		}
	}
}

// index reads a CREATE UNIQUE INDEX statement.
func (c *checker) index(s []Token) {
	code := Significant(s)
	if After(code, "CREATE", "UNIQUE", "INDEX") < 0 {
		return
	}
	on := slices.IndexFunc(code, IsAny("ON"))
	if on < 0 || on+1 >= len(code) {
		c.breach("%s: names no table", Head(code))
		return
	}
	if t := c.tables[strings.ToLower(code[on+1].Text)]; t != nil {
		t.uniques = append(t.uniques, List(code[on+1:]))
	}
}

// placement checks a table against the rules of distribution.
func (c *checker) placement(t *tableRule) {
	if t.place == "" {
		c.breach("table %s: say -- distributed by COLUMN, -- reference or -- local", t.name)
		return
	}
	if t.primary == nil {
		c.breach("table %s: has no primary key", t.name)
	}
	for _, to := range t.refers {
		other := c.tables[to]
		if other == nil || other.place == "reference" || other.place == "local" && t.place == "local" {
			continue
		}
		c.breach("table %s: a %s table may not refer to %s, which is %s", t.name, t.place, to, other.place)
	}
	if t.place != "distributed" {
		return
	}
	for _, key := range append([][]string{t.primary}, t.uniques...) {
		if key != nil && !slices.Contains(key, t.column) {
			c.breach("table %s: the key (%s) does not contain its distribution column %s", t.name, strings.Join(key, ", "), t.column)
		}
	}
}

// Significant drops white space and comments.
func Significant(s []Token) []Token {
	return slices.DeleteFunc(slices.Clone(s), func(t Token) bool { return t.Kind == Space || t.Kind == Comment })
}

// After returns the place after the given leading words and IF NOT EXISTS, or -1.
func After(code []Token, words ...string) int {
	if len(code) <= len(words) {
		return -1
	}
	for i, w := range words {
		if !strings.EqualFold(code[i].Text, w) {
			return -1
		}
	}
	i := len(words)
	for i < len(code)-1 && IsAny("IF", "NOT", "EXISTS")(code[i]) {
		i++
	}
	return i
}

// IsAny returns a test for a token that is one of the words.
func IsAny(words ...string) func(Token) bool {
	return func(t Token) bool { return t.Kind == Word && slices.Contains(words, strings.ToUpper(t.Text)) }
}

// Parts splits what the first parentheses hold at its commas.
func Parts(code []Token) [][]Token {
	var out [][]Token
	var cur []Token
	depth := 0
	for _, t := range code {
		switch t.Text {
		case "(":
			if depth++; depth == 1 {
				continue
			}
		case ")":
			if depth--; depth == 0 {
				return append(out, cur)
			}
		case ",":
			if depth == 1 {
				out, cur = append(out, cur), nil
				continue
			}
		}
		if depth > 0 {
			cur = append(cur, t)
		}
	}
	return out
}

// List returns the column names in the first parentheses of code.
func List(code []Token) []string {
	var out []string
	for _, p := range Parts(code) {
		if len(p) > 0 {
			out = append(out, strings.ToLower(p[0].Text))
		}
	}
	return out
}

// Head is how a breach names its statement.
func Head(code []Token) string {
	var words []string
	for _, t := range code[:min(len(code), 4)] {
		words = append(words, t.Text)
	}
	return strings.Join(words, " ")
}
