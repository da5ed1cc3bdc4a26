package stage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"lantern/audit"
)

// Pin reads the log's key and head, as anybody may who wants to check later.
func (s *Stage) Pin(ctx context.Context) (key string, head audit.Checkpoint, err error) {
	public := s.Steward.WithKey("")
	if key, err = public.LogKey(ctx); err != nil {
		return "", head, fmt.Errorf("reading the log's key: %w", err)
	}
	note, err := public.Checkpoint(ctx)
	if err != nil {
		return "", head, fmt.Errorf("reading the log's head: %w", err)
	}
	if head, err = audit.OpenCheckpoint(note, key); err != nil {
		return "", head, fmt.Errorf("checking the log's head: %w", err)
	}
	return key, head, nil
}

// Download fetches the log into a folder in the layout that [audit.VerifyLog] reads, with
// nothing but the exchange's address, and returns how many entries and files that are.
func (s *Stage) Download(ctx context.Context, key, dir string) (size int64, files int, err error) {
	public := s.Steward.WithKey("")
	note, err := public.Checkpoint(ctx)
	if err != nil {
		return 0, 0, err
	}
	head, err := audit.OpenCheckpoint(note, key)
	if err != nil {
		return 0, 0, err
	}
	paths := []string{}
	for t := range audit.Tiles(0, head.Size) {
		paths = append(paths, t.Path())
		if t.Level == 0 {
			paths = append(paths, audit.EntriesPath(t.N, t.Width))
		}
	}
	for _, path := range paths {
		b, err := public.Tile(ctx, path)
		if err != nil {
			return 0, 0, err
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(path)), b); err != nil {
			return 0, 0, err
		}
	}
	// Beside the log lies the key that was noted before the story began, as `lantern audit
	// download` does it.
	if err := writeFile(filepath.Join(dir, "key"), []byte(key+"\n")); err != nil {
		return 0, 0, err
	}
	return head.Size, len(paths) + 1, writeFile(filepath.Join(dir, audit.CheckpointPath), note)
}

func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

// Leaves reads the entries of a downloaded log in order.
func Leaves(dir string, size int64) (all []audit.Leaf, err error) {
	for t := range audit.Tiles(0, size) {
		if t.Level != 0 {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(audit.EntriesPath(t.N, t.Width))))
		if err != nil {
			return nil, fmt.Errorf("reading the downloaded log: %w", err)
		}
		leaves, err := audit.DecodeEntries(b)
		if err != nil {
			return nil, fmt.Errorf("reading the downloaded log: %w", err)
		}
		all = append(all, leaves...)
	}
	return all, nil
}
