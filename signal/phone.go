package signal

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a telephone number.
var Phone = &Type{
	Name:           "phone",
	Summary:        "telephone number",
	Example:        "+1 202 555 0143",
	Compare:        Exact,
	Personal:       true,
	Retention:      180,
	MaxRetention:   365,
	ThreatExchange: "TELEPHONE",
	STIX:           "",
	MISP:           "phone-number",
	normalize:      normalizePhone,
}

// normalizePhone takes an international number in any usual writing. A national number is
// refused: without its country it is many numbers. A number must have a length its
// country uses; whether it is in service changes with time and is not asked.
func normalizePhone(s string) (Value, error) {
	s = visible(s)
	if len(s) > 6 && (strings.EqualFold(s[:4], "tel:") || strings.EqualFold(s[:4], "sms:")) {
		s = s[4:]
	}
	digits, ok := dialable(s)
	switch {
	case !ok:
		return Value{}, bad("not a telephone number", "digits and separators only, without an extension")
	case digits == "":
		return Value{}, bad("no country code", "start with + and the country code")
	case len(digits) < 8 || len(digits) > 16:
		return Value{}, bad("wrong length for a telephone number", "7 to 15 digits with the country code")
	}
	n, err := phonenumbers.Parse(digits, "ZZ")
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsPossibleNumber(n) {
		return Value{}, bad("not a telephone number", "no country has numbers of this form")
	}
	out := phonenumbers.Format(n, phonenumbers.E164)
	if out != digits && !settledPhone(out) {
		return Value{}, bad("not a telephone number", "no country has numbers of this form")
	}
	return Value{Canonical: out}, nil
}

// KnownRegion reports whether a country, by the two capital letters of ISO 3166, has
// telephone numbers of its own. Those of no other can be read without a country code.
func KnownRegion(country string) bool {
	return phonenumbers.GetSupportedRegions()[country]
}

// settledPhone reports whether an E.164 number reads as itself. Taking out a trunk prefix
// can leave a number that reads otherwise, or is none.
func settledPhone(e164 string) bool {
	n, err := phonenumbers.Parse(e164, "ZZ")
	return err == nil && len(e164) >= 8 && phonenumbers.IsPossibleNumber(n) && phonenumbers.Format(n, phonenumbers.E164) == e164
}

// dialable strips a number to "+" and ASCII digits. digits is "" if the number is
// national; ok is false if s holds anything that is not part of a number. A "(0)" after
// the country code is what is dialed inside the country only and goes.
func dialable(s string) (digits string, ok bool) {
	s = strings.Replace(narrow(s), "(0)", "", 1)
	b := make([]byte, 0, 20)
	for _, r := range s {
		switch {
		case r == '+' && len(b) == 0:
			b = append(b, '+')
		case r >= '0' && r <= '9':
			b = append(b, byte(r))
		case strings.ContainsRune(" \t\u00a0-.()/[]\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2009\u202f", r):
		default:
			v, ok := digitValue(r)
			if !ok {
				return "", false
			}
			b = append(b, '0'+v)
		}
		if len(b) > 20 {
			return "", false
		}
	}
	switch {
	case len(b) == 0:
		return "", false
	case b[0] == '+':
		return string(b), true
	case len(b) > 2 && b[0] == '0' && b[1] == '0':
		return "+" + string(b[2:]), true
	}
	return "", true
}
