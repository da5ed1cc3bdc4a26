package signal

import (
	"strings"
	"unicode/utf8"
)

// Phrase is two or more words used to groom, to trade or to demand.
var Phrase = &Type{
	Name:           "phrase",
	Summary:        "words used to groom, trade or demand",
	Example:        "zorbly plim trade",
	Compare:        Words,
	Weak:           true,
	Retention:      90,
	MaxRetention:   180,
	ThreatExchange: "TEXT_STRING",
	STIX:           "",
	MISP:           "text",
	normalize:      normalizePhrase,
}

func normalizePhrase(s string) (Value, error) {
	var b []byte
	for _, r := range s {
		if f := FoldRune(r); f == "" {
			continue
		} else if c, _ := utf8.DecodeRuneInString(f); IsWord(c) {
			b = append(b, f...)
		} else {
			b = append(b, 32)
		}
	}
	words := strings.Fields(string(b))
	if len(words) < 2 && !strings.ContainsFunc(string(b), Unspaced) {
		return Value{}, bad("one word", "give at least two words")
	}
	return Value{Canonical: strings.Join(words, " ")}, nil
}
