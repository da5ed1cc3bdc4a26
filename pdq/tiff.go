package pdq

import (
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/tiff"
)

// Tags of a TIFF file and their values (TIFF 6.0, sections 3, 8 and 11).
const (
	tagCompression = 259
	tagPhotometric = 262
	tagSamples     = 277
	tagPlanes      = 284
	fax3           = 3
	fax4           = 4
	blackIsZero    = 1
	planesApart    = 2
)

var errPlanes = errors.New("channels stored one behind the other")

// decodeTIFF is [tiff.Decode], but for pictures coded as fax in which zero is black: what fax
// calls black is white in them (TIFF 6.0, section 11), and the decoder takes it for black. And it
// takes channels that are stored one behind the other for pixels; these are refused.
func decodeTIFF(r io.Reader) (image.Image, error) {
	var tags tiffTags
	if file, ok := r.(io.ReaderAt); ok {
		tags = readTags(file)
	}
	if tags.planes == planesApart && tags.samples > 1 {
		return nil, errPlanes
	}
	img, err := tiff.Decode(r)
	m, gray := img.(*image.Gray)
	if err != nil || !gray || tags.photometric != blackIsZero || tags.compression != fax3 && tags.compression != fax4 {
		return img, err
	}
	for i, v := range m.Pix {
		m.Pix[i] = ^v
	}
	return m, nil
}

// tiffTags are numbers of two bytes in the header of a picture; 0 if they are not there.
type tiffTags struct{ compression, photometric, samples, planes uint16 }

// readTags reads them of the first picture of a file, as far as it can be read.
func readTags(file io.ReaderAt) (t tiffTags) {
	var b [12]byte
	if _, err := file.ReadAt(b[:8], 0); err != nil {
		return t
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(b[4:]))
	if _, err := file.ReadAt(b[:2], at); err != nil {
		return t
	}
	n := int64(order.Uint16(b[:]))
	for i := range n {
		if _, err := file.ReadAt(b[:], at+2+12*i); err != nil {
			return t
		}
		switch value := order.Uint16(b[8:]); order.Uint16(b[:]) {
		case tagCompression:
			t.compression = value
		case tagPhotometric:
			t.photometric = value
		case tagSamples:
			t.samples = value
		case tagPlanes:
			t.planes = value
		}
	}
	return t
}
