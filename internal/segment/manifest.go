package segment

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// Manifest names the segments of a folder that count, oldest first. It is replaced whole.
type Manifest struct {
	Stamp
	Segments []Listed
	Held     uint64 // signals that these segments hold together
	Missing  uint64 // segments that were damaged and taken out since the folder was filled
	Next     uint64 // number of the next segment; none is given twice
	Position []byte // the caller's own: what these segments contain; at most MaxPosition bytes
}

// Listed is one segment of a manifest.
type Listed struct {
	Number uint64
	Size   int64 // of its file, in bytes
}

// MaxPosition is how long a position may be.
const MaxPosition = 64 << 10

const (
	manifestMagic = "LNMAN\r\n\x00"
	manifestFixed = 64
	maxManifest   = 1 << 20
)

func (m *Manifest) encode() []byte {
	b := make([]byte, manifestFixed, manifestFixed+16*len(m.Segments)+len(m.Position)+4)
	copy(b, manifestMagic)
	le.PutUint32(b[8:], version)
	le.PutUint32(b[12:], m.Rules)
	copy(b[16:], m.Key[:])
	le.PutUint64(b[24:], m.Held)
	le.PutUint64(b[32:], m.Missing)
	le.PutUint64(b[40:], m.Next)
	le.PutUint32(b[48:], uint32(len(m.Segments)))
	le.PutUint32(b[52:], uint32(len(m.Position)))
	for _, s := range m.Segments {
		b = le.AppendUint64(b, s.Number)
		b = le.AppendUint64(b, uint64(s.Size))
	}
	b = append(b, m.Position...)
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseManifest reads what encode wrote.
func parseManifest(b []byte) (*Manifest, error) {
	bad := func(reason string) (*Manifest, error) { return nil, &Damage{Reason: reason} }
	body := len(b) - 4
	if body < manifestFixed || string(b[:8]) != manifestMagic || crc32.Checksum(b[:body], castagnoli) != le.Uint32(b[body:]) {
		return bad("it is damaged")
	}
	if le.Uint32(b[8:]) != version {
		return nil, &Damage{Reason: "it is of another version", Foreign: true}
	}
	m := &Manifest{
		Stamp: Stamp{Rules: le.Uint32(b[12:]), Key: [8]byte(b[16:24])},
		Held:  le.Uint64(b[24:]), Missing: le.Uint64(b[32:]), Next: le.Uint64(b[40:]),
	}
	n, size := int(le.Uint32(b[48:])), int(le.Uint32(b[52:]))
	if n > maxManifest || size > MaxPosition || manifestFixed+16*n+size != body {
		return bad("it contradicts itself")
	}
	for e := b[manifestFixed:]; len(m.Segments) < n; e = e[16:] {
		m.Segments = append(m.Segments, Listed{le.Uint64(e), int64(le.Uint64(e[8:]))})
	}
	if size > 0 {
		m.Position = append([]byte(nil), b[body-size:body]...)
	}
	return m, nil
}

// Manifest reads the manifest; of a folder that has none it is empty. It returns a
// [*Damage] if the manifest is damaged.
func (f *Folder) Manifest() (*Manifest, error) {
	name := filepath.Join(f.path, manifestName)
	if regular(name) == errNoFile {
		return nil, &Damage{Reason: "something else stands in the place of the list of segments"}
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &Manifest{Next: 1}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of segments: %w", err)
	}
	return parseManifest(b)
}

// Commit makes m the manifest, in one step: after a crash it is either the one before or m.
// It is on stable storage when Commit returns nil; after an error it may be either.
func (f *Folder) Commit(m *Manifest) error {
	fresh := filepath.Join(f.path, freshName)
	if err := f.put(fresh, m.encode()); err != nil {
		return err
	}
	name := filepath.Join(f.path, manifestName)
	if err := f.clearAway(name); err != nil {
		return err
	}
	err := f.do("rename the manifest", func() error { return os.Rename(fresh, name) })
	if err != nil {
		return err
	}
	return f.sync()
}
