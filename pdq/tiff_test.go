package pdq_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"testing"

	"golang.org/x/image/tiff"

	"lantern/pdq"
)

// faxTIFF is a picture of 64x64 pixels, coded as fax of group 4: in the upper half each row is as the one before it, from
// none on, which is all white; each row of the lower half is black.
func faxTIFF(order binary.AppendByteOrder, photometric uint16) []byte {
	mark := "II"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		mark = "MM"
	}
	// A row as the one before it is a single bit, 1. From white to black: "horizontal" 001, a white run of none 00110101, a black
	// one of 64 0000001111 and of none 0000110111. Then 31 rows as before, and the end.
	bits := ""
	for range 32 {
		bits += "1"
	}
	bits += "001" + "00110101" + "0000001111" + "0000110111"
	for range 31 {
		bits += "11" // the change at the left edge, and the one at the right
	}
	bits += "000000000001000000000001"
	for len(bits)%8 != 0 {
		bits += "0"
	}
	var data []byte
	for i := 0; i < len(bits); i += 8 {
		v := byte(0)
		for _, c := range bits[i : i+8] {
			v = v<<1 | byte(c-'0')
		}
		data = append(data, v)
	}
	b := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tags := [][2]uint16{{256, 64}, {257, 64}, {258, 1}, {259, 4}, {262, photometric}, {273, 0}, {277, 1}, {278, 64}, {279, uint16(len(data))}}
	tags[5][1] = uint16(8 + 2 + 12*len(tags) + 4)
	b = order.AppendUint16(b, uint16(len(tags)))
	for _, tag := range tags {
		b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, tag[0]), 3), 1)
		b = order.AppendUint16(order.AppendUint16(b, tag[1]), 0)
	}
	return append(order.AppendUint32(b, 0), data...)
}

// TestFaxTIFF decodes pictures coded as fax, in which zero is white or black.
func TestFaxTIFF(t *testing.T) {
	t.Parallel()
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for photometric, upper := range []uint8{255, 0} {
			m, name, err := pdq.Decode(bytes.NewReader(faxTIFF(order, uint16(photometric))), pdq.Limits{})
			if err != nil || name != "tiff" {
				t.Fatal(err)
			}
			g, ok := m.(*image.Gray)
			if !ok || g.GrayAt(5, 3).Y != upper || g.GrayAt(63, 31).Y != upper || g.GrayAt(0, 32).Y != ^upper || g.GrayAt(63, 63).Y != ^upper {
				t.Errorf("zero is black %d: got %T, %v", photometric, m, ok)
			}
		}
	}
}

// TestPlanarTIFF refuses a picture whose channels stand one behind the other.
func TestPlanarTIFF(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := tiff.Encode(&b, image.NewRGBA(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := pdq.Decode(bytes.NewReader(b.Bytes()), pdq.Limits{}); err != nil {
		t.Fatal(err)
	}
	// The tag says so in place of the vertical resolution, 283.
	file := b.Bytes()
	at := int(binary.LittleEndian.Uint32(file[4:]))
	for i := range int(binary.LittleEndian.Uint16(file[at:])) {
		if entry := file[at+2+12*i:]; binary.LittleEndian.Uint16(entry) == 283 {
			copy(entry, []byte{284 & 0xFF, 284 >> 8, 3, 0, 1, 0, 0, 0, 2, 0, 0, 0})
		}
	}
	if _, _, err := pdq.Decode(bytes.NewReader(file), pdq.Limits{}); !errors.Is(err, pdq.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}
