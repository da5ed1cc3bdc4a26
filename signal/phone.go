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

func normalizePhone(s string) (Value, error) {
	if !strings.HasPrefix(s, "+") {
		return Value{}, bad("no country code", "start with + and the country code")
	}
	n, err := phonenumbers.Parse(s, "ZZ")
	if err != nil {
		return Value{}, bad("not a telephone number", "start with + and the country code")
	}
	return Value{Canonical: phonenumbers.Format(n, phonenumbers.E164)}, nil
}
