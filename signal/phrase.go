package signal

import (
	"strings"
	"unicode/utf8"
)

// Phrase is words used to groom, to trade or to demand. It is always weak: words are
// found in innocent places.
var Phrase = &Type{
	Name:           "phrase",
	Summary:        "words used to groom, to trade or to demand",
	Example:        "zorbly plim trade",
	Compare:        Words,
	Weak:           true,
	Retention:      90,
	MaxRetention:   180,
	ThreatExchange: "TEXT_STRING",
	MISP:           "text",
	normalize:      normalizePhrase,
}

// Bounds of a phrase. Longer text is a message, and messages do not travel.
const (
	maxPhraseWords  = 20
	maxPhraseRunes  = 200
	maxPhraseLines  = 2
	minPhraseUnruly = 3 // characters of a phrase in a script without spaces
)

// normalizePhrase folds the text (see [FoldRune]) and joins its words with one space.
func normalizePhrase(s string) (Value, error) {
	if err := notMessage(s); err != nil {
		return Value{}, err
	}
	words := FoldedWords(s)
	joined := strings.Join(words, " ")
	unspaced := 0
	for _, r := range joined {
		if Unspaced(r) {
			unspaced++
		}
	}
	switch {
	case len(words) == 0:
		return Value{}, bad("no words", "give at least two words")
	case unspaced > 0 && utf8.RuneCountInString(joined) < minPhraseUnruly:
		return Value{}, bad("too short", "give at least three characters")
	case unspaced == 0 && len(words) < 2:
		return Value{}, bad("one word", "a single word is found everywhere; give at least two")
	case allCommon(words):
		return Value{}, bad("common words only", "it would be found everywhere; give the words that make it telling")
	case longestDigits(joined) >= 7:
		return Value{}, bad("a long number in the text", "share a telephone number as phone, an account as account")
	case len(words) > maxPhraseWords || utf8.RuneCountInString(joined) > maxPhraseRunes:
		return Value{}, bad("too long for a phrase", "at most 20 words and 200 characters; a message must not be shared")
	}
	return Value{Canonical: joined}, nil
}

// FoldedWords folds s and cuts it into words: longest runs of characters for which
// [IsWord] holds. It is how a phrase comes to its canonical form, and how a matcher must
// read the text it is looked for in.
func FoldedWords(s string) []string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = AppendFold(b, r)
	}
	return strings.FieldsFunc(string(b), func(r rune) bool { return !IsWord(r) })
}

// notMessage refuses what is not a phrase: transcripts, encoded bytes, and text that
// holds an identifier, which has a type of its own and would name a person here.
func notMessage(s string) error {
	folded := ats.Replace(skeleton(s))
	switch {
	case strings.Count(s, "\n") >= maxPhraseLines || utf8.RuneCountInString(s) > 3*maxPhraseRunes:
		return bad("a transcript", "share the telling words, never a conversation")
	case holdsAddress(folded):
		return bad("a mail address in the text", "share it as email, the words without it")
	case strings.Contains(folded, "://"):
		return bad("a web address in the text", "share it as url, the words without it")
	}
	for w := range strings.FieldsSeq(s) {
		if encoded(w) {
			return bad("encoded bytes", "share the words themselves")
		}
	}
	return nil
}

// longestDigits counts the digits of the longest number in s. The separators people
// write into telephone numbers do not end one.
func longestDigits(s string) int {
	n, best := 0, 0
	for _, r := range s {
		if _, ok := digitValue(r); ok {
			n++
			best = max(best, n)
		} else if !strings.ContainsRune("-.() ", r) {
			n = 0
		}
	}
	return best
}

// allCommon reports whether every word says nothing.
func allCommon(words []string) bool {
	for _, w := range words {
		if !commonWords()[w] && len(w) > 1 {
			return false
		}
	}
	return true
}
