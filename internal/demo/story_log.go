package demo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"lantern/audit"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tell"
)

// pin notes the log's key and head before anything happened, as anybody may who wants to
// check later.
func (s *story) pin(ctx context.Context) error {
	key, head, err := s.Pin(ctx)
	s.logKey, s.seen = key, &head
	return err
}

// verifyLog is the last chapter: an outsider downloads the log and checks it offline.
func (s *story) verifyLog(ctx context.Context) error {
	s.chapter("An outsider checks the log",
		"Every share, delivery, decision and correction is an entry. If one were missing, changed or moved, or another log shown to somebody else, it would come out here.")
	dir := filepath.Join(s.Dir, "log")
	bar := s.n.Bar("downloading the log", -1)
	size, files, err := s.Download(ctx, s.logKey, dir)
	bar.Stop()
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
	s.n.Says("auditor", "downloads %s entries in %s, with nothing but an address, and goes offline.", tell.Count(int(size)), tell.Some(files, "file", "files"))
	s.n.Adds("Recomputed every hash from the entries: in order, and it continues the head of %s entries noted before the story began.", tell.Count(int(s.seen.Size)))
	line := ""
	for _, kind := range desk.SortedKeys(f.Entries) {
		line += fmt.Sprintf("%s %s, ", tell.Count(int(f.Entries[kind])), kind)
	}
	s.n.Adds("Entries: %s%s deliveries, %s acknowledgements. Root %x….", line, tell.Count(int(v.Disclosures)), tell.Count(int(v.Acks)), r.Root[:6])
	return nil
}

// tellPath reads the path of the correction out of the downloaded log alone: which kinds of
// entries follow the challenge, and when.
func (s *story) tellPath() error {
	leaves, err := stage.Leaves(filepath.Join(s.Dir, "log"), s.f.TimesAndLog.LogSize)
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
		lines = append(lines, fmt.Sprintf("entry %s  %s  %s", tell.Pad(tell.Count(i), 7), leaf.Time().Format("2006-01-02 15:04:05"), kind))
	}
	s.n.Says("auditor", "reads the path of the correction from the downloaded files. An entry shows what kind of thing happened, and when; whose and what, only its people can open.")
	s.n.Screen("auditor, offline", lines...)
	return nil
}

// pathKinds are the entries a correction makes.
var pathKinds = []audit.Kind{audit.Challenge, audit.Suspend, audit.Decide, audit.Withdraw, audit.Renew, audit.Acknowledge, audit.Outcome}
