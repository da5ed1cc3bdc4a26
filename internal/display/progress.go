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
		progressbar.OptionSetSpinnerChangeInterval(0), // it would draw on its own, over what Hide made room for
	)}
}

// Add moves on by n steps. A bar that cannot be drawn harms nobody, so its errors are
// of no interest, here and below.
func (b *Bar) Add(n int) {
	if b.bar != nil {
		_ = b.bar.Add(n)
	}
}

// Hide takes the bar off its line until the next step, for something else to be written
// there.
func (b *Bar) Hide() {
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// Stop takes the bar away. Stopping twice does nothing.
func (b *Bar) Stop() {
	if b.bar != nil {
		_ = b.bar.Finish()
		b.bar = nil
	}
}
