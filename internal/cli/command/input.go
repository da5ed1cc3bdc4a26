package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"lantern/internal/pending"
)

// smallFile is the size above which a file holds no key, checkpoint, policy or configuration.
const smallFile = 1 << 20

// ReadSmall reads such a file, and no more of it: /dev/zero has no end.
func ReadSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, smallFile+1))
	if err == nil && len(b) > smallFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, smallFile)
	}
	return b, err
}

// Input opens a file to read, or standard input for "-". The name is for messages. What
// may wait for somebody who never writes, a pipe or a terminal, is read until ctx is done.
func (a *App) Input(ctx context.Context, path string) (in io.ReadCloser, name string, err error) {
	if path == "-" {
		return untilDone(ctx, func() (io.ReadCloser, error) { return io.NopCloser(a.In), nil }), "standard input", nil
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) != 0 {
		return untilDone(ctx, func() (io.ReadCloser, error) { return os.Open(path) }), path, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", Misuse("", "%w", err)
	}
	return f, path, nil
}

// untilDone reads what open returns until ctx is done. Nothing ends an open or a read that
// waits for a writer, so they wait in a goroutine that ends with the process.
func untilDone(ctx context.Context, open func() (io.ReadCloser, error)) io.ReadCloser {
	r, w := io.Pipe()
	context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func() {
		in, err := open()
		if err == nil {
			_, err = io.Copy(w, in)
			err = errors.Join(err, in.Close())
		}
		w.CloseWithError(err) // nil is the end of the input
	}()
	return r
}

// CreateFile begins a file that its owner alone can read. Without replace it is a misuse
// if there is one.
func CreateFile(path string, replace bool) (*pending.File, error) {
	f, err := pending.Create(path, replace)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, Misuse("", "%s exists", path)
	case err != nil:
		return nil, Misuse("", "%w", err)
	}
	return f, nil
}
