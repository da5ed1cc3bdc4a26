package cli

import (
	"errors"
	"io/fs"

	"lantern/internal/pending"
)

// createFile begins a file that its owner alone can read. Without replace it is a misuse
// if there is one.
func createFile(path string, replace bool) (*pending.File, error) {
	f, err := pending.Create(path, replace)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, misuse("", "%s exists", path)
	case err != nil:
		return nil, misuse("", "%w", err)
	}
	return f, nil
}
