package api

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"lantern"
)

// The drafts of a batch in the form nearly all have are read by hand, at a sixth of the
// cost of [web.Decode]. What is not in that form (a member it does not know or that comes
// twice, an escape in a text, a value of another type) is left to web.Decode, which takes
// or refuses it with all its care. A fuzz target holds the two to each other.

// readDrafts reads a whole batch: {"items":[{…},…]}.
func readDrafts(body []byte) ([]lantern.Draft, bool) {
	if !utf8.Valid(body) {
		return nil, false
	}
	p := &reader{b: body, ok: true}
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

// reader goes through JSON once, from left to right. Once ok is false the rest means nothing.
type reader struct {
	b  []byte
	ok bool
}

// end reports whether everything was read and in form.
func (p *reader) end() bool {
	p.space()
	return p.ok && len(p.b) == 0
}

func (p *reader) space() {
	for len(p.b) > 0 && (p.b[0] == ' ' || p.b[0] == '\n' || p.b[0] == '\t' || p.b[0] == '\r') {
		p.b = p.b[1:]
	}
}

// eat takes one byte if it comes next.
func (p *reader) eat(c byte) bool {
	p.space()
	if !p.ok || len(p.b) == 0 || p.b[0] != c {
		return false
	}
	p.b = p.b[1:]
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
		name := p.raw()
		p.must(':')
		if p.ok && !member(string(name)) {
			p.ok = false
		}
	})
}

func (p *reader) array(item func()) { p.members('[', ']', item) }

// raw reads a text without escapes.
func (p *reader) raw() []byte {
	p.must('"')
	if !p.ok {
		return nil
	}
	n := bytes.IndexByte(p.b, '"')
	if n < 0 {
		p.ok = false
		return nil
	}
	s := p.b[:n]
	p.b = p.b[n+1:]
	for _, c := range s {
		if c < ' ' || c == '\\' {
			p.ok = false
		}
	}
	return s
}

// text reads a text into a field that holds one.
func text[T ~string](p *reader, into *T) bool {
	*into = T(p.raw())
	return p.ok
}

func (p *reader) id(into *lantern.ID) bool {
	s := p.raw()
	var err error
	if len(s) > 0 {
		*into, err = lantern.ParseID(string(s))
	}
	return p.ok && err == nil
}

func (p *reader) time(into *time.Time) bool {
	return p.ok && into.UnmarshalText(p.raw()) == nil
}

// literal takes a word.
func (p *reader) literal(s string) bool {
	if !bytes.HasPrefix(p.b, []byte(s)) {
		return false
	}
	p.b = p.b[len(s):]
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
	n := 0
	for n < len(p.b) && p.b[n] >= '0' && p.b[n] <= '9' {
		n++
	}
	if n == 0 || n > 9 || p.b[0] == '0' && n > 1 || n < len(p.b) && (p.b[n] == '.' || p.b[n] == 'e' || p.b[n] == 'E') {
		return false
	}
	v, err := strconv.Atoi(string(p.b[:n]))
	*into, p.b = v, p.b[n:]
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
			d.Programs = make([]lantern.ID, 0, 1)
			p.array(func() {
				var id lantern.ID
				p.ok = p.id(&id) && p.ok
				d.Programs = append(d.Programs, id)
			})
			return once(0)
		case "type":
			return once(1) && text(p, &d.Type)
		case "value":
			return once(2) && text(p, &d.Value)
		case "status":
			return once(3) && text(p, &d.Status)
		case "tags":
			d.Tags = make([]lantern.Tag, 0, 1)
			p.array(func() {
				var t lantern.Tag
				text(p, &t)
				d.Tags = append(d.Tags, t)
			})
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
