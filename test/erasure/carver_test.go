package erasure

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"lantern/internal/seal"
)

// The formats of package seal, as its documentation gives them and an adversary reads it.
const (
	version     = 1
	idSize      = 8
	nonceSize   = 12
	tagSize     = 16
	wrappedSize = 1 + idSize + nonceSize + 32 + tagSize
)

// legible is how many printable bytes in a row make deciphered bytes a find; the values
// of the test are at least that long.
const legible = 12

// adversary has the key-encryption key and copies of files.
type adversary struct {
	kek    *seal.LocalKEK
	sealer *seal.Sealer
	prefix []byte // of every wrapped key: version and the id of the KEK
}

func newAdversary(t *testing.T, secret [32]byte) *adversary {
	t.Helper()
	kek := seal.NewLocalKEK(secret)
	id, err := hex.DecodeString(kek.ID())
	if err != nil {
		t.Fatal(err)
	}
	return &adversary{kek: kek, sealer: seal.New(kek), prefix: append([]byte{version}, id...)}
}

// loot is what an adversary got out of files.
type loot struct {
	keys  int      // distinct data keys that unwrapped
	texts []string // what they opened, cut at the first byte that cannot be printed
}

// carve looks for wrapped keys at every offset of every file and, with each key that
// unwraps, for sealed fields at every offset. It needs neither the place a field is bound
// to nor its length: without the tag AES-GCM is a stream cipher, and the adversary can
// read.
func (a *adversary) carve(files [][]byte) loot {
	var out loot
	keys := a.dataKeys(files)
	out.keys = len(keys)
	if len(keys) == 0 {
		return out
	}
	for _, field := range fields(files) {
		var counter, stream [aes.BlockSize]byte
		copy(counter[:], field[1:1+nonceSize])
		counter[aes.BlockSize-1] = 2 // GCM begins its stream there
		for _, key := range keys {
			key.Encrypt(stream[:], counter[:])
			if !readable(stream[:legible], field[1+nonceSize:]) {
				continue
			}
			plain := make([]byte, len(field)-1-nonceSize)
			cipher.NewCTR(key, counter[:]).XORKeyStream(plain, field[1+nonceSize:])
			end := bytes.IndexFunc(plain, func(r rune) bool { return r < ' ' || r > '~' })
			if end < 0 {
				end = len(plain)
			}
			out.texts = append(out.texts, string(plain[:end]))
		}
	}
	return out
}

// readable says whether sealed bytes under a key stream are printable.
func readable(stream, sealed []byte) bool {
	for i, s := range stream {
		if c := s ^ sealed[i]; c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// dataKeys unwraps whatever unwraps.
func (a *adversary) dataKeys(files [][]byte) []cipher.Block {
	found := map[[32]byte]bool{}
	var blocks []cipher.Block
	for _, b := range files {
		for at := 0; ; at++ {
			next := bytes.Index(b[at:], a.prefix)
			if next < 0 || at+next+wrappedSize > len(b) {
				break
			}
			at += next
			key, err := a.kek.Unwrap(context.Background(), nil, b[at:at+wrappedSize])
			if err != nil || len(key) != 32 || found[[32]byte(key)] {
				continue
			}
			found[[32]byte(key)] = true
			if block, err := aes.NewCipher(key); err == nil {
				blocks = append(blocks, block)
			}
		}
	}
	return blocks
}

// longest is how much is deciphered of a field.
const longest = 600

// fields returns every place that may be a sealed field: the version, then bytes as
// random as nonce and tag must be. Copies are looked at once.
func fields(files [][]byte) [][]byte {
	const head = 1 + nonceSize + tagSize
	seen := map[[head]byte]bool{}
	var found [][]byte
	for _, b := range files {
		for at := 0; at+head <= len(b); at++ {
			next := bytes.IndexByte(b[at:], version)
			if next < 0 || at+next+head > len(b) {
				break
			}
			at += next
			if h := [head]byte(b[at:]); varied(h[1:]) && !seen[h] {
				seen[h] = true
				found = append(found, b[at:min(len(b), at+longest)])
			}
		}
	}
	return found
}

// varied says whether bytes look random: of 28 random ones about 26 differ, and fewer
// than 19 in one case of a hundred million.
func varied(b []byte) bool {
	var seen [256]bool
	n := 0
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n >= 19
}

// readAll reads every file under the folders, in every form in which bytes may stand in it.
func readAll(t *testing.T, dirs ...string) (files [][]byte) {
	t.Helper()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				if os.IsNotExist(err) {
					return nil // a server removed it meanwhile
				}
				return err
			}
			b, err := os.ReadFile(path)
			if os.IsNotExist(err) {
				return nil
			}
			files = append(files, forms(filepath.Base(path), b)...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

var (
	walSegment = regexp.MustCompile(`^[0-9A-F]{24}$`)
	hexRun     = regexp.MustCompile(`[0-9a-fA-F]{64,}`)
	base64Run  = regexp.MustCompile(`[0-9A-Za-z+/_-]{40,}`)
)

// forms returns a file as it is, without the page headers that cut through the records of
// PostgreSQL's log, and what its runs of hexadecimal and base64 stand for.
func forms(name string, b []byte) [][]byte {
	all := [][]byte{b}
	if walSegment.MatchString(name) {
		all = append(all, withoutPageHeaders(b))
	}
	for _, run := range hexRun.FindAll(b, -1) {
		for skip := range 2 {
			digits := run[skip : skip+(len(run)-skip)&^1]
			raw := make([]byte, len(digits)/2)
			if _, err := hex.Decode(raw, digits); err == nil {
				all = append(all, raw)
			}
		}
	}
	for _, run := range base64Run.FindAll(b, -1) {
		for skip := range 4 {
			digits := run[skip : skip+(len(run)-skip)&^3]
			for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
				if raw, err := e.DecodeString(string(digits)); err == nil && len(raw) > 0 {
					all = append(all, raw)
					break
				}
			}
		}
	}
	return all
}

// withoutPageHeaders joins the pages of a segment: 40 bytes of header on the first, 24 on
// the others.
func withoutPageHeaders(b []byte) []byte {
	const page = 8192
	out := make([]byte, 0, len(b))
	for at, header := 0, 40; at+page <= len(b); at, header = at+page, 24 {
		out = append(out, b[at+header:at+page]...)
	}
	return out
}
