package display

import (
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Bar shows progress. The zero Bar shows nothing. Its methods may be called by any number of
// goroutines.
type Bar struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar // guarded by mu
	steps int64
}

// NewBar starts a bar on w, a terminal, over so many steps, -1 if that is unknown. With
// count it shows the number of steps. Whoever starts it stops it.
func NewBar(w io.Writer, what string, steps int64, count, color bool) *Bar {
	if count {
		return newBar(w, what, steps, color, progressbar.OptionShowCount())
	}
	return newBar(w, what, steps, color)
}

// NewBytesBar is NewBar over bytes, with their rate and the time to go.
func NewBytesBar(w io.Writer, what string, total int64, color bool) *Bar {
	return newBar(w, what, total, color, progressbar.OptionShowBytes(true))
}

func newBar(w io.Writer, what string, steps int64, color bool, more ...progressbar.Option) *Bar {
	options := []progressbar.Option{
		progressbar.OptionSetDescription(what),
		progressbar.OptionSetWriter(w),
		progressbar.OptionEnableColorCodes(color),
		progressbar.OptionSetWidth(24), // with a short description it fits 80 columns
		progressbar.OptionClearOnFinish(),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // it would draw on its own, over what Hide made room for
	}
	return &Bar{bar: progressbar.NewOptions64(steps, append(options, more...)...), steps: steps}
}

// Move goes to a step and says in what words. The bar is full only when it is stopped.
func (b *Bar) Move(done int64, what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
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
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Add(n)
	}
}

// Hide takes the bar off its line until the next step, for something else to be written
// there.
func (b *Bar) Hide() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Clear()
	}
}

// Stop takes the bar away. Stopping twice does nothing.
func (b *Bar) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		_ = b.bar.Finish()
		b.bar = nil
	}
}

// Some counts things by the word for one or for many of them.
func Some(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// Bytes writes a number of bytes with three digits at most.
func Bytes(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	size, unit := float64(n), 0
	for size >= 999.5 && unit < len(units)-1 {
		size, unit = size/1000, unit+1
	}
	digits := 0
	if unit > 0 && size < 9.95 {
		digits = 1
	}
	return strconv.FormatFloat(size, 'f', digits, 64) + " " + units[unit]
}
