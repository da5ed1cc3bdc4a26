package audit

import (
	"encoding/binary"
	"fmt"
)

// EncodeEntries returns the bundle of the leaves: each preceded by its length in two
// bytes, big-endian (C2SP tlog-tiles).
func EncodeEntries(leaves []Leaf) []byte {
	data := make([]byte, 0, len(leaves)*(2+LeafSize))
	for _, l := range leaves {
		data = binary.BigEndian.AppendUint16(data, LeafSize)
		data = append(data, l[:]...)
	}
	return data
}

// DecodeEntries reads a bundle of at most 256 leaves. The error names the entry by its
// place in the bundle.
func DecodeEntries(data []byte) ([]Leaf, error) {
	leaves := make([]Leaf, 0, min(len(data)/(2+LeafSize), TileWidth))
	for len(data) > 0 {
		i := len(leaves)
		if i == TileWidth {
			return nil, fmt.Errorf("more than %d entries in a bundle", TileWidth)
		}
		if len(data) < 2 {
			return nil, fmt.Errorf("entry %d of the bundle is cut short", i)
		}
		n := int(binary.BigEndian.Uint16(data))
		if data = data[2:]; len(data) < n {
			return nil, fmt.Errorf("entry %d of the bundle is cut short", i)
		}
		leaf, err := ParseLeaf(data[:n])
		if err != nil {
			return nil, fmt.Errorf("entry %d of the bundle: %w", i, err)
		}
		leaves = append(leaves, leaf)
		data = data[n:]
	}
	return leaves, nil
}
