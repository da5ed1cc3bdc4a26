package bounded

import "bufio"

// Mark is the byte order mark that some editors put before a text in UTF-8. It is no part of
// the text.
const Mark = "\ufeff"

// SkipMark passes over a mark at the beginning of a text and returns how long it was.
func SkipMark(in *bufio.Reader) int {
	if head, _ := in.Peek(len(Mark)); string(head) != Mark { // an error comes again when the text is read
		return 0
	}
	n, _ := in.Discard(len(Mark)) // cannot fail: the bytes were peeked
	return n
}
