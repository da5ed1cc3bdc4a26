package segment

// HeaderSize is the size of a header with its padding.
var HeaderSize = padded(headerSize)

// Resign makes the checksum of a header right again.
func Resign(image []byte) {
	if len(image) >= HeaderSize {
		le.PutUint32(image[60:], headerSum(image))
	}
}
