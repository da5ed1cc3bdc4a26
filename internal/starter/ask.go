package starter

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lantern/signal"
)

// Answers are what an agent must know to begin. A field that is filled in before asking is
// the default of its question.
type Answers struct {
	Exchange string // address of the exchange
	KeyFile  string // file with the key of the agent's service
	Platform string // a word of Presets
	Region   string // country whose national phone numbers are read in texts; "" for none
	Dir      string // folder of the agent
	Table    string // file to match now; "" for none
}

// question is one of the five; the first has two parts.
type question struct {
	about string // why it is asked
	ask   string
	into  func(a *Answers) *string
	check func(text string) error // nil: anything is fine
	names named
}

// named is what an answer names: it is looked at on the spot, not after the last question.
type named int

const (
	nothing named = iota
	file          // that is there to be read
	folder        // that is there or can be made
)

// Looks are what [Ask] needs to know of the machine.
type Looks struct {
	Key    func(text string) bool  // whether a text looks like a key itself, which is refused
	File   func(name string) error // why a file cannot be read
	Folder func(name string) error // why there can be no such folder
}

// questions are asked in this order.
var questions = []question{
	{"1 of 5. Your agent reads what other companies share through an exchange.\nThe operator of the exchange told you its address.",
		"Address of the exchange", func(a *Answers) *string { return &a.Exchange }, checkAddress, nothing},
	{"The operator also gave you a key for the agent, in a file. Name the file; never type or paste the key itself.",
		"File with the key", func(a *Answers) *string { return &a.KeyFile }, checkFile, file},
	{"2 of 5. What people do on your platform tells what to look through first.\n" + presetList(),
		"Kind of platform", func(a *Answers) *string { return &a.Platform }, checkPreset, nothing},
	{"3 of 5. Phone numbers without a country code are read as those of one country.",
		"Two letters of the country, such as US, or - for none", func(a *Answers) *string { return &a.Region }, CheckRegion, nothing},
	{"4 of 5. The agent keeps a sealed copy of what is shared, and what it finds, in a folder of its own.\nNothing of yours leaves it.",
		"Folder of the agent", func(a *Answers) *string { return &a.Dir }, checkFolder, folder},
	{"5 of 5. You can match a table now: a CSV file with usernames, mail addresses or links, one row for each account or post.",
		"CSV file, or - for none", func(a *Answers) *string { return &a.Table }, nil, file},
}

// maxTries is how often a question is asked before giving up.
const maxTries = 5

// Ask puts the questions on out and reads the answers, a line each, from in. An empty line
// takes the default, which is shown. An answer that look finds fault with is asked for again. It
// returns an error if in ends, or if a question was answered badly too often.
func Ask(in *bufio.Reader, out io.Writer, a *Answers, look Looks) error {
	for _, q := range questions {
		if err := q.put(in, out, a, look); err != nil {
			return err
		}
	}
	if a.Region == "-" {
		a.Region = ""
	}
	if a.Table == "-" {
		a.Table = ""
	}
	return nil
}

func (q question) put(in *bufio.Reader, out io.Writer, a *Answers, look Looks) error {
	field := q.into(a)
	if _, err := fmt.Fprintf(out, "\n%s\n", q.about); err != nil {
		return err
	}
	for range maxTries {
		prompt := q.ask
		if *field != "" {
			prompt += " [" + *field + "]"
		}
		if _, err := fmt.Fprintf(out, "%s: ", prompt); err != nil {
			return err
		}
		line, err := in.ReadString('\n')
		if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
			return fmt.Errorf("the questions were not answered: %w", err)
		}
		text := strings.TrimSpace(line)
		if text == "" {
			text = *field
		}
		if err = q.fault(text, look); err == nil {
			*field = text
			return nil
		}
		if _, err := fmt.Fprintf(out, "  %s.\n", err); err != nil {
			return err
		}
	}
	return errors.New("the question was not answered in a way that can be used: " + q.ask)
}

// fault says what is wrong with an answer.
func (q question) fault(text string, look Looks) error {
	if look.Key(text) {
		return errors.New("that is a key itself: it is in your terminal's history now; have it revoked, put the next one into a file and name the file")
	}
	if q.check != nil {
		if err := q.check(text); err != nil {
			return err
		}
	}
	switch {
	case text == "" || text == "-":
		return nil
	case q.names == file:
		return look.File(text)
	case q.names == folder:
		return look.Folder(text)
	}
	return nil
}

// checkFolder refuses what people answer to another question: whether the folder that is shown
// will do.
func checkFolder(text string) error {
	if text == "" {
		return errors.New("an answer is needed")
	}
	if slices.Contains([]string{"y", "yes", "n", "no", "ok", "j", "ja", "nein", "o", "oui", "non", "s", "si", "sim"}, strings.ToLower(text)) {
		return errors.New("the name of a folder is needed: press Enter for the one that is shown, or type another")
	}
	return nil
}

func checkAddress(text string) error {
	if !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		return errors.New("an address begins with https://")
	}
	return nil
}

func checkFile(text string) error {
	if text == "" || strings.ContainsAny(text, "|") || strings.HasPrefix(text, "lk_") {
		return errors.New("the name of a file is needed")
	}
	return nil
}

// CheckRegion refuses what is neither a country with phone numbers of its own nor "-" or "".
func CheckRegion(text string) error {
	if text == "" || text == "-" || signal.KnownRegion(text) {
		return nil
	}
	return errors.New("no country has these letters: give its two capital ones, such as US or DE")
}
