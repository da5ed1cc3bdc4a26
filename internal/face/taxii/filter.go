package taxii

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"
	"lantern/internal/format/stix"
)

// Bounds of a page and of a list in a filter.
const (
	usualLimit = 100
	maxLimit   = lantern.MaxPage
	maxValues  = 100
)

// filter is what narrows a reading: section 3.4 of TAXII 2.1.
type filter struct {
	after    time.Time
	limit    int
	next     lantern.Cursor
	ids      []string // empty: any
	types    []string
	versions []string // timestamps or one of last, first, all
	specs    []string
}

// bound names the filter without limit and next: a next goes with it.
func (f *filter) bound(what string) string {
	after := ""
	if !f.after.IsZero() {
		after = f.after.Format(time.RFC3339Nano)
	}
	parts := []string{what, after}
	for _, list := range [][]string{f.ids, f.types, f.versions, f.specs} {
		list = slices.Clone(list)
		slices.Sort(list)
		parts = append(parts, strings.Join(slices.Compact(list), ","))
	}
	return strings.Join(parts, "\n")
}

// errParam refuses a parameter. A query has no pointer, so its name stands in the reason; it
// is one of ours.
func errParam(name, reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Reason: "parameter " + name + " " + reason, Fix: fix}
}

// readFilter reads the parameters of a request. Anything malformed is refused, also a filter that
// is not known here: passing it over would hand out more than was asked for.
func readFilter(query string, allowed []string) (f filter, err error) {
	f.limit = usualLimit
	if query == "" || allowed == nil {
		return f, nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return f, &lantern.Error{Kind: lantern.Invalid, Reason: "the query string is malformed", Fix: "percent-encode it"}
	}
	for name, list := range values {
		switch {
		case !slices.Contains(allowed, name):
			return f, &lantern.Error{Kind: lantern.Invalid, Reason: "a parameter that is not taken here", Fix: "known here: " + strings.Join(allowed, ", ")}
		case len(list) > 1:
			return f, errParam(name, "is given twice", "give it once, its values separated by commas")
		}
		if err := f.set(name, list[0]); err != nil {
			return f, err
		}
	}
	return f, nil
}

// set reads one parameter.
func (f *filter) set(name, text string) (err error) {
	switch name {
	case "added_after":
		ok := false
		if f.after, ok = stix.ParseStamp(text); !ok {
			return errParam(name, "is not a time", "write it as 2006-01-02T15:04:05.000000Z")
		}
		return nil
	case "limit":
		return f.setLimit(text)
	case "next":
		if text == "" || len(text) > 512 {
			return errParam(name, "was not given by this exchange", "pass what the last page gave as next")
		}
		f.next = lantern.Cursor(text)
		return nil
	}
	list := strings.Split(text, ",")
	if len(list) > maxValues {
		return errParam(name, "has too many values", "at most "+strconv.Itoa(maxValues))
	}
	switch name {
	case "match[id]":
		f.ids = list
		return each(name, list, stix.Well, "is not a list of STIX ids")
	case "match[type]":
		f.types = list
		return each(name, list, func(s string) bool { return stix.Well(s + "--00000000-0000-4000-8000-000000000000") }, "is not a list of object types")
	case "match[spec_version]":
		f.specs = list
		return each(name, list, func(s string) bool { return s == "2.0" || s == "2.1" }, "is not a list of versions of STIX")
	default:
		f.versions = list
		if slices.Contains(list, "all") && len(list) > 1 {
			return errParam(name, "names all and more", "all stands alone")
		}
		return each(name, list, func(s string) bool {
			_, ok := stix.ParseStamp(s)
			return ok || s == "last" || s == "first" || s == "all"
		}, "is not a list of versions")
	}
}

// setLimit reads how many objects are wanted; more than a page can hold is not an error.
func (f *filter) setLimit(text string) error {
	digits := strings.TrimLeft(text, "0")
	if digits == "" || len(text) > 100 || strings.Trim(digits, "0123456789") != "" {
		return errParam("limit", "is not a positive number", "give decimal digits")
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n > maxLimit {
		n = maxLimit
	}
	f.limit = n
	return nil
}

func each(name string, list []string, good func(string) bool, reason string) error {
	for _, s := range list {
		if !good(s) {
			return errParam(name, reason, "separate values by commas, without blanks")
		}
	}
	return nil
}
