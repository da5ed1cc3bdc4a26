package starter

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// A quotation mark that is not closed takes in the rows after it: they must not pass for
// looked at.
func TestUnclosedQuotation(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, table, want string }{
		{"in a link", "username,url\nowl,\"https://example.com/\ncat,https://example.com/x\n", "line 2"},
		{"in a text", "username,bio\nfox,hi\nowl,\"hello\ncat,there\n", "line 3"},
		{"closed by a later one", "username,url\nowl,\"https://example.com/\ncat,\"https://example.com/x\"\ndog,x\n", "line 2"},
		{"a text of two lines", "username,bio\nowl,\"hello\nthere\"\n", ""},
		{"an inch", "username,bio\nowl,6\" tall\ncat,hi\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			table, err := Open(strings.NewReader(tt.table), "t.csv")
			for err == nil {
				_, err = table.Next()
			}
			if tt.want == "" && !errors.Is(err, io.EOF) || tt.want != "" && !strings.Contains(err.Error(), tt.want+": a quotation mark is not closed") {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}
