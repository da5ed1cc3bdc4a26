package signal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lantern"
)

// Tactic is a pattern of behavior that names nobody. Its raw and its canonical value are
// JSON of [lantern.Tactic]; [NormalizeTactic] takes one that was read already.
var Tactic = &Type{
	Name:         lantern.TacticType,
	Summary:      "how they work: contact, moves, demands, words; names nobody",
	Example:      `{"contact":["game-chat"],"demands":["gift-cards","secrecy"],"moves_to":["encrypted-messenger"],"words":["zorbly plim trade"]}`,
	Compare:      None,
	Retention:    365,
	MaxRetention: 1095,
	STIX:         "attack-pattern",
	normalize:    normalizeTactic,
}

// normalizeTactic reads the JSON strictly.
func normalizeTactic(s string) (Value, error) {
	var t lantern.Tactic
	dec := json.NewDecoder(strings.NewReader(s))
	dec.DisallowUnknownFields()
	if !strings.HasPrefix(s, "{") || dec.Decode(&t) != nil {
		return Value{}, bad("not a tactic", "an object of contact, demands, moves_to and words, each a list")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Value{}, bad("not a tactic", "one object and nothing after it")
	}
	v, err := NormalizeTactic(&t)
	var e *lantern.Error
	if errors.As(err, &e) {
		return v, bad(e.Reason, e.Fix)
	}
	return v, err
}

// NormalizeTactic checks a tactic and writes its canonical form: JSON (RFC 8785) with every
// list in bytewise order, each entry once, texts in lower case and NFKC with single blanks.
// It refuses texts that hold personal data (see [CheckNote]) or an identifier: a tactic
// names nobody. The error points into the tactic and never holds a part of it.
func NormalizeTactic(t *lantern.Tactic) (Value, error) {
	if err := t.Validate(); err != nil {
		return Value{}, err
	}
	c := lantern.Tactic{Contact: sorted(t.Contact), Demands: sorted(t.Demands)}
	for i, m := range t.MovesTo {
		m, ok := channel(m)
		if !ok {
			return Value{}, tacticError(fmt.Sprintf("/tactic/moves_to/%d", i), "not a known channel", "the name of a platform, or one of: "+channelWords())
		}
		c.MovesTo = append(c.MovesTo, m)
	}
	for i, w := range t.Words {
		at := fmt.Sprintf("/tactic/words/%d", i)
		w, ok := settled(strings.Join(strings.Fields(w), " "), func(s string) string { return strings.Join(strings.Fields(lowerNFKC(s)), " ") })
		if n := utf8.RuneCountInString(w); !ok || n < 2 || n > lantern.MaxTacticText {
			return Value{}, tacticError(at, "wrong length", fmt.Sprintf("2 to %d characters", lantern.MaxTacticText))
		}
		if err := namesNobody(at, w); err != nil {
			return Value{}, err
		}
		c.Words = append(c.Words, w)
	}
	c.MovesTo, c.Words = sorted(c.MovesTo), sorted(c.Words)
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return Value{}, tacticError("/tactic", "cannot be written", "remove what is no text")
	}
	if b.Len() > lantern.MaxValue {
		return Value{}, tacticError("/tactic", "too long", "at most 4096 bytes when written out in full")
	}
	return Value{Canonical: strings.TrimSuffix(b.String(), "\n")}, nil
}

// ReadTactic reads what [NormalizeTactic] wrote.
func ReadTactic(canonical string) (*lantern.Tactic, error) {
	var t lantern.Tactic
	if err := json.Unmarshal([]byte(canonical), &t); err != nil {
		return nil, errors.New("a stored tactic is damaged")
	}
	return &t, nil
}

func tacticError(field, reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Field: field, Reason: reason, Fix: fix}
}

// sorted returns a list in order, each entry once, nil for none.
func sorted[T ~string](list []T) []T {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// channel brings a channel to form: its word, or the word of a platform.
func channel(c lantern.Channel) (lantern.Channel, bool) {
	s, ok := settled(strings.TrimSpace(string(c)), lowerNFKC)
	if slices.Contains(lantern.Channels(), lantern.Channel(s)) {
		return lantern.Channel(s), true
	}
	word, known := platforms()[s]
	return lantern.Channel(word), ok && known
}

func channelWords() string {
	words := make([]string, len(lantern.Channels()))
	for i, c := range lantern.Channels() {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

// namesNobody refuses a text that holds personal data or an identifier.
func namesNobody(at, s string) error {
	err := CheckNote(s)
	var e *lantern.Error
	switch {
	case errors.As(err, &e):
		return tacticError(at, e.Reason, e.Fix)
	case err != nil:
		return err
	}
	folded := ats.Replace(refangDots(skeleton(s)))
	if strings.Contains(folded, "@") {
		return tacticError(at, "holds a handle or a mail address", "share it as a signal of its own type; a tactic names nobody")
	}
	words := strings.Fields(folded)
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		switch {
		case strings.Contains(w, "://") || holdsHost(w):
			return tacticError(at, "holds a web address", "share it as a signal of type url or domain; a tactic names nobody")
		case handleAt(w, next):
			return tacticError(at, "holds a handle", "share it as a signal of type username; a tactic names nobody")
		case len(w) >= 20 && strings.ContainsAny(w, "0123456789"):
			return tacticError(at, "holds a code", "share it as a signal of its own type; a tactic names nobody")
		}
	}
	return nil
}

// holdsHost reports a word that is a host or begins with one.
func holdsHost(w string) bool {
	host, _, _ := strings.Cut(strings.Trim(w, `.,;:!?"'()<>`), "/")
	host, _, _ = strings.Cut(host, ":")
	host, ok := asciiHost(host)
	return ok && strings.Contains(host, ".") && knownSuffix(host)
}

// handleAt reports the name of a platform with a handle behind it: "snap/zorb",
// "snap: zorb", "snap zorb_7".
func handleAt(w, next string) bool {
	if i := strings.IndexAny(w, "/:"); i > 0 {
		_, known := platforms()[w[:i]]
		return known && (len(w) > i+1 || next != "")
	}
	_, known := platforms()[w]
	return known && strings.ContainsAny(next, "0123456789_#~")
}
