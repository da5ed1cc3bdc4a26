package display

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxLine bounds a line of a file that is gone on with.
const maxLine = 1 << 20

// LineFile is a file of objects, one a line, that is appended to. Its last line tells where
// its writer stood, so that nothing has to be kept beside it.
type LineFile[T any] struct{ f *os.File }

// GoOn opens a file to append to, making it if it is missing with mode 0600, and returns the
// object of its last whole line; nil if it has none. A line that a kill cut off is taken
// away. Two writers of one file must not run at once.
func GoOn[T any](path string) (*LineFile[T], *T, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	end, line, err := lastLine(f)
	var last *T
	if err == nil && end > 0 {
		last = new(T)
		if json.Unmarshal(line, last) != nil {
			err = errors.New("its last line cannot be read")
		}
	}
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return &LineFile[T]{f}, last, nil
}

// lastLine returns the last line that is whole, and where it ends.
func lastLine(f io.ReaderAt) (end int64, line []byte, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(f, 0, 1<<62), 64<<10)
	for {
		next, err := in.ReadBytes('\n')
		switch {
		case errors.Is(err, io.EOF):
			return end, line, nil
		case err != nil:
			return 0, nil, err
		case len(next) > maxLine:
			return 0, nil, errors.New("a line is too long")
		}
		end += int64(len(next))
		line = bytes.TrimSpace(next)
	}
}

// Add writes one object as one line, in one call.
func (l *LineFile[T]) Add(v T) error {
	b, err := json.Marshal(v)
	if err == nil {
		_, err = l.f.Write(append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("adding a line: %w", err)
	}
	return nil
}

// Close ends the writing.
func (l *LineFile[T]) Close() error { return l.f.Close() }
