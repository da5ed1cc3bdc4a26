package agent_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/corpus"
)

// TestPiecesEqualWhole looks at large texts in pieces and in whole: the same is found at the
// same places, also what stands across a border.
func TestPiecesEqualWhole(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	share := func(kind lantern.SignalType, value string) {
		d := w.Draft(0)
		d.Type, d.Value = kind, value
		w.MustShare(host.Submitter, d)
	}
	share("url", "https://files.example.com/f/1")
	share("domain", "bad-files.example")
	share("email", "someone@example.com")
	share("phrase", "velvet tamarind lantern")
	share("username", "chatter.test/night_owl7")
	r := w.Run(t, social, t.TempDir())
	tokens := []string{
		"https://files.example.com/f/1", "hxxps://mirror[.]bad-files[.]example/x", "someone@example.com", "velvet  tamarind\nlantern",
		"velvet" + strings.Repeat(" -", 30) + "tamarind lantern", "chatter.test/night_owl7", "growl", "夜の言葉", "🦉", "\n",
		"https://files.example.com/f/1?" + strings.Repeat("x", 3000),
	}
	random := rand.New(rand.NewPCG(3, 3))
	for _, long := range []bool{false, true} { // one line, or many
		var b strings.Builder
		for b.Len() < 9<<20 {
			near := b.Len() % (4 << 20)
			if near < 50<<10 || near > 4<<20-100<<10 {
				b.WriteString(tokens[random.IntN(len(tokens))])
			} else {
				b.WriteString(strings.Repeat("a quiet day ", 100))
			}
			if long {
				b.WriteString(" ")
			} else {
				b.WriteString([]string{" ", "\n"}[random.IntN(2)])
			}
		}
		plain := b.String()
		if long {
			plain = strings.ReplaceAll(plain, "\n", " ")
		}
		var wide []byte
		for _, u := range utf16.Encode([]rune(plain)) {
			wide = binary.BigEndian.AppendUint16(wide, u)
		}
		for name, text := range map[string][]byte{"UTF-8": []byte(plain), "UTF-16": wide, "marked": append([]byte("\xef\xbb\xbf"), plain...)} {
			t.Run(fmt.Sprintf("%s, one line %v", name, long), func(t *testing.T) {
				t.Parallel()
				var whole, pieces []string
				note := func(to *[]string, a lantern.Answer) {
					for _, m := range a.Matches {
						*to = append(*to, fmt.Sprintf("%d %s %d+%d %d:%d", m.Signal, m.How, m.Offset, m.Length, m.Line, m.Column))
					}
				}
				err := r.Look(t.Context(), agent.File{Name: "a.txt", Dry: true}, bytes.NewReader(text), func(a lantern.Answer) error {
					note(&whole, a)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				cut := 0
				cutter := corpus.Cutter{Emit: func(p *corpus.Piece) error {
					cut++
					one := p.Piece
					one.Bytes = len(p.Body)
					return r.LookAt(t.Context(), &one, bytes.NewReader(p.Body), agent.PieceOptions{Dry: true}, func(a lantern.PieceAnswer) error {
						if a.Answer != nil {
							note(&pieces, *a.Answer)
						}
						return nil
					})
				}}
				if _, err := cutter.File(t.Context(), corpus.Input{Ref: "a.txt", Name: "a.txt", Reader: bytes.NewReader(text)}); err != nil {
					t.Fatal(err)
				}
				if cut < 3 || len(whole) < 500 {
					t.Fatalf("%d pieces, %d matches: this tests nothing", cut, len(whole))
				}
				if !slices.Equal(whole, pieces) {
					for i := range whole {
						if i >= len(pieces) || whole[i] != pieces[i] {
							t.Fatalf("match %d of %d and %d: %s in whole, %v in pieces", i, len(whole), len(pieces), whole[i], pieces[min(i, len(pieces)-1)])
						}
					}
					t.Fatalf("%d matches in whole, %d in pieces", len(whole), len(pieces))
				}
			})
		}
	}
}
