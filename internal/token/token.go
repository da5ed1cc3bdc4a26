// Package token keeps the local token of an agent: a file, readable by the agent's own account,
// whose content opens the agent to the services beside it. Only a digest is held in memory.
package token

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lantern"
)

// Digest returns the digest of the token in a file, making one if there is no such file. Whoever
// calls sees to it that nobody else does at the same time.
func Digest(path string, random io.Reader) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = create(path, random)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the local token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < 32 {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the local token is too short to be one",
			Fix: "delete the file " + filepath.Base(path) + " in the agent's folder and start again"}
	}
	digest := sha256.Sum256([]byte(token))
	return digest[:], nil
}

// create writes a fresh token in one step, so that a crash leaves no half of one.
func create(path string, random io.Reader) ([]byte, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return nil, err
	}
	text := []byte("la_" + base64.RawURLEncoding.EncodeToString(b[:]) + "\n")
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone after the rename
	if _, err := tmp.Write(text); err != nil {
		return nil, errors.Join(err, tmp.Close())
	}
	if err := errors.Join(tmp.Sync(), tmp.Close()); err != nil {
		return nil, err
	}
	return text, os.Rename(tmp.Name(), path)
}
