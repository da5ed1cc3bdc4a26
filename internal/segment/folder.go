package segment

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// Folder is a folder of segments. One process has it open at a time. Its methods, but for
// those of files it handed out, must not be called concurrently.
type Folder struct {
	path string
	lock io.Closer
	step func(op string) error // asked before every operation that changes something
}

const (
	manifestName = "manifest"
	freshName    = "manifest.new"
	extension    = ".segment"
)

// OpenFolder opens a folder, which it creates if need be, and locks it against other
// processes. step is asked before each operation that changes a file and may refuse it:
// tests end the world there. nil lets all pass.
func OpenFolder(path string, step func(op string) error) (*Folder, error) {
	if step == nil {
		step = func(string) error { return nil }
	}
	f := &Folder{path: path, step: step}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := f.do("create the folder", func() error { return os.MkdirAll(path, 0o700) }); err != nil {
			return nil, err
		}
		if err := f.do("sync the folder's parent", func() error { return syncPath(filepath.Dir(path)) }); err != nil {
			return nil, err
		}
	}
	lock, err := lockFolder(path)
	if err != nil {
		return nil, fmt.Errorf("locking the folder of segments: %w", err)
	}
	f.lock = lock
	return f, nil
}

// Close lets other processes in. Files that were handed out stay open.
func (f *Folder) Close() error { return f.lock.Close() }

// do takes one step.
func (f *Folder) do(op string, step func() error) error {
	err := f.step(op)
	if err == nil {
		err = step()
	}
	if err != nil {
		return fmt.Errorf("segments: to %s: %w", op, err)
	}
	return nil
}

func (f *Folder) name(number uint64) string {
	return filepath.Join(f.path, fmt.Sprintf("%08d%s", number, extension))
}

// sync makes names in the folder durable.
func (f *Folder) sync() error {
	return f.do("sync the folder", func() error { return syncPath(f.path) })
}

// File is the file of one segment, open for reading.
type File struct {
	*Segment
	Number uint64
	image  []byte // mapped, or read where files cannot be mapped
}

// Write signs a segment as number and writes it into a file, which is on stable storage when it
// returns. The segment counts once a manifest names it.
func (f *Folder) Write(number uint64, s *Segment, stamp Stamp) error {
	s.sign(number, stamp)
	return f.put(f.name(number), s.image)
}

// put writes a file and makes it durable.
func (f *Folder) put(name string, b []byte) error {
	if err := f.clearAway(name); err != nil {
		return err
	}
	var out *os.File
	err := f.do("create a file", func() (err error) {
		out, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	half := len(b) / 2
	for _, part := range [][]byte{b[:half], b[half:]} { // in two steps, so that a test can end between them
		if err == nil {
			err = f.do("write a file", func() error { _, err := out.Write(part); return err })
		}
	}
	if err == nil {
		err = f.do("sync a file", out.Sync)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return f.sync()
}

// errNoFile says that a pipe, a folder or the like stands in the place of a file.
var errNoFile = errors.New("no regular file")

// regular returns errNoFile if a name is that of something else than a file, opening or reading which may
// wait for ever.
func regular(name string) error {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
	}
	return err
}

// clearAway removes what stands in the place of a file of the folder and is none. A folder that is not
// empty is moved aside, into a folder of its own: what is in it is none of ours.
func (f *Folder) clearAway(name string) error {
	if regular(name) != errNoFile {
		return nil
	}
	return f.do("remove what is no file", func() error {
		if err := os.Remove(name); err == nil {
			return nil
		}
		aside, err := os.MkdirTemp(f.path, "aside-")
		if err != nil {
			return err
		}
		return os.Rename(name, filepath.Join(aside, filepath.Base(name)))
	})
}

// Open opens the file of a segment that is size bytes long. It looks at the header alone; see
// [Parse]. A file that is missing or of another size is a [*Damage] too.
func (f *Folder) Open(number uint64, size int64, stamp Stamp) (*File, error) {
	image, err := mapFile(f.name(number), size)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Damage{Segment: number, Reason: "the file is missing"}
	case errors.Is(err, errSize):
		return nil, &Damage{Segment: number, Reason: "the file is not as long as it was"}
	case errors.Is(err, errNoFile):
		return nil, &Damage{Segment: number, Reason: "something else stands in the place of the file"}
	case err != nil:
		return nil, fmt.Errorf("opening segment %d: %w", number, err)
	}
	s, err := parseMapped(number, image, stamp)
	if err != nil {
		return nil, errors.Join(err, unmap(image))
	}
	return &File{s, number, image}, nil
}

// parseMapped is Parse of an image whose pages a failing disk may refuse.
func parseMapped(number uint64, image []byte, stamp Stamp) (s *Segment, err error) {
	err = mapped(number, image, func() (err error) {
		s, err = Parse(number, image, stamp)
		return err
	})
	return s, err
}

// mapped does something with the image of a segment of which a failing disk may refuse pages: that is a
// [*Damage] then.
func mapped(number uint64, image []byte, do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if fault, ok := r.(interface{ Addr() uintptr }); !ok || !holds(image, fault.Addr()) {
				panic(r)
			}
			err = &Damage{Segment: number, Reason: "the file cannot be read"}
		}
	}()
	return do()
}

// Holds reports whether an address lies in the file's memory.
func (f *File) Holds(address uintptr) bool { return holds(f.image, address) }

// Close ends the life of the segment's memory: nobody may search it any more.
func (f *File) Close() error { return unmap(f.image) }

// Wipe overwrites the file of a segment, on stable storage, and removes it. Removing the
// name is durable with the next [Folder.Sync]. A file that is not there is no error.
func (f *Folder) Wipe(number uint64) error {
	name := f.name(number)
	if regular(name) == errNoFile { // it holds nothing that was ours
		if err := f.clearAway(name); err != nil {
			return err
		}
		return f.sync()
	}
	out, err := os.OpenFile(name, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("segments: to overwrite a file: %w", err)
	}
	err = f.do("overwrite a file", func() error { return overwrite(out) })
	if err == nil {
		err = f.do("sync an overwritten file", out.Sync)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	if err := f.do("remove a file", func() error { return os.Remove(name) }); err != nil {
		return err
	}
	return f.sync()
}

// overwrite writes zeros over a whole file.
func overwrite(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	zeros := make([]byte, min(info.Size(), 1<<20))
	for at := int64(0); at < info.Size(); at += int64(len(zeros)) {
		if _, err := f.WriteAt(zeros[:min(int64(len(zeros)), info.Size()-at)], at); err != nil {
			return err
		}
	}
	return nil
}

// Numbers lists the segments of which there are files, named by a manifest or not.
func (f *Folder) Numbers() ([]uint64, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, fmt.Errorf("listing the folder of segments: %w", err)
	}
	var list []uint64
	for _, e := range entries {
		if number, ok := strings.CutSuffix(e.Name(), extension); ok {
			if n, err := strconv.ParseUint(number, 10, 64); err == nil {
				list = append(list, n)
			}
		}
	}
	slices.Sort(list)
	return list, nil
}
