package threatexchange

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"
	"lantern/internal/exchange"
	wire "lantern/internal/format/threatexchange"
)

// search finds opinions: all on one value, if a text is given, or else those that fit, oldest
// change first. after is the way on.
func (c *call) search() (list []exchange.Seen, after string, err error) {
	if _, err := c.names(); err != nil {
		return nil, "", err
	}
	q, err := c.opinionQuery("since", "until")
	if err != nil {
		return nil, "", err
	}
	keep, err := c.filter()
	if err != nil {
		return nil, "", err
	}
	q.Keep = keep
	text := c.params.get("text")
	if text == "" {
		got, err := c.face.x.Browse(c.r.Context(), c.actor, q)
		return got.Opinions, mark(got.Next), err
	}
	for _, t := range c.typesOf(text) {
		found, err := c.face.x.OpinionsOn(c.r.Context(), c.actor, t, text)
		if lantern.KindOf(err) == lantern.Invalid {
			continue // the text is no value of this type
		}
		if err != nil {
			return nil, "", err
		}
		for _, o := range found {
			if keep(&o.Signal) {
				list = append(list, exchange.Seen{Opinion: o, Changed: o.Updated})
			}
		}
	}
	return list, "", nil
}

// typesOf are the types whose values a text may be.
func (c *call) typesOf(string) []lantern.SignalType {
	if t := c.params.get("type"); t != "" {
		return wire.SignalTypes(t)
	}
	return wire.AllTypes()
}

// opinionQuery reads times, place and size of a page.
func (c *call) opinionQuery(since, until string) (q exchange.OpinionQuery, err error) {
	if q.From, err = wire.ParseTime("/"+since, c.params.get(since), c.now); err != nil {
		return q, err
	}
	if q.Until, err = wire.ParseTime("/"+until, c.params.get(until), c.now); err != nil {
		return q, err
	}
	if !q.Until.IsZero() {
		q.Until = q.Until.Add(time.Second - time.Microsecond) // the second itself is within
	}
	if q.Limit, err = c.params.limit("limit", usualPage); err != nil {
		return q, err
	}
	q.After, err = parseMark(c.params.get("after"))
	return q, err
}

// mark is a place as a cursor.
func mark(m *exchange.Mark) string {
	if m == nil {
		return ""
	}
	return fmt.Sprintf("%d-%s", m.Changed.UnixMicro(), m.Program)
}

func parseMark(s string) (m exchange.Mark, err error) {
	if s == "" {
		return m, nil
	}
	at, program, _ := strings.Cut(s, "-")
	n, e1 := strconv.ParseInt(at, 10, 64)
	id, e2 := lantern.ParseID(program)
	if e1 != nil || e2 != nil || n <= 0 {
		return m, &lantern.Error{Kind: lantern.Invalid, Field: "/after", Reason: "not a cursor of this list", Fix: "follow paging.next"}
	}
	return exchange.Mark{Changed: time.UnixMicro(n).UTC(), Program: id}, nil
}

// filter reads what descriptors must be like.
func (c *call) filter() (func(*lantern.Signal) bool, error) {
	var tests []func(*lantern.Signal) bool
	if t := c.params.get("type"); t != "" {
		types := wire.SignalTypes(t)
		tests = append(tests, func(s *lantern.Signal) bool { return slices.Contains(types, s.Type) })
	}
	owners, err := wire.IDs("/owner", c.params.get("owner"))
	if err != nil {
		return nil, err
	}
	if owners = c.members(owners); len(owners) > 0 {
		tests = append(tests, func(s *lantern.Signal) bool { return slices.Contains(owners, s.Member) })
	}
	if tags := wire.List(c.params.get("tags")); len(tags) > 0 {
		all := c.params.get("tags_are_anded") == "true" || c.params.get("tags_are_anded") == "1"
		tests = append(tests, func(s *lantern.Signal) bool { return hasTags(s, tags, all) })
	}
	for name, of := range map[string]func(*lantern.Signal) string{"status": wire.Status, "review_status": wire.Review, "share_level": wire.Level} {
		if want := c.params.get(name); want != "" {
			tests = append(tests, func(s *lantern.Signal) bool { return strings.EqualFold(of(s), want) })
		}
	}
	for name, within := range map[string]func(n, bound int) bool{"min_confidence": func(n, b int) bool { return n >= b }, "max_confidence": func(n, b int) bool { return n <= b }} {
		if text := c.params.get(name); text != "" {
			bound, err := strconv.Atoi(text)
			if err != nil {
				return nil, &lantern.Error{Kind: lantern.Invalid, Field: "/" + name, Reason: "not a number", Fix: "0 to 100"}
			}
			tests = append(tests, func(s *lantern.Signal) bool { return within(s.Confidence, bound) })
		}
	}
	return func(s *lantern.Signal) bool {
		return !slices.ContainsFunc(tests, func(t func(*lantern.Signal) bool) bool { return !t(s) })
	}, nil
}

func hasTags(s *lantern.Signal, tags []string, all bool) bool {
	n := 0
	for _, t := range tags {
		if slices.Contains(s.Tags, wire.ParseTag(t)) {
			n++
		}
	}
	return n > 0 && (!all || n == len(tags))
}
