package threatexchange

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"lantern"
	"lantern/signal"
)

// debugString is their type for whatever has none, told apart by a tag that begins with
// typeTag.
const (
	debugString = "DEBUG_STRING"
	typeTag     = "signal_type:"
)

// aliases are their types that are read as one of ours without being written.
var aliases = []pair[lantern.SignalType]{
	{"url", "RAW_URI"}, {"url", "UNCLICKABLE_URL"}, {"sha256", "HASH_VIDEO_SHA256"},
}

// IndicatorType is how a signal type shows: the type of the indicator, and a tag beside it if the
// type alone does not tell.
func IndicatorType(t lantern.SignalType) (indicator string, tag string) {
	if kind, ok := signal.Lookup(t); ok && kind.ThreatExchange != "" && kind.ThreatExchange != debugString {
		return kind.ThreatExchange, ""
	}
	return debugString, typeTag + string(t)
}

// SignalTypes are the signal types that an indicator type may stand for; none if it is not
// taken. Its case does not matter.
func SignalTypes(indicator string) (list []lantern.SignalType) {
	for _, kind := range signal.Types() {
		if shown, _ := IndicatorType(kind.Name); kind.Compare != signal.None && strings.EqualFold(shown, indicator) {
			list = append(list, kind.Name)
		}
	}
	if t, ok := from(aliases, indicator); ok && t != "" {
		list = append(list, t)
	}
	return list
}

// signalType reads the type of what is submitted, and takes the tag that tells it off the list.
func signalType(indicator string, tags []string) (t lantern.SignalType, rest []string, err error) {
	for _, tag := range tags {
		if name, ok := strings.CutPrefix(strings.ToLower(tag), typeTag); ok {
			t = lantern.SignalType(name)
		} else {
			rest = append(rest, tag)
		}
	}
	list := SignalTypes(indicator)
	switch {
	case strings.EqualFold(indicator, "PAYLOAD_DATA"):
		return "", nil, bad("/type", "content is never taken", "share a hash made on your own machines instead")
	case len(list) == 0:
		return "", nil, bad("/type", "this indicator type is not taken here", "lantern types lists those that are, with their names here")
	case len(list) == 1:
		return list[0], rest, nil
	case !slices.Contains(list, t):
		return "", nil, bad("/tags", "a DEBUG_STRING needs a tag that tells its type", "add a tag such as signal_type:username")
	}
	return t, rest, nil
}

// TagText is how a tag shows: their tags hold letters, digits, _ and : but no hyphen.
func TagText(t lantern.Tag) string { return strings.ReplaceAll(string(t), "-", "_") }

// ParseTag reads a tag in whatever case.
func ParseTag(s string) lantern.Tag {
	return lantern.Tag(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(s)), "_", "-"))
}

// nameID gives an id to what has none of its own, in the one namespace of ids.
func nameID(kind, name string) lantern.ID {
	sum := sha256.Sum256([]byte("threatexchange " + kind + "\x00" + name))
	return lantern.ID(binary.BigEndian.Uint64(sum[:8])>>1 | 1)
}

// TagID is the id of a tag: the same on every exchange.
func TagID(t lantern.Tag) lantern.ID { return nameID("tag", string(t)) }

// AllTypes are the signal types that show at all.
func AllTypes() (list []lantern.SignalType) {
	for _, kind := range signal.Types() {
		if kind.Compare != signal.None {
			list = append(list, kind.Name)
		}
	}
	return list
}
