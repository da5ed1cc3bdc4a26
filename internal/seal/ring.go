package seal

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"lantern"
)

// Ring is a KEK made of several, of which one is in force: it wraps under that one and
// unwraps under any, so that data keys can be wrapped anew while they are in use. It reads
// its keys again when it meets the id of one it does not have, and never drops one.
type Ring struct {
	load func() ([]*LocalKEK, error)

	mu      sync.RWMutex
	keys    []*LocalKEK // guarded by mu, like what follows
	current *LocalKEK   // nil: one that is not here is in force
	looked  time.Time   // when keys were last read
}

// NewRing returns a ring of the keys that load returns, the first of them in force.
func NewRing(load func() ([]*LocalKEK, error)) (*Ring, error) {
	keys, err := load()
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("reading the key-encryption keys: %w", fs.ErrNotExist)
	}
	return &Ring{load: load, keys: keys, current: keys[0]}, nil
}

// FileRing returns a ring of the keys in the files path, path.next and path.old-*, as far
// as they are there.
func FileRing(path string) (*Ring, error) {
	return NewRing(func() (keys []*LocalKEK, err error) {
		old, err := filepath.Glob(path + ".old-*")
		if err != nil {
			return nil, fmt.Errorf("looking for key-encryption keys: %w", err)
		}
		for _, p := range append([]string{path, path + ".next"}, old...) {
			k, err := FileKEK(p)
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return nil, err
			default:
				keys = append(keys, k)
			}
		}
		return keys, nil
	})
}

// find returns the key of an id, as its bytes, reading the keys again if it is not there, but
// not more often than once a second: ids come from what was stored.
func (r *Ring) find(id []byte) *LocalKEK {
	has := func(k *LocalKEK) bool { return bytes.Equal(k.id[:], id) }
	r.mu.RLock()
	i := slices.IndexFunc(r.keys, has)
	keys := r.keys
	r.mu.RUnlock()
	if i >= 0 {
		return keys[i]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.looked) > time.Second {
		r.looked = time.Now()
		if more, err := r.load(); err == nil {
			r.keys = append(slices.Clone(r.keys), more...)
		}
	}
	if i = slices.IndexFunc(r.keys, has); i < 0 {
		return nil
	}
	return r.keys[i]
}

// Use puts the key of that id in force. If the ring has none, it returns a Conflict, and
// wraps nothing until it has: what it wrapped would be under a key that is on its way out.
func (r *Ring) Use(id string) error {
	var k *LocalKEK
	if raw, err := hex.DecodeString(id); err == nil {
		k = r.find(raw)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = k
	if k == nil {
		return errOtherKEK(id)
	}
	return nil
}

// errOtherKEK says which key is missing. An id tells nothing of its key.
func errOtherKEK(id string) error {
	return &lantern.Error{Kind: lantern.Conflict, Reason: "values are sealed under another key-encryption key, " + id,
		Fix: "put that key into the folder of the keys, as kek or kek.next"}
}

// Wrap encrypts a data key under the key in force and appends it to b.
func (r *Ring) Wrap(ctx context.Context, b, key []byte) ([]byte, error) {
	r.mu.RLock()
	k := r.current
	r.mu.RUnlock()
	if k == nil {
		return b, &lantern.Error{Kind: lantern.Unavailable, Reason: "the key-encryption key in force is not here", Fix: "copy keys/kek.next to this machine"}
	}
	return k.Wrap(ctx, b, key)
}

// Unwrap decrypts a data key that any of the keys wrapped, and appends it to b. The error is
// [ErrOpen].
func (r *Ring) Unwrap(ctx context.Context, b, wrapped []byte) ([]byte, error) {
	if len(wrapped) < 1+idSize {
		return b, ErrOpen
	}
	k := r.find(wrapped[1 : 1+idSize])
	if k == nil {
		return b, ErrOpen
	}
	return k.Unwrap(ctx, b, wrapped)
}

// ID names the key in force, "" if it is not here.
func (r *Ring) ID() string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.current == nil {
		return ""
	}
	return r.current.ID()
}

// IndexSecret returns the secret of the first key. Once keys changed it is kept wrapped
// beside the data instead, see [Sealer.AdoptIndex].
func (r *Ring) IndexSecret(ctx context.Context) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys[0].IndexSecret(ctx)
}

// WrappedBy returns the id of the KEK that wrapped a data key.
func WrappedBy(wrapped []byte) string {
	if len(wrapped) < 1+idSize {
		return ""
	}
	return hex.EncodeToString(wrapped[1 : 1+idSize])
}

// Use puts the KEK of that id in force, if the KEK is a [Ring] that has it; of any other
// KEK it must be the id.
func (s *Sealer) Use(id string) error {
	if r, ok := s.kek.(*Ring); ok {
		return r.Use(id)
	}
	if s.kek.ID() != id {
		return errOtherKEK(id)
	}
	return nil
}

// Rewrap returns a data key wrapped under the KEK in force, and whether it was not before.
func (s *Sealer) Rewrap(ctx context.Context, wrapped []byte) (again []byte, changed bool, err error) {
	if WrappedBy(wrapped) == s.kek.ID() {
		return wrapped, false, nil
	}
	key, err := s.kek.Unwrap(ctx, nil, wrapped)
	if err != nil {
		return nil, false, fmt.Errorf("unwrapping a data key: %w", err)
	}
	defer clear(key)
	if again, err = s.kek.Wrap(ctx, nil, key); err != nil {
		return nil, false, fmt.Errorf("wrapping a data key: %w", err)
	}
	return again, true, nil
}

// WrapIndex returns the secret of the index keys wrapped under the KEK in force, to be kept
// beside the data: so the indexes stay as they are when the KEK is replaced.
func (s *Sealer) WrapIndex(ctx context.Context) ([]byte, error) {
	secret, err := s.secret()
	if err != nil {
		return nil, fmt.Errorf("fetching the index secret: %w", err)
	}
	return s.kek.Wrap(ctx, nil, slices.Concat([]byte(indexLabel), secret))
}

// indexLabel stands before the secret of the index keys, so that it does not pass for a data
// key, nor a data key for it, wherever one is moved to.
const indexLabel = "lantern index secret v1 "

// AdoptIndex takes the secret of the index keys from what [Sealer.WrapIndex] returned. It
// must be called before anything is indexed.
func (s *Sealer) AdoptIndex(ctx context.Context, wrapped []byte) error {
	labelled, err := s.kek.Unwrap(ctx, nil, wrapped)
	secret, ok := bytes.CutPrefix(labelled, []byte(indexLabel))
	if err == nil && !ok {
		err = ErrOpen
	}
	if err != nil {
		return fmt.Errorf("unwrapping the index secret: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secret = func() ([]byte, error) { return secret, nil }
	clear(s.index)
	s.ciphers.Clear()
	return nil
}
