package signal

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// VPDQ is the perceptual hashes of a video, frame by frame. Two videos are held against each
// other as the vPDQ project defines it (github.com/facebook/ThreatExchange, vpdq/README.md,
// "Comparison (Matching) Algorithm", read at commit baefb4ed): of each only the distinct
// hashes of frames of quality [FrameQuality] or more count; one matches if it differs from any of
// the other video in at most Radius bits; and each video has a percentage, of how many of its
// hashes match. Number and time of a frame play no part.
//
// Upstream asks that both percentages reach a threshold each, and publishes two pairs: the README at
// least 80 of the known video and 0 of the one that is looked up, which finds a known video
// within a longer one; its python client (extensions/vpdq/vpdq_util.py) the other way
// round, which finds a part of a known video. Each misses what the other finds, and a person
// looks at every match, so that either pair is enough here: [FramePercent] of one of the two.
//
// The text form is that of the project's C++ tools (vpdqio.cpp); their program that compares
// (matchTwoHash.cpp) keeps equal hashes apart and takes distances below the radius only, and
// so gives other percentages than what the README defines.
var VPDQ = &Type{
	Name:           "vpdq",
	Summary:        "vPDQ perceptual hash of a video",
	Example:        "0,100,d8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22,0.000",
	Compare:        Frames,
	Radius:         31,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "DEBUG_STRING",
	STIX:           "file:hashes.VPDQ",
	MISP:           "",
	normalize:      normalizeVPDQ,
}

// What counts when lists of frames are compared: upstream's figures.
const (
	FrameQuality = 50 // a frame of less is not looked at
	FramePercent = 80 // of the distinct hashes of one list or of the other must match
)

// Bounds of a list of frames that is looked up: nearly three hours at one frame a second. One
// that is shared is bounded like every value, to about 50 frames.
const (
	MaxFrames     = 10_000
	MaxFrameBytes = 1 << 20
)

func tooManyFrames() error {
	return bad("too many frames", "at most 10,000 in 1 MiB; take fewer a second")
}

// normalizeVPDQ takes the text form of the vPDQ tools: one line a frame, "number, quality,
// hash, seconds", lines parted by line ends or semicolons. Canonical has semicolons. The
// order and number of frames are the extractor's; they are checked and not changed.
func normalizeVPDQ(s string) (Value, error) {
	var out []string
	last := -1
	for line := range strings.FieldsFuncSeq(s, frameEnd) {
		frame, ok := parseFrame(line)
		switch {
		case !ok:
			return Value{}, bad("not a vPDQ frame list", "one line a frame: number,quality,hash,seconds")
		case frame.number <= last:
			return Value{}, bad("frames out of order", "give each frame once, by rising number")
		case len(out) == MaxFrames:
			return Value{}, tooManyFrames()
		}
		out, last = append(out, frame.String()), frame.number
	}
	if len(out) == 0 {
		return Value{}, bad("not a vPDQ frame list", "one line a frame: number,quality,hash,seconds")
	}
	return Value{Canonical: strings.Join(out, ";")}, nil
}

// frameEnd reports what stands between two frames.
func frameEnd(r rune) bool { return r == ';' || r == '\n' || r == '\r' }

// frame is one line of a list.
type frame struct {
	number, quality int
	hash            string // 64 lower-case hexadecimal digits
	seconds         float64
}

func (f frame) String() string {
	return fmt.Sprintf("%d,%d,%s,%.3f", f.number, f.quality, f.hash, f.seconds)
}

// parseFrame reads one frame.
func parseFrame(line string) (f frame, ok bool) {
	part := strings.Split(line, ",")
	if len(part) != 4 {
		return f, false
	}
	for i := range part {
		part[i] = strings.TrimSpace(part[i])
	}
	var err error
	if f.number, err = strconv.Atoi(part[0]); err != nil || f.number < 0 {
		return f, false
	}
	f.quality, err = strconv.Atoi(part[1])
	if err != nil || f.quality < 0 || f.quality > 100 || len(part[2]) != 64 || !isHex(part[2]) {
		return f, false
	}
	f.hash = strings.ToLower(part[2])
	f.seconds, err = strconv.ParseFloat(part[3], 64)
	return f, err == nil && f.seconds >= 0 && f.seconds < 1e6
}

// IsFrames reports whether a text that begins like this, with a whole line at least, is a
// list of frame hashes.
func IsFrames(head string) bool {
	line, _, _ := strings.Cut(head, "\n")
	line, _, _ = strings.Cut(line, ";")
	_, ok := parseFrame(line)
	return ok
}

// FrameHashes returns the hashes of a canonical list that are compared: of quality
// [FrameQuality] or more, each once, in the order in which they come first. Each is four
// numbers, the first 16 digits the first.
func FrameHashes(canonical string) [][4]uint64 {
	var list [][4]uint64
	seen := map[[4]uint64]bool{}
	for line := range strings.FieldsFuncSeq(canonical, frameEnd) {
		f, ok := parseFrame(line)
		if !ok || f.quality < FrameQuality {
			continue
		}
		b, err := hex.DecodeString(f.hash)
		if err != nil || len(b) != 32 {
			continue // parseFrame has looked
		}
		var h [4]uint64
		for i := range h {
			h[i] = binary.BigEndian.Uint64(b[8*i:])
		}
		if !seen[h] {
			seen[h] = true
			list = append(list, h)
		}
	}
	return list
}
