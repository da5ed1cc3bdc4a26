package match

import (
	"context"
	"io"
)

// ScanWindows is Scan with windows of another size.
func (e *Engine) ScanWindows(r io.Reader, opts ScanOptions, body int, emit func(Spot) error) error {
	return e.scan(context.Background(), r, opts, body, emit)
}
