package text_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"lantern/internal/text"
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
		want text.Encoding
		mark int
	}{
		{"empty", nil, text.UTF8, 0},
		{"plain", []byte(prose), text.UTF8, 0},
		{"marked UTF-8", []byte("\xef\xbb\xbf" + prose), text.UTF8, 3},
		{"marked little end", append([]byte{0xFF, 0xFE}, wide(prose, little)...), text.UTF16LE, 2},
		{"marked big end", append([]byte{0xFE, 0xFF}, wide(prose, big)...), text.UTF16BE, 2},
		{"little end", wide(prose, little), text.UTF16LE, 0},
		{"big end", wide(prose, big), text.UTF16BE, 0},
		{"a word of another script", wide(prose+" "+"день", little), text.UTF16LE, 0},
		{"cut in a character", wide(prose, little)[:21], text.UTF16LE, 0},
		{"too short to tell", wide("ab", little), text.UTF8, 0},
		{"numbers of 16 bits, then text", append([]byte{7, 0, 3, 0, 1, 0, 9, 0}, prose...), text.UTF8, 0},
		{"text behind NULs", append(make([]byte, 64), prose...), text.UTF8, 0},
		{"numbers of 32 bits", []byte(strings.Repeat("a\x00\x00\x00", 64)), text.UTF8, 0},
		{"another script, which cannot be told", wide(strings.Repeat("полный день ", 9), little), text.UTF8, 0},
	} {
		if got, mark := text.Sniff(tt.head); got != tt.want || mark != tt.mark {
			t.Errorf("%s: got encoding %d, mark of %d; want %d, %d", tt.name, got, mark, tt.want, tt.mark)
		}
	}
}
