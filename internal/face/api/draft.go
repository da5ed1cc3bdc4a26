package api

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lantern"
)

// The drafts of a batch in the form nearly all have are read by hand, at a sixth of the
// cost of [web.Decode]. What is not in that form (a member it does not know or that comes
// twice, an escape in a text, a value of another type) is left to web.Decode, which takes
// or refuses it with all its care. A fuzz target holds the two to each other.

// readDrafts reads a whole batch: {"items":[{…},…]}. The texts of the drafts are parts of one
// copy of the body.
func readDrafts(body []byte) ([]lantern.Draft, bool) {
	if !utf8.Valid(body) {
		return nil, false
	}
	p := &reader{b: body, s: string(body), plain: bytes.IndexByte(body, '\\') < 0 && !holdsControl(body), ok: true}
	p.ids, p.tags = make([]lantern.ID, 0, len(body)/300+1), make([]lantern.Tag, 0, len(body)/300+1)
	var drafts []lantern.Draft
	p.object(func(name string) bool {
		if name != "items" || drafts != nil {
			return false
		}
		drafts = make([]lantern.Draft, 0, min(len(body)/300+1, lantern.MaxBatch))
		p.array(func() {
			if len(drafts) > lantern.MaxBatch {
				p.ok = false
				return
			}
			drafts = append(drafts, lantern.Draft{})
			p.draft(&drafts[len(drafts)-1])
		})
		return true
	})
	return drafts, p.end() && len(drafts) > 0
}

// holdsControl reports whether b holds a control character, eight bytes at a time.
func holdsControl(b []byte) bool {
	const ones = 0x0101010101010101
	for ; len(b) >= 8; b = b[8:] {
		// Bytes below a blank borrow into their top bit; bytes above 0x7f have it already.
		if v := binary.LittleEndian.Uint64(b); (v-' '*ones)&^v&(0x80*ones) != 0 {
			return true
		}
	}
	for _, c := range b {
		if c < ' ' {
			return true
		}
	}
	return false
}

// reader goes through JSON once, from left to right. Once ok is false the rest means nothing.
type reader struct {
	b     []byte
	s     string // the same bytes
	at    int    // what comes next
	plain bool   // there are neither control characters nor backslashes in all of it
	ok    bool

	read   string    // the last time that was read
	moment time.Time // what it is

	// Programs and tags of all drafts, one after the other.
	ids  []lantern.ID
	tags []lantern.Tag
}

// end reports whether everything was read and in form.
func (p *reader) end() bool {
	p.space()
	return p.ok && p.at == len(p.b)
}

func (p *reader) space() {
	for p.at < len(p.b) {
		switch p.b[p.at] {
		case ' ', '\n', '\t', '\r':
			p.at++
		default:
			return
		}
	}
}

// eat takes one byte if it comes next.
func (p *reader) eat(c byte) bool {
	if p.at < len(p.b) && p.b[p.at] != c { // nearly always there is no space
		p.space()
	}
	if !p.ok || p.at == len(p.b) || p.b[p.at] != c {
		return false
	}
	p.at++
	return true
}

func (p *reader) must(c byte) {
	if !p.eat(c) {
		p.ok = false
	}
}

// members reads what stands between two brackets, separated by commas.
func (p *reader) members(open, shut byte, member func()) {
	p.must(open)
	if p.eat(shut) {
		return
	}
	for p.ok {
		member()
		if p.eat(shut) {
			return
		}
		p.must(',')
	}
}

// object calls member for each name, to read its value; false means that it cannot.
func (p *reader) object(member func(name string) bool) {
	p.members('{', '}', func() {
		name := p.text()
		p.must(':')
		if p.ok && !member(name) {
			p.ok = false
		}
	})
}

func (p *reader) array(item func()) { p.members('[', ']', item) }

// raw finds a text without escapes: it is from p.b[from] to before p.b[to].
func (p *reader) raw() (from, to int) {
	p.must('"')
	if !p.ok {
		return 0, 0
	}
	from = p.at
	n := strings.IndexByte(p.s[from:], '"')
	if n < 0 {
		p.ok = false
		return 0, 0
	}
	to = from + n
	p.at = to + 1
	if !p.plain {
		for _, c := range p.b[from:to] {
			if c < ' ' || c == '\\' {
				p.ok = false
			}
		}
	}
	return from, to
}

func (p *reader) text() string {
	from, to := p.raw()
	return p.s[from:to]
}

// text reads a text into a field that holds one.
func text[T ~string](p *reader, into *T) bool {
	*into = T(p.text())
	return p.ok
}

func (p *reader) id(into *lantern.ID) bool {
	s := p.text()
	var err error
	if len(s) > 0 {
		*into, err = lantern.ParseID(s)
	}
	return p.ok && err == nil
}

func (p *reader) time(into *time.Time) bool {
	from, to := p.raw()
	if s := p.s[from:to]; s == "" || s != p.read { // the drafts of a batch often say the same
		if !p.ok || p.moment.UnmarshalText(p.b[from:to]) != nil || !isStrict(s) {
			return false
		}
		p.read = s
	}
	*into = p.moment
	return p.ok
}

// isStrict reports whether a time that package time has read is one by RFC 3339 too:
// package time also takes hours of one digit, fractions behind a comma and zones that
// are out of range (go.dev/issue/54580).
func isStrict(s string) bool {
	const whole = len("2006-01-02T15:04:05")
	if len(s) <= whole || s[13] != ':' || s[whole] == ',' {
		return false
	}
	zone := s[len(s)-len("07:00"):]
	return s[len(s)-1] == 'Z' || zone[:2] < "24" && zone[3:] < "60"
}

// literal takes a word.
func (p *reader) literal(s string) bool {
	if !strings.HasPrefix(p.s[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

func (p *reader) flag(into *bool) bool {
	p.space()
	*into = p.literal("true")
	return *into || p.literal("false")
}

// int reads a small whole number without a sign.
func (p *reader) int(into *int) bool {
	p.space()
	s := p.s[p.at:]
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 || n > 9 || s[0] == '0' && n > 1 || n < len(s) && (s[n] == '.' || s[n] == 'e' || s[n] == 'E') {
		return false
	}
	v, err := strconv.Atoi(s[:n])
	*into = v
	p.at += n
	return err == nil
}

func (p *reader) draft(d *lantern.Draft) {
	var seen uint32
	once := func(bit uint) bool {
		fresh := seen&(1<<bit) == 0
		seen |= 1 << bit
		return fresh
	}
	p.object(func(name string) bool {
		switch name {
		case "programs":
			first := len(p.ids)
			p.array(func() {
				var id lantern.ID
				p.ok = p.id(&id) && p.ok
				p.ids = append(p.ids, id)
			})
			d.Programs = p.ids[first:len(p.ids):len(p.ids)]
			return once(0)
		case "type":
			return once(1) && text(p, &d.Type)
		case "value":
			return once(2) && text(p, &d.Value)
		case "status":
			return once(3) && text(p, &d.Status)
		case "tags":
			first := len(p.tags)
			p.array(func() { p.tags = append(p.tags, lantern.Tag(p.text())) })
			d.Tags = p.tags[first:len(p.tags):len(p.tags)]
			return once(4)
		case "severity":
			return once(5) && text(p, &d.Severity)
		case "imminent":
			return once(6) && p.flag(&d.Imminent)
		case "confidence":
			return once(7) && p.int(&d.Confidence)
		case "basis":
			return once(8) && p.basis(&d.Basis)
		case "first_seen":
			return once(9) && p.time(&d.FirstSeen)
		case "last_seen":
			return once(10) && p.time(&d.LastSeen)
		case "language":
			return once(11) && text(p, &d.Language)
		case "subject_role":
			return once(12) && text(p, &d.Role)
		case "suspected_minor":
			return once(13) && p.flag(&d.SuspectedMinor)
		case "handling":
			return once(14) && text(p, &d.Handling)
		case "use_restriction":
			return once(15) && text(p, &d.UseRestriction)
		case "expires":
			return once(16) && p.time(&d.Expires)
		case "note":
			return once(17) && text(p, &d.Note)
		}
		return false
	})
}

func (p *reader) basis(b *lantern.Basis) bool {
	var seen [4]bool
	once := func(i int) bool {
		fresh := !seen[i]
		seen[i] = true
		return fresh
	}
	p.object(func(name string) bool {
		switch name {
		case "policy":
			return once(0) && text(p, &b.Policy)
		case "reviewed_by":
			return once(1) && text(p, &b.ReviewedBy)
		case "action":
			return once(2) && text(p, &b.Action)
		case "at":
			return once(3) && p.time(&b.At)
		}
		return false
	})
	return p.ok
}
