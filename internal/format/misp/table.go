package misp

import (
	"strings"

	"lantern"
)

// Headings are those by which a table of attributes that MISP exported is known.
func Headings() []string { return []string{"event_id", "category", "type", "value", "to_ids"} }

// Row reads a row of such a table. get returns what stands under a heading; lost counts what has
// no place in a signal. It reports false for an attribute that is passed over. The table of an
// export without context has no labels of the event, and so nothing of how they are to be
// handled.
func Row(get func(string) string, lost func(string)) (s lantern.Signal, taken bool, err error) {
	a := attribute{Type: get("type"), Value: get("value"), Comment: get("comment"), FirstSeen: get("first_seen"), LastSeen: get("last_seen"),
		Tag: labels(get("attribute_tag"))}
	if get("event_info") != "" {
		lost("infos of events")
	}
	taken, err = a.read(&s, labels(get("event_tag")), lost)
	return s, taken, err
}

// labels splits a cell of labels. One of this project's may hold a comma, so what does not look
// like the beginning of another goes on with the one before.
func labels(cell string) (list []tag) {
	for item := range strings.SplitSeq(cell, ",") {
		if n := len(list); n > 0 && strings.HasPrefix(list[n-1].Name, own) && !strings.HasSuffix(list[n-1].Name, `"`) {
			list[n-1].Name += "," + item
		} else if item = strings.TrimSpace(item); item != "" {
			list = append(list, tag{item})
		}
	}
	return list
}
