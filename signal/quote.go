package signal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How many words in quotation marks are a message: fewer may be a title, or a term. Behind a
// word of saying they are somebody's words sooner.
const (
	quotedWords = 5
	saidWords   = 3
)

// sayings are the words that say that what follows in quotation marks was said by somebody.
var sayings = []string{
	"wrote", "writes", "written", "writing", "said", "says", "saying", "asked", "asks", "asking", "told", "tells", "texted", "typed", "replied", "replies", "answered", "sent", "sends", "message", "messages", "messaged",
	"schrieb", "schreibt", "sagte", "sagt", "fragte", "fragt", "nachricht", "escribio", "dijo", "dice", "pregunto", "mensaje", "ecrit", "dit", "demande", "escreveu", "disse", "perguntou", "mensagem",
}

// quotationMarks open and close quotations, in whatever pairs a language uses them.
const quotationMarks = "\"“”„‟«»「」『』＂"

// quotesMessage reports whether a note quotes somebody's words: more than a few of them in
// quotation marks. A quotation that is not closed goes to the end.
func quotesMessage(note string) bool {
	rest := note
	for {
		i := strings.IndexAny(rest, quotationMarks)
		if i < 0 {
			return quotesSingly(note)
		}
		before := rest[:i]
		_, size := utf8.DecodeRuneInString(rest[i:])
		quoted, after, _ := cutAny(rest[i+size:], quotationMarks)
		if isMessage(before, quoted) {
			return true
		}
		rest = after
	}
}

// cutAny cuts at the first of the characters.
func cutAny(s, chars string) (before, after string, found bool) {
	i := strings.IndexAny(s, chars)
	if i < 0 {
		return s, "", false
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return s[:i], s[i+size:], true
}

// quotesSingly is quotesMessage for single quotation marks, which are apostrophes as well:
// one opens where a word begins, and closes where one ends.
func quotesSingly(note string) bool {
	const marks = "'‘’‚‹›"
	open := -1
	before := ' '
	for i, r := range note {
		next, _ := utf8.DecodeRuneInString(note[i+utf8.RuneLen(r):])
		switch {
		case !strings.ContainsRune(marks, r):
		case open < 0 && !isLetter(before) && isLetter(next):
			open = i
		case open >= 0 && !isLetter(next):
			if isMessage(note[:open], note[open+1:i]) {
				return true
			}
			open = -1
		}
		before = r
	}
	return false
}

// isLetter reports whether r is part of a word.
func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// isMessage reports whether what stands in quotation marks is somebody's words.
func isMessage(before, quoted string) bool {
	words := 0
	for _, w := range FoldedWords(quoted) {
		words++
		if r, _ := utf8.DecodeRuneInString(w); unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
			words += utf8.RuneCountInString(w) / 2 // written without spaces
		}
	}
	if words >= quotedWords || words < saidWords {
		return words >= quotedWords
	}
	said := FoldedWords(before)
	return slices.ContainsFunc(said[max(0, len(said)-3):], func(w string) bool { return slices.Contains(sayings, w) })
}

// Words around a name: behind "named", or behind "called" and one of persons, a word with a
// capital letter is somebody's name, unless one of things stands before it.
var (
	persons = []string{"girl", "boy", "child", "kid", "victim", "woman", "man", "person", "someone", "somebody", "is", "was"}
	handles = []string{"user", "screen", "display", "nick"} // whose name is none of a person
	things  = []string{
		"account", "accounts", "group", "groups", "channel", "channels", "server", "servers", "room", "rooms", "chat", "file", "files", "folder", "folders", "album", "albums", "site", "sites", "page", "pages", "link", "links", "kit", "list", "lists",
		"script", "tag", "tags", "hashtag", "game", "games", "app", "apps", "bot", "bots", "tool", "tools", "service", "forum", "board", "archive", "archives", "playlist", "program", "domain", "host", "product", "brand",
	}
)

// beforeName reports the words behind which tellsName looks for a name.
func beforeName(w string) bool { return w == "named" || w == "name" || w == "called" || w == "goes" }

// tellsName reports patterns like "named Anna", "a girl called Anna", "name: Anna", "goes by
// Anna". Only the note as it was written tells a name from another word.
func tellsName(note string) bool {
	raw := strings.FieldsFunc(note, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Cf, r) && r != '\'' && r != '’'
	})
	words := make([]string, len(raw))
	for i, w := range raw {
		words[i] = strings.Join(FoldedWords(w), "")
	}
	at := func(i int) string {
		if i < 0 || i >= len(words) {
			return ""
		}
		return words[i]
	}
	capital := func(i int) bool {
		if i >= len(raw) {
			return false
		}
		first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(raw[i], func(r rune) bool { return !unicode.IsLetter(r) }))
		return unicode.IsUpper(first)
	}
	for i, w := range words {
		thing := slices.Contains(things, at(i-1))
		switch {
		case w == "named" && !thing && capital(i+1),
			w == "called" && slices.Contains(persons, at(i-1)) && capital(i+1),
			w == "name" && !thing && !slices.Contains(handles, at(i-1)) && (capital(i+1) || (at(i+1) == "is" || at(i+1) == "was") && capital(i+2)),
			w == "goes" && at(i+1) == "by" && capital(i+2):
			return true
		}
	}
	return false
}
