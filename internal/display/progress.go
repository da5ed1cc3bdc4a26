package display

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Bar shows progress. The zero Bar shows nothing.
type Bar struct {
	bar   *progressbar.ProgressBar
	steps int64
}

// NewBar starts a bar on w, a terminal, over so many steps, -1 if that is unknown. With
// count it shows the number of steps. Whoever starts it stops it.
func NewBar(w io.Writer, what string, steps int64, count, color bool) *Bar {
	options := []progressbar.Option{
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(w),
		progressbar.OptionEnableColorCodes(color),
		progressbar.OptionSetWidth(24), // with a short description it fits 80 columns
		progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // it would draw on its own, over what Hide made room for
	}
	if count {
		options = append(options, progressbar.OptionShowCount())
	}
	return &Bar{progressbar.NewOptions64(steps, options...), steps}
}

// Move goes to a step and says in what words. The bar is full only when it is stopped.
func (b *Bar) Move(done int64, what string) {
	if b.bar != nil {
		if b.steps > 0 {
			done = min(done, b.steps-1)
		}
		b.bar.Describe(what)
		_ = b.bar.Set64(done)
	}
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
