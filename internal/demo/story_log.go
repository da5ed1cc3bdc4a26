package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"lantern/audit"
)

// pin notes the log's key and head before anything happened, as anybody may who wants to
// check later.
func (s *story) pin(ctx context.Context) (err error) {
	if s.logKey, err = s.Steward.LogKey(ctx); err != nil {
		return fmt.Errorf("reading the log's key: %w", err)
	}
	note, err := s.Steward.Checkpoint(ctx)
	if err != nil {
		return fmt.Errorf("reading the log's head: %w", err)
	}
	head, err := audit.OpenCheckpoint(note, s.logKey)
	if err != nil {
		return fmt.Errorf("checking the log's head: %w", err)
	}
	s.seen = &head
	return nil
}

// verifyLog is the last chapter: an outsider downloads the log and checks it offline.
func (s *story) verifyLog(ctx context.Context) error {
	s.chapter("An outsider checks the log",
		"Every share, delivery, decision and correction is an entry. If one were missing, changed or moved, or another log shown to somebody else, it would come out here.")
	dir := filepath.Join(s.Dir, "log")
	size, files, err := s.download(ctx, dir)
	if err != nil {
		return fmt.Errorf("downloading the log: %w", err)
	}
	r, err := audit.VerifyLog(os.DirFS(dir), s.logKey, s.seen)
	if err != nil {
		return fmt.Errorf("verifying the log: %w", err)
	}
	f := &s.f.Log
	f.Verified, f.Entries = true, map[string]int64{}
	for kind, n := range r.Leaves {
		if kind != audit.Disclose && kind != audit.Acknowledge {
			f.Entries[kind.String()] = n
		}
	}
	v := &s.f.TimesAndLog
	v.LogSize, v.Disclosures, v.Acks = r.Size, r.Leaves[audit.Disclose], r.Leaves[audit.Acknowledge]
	v.Checkpoint = fmt.Sprintf("%x", r.Root[:])
	s.n.says("auditor", "downloads %s entries in %s, with nothing but an address, and goes offline.", count(int(size)), some(files, "file", "files"))
	s.n.adds("Recomputed every hash from the entries: in order, and it continues the head of %s entries noted before the story began.", count(int(s.seen.Size)))
	line := ""
	for _, kind := range sortedKeys(f.Entries) {
		line += fmt.Sprintf("%s %s, ", count(int(f.Entries[kind])), kind)
	}
	s.n.adds("Entries: %s%s deliveries, %s acknowledgements. Root %x….", line, count(int(v.Disclosures)), count(int(v.Acks)), r.Root[:6])
	return nil
}

// download fetches a log into a folder in the layout that [audit.VerifyLog] reads.
func (s *story) download(ctx context.Context, dir string) (size int64, files int, err error) {
	public := s.Steward.WithKey("")
	note, err := public.Checkpoint(ctx)
	if err != nil {
		return 0, 0, err
	}
	head, err := audit.OpenCheckpoint(note, s.logKey)
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
	bar := s.n.bar("downloading the log", len(paths))
	defer bar.Stop()
	for _, path := range paths {
		b, err := public.Tile(ctx, path)
		if err != nil {
			return 0, 0, err
		}
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(path)), b); err != nil {
			return 0, 0, err
		}
		bar.Add(1)
	}
	// Beside the log lies the key that was noted before the story began, as `lantern audit
	// download` does it.
	if err := writeFile(filepath.Join(dir, "key"), []byte(s.logKey+"\n")); err != nil {
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

// tellPath reads the path of the correction out of the downloaded log alone: which kinds of
// entries follow the challenge, and when.
func (s *story) tellPath() error {
	leaves, err := readLeaves(filepath.Join(s.Dir, "log"), s.f.TimesAndLog.LogSize)
	if err != nil {
		return err
	}
	var lines []string
	var last audit.Kind
	begun := false
	for i, leaf := range leaves {
		kind := leaf.Kind()
		begun = begun || kind == audit.Challenge
		if !begun || !slices.Contains(pathKinds, kind) {
			continue
		}
		if kind == last {
			continue // one of several alike
		}
		last = kind
		lines = append(lines, fmt.Sprintf("entry %s  %s  %s", pad(count(i), 7), leaf.Time().Format("15:04:05"), kind))
	}
	s.n.says("auditor", "reads the path of the correction from the downloaded files. An entry shows what kind of thing happened, and when; whose and what, only its people can open.")
	s.n.screen("auditor, offline", lines...)
	return nil
}

// pathKinds are the entries a correction makes.
var pathKinds = []audit.Kind{audit.Challenge, audit.Suspend, audit.Decide, audit.Withdraw, audit.Renew, audit.Acknowledge, audit.Outcome}

// readLeaves reads the entries of a downloaded log in order.
func readLeaves(dir string, size int64) (all []audit.Leaf, err error) {
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
