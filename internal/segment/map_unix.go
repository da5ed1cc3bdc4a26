//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// errSize says that a file is not as long as it should be.
var errSize = errors.New("of another size")

// mapFile maps a file of a known size into memory.
func mapFile(name string, size int64) ([]byte, error) {
	if err := regular(name); err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only; the map outlives it
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() != size || size == 0 {
		return nil, errSize
	}
	// Every process sees what the file holds, and none writes it while it is mapped.
	return unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
}

func unmap(b []byte) error { return unix.Munmap(b) }

// holds reports whether an address lies in a map.
func holds(b []byte, address uintptr) bool {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return address >= from && address < from+uintptr(len(b))
}

// lockFolder holds a lock on a folder until it is closed or the process ends: on the folder itself, since a file in it could be deleted
// meanwhile, and on a file in it, since not every file system locks folders.
func lockFolder(path string) (io.Closer, error) {
	var l locks
	for _, try := range []struct {
		name string
		flag int
	}{{filepath.Join(path, "lock"), os.O_RDWR | os.O_CREATE}, {path, os.O_RDONLY}} {
		f, err := os.OpenFile(try.name, try.flag, 0o600)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		l = append(l, f)
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err != nil && (len(l) == 1 || errors.Is(err, unix.EWOULDBLOCK)) {
			return nil, errors.Join(fmt.Errorf("another process has it open: %w", err), l.Close())
		}
	}
	return l, nil
}

// locks are files that are locked while they are open.
type locks []*os.File

// Close gives the locks back.
func (l locks) Close() (err error) {
	for _, f := range l {
		err = errors.Join(err, f.Close())
	}
	return err
}

// syncPath makes the names in a folder durable.
func syncPath(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	return errors.Join(err, d.Close())
}
