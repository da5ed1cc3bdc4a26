package cli

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// pendingFile is a file that appears under its name in one step, whole, when it is
// committed. Until then, and after a crash, what was there before is there.
type pendingFile struct {
	*bufio.Writer
	tmp  *os.File
	path string
}

// createFile begins a file that its owner alone can read. Without replace it is a misuse
// if there is one.
func createFile(path string, replace bool) (*pendingFile, error) {
	if _, err := os.Lstat(path); err == nil && !replace {
		return nil, misuse("", "%s exists", path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, misuse("", "%w", err)
	}
	begun := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err := sweepPending(begun); err != nil {
		return nil, misuse("", "%w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(begun)+strconv.Itoa(os.Getpid())+"-*")
	if err != nil {
		return nil, misuse("", "%w", err)
	}
	return &pendingFile{bufio.NewWriterSize(tmp, 64<<10), tmp, path}, nil
}

// sweepPending removes what processes that were killed left of a file they had begun. Its
// name tells which process that was.
func sweepPending(begun string) error {
	left, err := os.ReadDir(filepath.Dir(begun))
	if err != nil {
		return err
	}
	for _, f := range left {
		rest, ours := strings.CutPrefix(f.Name(), filepath.Base(begun))
		by, _, ours2 := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(by)
		if !ours || !ours2 || err != nil || !f.Type().IsRegular() || running(pid) {
			continue
		}
		if err := os.Remove(filepath.Join(filepath.Dir(begun), f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// running reports whether a process of this machine is there, or may be.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// commit puts the file in its place.
func (f *pendingFile) commit() error {
	if err := errors.Join(f.Flush(), f.tmp.Sync(), f.tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(f.tmp.Name()))
	}
	return os.Rename(f.tmp.Name(), f.path)
}

// abort forgets the file.
func (f *pendingFile) abort() error {
	return errors.Join(f.tmp.Close(), os.Remove(f.tmp.Name()))
}

// replaceFile puts new content in the place of a file in one step, so that a crash
// leaves the old or the new one.
func replaceFile(path string, b []byte) error {
	f, err := createFile(path, true)
	if err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return errors.Join(err, f.abort())
	}
	return f.commit()
}

// end commits the file, or forgets it if there was an error.
func (f *pendingFile) end(err error) error {
	if err != nil {
		return errors.Join(err, f.abort())
	}
	return f.commit()
}
