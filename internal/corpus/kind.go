package corpus

import (
	"bytes"
	"path"
	"strings"

	"lantern"
	"lantern/internal/bounded"
	"lantern/internal/web"
	"lantern/pdq"
)

// HeadLen is how many bytes at the start of a file are looked at to tell what it is.
const HeadLen = 4 << 10

// Packing is a way in which bytes are compressed or packed together; "" is none.
type Packing string

// The packings that are opened.
const (
	Gzip  Packing = "gzip"
	Zstd  Packing = "zstd"
	Bzip2 Packing = "bzip2"
	Tar   Packing = "tar"
	Zip   Packing = "zip"
)

// utf32 is no packing, but as closed. With the low end first its mark begins like that of UTF-16.
const utf32 Packing = "UTF-32"

// packings says how each begins, or what stands at an offset.
var packings = []struct {
	name   Packing
	offset int
	magic  string
}{
	{Gzip, 0, "\x1f\x8b\x08"}, {Zstd, 0, "\x28\xb5\x2f\xfd"}, {Bzip2, 0, "BZh"},
	{Zip, 0, "PK\x03\x04"}, {Zip, 0, "PK\x05\x06"}, {Zip, 0, "PK\x07\x08"}, {Tar, 257, "ustar"},
	{"xz", 0, "\xfd7zXZ\x00"}, {"7z", 0, "7z\xbc\xaf\x27\x1c"}, {"rar", 0, "Rar!\x1a\x07"},
	{"lz4", 0, "\x04\x22\x4d\x18"}, {"PDF", 0, "%PDF-"}, {"compressed Office file", 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"},
	{utf32, 0, "\xff\xfe\x00\x00"}, {utf32, 0, "\x00\x00\xfe\xff"},
}

// Packed tells from the first bytes how a file is packed.
func Packed(head []byte) Packing {
	for _, p := range packings {
		if len(head) >= p.offset && bytes.HasPrefix(head[p.offset:], []byte(p.magic)) {
			return p.name
		}
	}
	return ""
}

// Opened reports whether what is packed in this way can be opened.
func (p Packing) Opened() bool {
	switch p {
	case Gzip, Zstd, Bzip2, Tar, Zip:
		return true
	}
	return false
}

// Readable reports whether text may stand in the open among what is packed in this way.
func (p Packing) Readable() bool { return p == "" || p == "PDF" || p == "compressed Office file" }

// Closed is what is said of a file that is packed and was not opened.
func (p Packing) Closed() string {
	if p == utf32 {
		return "text in UTF-32 is not read; write it in UTF-8"
	}
	return "what is packed in it was not looked at (" + string(p) + ")"
}

// KindOf tells from its name and its first [HeadLen] bytes what a file is that is not packed.
func KindOf(name string, head []byte) lantern.PieceKind {
	if _, picture := pdq.Sniff(head); picture {
		return lantern.PiecePicture
	}
	if isRecords(name, head) {
		return lantern.PieceRecords
	}
	return lantern.PieceText
}

// isRecords tells a file of records.
func isRecords(name string, head []byte) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".ndjson", ".jsonl":
		return true
	}
	line, _, whole := bytes.Cut(bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bounded.Mark)), " \t\r\n"), []byte("\n"))
	if !bytes.HasPrefix(line, []byte("{")) {
		return false // most files
	}
	var r lantern.Record
	return (whole || len(head) < HeadLen) && len(line) > 0 && web.DecodeText(line, &r) == nil && r.Ref != ""
}
