package corpus

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// What ends the reading of something packed. The text is what is told of the file.
var (
	errBomb     = errors.New("it unpacks to far more than it takes; the rest was not looked at")
	errDepth    = errors.New("it is packed too many times; what is packed in it was not looked at")
	errMembers  = errors.New("it has too many members; the rest was not looked at")
	errInner    = errors.New("a zip this large within something packed, or from a stream, is not opened; unpack it first")
	errSecret   = errors.New("it is encrypted and was not looked at")
	errEncoding = errors.New("it is packed in a way that is not opened")
)

// reasonOf says why something could not be read. The words of a decoder are its own: they
// never repeat what is in the file.
func reasonOf(err error) string {
	for _, own := range []error{errBomb, errDepth, errMembers, errInner, errSecret, errEncoding} {
		if errors.Is(err, own) {
			return own.Error()
		}
	}
	switch {
	case errors.Is(err, zip.ErrAlgorithm):
		return errEncoding.Error()
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early; what is missing was not looked at"
	}
	return "it could not be read to its end: " + Reason(err)
}

// unpack cuts what is packed in an entry.
func (c *Cutter) unpack(e *entry, p Packing, in *bufio.Reader) error {
	if e.depth == c.limits.Depth {
		return errDepth
	}
	switch p {
	case Gzip:
		z, err := gzip.NewReader(in)
		if err != nil {
			return err
		}
		return c.single(e, z, ".gz", ".tgz")
	case Zstd:
		const window = 64 << 20 // what the format's own tool takes without being asked twice
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return err
		}
		defer z.Close()
		return c.single(e, z, ".zst", ".tzst")
	case Bzip2:
		return c.single(e, bzip2.NewReader(in), ".bz2", ".tbz2")
	case Tar:
		return c.tar(e, in)
	}
	return c.zip(e, in)
}

// member cuts one member of an entry. Its complaints are its own; the error is one that ends
// the whole.
func (c *Cutter) member(e *entry, name string, r io.Reader) error {
	if c.members++; c.members > c.limits.Members {
		return errMembers
	}
	bounded := &unpacker{c: c, r: r}
	c.entry(&entry{ref: e.ref + "!" + name, name: path.Base(name), depth: e.depth + 1}, bounded)
	if bounded.bomb {
		return errBomb
	}
	return c.failed
}

// single cuts what was compressed alone: its name is the file's without the extension.
func (c *Cutter) single(e *entry, r io.Reader, suffix, archive string) error {
	name := e.name
	switch lower := strings.ToLower(name); {
	case strings.HasSuffix(lower, archive):
		name = name[:len(name)-len(archive)] + ".tar"
	case strings.HasSuffix(lower, suffix):
		name = name[:len(name)-len(suffix)]
	}
	return c.member(e, name, r)
}

func (c *Cutter) tar(e *entry, in io.Reader) error {
	for t := tar.NewReader(in); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue // folders and links hold nothing of their own
		}
		if err := c.member(e, h.Name, t); err != nil {
			return err
		}
	}
}

// zip cuts the members of a zip, whose list stands at its end.
func (c *Cutter) zip(e *entry, in io.Reader) error {
	at, size := e.at, e.size
	if at == nil {
		b, err := io.ReadAll(io.LimitReader(in, c.limits.Inner+1))
		if err != nil {
			return err
		}
		if size = int64(len(b)); size > c.limits.Inner {
			return errInner
		}
		at = bytes.NewReader(b)
	} else if _, err := io.Copy(io.Discard, in); err != nil { // first for the digests; the members then come from memory of the system
		return err
	}
	z, err := zip.NewReader(at, size)
	if err != nil {
		return err
	}
	z.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor())
	z.RegisterDecompressor(12, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	for _, f := range z.File {
		if !f.Mode().IsRegular() {
			continue
		}
		if err := c.zipped(e, f); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cutter) zipped(e *entry, f *zip.File) error {
	ref := e.ref + "!" + f.Name
	const encrypted = 1
	if f.Flags&encrypted != 0 {
		c.trouble(ref, errSecret)
		return nil
	}
	r, err := f.Open()
	if err != nil {
		c.trouble(ref, err)
		return nil
	}
	defer r.Close()
	return c.member(e, f.Name, r)
}

// unpacker counts what comes of something packed, and ends when it is out of proportion.
type unpacker struct {
	c    *Cutter
	r    io.Reader
	bomb bool
}

func (u *unpacker) Read(p []byte) (int, error) {
	if err := u.c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := u.r.Read(p)
	u.c.unpacked += int64(n)
	if u.c.unpacked > u.c.limits.Grace && u.c.unpacked/u.c.limits.Ratio > u.c.raw {
		u.bomb = true
		return n, errBomb
	}
	return n, err
}
