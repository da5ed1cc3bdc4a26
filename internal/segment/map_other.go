//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package segment

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// errSize says that a file is not as long as it should be.
var errSize = errors.New("of another size")

// mapFile reads a file of a known size, where files are not mapped.
func mapFile(name string, size int64) ([]byte, error) {
	if err := regular(name); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(name)
	if err == nil && (int64(len(b)) != size || size == 0) {
		err = errSize
	}
	return b, err
}

// unmap leaves the memory to the garbage collector.
func unmap([]byte) error { return nil }

// holds reports whether an address may belong to a page that cannot be read: none can.
func holds([]byte, uintptr) bool { return false }

// lockFolder opens a file in a folder; nothing keeps another process from it here.
func lockFolder(path string) (io.Closer, error) {
	return os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
}

// syncPath does nothing where a folder cannot be synced; its file system keeps a journal of names.
func syncPath(string) error { return nil }
