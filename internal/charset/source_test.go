package charset_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"lantern/internal/charset"
)

// wide writes text in UTF-16 without a byte order mark.
func wide(s string, order binary.AppendByteOrder) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestSniff(t *testing.T) {
	t.Parallel()
	little, big := binary.LittleEndian, binary.BigEndian
	prose := "see https://files.example.com/a\r\nor write"
	for _, tt := range []struct {
		name string
		head []byte
		want charset.Encoding
		mark int
	}{
		{"empty", nil, charset.UTF8, 0},
		{"plain", []byte(prose), charset.UTF8, 0},
		{"marked UTF-8", []byte("\xef\xbb\xbf" + prose), charset.UTF8, 3},
		{"marked little end", append([]byte{0xFF, 0xFE}, wide(prose, little)...), charset.UTF16LE, 2},
		{"marked big end", append([]byte{0xFE, 0xFF}, wide(prose, big)...), charset.UTF16BE, 2},
		{"little end", wide(prose, little), charset.UTF16LE, 0},
		{"big end", wide(prose, big), charset.UTF16BE, 0},
		{"a word of another script", wide(prose+" "+"день", little), charset.UTF16LE, 0},
		{"cut in a character", wide(prose, little)[:21], charset.UTF16LE, 0},
		{"too short to tell", wide("ab", little), charset.UTF8, 0},
		{"numbers of 16 bits, then text", append([]byte{7, 0, 3, 0, 1, 0, 9, 0}, prose...), charset.UTF8, 0},
		{"text behind NULs", append(make([]byte, 64), prose...), charset.UTF8, 0},
		{"numbers of 32 bits", []byte(strings.Repeat("a\x00\x00\x00", 64)), charset.UTF8, 0},
		{"another script, which cannot be told", wide(strings.Repeat("полный день ", 9), little), charset.UTF8, 0},
	} {
		if got, mark := charset.Sniff(tt.head); got != tt.want || mark != tt.mark {
			t.Errorf("%s: got encoding %d, mark of %d; want %d, %d", tt.name, got, mark, tt.want, tt.mark)
		}
	}
}

// TestSource decodes texts and comes back to the places they were read from.
func TestSource(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, out string
		end     int64
		line    int
		column  int
	}{
		"utf-8":                 {"a\nbé", "a\nbé", 5, 2, 3},
		"utf-8, mark":           {"\ufeffab", "ab", 5, 1, 3},
		"utf-16, little":        {"\xff\xfea\x00\n\x00\x3d\xd8\x00\xde", "a\n😀", 10, 2, 2},
		"utf-16, big":           {"\xfe\xff\x00a\x00\n", "a\n", 6, 2, 1},
		"utf-16, half a letter": {"\xff\xfe\x3d\xd8a\x00", "\ufffda", 6, 1, 3},
		"nothing":               {"", "", 0, 1, 1},
		"a short mark":          {"\xff\xfe", "", 2, 1, 1},
		"no text":               {"\xff\x00\x80", "\xff\x00\x80", 3, 1, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, at, err := charset.NewSource(iotest.OneByteReader(strings.NewReader(c.in)))
			if err != nil {
				t.Fatal(err)
			}
			got, done, err := src.Fill(make([]byte, 0, 64), 64)
			if err != nil || !done || string(got) != c.out {
				t.Fatalf("got %q, done %t, %v, want %q", got, done, err, c.out)
			}
			if at.Pass(got); at.Offset != c.end || at.Line != c.line || at.Column != c.column {
				t.Errorf("ends at %d, %d:%d, want %d, %d:%d", at.Offset, at.Line, at.Column, c.end, c.line, c.column)
			}
		})
	}
}
