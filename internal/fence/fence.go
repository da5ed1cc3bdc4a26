// Package fence notices that an agent's database went back to an older state.
//
// Somebody brings yesterday's copy of a folder in, and everything looks whole; but what was
// masked or purged since then would match again. So each time something stops matching, a
// number in the database rises, and after it the same number in a file that lies outside the
// folder and in no backup. A database whose number is below the file's, or counts in another
// history, is older than what the agent did.
//
// The file comes second, so that a crash between the two leaves the database ahead, which
// is no fault. A copy of the file that goes back together with the database shows nothing.
package fence

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Mark is a place in a history. The zero Mark is none.
type Mark struct {
	History string // its name, drawn by chance
	N       int64  // how often something stopped matching
}

// Damaged is the history of a file that cannot be read as one.
const Damaged = "damaged"

// word begins the file.
const word = "lantern-agent-fence-1 "

// Start returns the first mark of a history that nobody knows yet.
func Start(random io.Reader) (Mark, error) {
	var name [8]byte
	if _, err := io.ReadFull(random, name[:]); err != nil {
		return Mark{}, fmt.Errorf("naming a history: %w", err)
	}
	return Mark{hex.EncodeToString(name[:]), 1}, nil
}

// String is how a mark is stored.
func (m Mark) String() string { return m.History + " " + strconv.FormatInt(m.N, 10) }

// Parse reads what String writes; a text that is none gives the zero Mark.
func Parse(s string) Mark {
	history, number, _ := strings.Cut(strings.TrimSpace(s), " ")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || history == "" {
		return Mark{}
	}
	return Mark{history, n}
}

// Older reports whether a database that says stored went back, m being what the file says.
// A database that counts, without a file, went somewhere else, which is as bad.
func (m Mark) Older(stored Mark) bool { return m.History != stored.History || m.N > stored.N }

// Read returns the mark of a file; no file is the zero Mark, and one that is damaged is a mark
// of no history there is.
func Read(path string) (Mark, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Mark{}, nil
	}
	if err != nil {
		return Mark{}, fmt.Errorf("reading the fence: %w", err)
	}
	text, ours := strings.CutPrefix(string(b), word)
	if m := Parse(text); ours && m != (Mark{}) {
		return m, nil
	}
	return Mark{History: Damaged}, nil
}

// Write puts a mark on stable storage, in one step: a crash leaves the old or the new one.
func Write(path string, m Mark) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing the fence: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone after the rename
	_, err = io.WriteString(tmp, word+m.String()+"\n")
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing the fence: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename durable.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("writing the fence: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("writing the fence: %w", err)
	}
	return nil
}
