package draft

import (
	"bufio"
	"bytes"
	"io"

	"golang.org/x/text/encoding/unicode"

	"lantern"
	"lantern/internal/bounded"
)

// headSize is how much of a file is looked at to tell what it is.
const headSize = 64 << 10

// textOf returns the text of a file in UTF-8. Of other encodings only UTF-16 is read, and
// only with a byte order mark: nothing tells the rest from each other for certain.
func textOf(r io.Reader) (*bufio.Reader, error) {
	in := bufio.NewReaderSize(r, headSize)
	head, _ := in.Peek(4) // an error comes again when the text is read
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		in = bufio.NewReaderSize(unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Reader(in), headSize)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, notText("a workbook or a compressed file, not text", "save the sheet as CSV in UTF-8, or unpack the file")
	default:
		bounded.SkipMark(in)
	}
	head, _ = in.Peek(4096)
	switch {
	case bytes.IndexByte(head, 0) >= 0:
		return nil, notText("holds NUL characters, which no text in UTF-8 does", "save it as UTF-8; a file in UTF-16 must begin with a byte order mark")
	case bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(bytes.TrimRight(head, "\r"), '\r') >= 0:
		return nil, notText("its lines end in CR alone", "save it with lines that end in LF or CRLF")
	}
	return in, nil
}

func notText(reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Reason: reason, Fix: fix}
}

// start returns how the text begins behind its remarks: lines that begin with "# ", such as
// [Rejects] writes. The heading of a table of refused rows also begins with "#", but with no
// space behind it.
func start(in *bufio.Reader) []byte {
	head, _ := in.Peek(headSize)
	for {
		head = bytes.TrimLeft(head, " \t\r\n")
		if !bytes.HasPrefix(head, []byte("# ")) {
			return head
		}
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
}
