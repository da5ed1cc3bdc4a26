package corpus

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"testing"
)

// TestPicturesTakeTurns holds that a picture waits while all pixels there may be at once are taken, no longer than its caller
// wants it, and that its own are given back.
func TestPicturesTakeTurns(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 300, 200))); err != nil {
		t.Fatal(err)
	}
	sum := func(ctx context.Context) error {
		_, _, err := SumPicture(ctx, bytes.NewReader(b.Bytes()))
		return err
	}
	if err := decoding.Acquire(t.Context(), mostPixels-300*200+1); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sum(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("without room: %v", err)
	}
	decoding.Release(1)
	for range 3 {
		if err := sum(t.Context()); err != nil {
			t.Errorf("with room for one: %v", err)
		}
	}
	decoding.Release(mostPixels - 300*200)
	if !decoding.TryAcquire(mostPixels) {
		t.Error("pixels were not given back")
	} else {
		decoding.Release(mostPixels)
	}
}
