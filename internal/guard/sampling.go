package guard

import (
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Sampling says which part of each source's records takes part, in percent. A source is
// whatever the caller names so: the pipeline of uploads, of posts, of profiles. The zero
// Sampling lets everything take part.
type Sampling struct {
	Rest    *float64           // of sources that are not named; nil: all
	Sources map[string]float64 // in small letters; percent, above 0 and at most 100, or 0 for none
}

// ParseSampling reads ratios as configuration writes them: SOURCE=PERCENT, separated by
// commas, and a percentage alone for every source that is not named ("uploads=10,1").
// Capital and small letters of a source are the same.
func ParseSampling(s string) (Sampling, error) {
	p := Sampling{Sources: map[string]float64{}}
	for name, value := range pairs(s) {
		n, err := strconv.ParseFloat(strings.TrimSuffix(value, "%"), 64)
		if err != nil || !(n >= 0 && n <= 100) {
			return p, invalid("a sampling ratio is not a percentage", "such as uploads=10,posts=1, each from 0 to 100")
		}
		if name == "" {
			p.Rest = &n
			continue
		}
		p.Sources[strings.ToLower(name)] = n
	}
	return p, nil
}

// Percent returns which part of a source's records takes part.
func (p Sampling) Percent(source string) float64 {
	if n, ok := p.Sources[strings.ToLower(source)]; ok {
		return n
	}
	if p.Rest != nil {
		return *p.Rest
	}
	return 100
}

// Takes reports whether a record takes part. digest must be a keyed digest of source and
// reference: the same record is always decided alike, on every agent of the member, whoever
// lacks the key cannot choose references that are left out, and a greater ratio only adds.
func (p Sampling) Takes(source string, digest [32]byte) bool {
	percent := p.Percent(source)
	if percent >= 100 {
		return true
	}
	const whole = 1 << 53 // what a float64 counts exactly
	place := binary.BigEndian.Uint64(digest[:]) >> 11
	return float64(place) < percent/100*whole
}

// All returns the ratios by source; "*" stands for the sources that are not named. It is
// empty if everything takes part.
func (p Sampling) All() map[string]float64 {
	all := maps.Clone(p.Sources)
	if p.Rest != nil {
		if all == nil {
			all = map[string]float64{}
		}
		all["*"] = *p.Rest
	}
	return all
}

// String writes what [ParseSampling] reads.
func (p Sampling) String() string {
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(p.Sources)) {
		parts = append(parts, s+"="+strconv.FormatFloat(p.Sources[s], 'g', -1, 64))
	}
	if p.Rest != nil {
		parts = append(parts, strconv.FormatFloat(*p.Rest, 'g', -1, 64))
	}
	return strings.Join(parts, ",")
}
