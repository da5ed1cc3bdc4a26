// Package pending makes files that appear under their names in one step, whole. What is being
// written stands beside the place it is meant for, under a name that tells which process
// writes it; a crash leaves what was there before, and the next writer of the same file
// removes what a process that is gone has left.
package pending

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

// File is a file in the making. Who begins one must end it, by [File.Commit], [File.Abort] or
// [File.End]. It is not for concurrent use.
type File struct {
	*bufio.Writer
	tmp  *os.File
	path string
}

// Create begins a file that its owner alone can read. Without replace it is an fs.ErrExist
// if there is one.
func Create(path string, replace bool) (*File, error) {
	if _, err := os.Lstat(path); err == nil && !replace {
		return nil, &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	begun := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".")
	if err := sweep(begun); err != nil {
		return nil, err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(begun)+strconv.Itoa(os.Getpid())+"-*")
	if err != nil {
		return nil, err
	}
	return &File{bufio.NewWriterSize(tmp, 64<<10), tmp, path}, nil
}

// sweep removes what processes that were killed left of a file they had begun.
func sweep(begun string) error {
	left, err := os.ReadDir(filepath.Dir(begun))
	if err != nil {
		return err
	}
	for _, f := range left {
		rest, named := strings.CutPrefix(f.Name(), filepath.Base(begun))
		by, _, parted := strings.Cut(rest, "-")
		pid, err := strconv.Atoi(by)
		if !named || !parted || err != nil || !f.Type().IsRegular() || running(pid) {
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

// Commit puts the file in its place.
func (f *File) Commit() error {
	if err := errors.Join(f.Flush(), f.tmp.Sync(), f.tmp.Close()); err != nil {
		return errors.Join(err, os.Remove(f.tmp.Name()))
	}
	return os.Rename(f.tmp.Name(), f.path)
}

// Abort forgets the file.
func (f *File) Abort() error {
	return errors.Join(f.tmp.Close(), os.Remove(f.tmp.Name()))
}

// End commits the file, or forgets it if there was an error.
func (f *File) End(err error) error {
	if err != nil {
		return errors.Join(err, f.Abort())
	}
	return f.Commit()
}

// Replace puts new content in the place of a file in one step, so that a crash leaves the
// old or the new one.
func Replace(path string, b []byte) error {
	f, err := Create(path, true)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return f.End(err)
}
