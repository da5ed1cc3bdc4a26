package exchange

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lantern"
	"lantern/internal/store"
)

// The opinion of a signal begins with these around its type: programs and value stand
// elsewhere. A change is written by putting the rest of it between them, which is several
// times as fast as reading it and writing it again.
const (
	bareBefore = `{"programs":null,"type":"`
	bareAfter  = `","value":""`
)

// rest returns what of an opinion follows the value.
func rest(r *store.FeedRow) (string, bool) {
	s, ok := strings.CutPrefix(r.Opinion, bareBefore)
	if !ok || !strings.HasPrefix(s, string(r.Type)) {
		return "", false
	}
	return strings.CutPrefix(s[len(r.Type):], bareAfter)
}

// appendChange appends a row of a feed as one line of JSON, the same that encoding/json
// makes of its [lantern.Change]. value and note are what was sealed.
func appendChange(b []byte, program lantern.ID, r *store.FeedRow, a around, value, note []byte) ([]byte, error) {
	opinion, known := rest(r)
	if r.State != lantern.Active || !known || r.Type == lantern.TacticType || a.incidents[r.ID] != 0 {
		return appendSlowly(b, program, r, a, value, note)
	}
	b = append(b, `{"seq":`...)
	b = strconv.AppendInt(b, r.Seq, 10)
	b = appendTime(append(b, `,"time":`...), r.Changed)
	b = appendID(append(b, `,"signal":{"id":`...), r.ID)
	b = appendID(append(b, `,"member":`...), r.Member)
	b = append(b, `,"state":"active","programs":[`...)
	b = appendID(b, program)
	b = append(b, `],"type":"`...)
	b = append(b, r.Type...)
	b = appendText(append(b, `","value":`...), value)
	b = append(b, opinion[:len(opinion)-1]...)
	if !r.Expires.IsZero() {
		b = appendTime(append(b, `,"expires":`...), r.Expires)
	}
	if len(note) > 0 {
		b = appendText(append(b, `,"note":`...), note)
	}
	for i, l := range a.links[r.ID] {
		if i == 0 {
			b = append(b, `,"links":[`...)
		} else {
			b = append(b, ',')
		}
		b = append(append(append(b, `{"kind":"`...), l.Kind...), `","signal":`...)
		b = append(appendID(b, l.Signal), '}')
	}
	if len(a.links[r.ID]) > 0 {
		b = append(b, ']')
	}
	b = appendTime(append(b, `,"created":`...), r.Created)
	b = appendTime(append(b, `,"updated":`...), r.Updated)
	if a.disputed[r.ID] {
		b = append(b, `,"disputed":true`...)
	}
	b = appendReactions(b, a.reactions[r.ID])
	b = append(b, '}')
	if r.ValueID != 0 {
		b = appendID(append(b, `,"value_id":`...), r.ValueID)
	}
	if n := a.corroboration[r.ID]; n != 0 {
		b = strconv.AppendInt(append(b, `,"corroboration":`...), int64(n), 10)
	}
	return append(b, '}', '\n'), nil
}

// appendSlowly does the same with encoding/json.
func appendSlowly(b []byte, program lantern.ID, r *store.FeedRow, a around, value, note []byte) ([]byte, error) {
	list, err := disclosed{[]store.FeedRow{*r}, a}.opinions(program)
	if err != nil {
		return b, err
	}
	if value != nil {
		list[0].Signal.Note = string(note)
		if err := showValue(&list[0].Signal, r.Type, string(value)); err != nil {
			return b, err
		}
	}
	text, err := json.Marshal(list[0])
	if err != nil {
		return b, fmt.Errorf("encoding a change: %w", err)
	}
	return append(append(b, text...), '\n'), nil
}

func appendReactions(b []byte, counts map[lantern.Reaction]int) []byte {
	if len(counts) == 0 {
		return b
	}
	words := make([]string, 0, len(counts))
	for w := range counts {
		words = append(words, string(w))
	}
	slices.Sort(words)
	b = append(b, `,"reactions":{`...)
	for i, w := range words {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), w...), `":`...)
		b = strconv.AppendInt(b, int64(counts[lantern.Reaction(w)]), 10)
	}
	return append(b, '}')
}
