package signal

import (
	"fmt"
	"strconv"
	"strings"
)

// VPDQ is the perceptual hashes of a video, frame by frame.
var VPDQ = &Type{
	Name:           "vpdq",
	Summary:        "vPDQ perceptual hash of a video",
	Example:        "0,100,d8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22,0.000",
	Compare:        Exact,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "DEBUG_STRING",
	STIX:           "file:hashes.VPDQ",
	MISP:           "",
	normalize:      normalizeVPDQ,
}

// normalizeVPDQ takes the text form of the vPDQ tools: one line a frame, "number, quality,
// hash, seconds", lines parted by line ends or semicolons. Canonical has semicolons. The
// order and number of frames are the extractor's; they are checked and not changed.
func normalizeVPDQ(s string) (Value, error) {
	var out []string
	last := -1
	for line := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ';' || r == '\n' || r == '\r' }) {
		frame, number, ok := parseFrame(line)
		switch {
		case !ok:
			return Value{}, bad("not a vPDQ frame list", "one line a frame: number,quality,hash,seconds")
		case number <= last:
			return Value{}, bad("frames out of order", "give each frame once, by rising number")
		}
		out, last = append(out, frame), number
	}
	if len(out) == 0 {
		return Value{}, bad("not a vPDQ frame list", "one line a frame: number,quality,hash,seconds")
	}
	return Value{Canonical: strings.Join(out, ";")}, nil
}

// parseFrame brings one frame to form.
func parseFrame(line string) (frame string, number int, ok bool) {
	f := strings.Split(line, ",")
	if len(f) != 4 {
		return "", 0, false
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	number, err := strconv.Atoi(f[0])
	if err != nil || number < 0 {
		return "", 0, false
	}
	quality, err := strconv.Atoi(f[1])
	if err != nil || quality < 0 || quality > 100 || len(f[2]) != 64 || !isHex(f[2]) {
		return "", 0, false
	}
	seconds, err := strconv.ParseFloat(f[3], 64)
	if err != nil || !(seconds >= 0 && seconds < 1e6) {
		return "", 0, false
	}
	return fmt.Sprintf("%d,%d,%s,%.3f", number, quality, strings.ToLower(f[2]), seconds), number, true
}
