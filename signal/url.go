package signal

import (
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// URL is a web address.
var URL = &Type{
	Name:           "url",
	Summary:        "web address",
	Example:        "https://files.example.com/a/b?id=7",
	Compare:        URLPrefix,
	Retention:      365,
	MaxRetention:   1095,
	ThreatExchange: "URI",
	STIX:           "url:value",
	MISP:           "url",
	normalize:      normalizeURL,
}

func normalizeURL(s string) (Value, error) {
	return normalizeURLText(strings.TrimSpace(s))
}

// normalizeURLText parses by the WHATWG rules.
func normalizeURLText(s string) (Value, error) {
	u, err := whatwg.Parse(s)
	if err != nil || u.Scheme() != "http" && u.Scheme() != "https" {
		return Value{}, bad("not a web address", "write it as https://example.com/path")
	}
	u.SetUsername("")
	u.SetPassword("")
	u.SetHash("")
	return Value{Canonical: u.Href(true)}, nil
}
