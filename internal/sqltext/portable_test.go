package sqltext_test

import (
	"strings"
	"testing"

	"lantern/internal/sqltext"
)

func TestCheckPortable(t *testing.T) {
	t.Parallel()
	const members = "CREATE TABLE member (id BIGINT PRIMARY KEY); -- a trailing remark\n"
	tests := []struct{ name, sql, want string }{
		{"a good schema", `
			-- reference
			CREATE TABLE kind (id BIGINT PRIMARY KEY, word TEXT NOT NULL UNIQUE);
			CREATE TABLE IF NOT EXISTS part ( -- distributed by program
				program BIGINT NOT NULL, seq BIGINT NOT NULL, kind BIGINT NOT NULL REFERENCES kind (id),
				body BYTEA, weight DOUBLE PRECISION, held BOOLEAN NOT NULL DEFAULT FALSE, -- SERIAL only in a remark
				note TEXT NOT NULL DEFAULT 'SELECT * FROM now()',
				CHECK (seq > 0),
				PRIMARY KEY (program, seq), CONSTRAINT one UNIQUE (kind, program));
			CREATE UNIQUE INDEX part_body ON part (body, program) WHERE held;
			CREATE INDEX part_seq ON part (seq);
			/* local */ CREATE TABLE head (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL REFERENCES head (id));
			INSERT INTO head (id, seq) SELECT 1, count(*) FROM part;`, ""},
		{"no place", "CREATE TABLE a (id BIGINT PRIMARY KEY)", "table a: say -- distributed by"},
		{"place after the end", "CREATE TABLE a (id BIGINT PRIMARY KEY); -- local", "table a: say"},
		{"two places", "CREATE TABLE a ( -- local\n-- reference\nid BIGINT PRIMARY KEY)", "twice"},
		{"no key", "CREATE TABLE a ( -- local\nid BIGINT)", "no primary key"},
		{"key without column", "CREATE TABLE a ( -- distributed by b\nid BIGINT PRIMARY KEY, b BIGINT)", "(id) does not contain its distribution column b"},
		{"unique without column", "CREATE TABLE a ( -- distributed by id\nid BIGINT PRIMARY KEY, b BIGINT UNIQUE)", "(b) does not contain"},
		{"unique constraint without column", "CREATE TABLE a ( -- distributed by id\nid BIGINT PRIMARY KEY, b BIGINT, UNIQUE (b))", "(b) does not contain"},
		{"unique index without column", "CREATE TABLE a ( -- distributed by id\nid BIGINT PRIMARY KEY, b BIGINT); CREATE UNIQUE INDEX x ON a (b)", "(b) does not contain"},
		{"distributed refers to distributed", "CREATE TABLE a ( -- distributed by id\nid BIGINT PRIMARY KEY);" +
			"CREATE TABLE b ( -- distributed by id\nid BIGINT PRIMARY KEY REFERENCES a (id))", "may not refer to a, which is distributed"},
		{"distributed refers to local", "CREATE TABLE a ( -- local\nid BIGINT PRIMARY KEY);" +
			"CREATE TABLE b ( -- distributed by id\nid BIGINT PRIMARY KEY, FOREIGN KEY (id) REFERENCES a (id))", "may not refer to a, which is local"},
		{"serial", "CREATE TABLE a ( -- local\nid BIGSERIAL PRIMARY KEY)", "BIGSERIAL"},
		{"identity", "CREATE TABLE a ( -- local\nid BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY)", "IDENTITY"},
		{"autoincrement", "CREATE TABLE a ( -- local\nid BIGINT PRIMARY KEY AUTOINCREMENT)", "AUTOINCREMENT"},
		{"integer", "CREATE TABLE a ( -- local\nid INTEGER PRIMARY KEY)", "column id: its type"},
		{"json", "CREATE TABLE a ( -- local\nid BIGINT PRIMARY KEY, j JSONB)", "column j: its type"},
		{"sequence", "CREATE SEQUENCE s", "SEQUENCE"},
		{"trigger", "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", "TRIGGER"},
		{"temporary", "CREATE TEMP TABLE a (id BIGINT)", "TEMP"},
		{"advisory lock", "SELECT pg_advisory_xact_lock(1)", "advisory"},
		{"listen", "LISTEN x", "LISTEN"},
		{"select star", "SELECT\n  * FROM a", "SELECT *"},
		{"select of a table", "SELECT a.* FROM a", "list the columns"},
		{"returning star", "DELETE FROM a RETURNING *", "RETURNING *"},
		{"now", "UPDATE a SET t = now()", "NOW"},
		{"alter", "ALTER TABLE a ADD CONSTRAINT c UNIQUE (b)", "ALTER TABLE may only"},
		{"a remark is no place", members, "table member: say"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(sqltext.CheckPortable(tt.sql), "\n")
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q in it", got, tt.want)
			}
		})
	}
}
