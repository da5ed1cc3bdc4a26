package sqldb

import "testing"

func TestQuestionMarks(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"none", "SELECT 1", "SELECT 1"},
		{"in order", "SELECT $1, $2", "SELECT ?, ?"},
		{"swapped", "SELECT $2, $1", "SELECT ?2, ?1"},
		{"repeated", "SELECT $1, $1", "SELECT ?1, ?1"},
		{"not from one", "SELECT $2", "SELECT ?2"},
		{"two digits", "SELECT $10", "SELECT ?10"},
		{"in text", "SELECT '$1', \"$2\", $1", "SELECT '$1', \"$2\", ?"},
		{"after a doubled quote", "SELECT 'it''s $1', $1", "SELECT 'it''s $1', ?"},
		{"in comments", "SELECT $1 -- $2 isn't\n, /* $3 */ $2", "SELECT ? -- $2 isn't\n, /* $3 */ ?"},
		{"quote in a comment", "-- it's\nSELECT $1", "-- it's\nSELECT ?"},
		{"comment in a quote", "SELECT '--', $1", "SELECT '--', ?"},
		{"without space", "WHERE a=$1AND b=$2", "WHERE a=?AND b=?"},
		{"unfinished quote", "SELECT '$1", "SELECT '$1"},
		{"unfinished comment", "SELECT /* $1", "SELECT /* $1"},
		{"lone dollar", "SELECT $, $0, $a", "SELECT $, $0, $a"},
	}
	for _, tt := range tests {
		if got := questionMarks(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
