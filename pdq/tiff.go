package pdq

import (
	"encoding/binary"
	"image"
	"io"

	"golang.org/x/image/tiff"
)

// Tags of a TIFF file and their values (TIFF 6.0, sections 3, 8 and 11).
const (
	tagCompression = 259
	tagPhotometric = 262
	fax3           = 3
	fax4           = 4
	blackIsZero    = 1
)

// decodeTIFF is [tiff.Decode], but for pictures coded as fax in which zero is black. What fax
// calls black is white in them (TIFF 6.0, section 11); the decoder takes it for black.
func decodeTIFF(r io.Reader) (image.Image, error) {
	img, err := tiff.Decode(r)
	m, gray := img.(*image.Gray)
	file, ok := r.(io.ReaderAt)
	if err != nil || !gray || !ok || !turnedFax(file) {
		return img, err
	}
	for i, v := range m.Pix {
		m.Pix[i] = ^v
	}
	return m, nil
}

// turnedFax reports whether the first picture of a file is coded as fax and zero is black in it.
func turnedFax(file io.ReaderAt) bool {
	var b [12]byte
	if _, err := file.ReadAt(b[:8], 0); err != nil {
		return false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if _, err := file.ReadAt(b[:2], at); err != nil {
		return false
	}
	n := int64(order.Uint16(b[:]))
	compression, photometric := uint16(0), uint16(0)
	for i := range n {
		if _, err := file.ReadAt(b[:], at+2+12*i); err != nil {
			return false
		}
		switch order.Uint16(b[:]) { // both are numbers of two bytes
		case tagCompression:
			compression = order.Uint16(b[8:])
		case tagPhotometric:
			photometric = order.Uint16(b[8:])
		}
	}
	return (compression == fax3 || compression == fax4) && photometric == blackIsZero
}
