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

// Headings of telephone numbers are known as people write them, and a number that a
// spreadsheet rounded is looked up as one, so that the answer says it cannot be read.
func TestTelephoneColumn(t *testing.T) {
	t.Parallel()
	for _, heading := range []string{"phone", "Phone Number", "Tel.", "Telefon", "Mobile", "telephone"} {
		table, err := Open(strings.NewReader(heading+";x\n2025550123;a\n1.2025550123E+10;b\n"), "t.csv")
		if err != nil {
			t.Fatalf("%s: %v", heading, err)
		}
		plain, err := table.Next()
		if err != nil || len(plain.Values) > 0 || !strings.HasPrefix(plain.Text, "2025550123") {
			t.Errorf("%s: got %+v, %v, want the number as text", heading, plain, err)
		}
		lost, err := table.Next()
		if err != nil || len(lost.Values) != 1 || lost.Values[0].Type != "phone" {
			t.Errorf("%s: got %+v, %v, want the rounded number as a phone value", heading, lost, err)
		}
	}
}

// The line by which spreadsheets are told the separator is no row, nor the heading.
func TestSeparatorLine(t *testing.T) {
	t.Parallel()
	for _, sep := range []string{";", ",", "\t"} {
		table, err := Open(strings.NewReader("sep="+sep+"\r\nusername"+sep+"phone\r\nowl"+sep+"2025550123\r\n"), "t.csv")
		if err != nil {
			t.Fatal(err)
		}
		row, err := table.Next()
		if err != nil || len(row.Values) != 1 || row.Values[0].Value != "owl" || !strings.Contains(row.Text, "2025550123") || !strings.HasSuffix(row.Ref, ":3") {
			t.Errorf("%q: got %+v, %v", sep, row, err)
		}
		if _, err := table.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%q: another row, %v", sep, err)
		}
	}
}
