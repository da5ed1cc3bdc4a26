package corpus

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lantern"
)

// Walk calls each for every file meant by the roots, files or folders, in a stable order: that
// of the roots, and within a folder that of the names. Links are followed where they are
// named, not within folders. What is no file, and what cannot be read, is handed to skip:
// failed says that there may have been something to look at. It ends with the first error
// of each, or of ctx.
func Walk(ctx context.Context, roots []string, each func(path string) error, skip func(path, why string, failed bool)) error {
	for _, arg := range roots {
		root := arg
		if info, err := os.Stat(arg); err == nil && info.IsDir() {
			root += string(filepath.Separator) // a link to a folder is walked like the folder
		}
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				skip(path, Reason(err), true)
			case d.Type().IsRegular() || path == arg && !d.IsDir():
				return each(path)
			case !d.IsDir():
				skip(path, "not looked at: a link or no regular file", false)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Bytes returns how many bytes the regular files that roots mean have together, or -1 if that
// is 0 or cannot be told: what a progress bar asks.
func Bytes(ctx context.Context, roots []string) int64 {
	total := int64(0)
	err := Walk(ctx, roots, func(path string) error {
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil // what is wrong is told when it is read
	}, func(string, string, bool) {})
	if err != nil || total == 0 {
		return -1
	}
	return total
}

// Reason is an error of the file system without the path.
func Reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// settled is how old a file's time must be to be relied on: within the grain of a file
// system's clock, a file can change twice and show one time.
const settled = 2 * time.Second

// Modified returns a file's time in nanoseconds since 1970, or 0 while another change might
// show the same one.
func Modified(info fs.FileInfo, now time.Time) int64 {
	if now.Sub(info.ModTime()) < settled {
		return 0
	}
	return info.ModTime().UnixNano()
}

// Still reports whether an open file is as it was when info was taken.
func Still(f *os.File, info fs.FileInfo) bool {
	later, err := f.Stat()
	return err == nil && later.Size() == info.Size() && later.ModTime().Equal(info.ModTime())
}

// Digests returns digests of what is left of r, unless ctx ends.
func Digests(ctx context.Context, r io.Reader, of Sums) (*lantern.Digests, error) {
	d := NewDigester(of)
	var n int64
	if _, err := io.Copy(d, &counter{ctx: ctx, r: r, n: &n}); err != nil {
		return nil, err
	}
	return d.Sum(), nil
}
