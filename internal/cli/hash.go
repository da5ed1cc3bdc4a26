package cli

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"strconv"

	"lantern"
	"lantern/internal/cli/command"
	"lantern/internal/display"
	"lantern/pdq"
)

type hashCmd struct {
	Files []string             `arg:"" help:"Files to hash."`
	Type  []lantern.SignalType `enum:"md5,sha1,sha256,pdq" help:"Only these: md5, sha1, sha256, pdq. Default: all; pdq for pictures."`
}

// fileHash is one hash of one file.
type fileHash struct {
	File    string             `json:"file"`
	Type    lantern.SignalType `json:"type"`
	Value   string             `json:"value"`
	Quality int                `json:"quality,omitempty"` // of pdq, 0 to 100
}

func (c *hashCmd) Run(ctx context.Context, a *command.App) error {
	want := map[lantern.SignalType]bool{}
	for _, t := range c.Type {
		want[t] = true
	}
	l := display.List(a.Printer,
		display.Col("file", func(h fileHash) string { return h.File }),
		display.Col("type", func(h fileHash) string { return string(h.Type) }),
		display.Col("value", func(h fileHash) string { return h.Value }),
		display.Col("quality", func(h fileHash) string {
			if h.Type != "pdq" {
				return ""
			}
			return strconv.Itoa(h.Quality)
		}),
	)
	bad := 0
	for _, file := range c.Files {
		if err := ctx.Err(); err != nil {
			return err
		}
		hashes, err := hashFile(file)
		for _, h := range hashes {
			if len(want) > 0 && !want[h.Type] {
				continue
			}
			if err := l.Add(h); err != nil {
				return err
			}
		}
		if err != nil {
			bad++
			a.Note("%s: %v", file, err)
		}
	}
	if err := l.Close(); err != nil {
		return err
	}
	if bad > 0 {
		return command.Failed("", "%d of %d files could not be hashed in full", bad, len(c.Files))
	}
	return nil
}

// hashFile reads a file once for its cryptographic hashes and, if it is a picture,
// again for its perceptual one. A picture that cannot be decoded gives the former and an
// error.
func hashFile(path string) ([]fileHash, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums := []struct {
		name lantern.SignalType
		hash hash.Hash
	}{{"md5", md5.New()}, {"sha1", sha1.New()}, {"sha256", sha256.New()}}
	var all []io.Writer
	for _, s := range sums {
		all = append(all, s.hash)
	}
	var head bytes.Buffer
	rest := io.TeeReader(io.LimitReader(f, pdq.SniffLen), &head)
	for _, part := range []io.Reader{rest, f} {
		if _, err := io.Copy(io.MultiWriter(all...), part); err != nil {
			return nil, fmt.Errorf("reading: %w", err)
		}
	}
	var out []fileHash
	for _, s := range sums {
		out = append(out, fileHash{File: path, Type: s.name, Value: hex.EncodeToString(s.hash.Sum(nil))})
	}
	if _, ok := pdq.Sniff(head.Bytes()); !ok {
		return out, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return out, err
	}
	img, _, err := pdq.Decode(f, pdq.Limits{})
	if err != nil {
		return out, fmt.Errorf("the picture: %w", err)
	}
	h, quality, err := pdq.Sum(img)
	if err != nil {
		return out, fmt.Errorf("the picture: %w", err)
	}
	return append(out, fileHash{File: path, Type: "pdq", Value: h.String(), Quality: quality}), nil
}
