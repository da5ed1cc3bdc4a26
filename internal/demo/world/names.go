package world

import (
	"fmt"
	"strings"
)

// Syllables from which names and words are made. They mean nothing in any language we
// know of.
var syllables = []string{
	"zor", "plim", "vark", "quon", "drel", "mub", "tisk", "yan", "orf", "blen", "krap", "wub", "snel", "gri", "fosk",
	"lup", "havi", "zent", "morb", "tul", "pex", "nim", "dov", "rask", "jub", "vel", "ostin", "kib", "lorn", "fen",
}

// Harmless things people write about.
var (
	openings = []string{"what a calm", "still thinking about that", "nobody told me about the", "my third", "half price on every", "looking for a good", "we finished the", "early start and then"}
	things   = []string{"evening by the river", "bread with seeds", "ride over the hill", "concert in the hall", "chess game", "pair of boots", "tomato plant", "wooden shelf", "train to the coast", "rainy market"}
	closings = []string{"", "again", "at last", "with the whole team", "and it was worth it", "tomorrow maybe", "see you there"}
)

func pick[T any](g *generator, from []T) T { return from[g.IntN(len(from))] }

func (g *generator) word() string { return pick(g, syllables) + pick(g, syllables) }

// name draws a handle nobody has yet.
func (g *generator) name() string {
	for {
		n := g.word() + pick(g, []string{"_", ".", "", ""}) + g.word() + fmt.Sprint(g.IntN(900)+10)
		if !g.taken[n] {
			g.taken[n] = true
			return n
		}
	}
}

const codeLetters = "abcdefghijkmnpqrstuvwxyz23456789"

// code draws an identifier of n characters nobody has yet.
func (g *generator) code(n int) string {
	for {
		b := make([]byte, n)
		for i := range b {
			b[i] = codeLetters[g.IntN(len(codeLetters))]
		}
		if c := string(b); !g.taken[c] {
			g.taken[c] = true
			return c
		}
	}
}

func (g *generator) email() string {
	return g.name() + "@" + pick(g, []string{"quillpost.test", "driftmail.test", "post.haven.example"})
}

// paytag draws a handle at the invented payment service.
func (g *generator) paytag() string {
	return "payrail:" + strings.NewReplacer("_", "", ".", "").Replace(g.name())
}

// chatter is a sentence about nothing.
func (g *generator) chatter() string {
	return strings.TrimSpace(pick(g, openings) + " " + pick(g, things) + " " + pick(g, closings))
}

// offer is a text by which a trader points at files. Copies of it are identical.
func (g *generator) offer() string {
	return fmt.Sprintf("the %s %s folder is open again, ask for %s", g.word(), g.word(), g.word())
}

// request is a reply that asks for access, in words of its own.
func (g *generator) request() string {
	return fmt.Sprintf("%s %s, the %s one please, %s", pick(g, []string{"key for", "still open?", "send me", "waiting for"}), g.word(), g.word(), g.word())
}
