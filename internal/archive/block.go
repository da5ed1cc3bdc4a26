package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"lantern"
)

// magic begins every archive.
const magic = "lantern-archive-1\n"

// The kinds of blocks.
const (
	headerBlock = 'H'
	tableBlock  = 'T'
	rowsBlock   = 'R'
	endBlock    = 'E'
	sealBlock   = 'S'
)

const (
	rowsSize = 256 << 10 // a block of rows is written once it has this many bytes
	maxBlock = 64 << 20
	memory   = 128 << 20 // that reading a stream made by others may take
)

// errDamaged is the one answer to a stream that is not as it was written.
func errDamaged(what string) error {
	return &lantern.Error{Kind: lantern.Invalid, Reason: "the archive is damaged: " + what, Fix: "use another copy"}
}

// blockWriter writes blocks.
type blockWriter struct {
	out   *zstd.Encoder
	chain [sha256.Size]byte
}

func newBlockWriter(w io.Writer) (*blockWriter, error) {
	if _, err := io.WriteString(w, magic); err != nil {
		return nil, err
	}
	out, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	return &blockWriter{out: out}, err
}

// next is the running hash after a block.
func next(chain [sha256.Size]byte, head, payload []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(chain[:])
	h.Write(head)
	h.Write(payload)
	return [sha256.Size]byte(h.Sum(nil))
}

// write writes one block.
func (b *blockWriter) write(kind byte, payload []byte) error {
	if len(payload) > maxBlock {
		return errors.New("a row is too large for an archive")
	}
	head := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(payload)))
	b.chain = next(b.chain, head, payload)
	for _, part := range [][]byte{head, payload, b.chain[:]} {
		if _, err := b.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// blockReader reads blocks.
type blockReader struct {
	in    *zstd.Decoder
	chain [sha256.Size]byte
	buf   []byte
}

func newBlockReader(r io.Reader) (*blockReader, error) {
	line := make([]byte, len(magic))
	if _, err := io.ReadFull(r, line); err != nil || string(line) != magic {
		return nil, &lantern.Error{Kind: lantern.Unsupported, Reason: "not an archive of this version", Fix: "give a file that lantern exchange backup wrote"}
	}
	in, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(memory))
	return &blockReader{in: in}, err
}

// read returns the next block. Its payload is good until the next call.
func (b *blockReader) read() (kind byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(b.in, head[:]); err != nil {
		return 0, nil, cut(err)
	}
	n := int(binary.BigEndian.Uint32(head[1:]))
	if n > maxBlock {
		return 0, nil, errDamaged("a block is too long")
	}
	if cap(b.buf) < n {
		b.buf = make([]byte, n)
	}
	payload = b.buf[:n]
	if _, err := io.ReadFull(b.in, payload); err != nil {
		return 0, nil, cut(err)
	}
	var sum [sha256.Size]byte
	if _, err := io.ReadFull(b.in, sum[:]); err != nil {
		return 0, nil, cut(err)
	}
	if b.chain = next(b.chain, head[:], payload); b.chain != sum {
		return 0, nil, errDamaged("a block does not have its checksum")
	}
	return head[0], payload, nil
}

// end demands that nothing follows.
func (b *blockReader) end() error {
	if n, err := b.in.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return errDamaged("something follows its end")
	}
	return nil
}

// cut tells a stream that ends too early or is no zstd.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errDamaged("it is cut off")
	}
	return errDamaged(fmt.Sprintf("%v", err))
}
