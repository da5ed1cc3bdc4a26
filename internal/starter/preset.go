package starter

import (
	"errors"
	"slices"
	"strings"
)

// Preset is a kind of platform, with what to look through on it.
type Preset struct {
	Name  string
	About string
	First string // what to match first, and how often
}

// Presets are the kinds of platform that can be chosen, the default last.
func Presets() []Preset {
	return []Preset{
		{"forum", "people write to all", "posts, signatures and profile texts, as they are written; mail addresses at sign-up"},
		{"chat", "people write to each other", "reports that users make, profile texts and links in open groups; mail addresses and phone numbers at sign-up"},
		{"image-host", "people upload files", "uploads, before they can be seen, and the links that lead to them"},
		{"game", "people play and talk", "display names, profile texts, links in open chat, and reports that users make"},
		{"other", "none of these", "profile texts, mail addresses at sign-up, and reports that users make"},
	}
}

// FindPreset returns a preset by its name, in capital or small letters.
func FindPreset(name string) (Preset, bool) {
	all := Presets()
	i := slices.IndexFunc(all, func(p Preset) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return Preset{}, false
	}
	return all[i], true
}

func presetList() string {
	var lines []string
	for _, p := range Presets() {
		lines = append(lines, "  "+p.Name+strings.Repeat(" ", 12-len(p.Name))+p.About)
	}
	return strings.Join(lines, "\n")
}

func checkPreset(text string) error {
	if _, ok := FindPreset(text); !ok {
		return errors.New("one of forum, chat, image-host, game, other")
	}
	return nil
}
