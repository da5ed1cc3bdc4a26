package exchange

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"lantern"
)

// What is encoded once for each signal is put together by hand, several times as fast as
// encoding/json does it and to the same bytes; a test compares.

func appendID(b []byte, id lantern.ID) []byte {
	if id == 0 {
		return append(b, `""`...)
	}
	return append(strconv.AppendInt(append(b, '"'), int64(id), 10), '"')
}

// appendText appends a string. What must be escaped is left to encoding/json.
func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c >= utf8.RuneSelf {
			text, err := json.Marshal(string(s))
			if err != nil {
				panic(err) // a string can always be encoded
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// appendTime appends a time of which the caller knows that its year has four digits.
func appendTime(b []byte, t time.Time) []byte {
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
}

// object appends the members of one object that are not empty.
type object struct {
	b     []byte
	first bool
}

func begin(b []byte) object { return object{append(b, '{'), true} }

func (o *object) end() []byte { return append(o.b, '}') }

// name begins a member. Names are program text that needs no escaping.
func (o *object) name(s string) {
	if !o.first {
		o.b = append(o.b, ',')
	}
	o.first = false
	o.b = append(append(append(o.b, '"'), s...), `":`...)
}

func (o *object) id(name string, id lantern.ID) {
	if id != 0 {
		o.name(name)
		o.b = appendID(o.b, id)
	}
}

func (o *object) text(name, s string) {
	if s != "" {
		o.name(name)
		o.b = appendText(o.b, s)
	}
}

func (o *object) int(name string, n int) {
	if n != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, int64(n), 10)
	}
}

func (o *object) flag(name string, v bool) {
	if v {
		o.name(name)
		o.b = append(o.b, "true"...)
	}
}

func (o *object) time(name string, t time.Time) {
	if !t.IsZero() {
		o.name(name)
		o.b = appendTime(o.b, t)
	}
}

// list appends a member that is an array.
func list[T any](o *object, name string, items []T, item func([]byte, T) []byte) {
	o.name(name)
	o.b = append(o.b, '[')
	for i, v := range items {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = item(o.b, v)
	}
	o.b = append(o.b, ']')
}

// encode appends the JSON of facts to b.
func (f *facts) encode(b []byte) ([]byte, error) {
	if f.Restore != nil || f.Anchor != nil {
		text, err := json.Marshal(*f) // a copy, or every f would have to outlive its caller
		if err != nil {
			return b, fmt.Errorf("encoding a log record: %w", err)
		}
		return append(b, text...), nil
	}
	o := begin(b)
	o.id("member", f.Member)
	o.id("actor", f.Actor)
	o.id("key", f.Key)
	o.id("object", f.Object)
	o.id("signal", f.Signal)
	o.id("owner", f.Owner)
	if len(f.Programs) > 0 {
		list(&o, "programs", f.Programs, appendID)
	}
	if len(f.Policy) > 0 {
		list(&o, "policy", f.Policy, func(b []byte, v int) []byte { return strconv.AppendInt(b, int64(v), 10) })
	}
	o.text("type", string(f.Type))
	o.text("status", string(f.Status))
	if len(f.Tags) > 0 {
		list(&o, "tags", f.Tags, appendText[lantern.Tag])
	}
	o.text("basis", string(f.Basis))
	o.text("state", f.State)
	o.text("reason", f.Reason)
	o.name("month")
	o.b = appendText(o.b, f.Month)
	o.int("count", f.Count)
	o.text("digest", f.Digest)
	o.int("upto", int(f.Upto))
	return o.end(), nil
}

// encodeOpinion is the part of a draft that stays in the open: neither value nor note, and
// nothing that has a column or table of its own.
func encodeOpinion(d *lantern.Draft) (string, error) {
	for _, t := range []time.Time{d.Basis.At, d.FirstSeen, d.LastSeen} {
		if y := t.Year(); y < 0 || y > 9999 {
			return "", &lantern.Error{Kind: lantern.Invalid, Reason: "holds a time outside of the years 0 to 9999", Fix: "check basis.at, first_seen and last_seen"}
		}
	}
	o := begin(make([]byte, 0, 448))
	o.name("programs")
	o.b = append(o.b, "null"...)
	o.name("type")
	o.b = appendText(o.b, d.Type)
	o.name("value")
	o.b = append(o.b, `""`...)
	o.text("status", string(d.Status))
	list(&o, "tags", d.Tags, appendText[lantern.Tag])
	o.text("severity", string(d.Severity))
	o.flag("imminent", d.Imminent)
	o.int("confidence", d.Confidence)
	o.name("basis")
	basis := begin(o.b)
	basis.name("policy")
	basis.b = appendText(basis.b, d.Basis.Policy)
	basis.name("reviewed_by")
	basis.b = appendText(basis.b, d.Basis.ReviewedBy)
	basis.text("action", d.Basis.Action)
	basis.time("at", d.Basis.At)
	o.b = basis.end()
	o.time("first_seen", d.FirstSeen)
	o.time("last_seen", d.LastSeen)
	o.text("language", d.Language)
	o.text("subject_role", string(d.Role))
	o.flag("suspected_minor", d.SuspectedMinor)
	o.text("handling", string(d.Handling))
	o.text("use_restriction", d.UseRestriction)
	return string(o.end()), nil
}
