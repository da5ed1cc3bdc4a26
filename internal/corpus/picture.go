package corpus

import (
	"context"
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"

	"lantern/pdq"
)

const (
	mostPixels = 64 << 20 // of a picture, and of all that this process decodes at once
	manyPixels = 16 << 20 // of a picture whose memory is worth being collected at once
)

// decoding are the pixels that may still be decoded at once. A pixel takes up to 20 bytes while it is decoded: a progressive JPEG has 6
// of coefficients, and takes 15 more if the reader of luma leaves it to another in the end; a PNG of 16 bits has 8.
var decoding = semaphore.NewWeighted(mostPixels)

// SumPicture is [pdq.SumFile] for whoever hashes pictures that others chose, as many at once as they like: of more than one the
// pixels together are at most as many as of the largest, and the others wait, until ctx ends. So memory is bounded.
func SumPicture(ctx context.Context, r io.Reader) (pdq.Hash, int, error) {
	return pdq.SumFile(r, pdq.Limits{MaxPixels: mostPixels, Turn: func(pixels int64) (done func(), err error) {
		if err := decoding.Acquire(ctx, pixels); err != nil {
			return nil, err
		}
		return func() {
			decoding.Release(pixels)
			if pixels > manyPixels {
				runtime.GC() // else the next collection waits for several times as much as was in use just now
			}
		}, nil
	}})
}
