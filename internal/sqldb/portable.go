package sqldb

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
	all := statements(sqlText)
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
func (c *checker) words(s []token) {
	code := significant(s)
	for i, t := range code {
		w := strings.ToUpper(t.text)
		if t.kind == word {
			if why, ok := forbidden[w]; ok {
				c.breach("%s: %s (%s)", head(code), w, why)
			}
			if strings.Contains(w, "ADVISORY") {
				c.breach("%s: advisory locks are not portable", head(code))
			}
		}
		if t.text != "*" || i == 0 {
			continue
		}
		switch before := strings.ToUpper(code[i-1].text); before {
		case "SELECT", "RETURNING", "DISTINCT", "ALL", ".":
			c.breach("%s: %s *: list the columns", head(code), before)
		}
	}
}

// portableTypes are the column types both engines understand alike.
var portableTypes = []string{"BIGINT", "TEXT", "BYTEA", "BOOLEAN", "DOUBLE"}

// table reads a CREATE TABLE statement, or returns nil.
func (c *checker) table(s []token) *tableRule {
	code := significant(s)
	i := after(code, "CREATE", "TABLE")
	if i < 0 {
		if i := after(code, "ALTER", "TABLE"); i >= 0 && !slices.ContainsFunc(code, isAny("COLUMN", "RENAME")) {
			c.breach("%s: ALTER TABLE may only ADD COLUMN, DROP COLUMN or RENAME", head(code))
		}
		return nil
	}
	t := &tableRule{name: strings.ToLower(code[i].text)}
	c.order = append(c.order, t.name)
	c.comments(t, s)
	for _, def := range parts(code[i+1:]) {
		c.define(t, def)
	}
	return t
}

// comments finds the table's place in the comments before and inside its statement.
func (c *checker) comments(t *tableRule, s []token) {
	for _, tok := range s {
		if tok.kind != comment {
			continue
		}
		body := strings.ToLower(strings.Trim(tok.text, "-/* \t.;"))
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
func (c *checker) define(t *tableRule, def []token) {
	if len(def) > 2 && strings.EqualFold(def[0].text, "CONSTRAINT") {
		def = def[2:]
	}
	columns := []string{strings.ToLower(def[0].text)}
	if isAny("PRIMARY", "UNIQUE", "FOREIGN", "CHECK")(def[0]) {
		columns = list(def)
	} else if len(def) < 2 || !slices.Contains(portableTypes, strings.ToUpper(def[1].text)) {
		c.breach("table %s: column %s: its type is not one of %s", t.name, columns[0], strings.Join(portableTypes, ", "))
	}
	for i, tok := range def {
		if tok.kind != word {
			continue
		}
		switch strings.ToUpper(tok.text) {
		case "PRIMARY":
			t.primary = columns
		case "UNIQUE":
			t.uniques = append(t.uniques, columns)
		case "REFERENCES":
			if i+1 < len(def) {
				t.refers = append(t.refers, strings.ToLower(def[i+1].text))
			}
		}
	}
}

// index reads a CREATE UNIQUE INDEX statement.
func (c *checker) index(s []token) {
	code := significant(s)
	if after(code, "CREATE", "UNIQUE", "INDEX") < 0 {
		return
	}
	on := slices.IndexFunc(code, isAny("ON"))
	if on < 0 || on+1 >= len(code) {
		c.breach("%s: names no table", head(code))
		return
	}
	if t := c.tables[strings.ToLower(code[on+1].text)]; t != nil {
		t.uniques = append(t.uniques, list(code[on+1:]))
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

// significant drops white space and comments.
func significant(s []token) []token {
	return slices.DeleteFunc(slices.Clone(s), func(t token) bool { return t.kind == space || t.kind == comment })
}

// after returns the place after the given leading words and IF NOT EXISTS, or -1.
func after(code []token, words ...string) int {
	if len(code) <= len(words) {
		return -1
	}
	for i, w := range words {
		if !strings.EqualFold(code[i].text, w) {
			return -1
		}
	}
	i := len(words)
	for i < len(code)-1 && isAny("IF", "NOT", "EXISTS")(code[i]) {
		i++
	}
	return i
}

// isAny returns a test for a token that is one of the words.
func isAny(words ...string) func(token) bool {
	return func(t token) bool { return t.kind == word && slices.Contains(words, strings.ToUpper(t.text)) }
}

// parts splits what the first parentheses hold at its commas.
func parts(code []token) [][]token {
	var out [][]token
	var cur []token
	depth := 0
	for _, t := range code {
		switch t.text {
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

// list returns the column names in the first parentheses of code.
func list(code []token) []string {
	var out []string
	for _, p := range parts(code) {
		if len(p) > 0 {
			out = append(out, strings.ToLower(p[0].text))
		}
	}
	return out
}

// head is how a breach names its statement.
func head(code []token) string {
	var words []string
	for _, t := range code[:min(len(code), 4)] {
		words = append(words, t.text)
	}
	return strings.Join(words, " ")
}
