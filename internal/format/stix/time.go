package stix

import "time"

// Stamp writes a time to the microsecond: TAXII wants exactly that, STIX at least three digits. Two
// versions of an object never share one, since entries of a feed do not.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// ParseStamp reads a time in UTC with 0 to 9 digits after the second: clients write the time of
// TAXII in every precision. ok is false for anything else.
func ParseStamp(s string) (t time.Time, ok bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || len(s) > len("2006-01-02T15:04:05.000000000Z") || s[len(s)-1] != 'Z' {
		return t, false
	}
	t, err := time.Parse("2006-01-02T15:04:05.999999999Z", s)
	return t, err == nil
}
