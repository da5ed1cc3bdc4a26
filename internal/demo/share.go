package demo

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"lantern"
	"lantern/internal/demo/world"
	format "lantern/internal/format/csv"
)

// tableName is the file host's table, in its folder.
const tableName = "removed-urls.csv"

// writeTable writes the file host's table as it would come out of its own systems.
func writeTable(path string, rows []world.Removed) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing a table: %w", err)
	}
	w := csv.NewWriter(f)
	err = w.Write([]string{"type", "value", "tags", "status", "severity", "confidence", "policy", "reviewed_by", "action", "reviewed_at", "subject_role"})
	for _, r := range rows {
		err = errors.Join(err, w.Write([]string{"url", format.Cell(r.URL), "csam trade", "violating", r.Severity, "95",
			"Cloudbin terms, section 4", "human", "folder removed", r.Reviewed.Format(time.RFC3339), "content"}))
	}
	w.Flush()
	return errors.Join(err, w.Error(), f.Close())
}

// readTable reads drafts for a program from a table.
func readTable(path string, program lantern.ID) (drafts []lantern.Draft, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading a table: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	r, err := format.NewReader(f, nil)
	if err != nil {
		return nil, err
	}
	for {
		row, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return drafts, nil
		case err != nil:
			return nil, err
		case row.Err != nil:
			return nil, fmt.Errorf("row %d: %w", row.Line, row.Err)
		}
		row.Signal.Draft.Programs = []lantern.ID{program}
		drafts = append(drafts, row.Signal.Draft)
	}
}

// shareRemoved is the first chapter: the file host shares the addresses it removed.
func (s *story) shareRemoved(ctx context.Context) error {
	c := s.company(cloudbin)
	s.chapter("Cloudbin shares the addresses it removed",
		"Removing a folder ends one copy. Whoever passed its address on is still out there, on platforms Cloudbin cannot see.")
	path := filepath.Join(c.dir, tableName)
	if err := writeTable(path, s.w.Removed); err != nil {
		return err
	}
	drafts, err := readTable(path, s.hosting.ID)
	if err != nil {
		return err
	}
	s.f.Shared = newShareFigures()
	bar := s.n.bar("sharing", len(drafts))
	defer bar.Stop()
	var refused []int
	for first := 0; first < len(drafts); first += lantern.MaxBatch {
		batch := drafts[first:min(first+lantern.MaxBatch, len(drafts))]
		results, err := c.people[submitter].ShareBatch(ctx, batch)
		if err != nil {
			return fmt.Errorf("sharing: %w", err)
		}
		for i, r := range results {
			s.f.Shared.add(batch[i], r)
			bar.Add(1)
			if r.Status == lantern.Refused {
				refused = append(refused, first+i+2) // the heading is row 1
			} else {
				s.signals[batch[i].Value] = r.Signal
			}
		}
	}
	bar.Stop()
	f := &s.f.Shared
	s.n.says(c.name, "its submitter sends %s of %s to the program %q, each with the policy broken and the date of a person's review.",
		some(f.Drafts, "row", "rows"), tableName, s.hosting.Name)
	s.n.says("exchange", "%s made, %s already said in another spelling, %s refused.", some(f.Results[lantern.Created], "signal", "signals"),
		count(f.Results[lantern.Unchanged]), count(f.Results[lantern.Refused]))
	for i, reason := range sortedKeys(f.Refused) {
		if i < len(refused) {
			s.n.adds("Row %d: %s. It would have named a person, and it was stored nowhere.", refused[i], reason)
		}
	}
	for _, name := range []string{facegram, chatter, pixelplay} {
		if err := s.caughtUp(ctx, s.company(name), s.hosting.ID, f.stand()); err != nil {
			return err
		}
	}
	s.n.says("agents", "%s, %s and %s hold all %s now; each delivery is an entry of the log.", facegram, chatter, pixelplay, count(f.stand()))
	return nil
}
