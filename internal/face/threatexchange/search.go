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
// change first unless it is to be the other way round. after is the way on.
func (c *call) search() (list []exchange.Seen, after string, err error) {
	if _, err := c.names(); err != nil {
		return nil, "", err
	}
	q, err := c.opinionQuery("since", "until")
	if err != nil {
		return nil, "", err
	}
	if q.Keep, err = c.filter(); err != nil {
		return nil, "", err
	}
	created, err := c.order(&q)
	if err != nil {
		return nil, "", err
	}
	// What has expired is gone for everybody: whoever asks for it as well gets no more.
	if _, err := c.params.flag("include_expired"); err != nil {
		return nil, "", err
	}
	f, err := c.fields()
	if err != nil {
		return nil, "", err
	}
	if wantsRelated(f) {
		q.Limit = min(q.Limit, maxRelated)
	}
	if text := c.params.get("text"); text != "" {
		list, err := c.searchText(text, q, created)
		return list, "", err
	}
	if created {
		return nil, "", &lantern.Error{Kind: lantern.Invalid, Field: "/sort_by", Reason: "without a text, the order is that of the last change", Fix: "leave it out; sort_order turns the order round"}
	}
	got, err := c.face.x.Browse(c.r.Context(), c.actor, q)
	return got.Opinions, mark(got.Next), err
}

// searchText finds what is said of one value. With strict_text it must be written as it shows.
func (c *call) searchText(text string, q exchange.OpinionQuery, created bool) (list []exchange.Seen, err error) {
	strict, err := c.params.flag("strict_text")
	if err != nil {
		return nil, err
	}
	for _, t := range c.typesOf() {
		found, err := c.face.x.OpinionsOn(c.r.Context(), c.actor, t, text)
		if lantern.KindOf(err) == lantern.Invalid {
			continue // the text is no value of this type
		}
		if err != nil {
			return nil, err
		}
		for _, o := range found {
			in := !o.Updated.Before(q.From) && (q.Until.IsZero() || !o.Updated.After(q.Until))
			if in && q.Keep(&o.Signal) && (!strict || o.Value == text) {
				list = append(list, exchange.Seen{Opinion: o, Changed: o.Updated})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b exchange.Seen) int {
		if q.Newest {
			a, b = b, a
		}
		if created {
			return a.Created.Compare(b.Created)
		}
		return a.Changed.Compare(b.Changed)
	})
	return list, nil
}

// order reads in which order what is found comes; created: by when it was shared first.
func (c *call) order(q *exchange.OpinionQuery) (created bool, err error) {
	switch by := c.params.get("sort_by"); {
	case strings.EqualFold(by, "CREATE_TIME"):
		created = true
	case by != "" && by != "None" && !strings.EqualFold(by, "RELEVANCE"): // what is found is all equally relevant
		return false, &lantern.Error{Kind: lantern.Invalid, Field: "/sort_by", Reason: "not an order", Fix: "RELEVANCE or CREATE_TIME"}
	}
	switch way := c.params.get("sort_order"); {
	case strings.EqualFold(way, "DESCENDING"):
		q.Newest = true
	case way != "" && way != "None" && !strings.EqualFold(way, "ASCENDING"):
		return false, &lantern.Error{Kind: lantern.Invalid, Field: "/sort_order", Reason: "not an order", Fix: "ASCENDING or DESCENDING"}
	}
	return created, nil
}

// typesOf are the types whose values a text may be: those asked for, or all.
func (c *call) typesOf() []lantern.SignalType {
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
		all, err := c.params.flag("tags_are_anded")
		if err != nil {
			return nil, err
		}
		tests = append(tests, func(s *lantern.Signal) bool { return hasTags(s, tags, all) })
	}
	for name, of := range map[string]func(*lantern.Signal) string{"status": wire.Status, "review_status": wire.Review, "share_level": wire.Level, "severity": wire.Severity} {
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
