package threatexchange

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// List reads a list in any of the forms clients send: 1,2 or [1,2] or ["a","b"] or ['a', 'b'].
// Empty items are left out.
func List(s string) (list []string) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.Trim(strings.TrimSpace(item), `"'`); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// IDs reads a list of ids.
func IDs(field, s string) ([]lantern.ID, error) {
	items := List(s)
	ids := make([]lantern.ID, len(items))
	for i, item := range items {
		id, err := lantern.ParseID(item)
		if err != nil {
			return nil, bad(field, "holds something that is not an id", "decimal numbers, separated by commas")
		}
		ids[i] = id
	}
	return ids, nil
}

// stampForm is how times show.
const stampForm = "2006-01-02T15:04:05-0700"

// Stamp is a time as a text.
func Stamp(t time.Time) string { return t.UTC().Format(stampForm) }

// timeForms are the texts of times that are read; one without a zone is UTC.
var timeForms = []string{
	stampForm, time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006/01/02",
}

// phrase is a distance in time, such as "-3hours", "+1 week" or "2 days ago".
var phrase = regexp.MustCompile(`^([+-]?)\s*(\d{1,6})\s*(second|sec|minute|min|hour|day|week|month|year)s?(\s+ago)?$`)

// ParseTime reads seconds since 1970, a date with or without a time, or a phrase counted from
// now. The empty text is the zero time. The error does not repeat what was sent.
func ParseTime(field, s string, now time.Time) (time.Time, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" {
		return time.Time{}, nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 && n < 1<<37 {
		return time.Unix(n, 0).UTC(), nil
	}
	for _, form := range timeForms {
		if t, err := time.Parse(form, strings.ToUpper(s)); err == nil && t.Year() >= 1970 {
			return t.UTC(), nil
		}
	}
	day := now.UTC().Truncate(24 * time.Hour)
	switch s {
	case "now":
		return now.UTC(), nil
	case "today":
		return day, nil
	case "yesterday":
		return day.AddDate(0, 0, -1), nil
	case "tomorrow":
		return day.AddDate(0, 0, 1), nil
	}
	m := phrase.FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, bad(field, "not a time", "seconds since 1970, a date such as 2026-11-23T09:00:00+0000, or a phrase such as -3hours")
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return time.Time{}, bad(field, "not a time", "")
	}
	if (m[1] == "-") != (m[4] != "") {
		n = -n
	}
	at := after(now.UTC(), n, m[3])
	if at.Year() < 1970 || at.Year() > 9999 {
		return time.Time{}, bad(field, "a time out of range", "")
	}
	return at, nil
}

// after moves a time by n of a unit.
func after(t time.Time, n int, unit string) time.Time {
	switch unit {
	case "second", "sec":
		return t.Add(time.Duration(n) * time.Second)
	case "minute", "min":
		return t.Add(time.Duration(n) * time.Minute)
	case "hour":
		return t.Add(time.Duration(n) * time.Hour)
	case "day":
		return t.AddDate(0, 0, n)
	case "week":
		return t.AddDate(0, 0, 7*n)
	case "month":
		return t.AddDate(0, n, 0)
	}
	return t.AddDate(n, 0, 0)
}
