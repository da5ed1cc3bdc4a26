package pdq

import (
	"errors"
	"image"
)

// minSide is the smallest width and height that can be hashed; below it there is
// nothing to shrink to 64x64.
const minSide = 5

// ErrTooSmall says that a picture is narrower or lower than 5 pixels: it has no hash.
var ErrTooSmall = errors.New("picture is smaller than 5x5")

var errPixels = errors.New("pixels do not fill width x height")

// Sum returns the hash and the quality (0-100) of img. It must be given the picture as
// decoded: scaling it first changes bits. The only error is [ErrTooSmall].
func Sum(img image.Image) (h Hash, quality int, err error) {
	size := img.Bounds().Size()
	if size.X < minSide || size.Y < minSide {
		return Hash{}, 0, ErrTooSmall
	}
	h, quality = sum(size.X, size.Y, lumaOf(img))
	return h, quality, nil
}

// SumRGB is [Sum] for pixels of three bytes each (red, green, blue), row by row without
// padding. It fails with [ErrTooSmall], or if pix is not 3*width*height bytes long.
func SumRGB(pix []byte, width, height int) (Hash, int, error) {
	if width < minSide || height < minSide {
		return Hash{}, 0, ErrTooSmall
	}
	// The division guards the product from wrapping around.
	if width > len(pix)/3/height || len(pix) != 3*width*height {
		return Hash{}, 0, errPixels
	}
	h, quality := sum(width, height, func(y int, dst []quad, lane int) {
		lumaRGB(pix[3*width*y:], dst, lane)
	})
	return h, quality, nil
}

func sum(width, height int, luma rowFunc) (Hash, int) {
	var small square
	shrink(width, height, luma, &small)
	return small.transform().hash(), small.quality()
}
