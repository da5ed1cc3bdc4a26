package web

import (
	"bytes"
)

// IsMedia reports whether head, the first bytes of a body (16 are enough), opens one of
// the usual picture or film formats. Lantern takes neither, under no name.
func IsMedia(head []byte) bool {
	for _, magic := range []string{
		"\xff\xd8\xff",      // JPEG
		"\x89PNG\r\n\x1a\n", // PNG
		"GIF87a", "GIF89a",  // GIF
		"BM",                 // BMP
		"II*\x00", "MM\x00*", // TIFF
		"\x1aE\xdf\xa3",        // Matroska, WebM
		"FLV\x01",              // Flash video
		"\x00\x00\x01\xba",     // MPEG program stream
		"\x00\x00\x01\xb3",     // MPEG video
		"\x00\x00\x01\x00",     // icon
		"\x30\x26\xb2\x75\x8e", // ASF, WMV
		"8BPS",                 // Photoshop
		"\xff\x0a",             // JPEG XL
		"\x00\x00\x00\x0cJXL ", // JPEG XL container
		"\x00\x00\x00\x0cjP  ", // JPEG 2000
		"OggS",                 // Ogg
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			// "BM" alone also opens plain words; in a bitmap the reserved bytes are zero.
			if magic != "BM" || len(head) >= 10 && bytes.Equal(head[6:10], []byte{0, 0, 0, 0}) {
				return true
			}
		}
	}
	if len(head) >= 12 && bytes.HasPrefix(head, []byte("RIFF")) {
		kind := string(head[8:12])
		return kind == "WEBP" || kind == "AVI "
	}
	return len(head) >= 8 && string(head[4:8]) == "ftyp" // MP4, MOV, HEIC, AVIF
}
