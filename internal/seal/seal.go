package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"sync"
)

// version is the first byte of every format.
const version = 1

// Sizes of the formats.
const (
	keySize   = 32
	nonceSize = 12
	tagSize   = 16
	// Overhead is how much longer a sealed field is than its content.
	Overhead = 1 + nonceSize + tagSize
)

// KEK wraps data keys. It is safe for concurrent use; Wrap and Unwrap may block on a
// network.
type KEK interface {
	// Wrap appends the encrypted form of a data key to b. It must give a different result
	// each time. key must not overlap with b's room.
	Wrap(ctx context.Context, b, key []byte) ([]byte, error)
	// Unwrap appends the data key that Wrap encrypted to b. It must fail if a bit of wrapped
	// changed or another KEK wrapped it.
	Unwrap(ctx context.Context, b, wrapped []byte) ([]byte, error)
	// ID names the key without telling anything about it.
	ID() string
	// IndexSecret returns the secret that index keys are derived from; always the same.
	IndexSecret(ctx context.Context) ([]byte, error)
}

// ErrOpen is why sealed bytes do not open: they were changed, belong elsewhere, or were
// sealed under another key. It does not say which.
var ErrOpen = errors.New("sealed data does not open: changed, moved, or sealed under another key")

// Sealer makes and opens records under one KEK. It is safe for concurrent use.
type Sealer struct {
	kek KEK

	mu     sync.RWMutex // guards index
	index  map[string]*sync.Pool
	secret func() ([]byte, error)

	ciphers sync.Map // of Permutation, by purpose and scope
}

// New returns a Sealer that wraps its data keys with kek.
func New(kek KEK) *Sealer {
	return &Sealer{kek: kek, index: make(map[string]*sync.Pool),
		secret: sync.OnceValues(func() ([]byte, error) { return kek.IndexSecret(context.Background()) })}
}

// Record holds the data key of one record. The zero Record opens nothing.
type Record struct {
	aead cipher.AEAD
}

// NewRecord draws a data key from random, which must be a secure source, and returns it
// with its wrapped form, to be stored in the record's row.
func (s *Sealer) NewRecord(ctx context.Context, random io.Reader) (r Record, wrapped []byte, err error) {
	return s.AppendRecord(ctx, nil, random)
}

// AppendRecord is [Sealer.NewRecord] for whoever makes many: it appends the wrapped key to b.
func (s *Sealer) AppendRecord(ctx context.Context, b []byte, random io.Reader) (r Record, wrapped []byte, err error) {
	key := make([]byte, keySize)
	defer clear(key)
	if _, err := io.ReadFull(random, key); err != nil {
		return Record{}, b, fmt.Errorf("drawing a data key: %w", err)
	}
	if wrapped, err = s.kek.Wrap(ctx, b, key); err != nil {
		return Record{}, b, fmt.Errorf("wrapping a data key: %w", err)
	}
	r, err = newRecord(key)
	return r, wrapped, err
}

// OpenRecord returns the record whose data key is wrapped. The error is [ErrOpen] if this
// KEK did not wrap it.
func (s *Sealer) OpenRecord(ctx context.Context, wrapped []byte) (Record, error) {
	key, err := s.kek.Unwrap(ctx, make([]byte, 0, keySize), wrapped)
	if err != nil {
		return Record{}, fmt.Errorf("unwrapping a data key: %w", err)
	}
	defer clear(key)
	return newRecord(key)
}

// newRecord sets up the cipher.
func newRecord(key []byte) (Record, error) {
	a, err := newAEAD(key)
	return Record{a}, err
}

// newAEAD returns AES-256-GCM under key.
func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, ErrOpen
	}
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// Seal encrypts plain for the place aad names ("table/id/field"). random gives the nonce.
func (r Record) Seal(random io.Reader, aad string, plain []byte) ([]byte, error) {
	return r.AppendSeal(make([]byte, 0, Overhead+len(plain)), random, []byte(aad), plain)
}

// AppendSeal is [Record.Seal] for whoever seals much: it appends the sealed bytes to b, and
// makes nothing if there is room. plain and aad must not overlap with that room.
func (r Record) AppendSeal(b []byte, random io.Reader, aad, plain []byte) ([]byte, error) {
	if r.aead == nil {
		return b, errors.New("sealing with the zero record")
	}
	b = slices.Grow(b, Overhead+len(plain))
	start := len(b)
	b = append(b, version)
	nonce := b[start+1 : start+1+nonceSize]
	if _, err := io.ReadFull(random, nonce); err != nil {
		return b[:start], fmt.Errorf("drawing a nonce: %w", err)
	}
	return r.aead.Seal(b[:start+1+nonceSize], nonce, plain, aad), nil
}

// Open decrypts what Seal returned for the same place. The error is [ErrOpen].
func (r Record) Open(aad string, sealed []byte) ([]byte, error) {
	return r.AppendOpen(nil, []byte(aad), sealed)
}

// AppendOpen is [Record.Open] for whoever opens much: it appends the content to b.
func (r Record) AppendOpen(b, aad, sealed []byte) ([]byte, error) {
	if r.aead == nil || len(sealed) < Overhead || sealed[0] != version {
		return b, ErrOpen
	}
	out, err := r.aead.Open(b, sealed[1:1+nonceSize], sealed[1+nonceSize:], aad)
	if err != nil {
		return b, ErrOpen
	}
	return out, nil
}

// Index returns the keyed digest of parts for one purpose. Parts are kept apart: ("a",
// "bc") and ("ab", "c") differ. It panics if the KEK cannot give its index secret, which
// [Sealer.Check] finds at start.
func (s *Sealer) Index(purpose string, parts ...string) (sum [32]byte) {
	pool := s.purpose(purpose)
	k := pool.Get().(*keyed)
	defer pool.Put(k)
	k.message = k.message[:0]
	for _, p := range parts {
		k.message = binary.BigEndian.AppendUint64(k.message, uint64(len(p)))
		k.message = append(k.message, p...)
	}
	k.mac.Reset()
	k.mac.Write(k.message)
	clear(k.message)
	k.sum = k.mac.Sum(k.sum[:0])
	return [32]byte(k.sum)
}

// keyed is an HMAC under one key, which remembers what the key alone comes to, with room
// for what it digests.
type keyed struct {
	mac          hash.Hash
	message, sum []byte
}

// purpose returns a pool of HMACs under the index key of purpose: setting one up costs
// as much as a short digest.
func (s *Sealer) purpose(purpose string) *sync.Pool {
	s.mu.RLock()
	pool, ok := s.index[purpose]
	s.mu.RUnlock()
	if ok {
		return pool
	}
	secret, err := s.secret()
	if err != nil {
		panic("seal: no index secret")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, "lantern index v1\x00"+purpose, keySize)
	if err != nil {
		panic("seal: deriving an index key failed") // only an absurd length can
	}
	pool = &sync.Pool{New: func() any { return &keyed{mac: hmac.New(sha256.New, key)} }}
	s.mu.Lock()
	s.index[purpose] = pool
	s.mu.Unlock()
	return pool
}

// Permutation maps blocks of [BlockSize] bytes to others, one to one. It is safe for
// concurrent use.
type Permutation struct{ block cipher.Block }

// BlockSize is the length in bytes of what a [Permutation] maps.
const BlockSize = aes.BlockSize

// Apply writes what block becomes to to. They may be the same, and must not overlap otherwise.
func (p Permutation) Apply(to, block []byte) { p.block.Encrypt(to, block) }

// Permutation returns the permutation under a key of its own for each purpose and scope: as
// good as an [Sealer.Index] of the block for whoever lacks the key, at a tenth of the cost. It
// panics when Index does. Scopes are remembered, so they must be few.
func (s *Sealer) Permutation(purpose, scope string) Permutation {
	name := purpose + "\x00" + scope
	c, ok := s.ciphers.Load(name)
	if !ok {
		key := s.Index("permute "+purpose, scope)
		made, err := aes.NewCipher(key[:])
		if err != nil {
			panic("seal: a key of 32 bytes is refused")
		}
		c, _ = s.ciphers.LoadOrStore(name, made)
	}
	return Permutation{c.(cipher.Block)}
}

// Check wraps and unwraps a key, and fetches the index secret, so that a KEK that cannot
// be used is found at start.
func (s *Sealer) Check(ctx context.Context) error {
	key := make([]byte, keySize)
	w, err := s.kek.Wrap(ctx, nil, key)
	if err != nil {
		return fmt.Errorf("wrapping a key: %w", err)
	}
	if _, err := s.OpenRecord(ctx, w); err != nil {
		return err
	}
	if _, err := s.secret(); err != nil {
		return fmt.Errorf("fetching the index secret: %w", err)
	}
	return nil
}

// KEKID names the key-encryption key, to be kept beside the data and compared at start.
func (s *Sealer) KEKID() string { return s.kek.ID() }
