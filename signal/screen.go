package signal

import "strings"

// isImage reports whether s starts like a picture file.
func isImage(s string) bool {
	for _, magic := range []string{"\xff\xd8\xff", "\x89PNG", "GIF87a", "GIF89a", "II*\x00", "MM\x00*"} {
		if strings.HasPrefix(s, magic) {
			return true
		}
	}
	return len(s) > 12 && s[:4] == "RIFF" && s[8:12] == "WEBP"
}
