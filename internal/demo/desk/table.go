package desk

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"lantern"
	"lantern/internal/demo/world"
	format "lantern/internal/format/csv"
)

// TableName is the file host's table, in its folder.
const TableName = "removed-urls.csv"

// WriteTable writes the file host's table as it would come out of its own systems.
func WriteTable(path string, rows []world.Removed) error {
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

// ReadTable reads signals for a program from a table.
func ReadTable(path string, program lantern.ID) (rows []lantern.Signal, err error) {
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
			return rows, nil
		case err != nil:
			return nil, err
		case row.Err != nil:
			return nil, fmt.Errorf("row %d: %w", row.Line, row.Err)
		}
		row.Signal.Draft.Programs = []lantern.ID{program}
		rows = append(rows, row.Signal)
	}
}
