package display

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Bar shows progress. The zero Bar shows nothing.
type Bar struct{ bar *progressbar.ProgressBar }

// NewBar starts a bar on w, a terminal, over so many steps, -1 if that is unknown.
// Whoever starts it stops it.
func NewBar(w io.Writer, what string, steps int64, color bool) *Bar {
	return &Bar{progressbar.NewOptions64(steps,
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(w),
		progressbar.OptionEnableColorCodes(color),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(24), // with a short description it fits 80 columns
		progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100*time.Millisecond),
	)}
}

// Add moves on by n steps. A bar that cannot be drawn harms nobody, so its errors are
// of no interest, here and in Stop.
func (b *Bar) Add(n int) {
	if b.bar != nil {
		_ = b.bar.Add(n)
	}
}

// Stop takes the bar away. Stopping twice does nothing.
func (b *Bar) Stop() {
	if b.bar != nil {
		_ = b.bar.Finish()
		b.bar = nil
	}
}
