package text

import "unicode/utf8"

// Inert reports whether b is nothing but quotes, dashes, arrows, pictures and their like: characters
// outside ASCII that belong to no name, stand for no sign of ASCII, and cannot hide how a name is written.
// No is not certain.
func Inert(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if !inert(r) {
			return false
		}
		b = b[size:]
	}
	return true
}

func inert(r rune) bool {
	switch {
	case r < 0x2010:
		return r == 0xA7 || r == 0xA9 || r == 0xAB || r == 0xAE || r == 0xB0 || r == 0xB1 || r == 0xB6 || r == 0xBB || r == 0xD7 // § © « ® ° ± ¶ » ×
	case r < 0x2023:
		return r <= 0x2022 && r != 0x2017 // dashes, quotes, daggers, bullet
	case r >= 0x2190 && r < 0x2200: // arrows
		return true
	case r >= 0x2500 && r < 0x2600: // lines, blocks and shapes
		return true
	case r >= 0x1F300 && r < 0x1F650: // pictures and faces
		return true
	}
	return r >= 0x1F680 && r < 0x1F700 || r >= 0x1F900 && r < 0x1FA00
}
