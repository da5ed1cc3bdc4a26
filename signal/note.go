package signal

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"lantern"
)

// CheckNote refuses a note that shows patterns of personal data: mail addresses,
// telephone numbers, ages, dates of birth, words of school and family. A note says
// something about the signal, never about a child. docs/notes-lint.md lists every word
// and pattern; it errs on the side of refusing. The error is a [*lantern.Error] on
// "/note" that names the rule and never a word of the note. An empty note passes.
func CheckNote(note string) error {
	if note == "" {
		return nil
	}
	if !utf8.ValidString(note) || isImage(note) || holdsPicture(note) || strings.Contains(strings.ToLower(note), "data:") && strings.Contains(note, "base64") {
		return noteError("holds content or binary data", "words only")
	}
	for w := range strings.FieldsSeq(note) {
		if encoded(w) {
			return noteError("holds content or binary data", "words only")
		}
	}
	folded := ats.Replace(skeleton(note))
	if holdsAddress(closeUp(refangDots(folded), "@")) {
		return noteError("holds a mail address", "share it as a signal of type email if it must be shared")
	}
	if longestDigits(undate(folded)) >= 7 {
		return noteError("holds a telephone number or another long number", "share it as a signal of its own type if it must be shared")
	}
	if quotesMessage(note) {
		return noteError("quotes a message", "say in your own words what it was; a phrase is shared as a signal of type phrase")
	}
	words := FoldedWords(note)
	if slices.ContainsFunc(words, beforeName) && tellsName(note) {
		return noteError(nameReason, nameFix)
	}
	spoken := firstSpoken(words)
	for i, rule := range noteRules {
		if i == spoken || rule.match != nil && rule.match(words) {
			return noteError(rule.reason, rule.fix)
		}
	}
	return nil
}

// noteError is the complaint about a note.
func noteError(reason, fix string) error {
	return &lantern.Error{Kind: lantern.Invalid, Field: "/note", Reason: reason, Fix: fix}
}

const nameReason, nameFix = "tells a name", "leave names out; a handle is shared as a signal of its own type"

// noteRule refuses a note by its words.
type noteRule struct {
	reason, fix string
	words       []string            // folded; one that holds a blank is a run of words
	match       func([]string) bool // further pattern, may be nil
}

// noteRules are documented, word by word, in docs/notes-lint.md; a test compares.
var noteRules = []noteRule{
	{
		reason: "speaks of an age", fix: "leave ages out; the flag suspected_minor says what may be said",
		words: []string{"years old", "year old", "year olds", "yr old", "yrs old", "underage", "under age", "age of", "teenager", "preteen", "toddler", "anos de edad", "anos de idade", "jahre alt", "jahrige", "jahriger"},
		match: tellsAge,
	},
	{
		reason: nameReason, fix: nameFix,
		words: []string{"her name", "his name", "their name", "my name", "real name", "full name", "first name", "last name", "surname", "calls herself", "calls himself", "s appelle", "m appelle", "heisst", "ich heisse", "mein name", "ihr name", "sein name", "se llama", "me llamo", "su nombre", "se chama", "chama se", "me chamo", "seu nome"},
	},
	{
		reason: "speaks of a birth", fix: "leave dates of birth and birthdays out",
		words: []string{"born", "birthday", "birthdate", "birth date", "date of birth", "dob", "d o b", "year of birth", "geboren", "geburtstag", "geburtsdatum", "nacido", "nacida", "cumpleanos", "nascido", "nascida", "anniversaire"},
	},
	{
		reason: "speaks of school", fix: "leave schools, classes and teachers out",
		words: []string{"school", "schools", "schoolgirl", "schoolboy", "schoolmate", "classmate", "classmates", "kindergarten", "preschool", "nursery", "daycare", "teacher", "pupil", "pupils", "grader", "grade", "homework", "escuela", "colegio", "escola", "ecole", "college", "lycee", "schule", "schulerin", "schuler", "lehrer", "lehrerin"},
	},
	{
		reason: "speaks of family", fix: "leave relatives out",
		words: []string{"mother", "mom", "mommy", "mum", "father", "dad", "daddy", "parent", "parents", "sister", "brother", "sibling", "siblings", "daughter", "his son", "her son", "their son", "my son", "the son", "stepmother", "stepfather", "stepdad", "stepmom", "stepsister", "stepbrother", "stepson", "stepdaughter", "grandmother", "grandfather", "grandma", "grandpa", "grandparents", "aunt", "uncle", "cousin", "niece", "nephew", "family", "madre", "padre", "hermana", "hermano", "hija", "hijo", "mae", "pai", "irma", "irmao", "filha", "filho", "mere", "pere", "soeur", "frere", "fille", "fils", "mutter", "vater", "schwester", "bruder", "tochter", "sohn", "familie"},
	},
}

// noteRun is a run of words that breaks a rule.
type noteRun struct {
	rule  int
	words []string
}

// noteRuns holds the runs of all rules by their first word.
var noteRuns = sync.OnceValue(func() map[string][]noteRun {
	runs := map[string][]noteRun{}
	for i, rule := range noteRules {
		for _, w := range rule.words {
			run := strings.Fields(w)
			runs[run[0]] = append(runs[run[0]], noteRun{i, run})
		}
	}
	return runs
})

// firstSpoken returns the first rule that one of the words breaks, or the number of rules.
func firstSpoken(words []string) int {
	first := len(noteRules)
	for i, w := range words {
		for _, run := range noteRuns()[w] {
			if run.rule < first && len(run.words) <= len(words)-i && slices.Equal(words[i:i+len(run.words)], run.words) {
				first = run.rule
			}
		}
	}
	return first
}

// Words that make an age of the number beside them, and what is written right behind it.
var (
	beforeAge = []string{"age", "aged", "ages", "turned", "turning", "shes", "hes", "edad", "idade"}
	ageWords  = []string{"six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"}
	afterAge  = []string{"yo", "yr", "yrs", "y", "years", "year", "f", "m", "ans", "anos", "jahre", "jahren", "jahrig", "anni", "jaar"}

	// Of other languages, which may be other words in English: only before foreignYears.
	foreignAges  = []string{"sieben", "acht", "neun", "zehn", "elf", "zwolf", "dreizehn", "vierzehn", "funfzehn", "sechzehn", "siebzehn", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "siete", "ocho", "nueve", "diez", "once", "doce", "trece", "catorce", "quince", "sete", "oito", "nove", "dez", "doze", "treze"}
	foreignYears = []string{"ans", "anos", "jahre", "jahren"}
)

// tellsAge reports patterns like "13yo", "age 13", "is 13", "13 f", "f13", "aged twelve".
func tellsAge(words []string) bool {
	for i, w := range words {
		if i > 0 && slices.Contains(foreignYears, w) && slices.Contains(foreignAges, words[i-1]) {
			return true
		}
		number, unit := splitNumber(w)
		if number == "" || len(number) > 2 {
			if len(w) >= 2 && len(w) <= 3 && (w[0] == 'f' || w[0] == 'm') && strings.Trim(w[1:], "0123456789") == "" {
				return true
			}
			continue
		}
		switch {
		case slices.Contains(afterAge, unit):
			return true
		case unit != "":
		case i > 0 && slices.Contains(beforeAge, words[i-1]):
			return true
		case i > 1 && (words[i-1] == "is" || words[i-1] == "was" || words[i-1] == "im" || words[i-1] == "s") && slices.Contains([]string{"she", "he", "who", "user", "victim", "child", "girl", "boy", "they"}, words[i-2]):
			return true
		case i > 1 && words[i-1] == "m" && words[i-2] == "i":
			return true
		case i+1 < len(words) && slices.Contains(afterAge, words[i+1]):
			return true
		}
	}
	return false
}

// splitNumber takes a word into the digits it starts with and the rest; a number in words
// has no rest.
func splitNumber(w string) (number, rest string) {
	if slices.Contains(ageWords, w) {
		return w[:1], "" // one of at most two digits
	}
	i := 0
	for i < len(w) && w[i] >= '0' && w[i] <= '9' {
		i++
	}
	return w[:i], w[i:]
}

// undate blanks dates like 2026-11-02, whose digits would read as a telephone number.
func undate(s string) string {
	b := []byte(s)
	for i := 0; i+10 <= len(b); i++ {
		d := b[i : i+10]
		if d[4] == '-' && d[7] == '-' && digitsOnly(d[:4]) && digitsOnly(d[5:7]) && digitsOnly(d[8:]) &&
			(i == 0 || !hexDigit(b[i-1])) && (i+10 == len(b) || b[i+10] < '0' || b[i+10] > '9') {
			copy(d, "xxxxxxxxxx")
		}
	}
	return string(b)
}

// digitsOnly reports whether b is made of ASCII digits.
func digitsOnly(b []byte) bool { return strings.Trim(string(b), "0123456789") == "" }
