package seal

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"lantern"
)

// idSize is the length of a KEK's id in a wrapped key.
const idSize = 8

// LocalKEK is a key-encryption key held in memory. From its 32 bytes three secrets are
// derived, so that none stands in for another: the wrapping key, the id and the secret
// of the index keys.
type LocalKEK struct {
	aead  cipher.AEAD // keeps the key schedule
	id    [idSize]byte
	index []byte
}

// NewLocalKEK returns the KEK with these 32 secret bytes.
func NewLocalKEK(key [32]byte) *LocalKEK {
	defer clear(key[:])
	wrap := derive(key[:], "lantern kek wrap v1")
	defer clear(wrap)
	aead, err := newAEAD(wrap)
	if err != nil {
		panic("seal: AES-256-GCM is not available")
	}
	k := &LocalKEK{aead: aead, index: derive(key[:], "lantern kek index v1")}
	copy(k.id[:], derive(key[:], "lantern kek id v1"))
	return k
}

// derive returns 32 bytes that depend on key and label.
func derive(key []byte, label string) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, label, keySize)
	if err != nil {
		panic("seal: deriving a key failed") // only an absurd length can
	}
	return out
}

// ID returns 16 hexadecimal digits that are the same for the same key.
func (k *LocalKEK) ID() string { return hex.EncodeToString(k.id[:]) }

// IndexSecret returns the secret of the index keys.
func (k *LocalKEK) IndexSecret(context.Context) ([]byte, error) { return k.index, nil }

// Wrap encrypts a data key and appends it to b. It never blocks.
func (k *LocalKEK) Wrap(_ context.Context, b, key []byte) ([]byte, error) {
	start := len(b)
	b = slices.Grow(b, 1+idSize+nonceSize+len(key)+tagSize)
	b = append(append(b, version), k.id[:]...)
	head := b[start:]
	nonce := b[len(b) : len(b)+nonceSize]
	if _, err := rand.Read(nonce); err != nil {
		return b[:start], fmt.Errorf("drawing a nonce: %w", err)
	}
	return k.aead.Seal(b[:len(b)+nonceSize], nonce, key, head), nil
}

// Unwrap decrypts a data key and appends it to b. The error is [ErrOpen].
func (k *LocalKEK) Unwrap(_ context.Context, b, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 1+idSize+nonceSize+tagSize || wrapped[0] != version ||
		subtle.ConstantTimeCompare(wrapped[1:1+idSize], k.id[:]) != 1 {
		return b, ErrOpen
	}
	head, nonce, body := wrapped[:1+idSize], wrapped[1+idSize:1+idSize+nonceSize], wrapped[1+idSize+nonceSize:]
	key, err := k.aead.Open(b, nonce, body, head)
	if err != nil {
		return b, ErrOpen
	}
	return key, nil
}

// header starts a KEK's text form.
const header = "lantern-kek-1 "

// ParseKEK reads the text form of a KEK, as kept in a file or an environment variable.
// Its errors repeat nothing of it.
func ParseKEK(text string) (*LocalKEK, error) {
	body, ok := strings.CutPrefix(strings.TrimRightFunc(text, unicode.IsSpace), header)
	var key [32]byte
	defer clear(key[:])
	raw, err := base64.StdEncoding.Strict().DecodeString(body)
	defer clear(raw)
	if !ok || err != nil || len(raw) != len(key) {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "not a key-encryption key",
			Fix: "it is one line, \"lantern-kek-1 \" and 44 characters of base64, as the first start writes it"}
	}
	copy(key[:], raw)
	if key == [32]byte{} {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the key-encryption key is all zeros"}
	}
	return NewLocalKEK(key), nil
}

// FileKEK reads the KEK from a file that only its owner may read; it refuses a file that
// others may read, write or run.
func FileKEK(path string) (*LocalKEK, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the key-encryption key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading the key-encryption key: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the key-encryption key is not a regular file"}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &lantern.Error{Kind: lantern.Forbidden,
			Reason: fmt.Sprintf("the file of the key-encryption key has mode %04o, needed is 0600", mode),
			Fix:    "chmod 600 the file, and make another key if somebody else may have read this one"}
	}
	b, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return nil, fmt.Errorf("reading the key-encryption key: %w", err)
	}
	defer clear(b)
	return ParseKEK(string(b))
}

// EnvKEK reads the KEK from the environment variable name, for places that hand secrets
// over this way.
func EnvKEK(name string) (*LocalKEK, error) {
	v := os.Getenv(name)
	if v == "" {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: name + " is not set"}
	}
	return ParseKEK(v)
}

// CreateKEKFile draws a KEK and writes it to path with mode 0600, synced to disk. It
// fails if the file exists: a KEK that is lost makes everything sealed under it
// unreadable.
func CreateKEKFile(path string) error {
	var key [32]byte
	defer clear(key[:])
	if _, err := rand.Read(key[:]); err != nil {
		return fmt.Errorf("drawing a key-encryption key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("creating the key-encryption key: %w", err)
	}
	_, err = f.WriteString(header + base64.StdEncoding.EncodeToString(key[:]) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("writing the key-encryption key: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("opening the key's folder: %w", err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("syncing the key's folder: %w", err)
	}
	return nil
}
