package pdq

import "image"

// turns say for each of the eight ways to turn a picture what becomes of its frequencies:
// rows and columns change places, and then those of odd frequency in rows or columns change
// their sign, as a wave does that is looked at from the other end. The order is the reference's.
var turns = [8]struct{ transpose, rows, columns bool }{
	{},                               // as it is
	{transpose: true, rows: true},    // turned by 90 degrees, counterclockwise
	{rows: true, columns: true},      // by 180
	{transpose: true, columns: true}, // by 270
	{rows: true},                     // mirrored, top to bottom
	{columns: true},                  // left to right
	{transpose: true},                // along the diagonal from top left
	{transpose: true, rows: true, columns: true}, // along the other
}

// SumTurned returns the hashes of img and of what it becomes when it is turned and mirrored:
// as it is, turned counterclockwise by 90, 180 and 270 degrees, mirrored top to bottom and
// left to right, and mirrored along the diagonal from top left and along the other. Looked
// up, they find a known picture that was turned; only the first may be shared.
//
// They come from the frequencies of img, as the reference's do, for the price of one. Sampling
// does not lie quite in the middle of a picture, so that they differ from the hash of one that was
// really turned: in a few bits for photos, in up to 50 for small drawings with hard edges, which
// is beyond [Radius]. The first is what [Sum] returns, as are quality and error.
func SumTurned(img image.Image) (all [8]Hash, quality int, err error) {
	size := img.Bounds().Size()
	if size.X < minSide || size.Y < minSide {
		return all, 0, ErrTooSmall
	}
	var small square
	shrink(size.X, size.Y, lumaOf(img), &small)
	full := small.transform()
	for i, turn := range turns {
		var turned spectrum
		for r := range freqs {
			for c := range freqs {
				f := full[r*freqs+c]
				if turn.transpose {
					f = full[c*freqs+r]
				}
				// Row and column 0 hold frequency 1.
				if (turn.rows && r%2 == 0) != (turn.columns && c%2 == 0) {
					f = -f
				}
				turned[r*freqs+c] = f
			}
		}
		all[i] = turned.hash()
	}
	return all, small.quality(), nil
}
