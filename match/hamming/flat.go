package hamming

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unsafe"
)

// The flat form: a header, then each array at a multiple of 64 bytes, little-endian. It
// is described in docs/formats/hamming.md.
const (
	magic      = "LNHAMM01"
	headerSize = 512
	align      = 64

	headForm   = 8
	headRows   = 12
	headHashes = 16
	headChunks = 20
	headSplit  = 24
	headBits   = 128
	headFilter = 384
)

// ErrDamaged says that bytes are not an index, or not a whole one.
var ErrDamaged = errors.New("not a whole index of hashes")

// Flat reports whether this machine's numbers lie in memory as they do in the flat form. If
// not, [Open] fails, and what [Index.WriteTo] writes can be opened nowhere.
func Flat() bool {
	probe := [2]byte{1, 0}
	return *(*uint16)(unsafe.Pointer(&probe)) == 1
}

// Size returns how many bytes [Index.WriteTo] writes.
func (x *Index) Size() int64 {
	size := int64(headerSize)
	for _, a := range x.arrays() {
		size += int64(aligned(len(a)))
	}
	return size
}

func aligned(n int) int { return (n + align - 1) / align * align }

// WriteTo writes x in its flat form.
func (x *Index) WriteTo(w io.Writer) (written int64, err error) {
	put := func(b []byte) {
		if err == nil {
			var n int
			n, err = w.Write(b)
			written += int64(n)
		}
	}
	put(x.header())
	var pad [align]byte
	for _, a := range x.arrays() {
		put(a)
		put(pad[:aligned(len(a))-len(a)])
	}
	if err != nil {
		return written, fmt.Errorf("writing an index of hashes: %w", err)
	}
	return written, nil
}

// arrays lists the arrays as bytes, in the order in which they are written.
func (x *Index) arrays() [][]byte {
	list := [][]byte{bytesOf(x.rows)}
	for _, s := range x.starts {
		list = append(list, bytesOf(s))
	}
	for _, e := range x.entries {
		list = append(list, bytesOf(e))
	}
	for _, n := range x.numbers {
		list = append(list, bytesOf(n))
	}
	return append(list, bytesOf(x.groups))
}

func (x *Index) header() []byte {
	h := make([]byte, headerSize)
	copy(h, magic)
	hashes := len(x.rows)
	if x.groups != nil {
		hashes = int(x.groups[len(x.rows)])
	}
	binary.LittleEndian.PutUint32(h[headForm:], uint32(x.form))
	binary.LittleEndian.PutUint32(h[headRows:], uint32(len(x.rows)))
	binary.LittleEndian.PutUint32(h[headHashes:], uint32(hashes))
	binary.LittleEndian.PutUint32(h[headChunks:], uint32(len(x.split)))
	for i, c := range x.split {
		binary.LittleEndian.PutUint16(h[headSplit+4*i:], uint16(c.at))
		h[headSplit+4*i+2], h[headSplit+4*i+3] = byte(c.width), byte(c.near)
	}
	copy(h[headBits:], x.order.bits[:])
	copy(h[headFilter:], x.order.filter[:])
	return h
}

// Open uses the flat form where it lies: b must not change while the index is in use and
// must begin at a multiple of 8 bytes, as mapped files do. It looks at the header and the
// size only, so that it takes no longer for many hashes than for few; whoever stores the
// bytes keeps a checksum. Damage it does not see can make a search miss hashes, but never
// read outside b. It fails with [ErrDamaged], and on machines whose numbers are not
// little-endian.
func Open(b []byte) (*Index, error) {
	if !Flat() {
		return nil, errors.New("an index of hashes can be opened on little-endian machines only")
	}
	if len(b) < headerSize || string(b[:len(magic)]) != magic || uintptr(unsafe.Pointer(&b[0]))%8 != 0 {
		return nil, ErrDamaged
	}
	x := &Index{form: Form(binary.LittleEndian.Uint32(b[headForm:]))}
	rows, hashes := binary.LittleEndian.Uint32(b[headRows:]), binary.LittleEndian.Uint32(b[headHashes:])
	if x.form > Compact || rows > hashes || !x.readSplit(b) || !x.readOrder(b) {
		return nil, ErrDamaged
	}
	x.dealer = newDealer(&x.order)
	if !x.place(b, int(rows), int(hashes)) {
		return nil, ErrDamaged
	}
	return x, nil
}

func (x *Index) readSplit(b []byte) bool {
	n := binary.LittleEndian.Uint32(b[headChunks:])
	if n > maxChunks {
		return false
	}
	for i := range int(n) {
		c := b[headSplit+4*i:]
		k := chunk{at: int(binary.LittleEndian.Uint16(c)), width: int(c[2]), near: int(c[3])}
		if k.at+k.width > 256 || k.width == 0 || k.width > maxWidth || k.near > maxNear {
			return false
		}
		x.split = append(x.split, k)
	}
	return true
}

// readOrder refuses an order that loses a bit: searches would miss hashes.
func (x *Index) readOrder(b []byte) bool {
	copy(x.order.bits[:], b[headBits:])
	copy(x.order.filter[:], b[headFilter:])
	var seen [256]bool
	for _, v := range x.order.bits {
		if seen[v] {
			return false
		}
		seen[v] = true
	}
	clear(seen[:])
	for _, v := range x.order.filter {
		if seen[v] {
			return false // counted twice it would seem farther than it is
		}
		seen[v] = true
	}
	return true
}

// place points the arrays at their places in b, which they must fill.
func (x *Index) place(b []byte, rows, hashes int) bool {
	p := placer{rest: b[headerSize:]}
	x.rows = take[Hash](&p, rows)
	for _, c := range x.split {
		x.starts = append(x.starts, take[uint32](&p, 1<<c.width+1))
	}
	switch lists := max(len(x.split), 1); x.form {
	case Wide:
		for range lists {
			x.entries = append(x.entries, take[entry](&p, rows))
		}
	case Compact:
		for range lists - 1 {
			x.numbers = append(x.numbers, take[uint32](&p, rows))
		}
	}
	if rows < hashes {
		x.groups = take[uint32](&p, rows+1)
	}
	return !p.short && len(p.rest) == 0
}

// placer hands out bytes.
type placer struct {
	rest  []byte
	short bool
}

// take returns the next n values.
func take[T any](p *placer, n int) []T {
	var zero T
	size := n * int(unsafe.Sizeof(zero))
	if p.short = p.short || aligned(size) > len(p.rest); p.short || n == 0 {
		return nil
	}
	list := unsafe.Slice((*T)(unsafe.Pointer(&p.rest[0])), n)
	p.rest = p.rest[aligned(size):]
	return list
}

// bytesOf returns a list as the bytes it lies in.
func bytesOf[T any](list []T) []byte {
	if len(list) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(&list[0])), len(list)*int(unsafe.Sizeof(zero)))
}
