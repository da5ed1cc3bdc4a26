package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// maxCheckpoint bounds a checkpoint in bytes: room for a hundred witness signatures.
const maxCheckpoint = 1 << 20

// Checkpoint is the head of a log: what a signature of the log covers.
type Checkpoint struct {
	Origin string   // names the log; also the name of its key
	Size   int64    // number of leaves
	Root   Hash     // root of the tree of that size
	Extra  []string // extension lines, none in logs of this project
}

// Signer signs the checkpoints of one log with Ed25519. It is safe for concurrent use.
type Signer struct {
	signer note.Signer
	key    string
}

// NewSigner returns the signer of the log called origin. The origin should look like a
// host and path without scheme ("exchange.example.com/log") and must have no spaces,
// control characters or plus signs. The seed is 32 secret bytes, RFC 8032's private key.
func NewSigner(origin string, seed []byte) (*Signer, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("making a log signer: the seed has %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	if !validLine(origin) {
		return nil, errors.New("making a log signer: not an origin")
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	key, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, fmt.Errorf("making a log signer: %w", err)
	}
	// The note package takes a secret key only as text: PRIVATE+KEY+name+hash+base64.
	nameAndHash := key[:len(origin)+1+8]
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
	signer, err := note.NewSigner("PRIVATE+KEY+" + nameAndHash + "+" + secret)
	if err != nil {
		return nil, errors.New("making a log signer: not an origin")
	}
	return &Signer{signer: signer, key: key}, nil
}

// Origin returns the name of the log.
func (s *Signer) Origin() string { return s.signer.Name() }

// VerifierKey returns the public key in the text form of C2SP signed notes, which
// [OpenCheckpoint] takes: name+hash+base64.
func (s *Signer) VerifierKey() string { return s.key }

// Sign returns the checkpoint as a signed note. An empty Origin means the signer's own;
// another one is refused. The caller must never sign two trees of which neither is the
// beginning of the other.
func (s *Signer) Sign(c Checkpoint) ([]byte, error) {
	if c.Origin == "" {
		c.Origin = s.Origin()
	}
	if c.Origin != s.Origin() {
		return nil, errors.New("signing a checkpoint: it names another log")
	}
	text, err := c.text()
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return signed, nil
}

// OpenCheckpoint checks that the note is a well-formed checkpoint of the log whose
// verifier key is given and that this key signed it. Signatures by other keys are not
// looked into. Everything else, down to the last bit of padding, must be as [Signer.Sign]
// writes it.
func OpenCheckpoint(signed []byte, verifierKey string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("reading the verifier key: %w", err)
	}
	if len(signed) > maxCheckpoint {
		return Checkpoint{}, fmt.Errorf("opening a checkpoint: over %d bytes", maxCheckpoint)
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("opening a checkpoint: %w", err)
	}
	if err := checkSignatureLines(string(signed[len(opened.Text)+1:]), verifier); err != nil {
		return Checkpoint{}, fmt.Errorf("opening a checkpoint: %w", err)
	}
	c, err := parseCheckpoint(opened.Text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("opening a checkpoint: %w", err)
	}
	if c.Origin != verifier.Name() {
		return Checkpoint{}, errors.New("opening a checkpoint: it names another log than the key")
	}
	return c, nil
}

// text returns the note text: origin, size, root, then the extension lines.
func (c Checkpoint) text() (string, error) {
	if c.Size < 0 || c.Size > MaxSize {
		return "", errors.New("size out of range")
	}
	if c.Size == 0 && c.Root != emptyRoot() {
		return "", errors.New("an empty tree has another root")
	}
	lines := append([]string{c.Origin, strconv.FormatInt(c.Size, 10), c.Root.String()}, c.Extra...)
	for _, line := range lines {
		if !validLine(line) {
			return "", errors.New("empty or unprintable line")
		}
	}
	return strings.Join(lines, "\n") + "\n", nil
}

// parseCheckpoint reads a note text and accepts only what [Checkpoint.text] writes.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return Checkpoint{}, errors.New("fewer than three lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return Checkpoint{}, errors.New("the second line is not a size")
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return Checkpoint{}, errors.New("the third line is not a root")
	}
	c := Checkpoint{Origin: lines[0], Size: size, Root: root}
	if len(lines) > 3 {
		c.Extra = lines[3:]
	}
	// Writing it back refuses every other spelling of the same content.
	again, err := c.text()
	if err != nil {
		return Checkpoint{}, err
	}
	if again != text {
		return Checkpoint{}, errors.New("not in its canonical form")
	}
	return c, nil
}

// checkSignatureLines refuses what the note package lets pass and what would allow two
// spellings of one signature: loose base64 and a second signature by the same key.
func checkSignatureLines(lines string, verifier note.Verifier) error {
	ours := 0
	for line := range strings.Lines(lines) {
		name, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "— "), " ")
		sig, err := base64.StdEncoding.Strict().DecodeString(text)
		if err != nil || len(sig) < 5 {
			return errors.New("malformed signature line")
		}
		if name == verifier.Name() && binary.BigEndian.Uint32(sig) == verifier.KeyHash() {
			ours++
		}
	}
	if ours != 1 {
		return errors.New("more than one signature by the log's key")
	}
	return nil
}

// parseHash reads the base64 form of a hash and nothing looser.
func parseHash(s string) (Hash, error) {
	h, err := tlog.ParseHash(s)
	if err != nil || h.String() != s {
		return Hash{}, errors.New("malformed hash")
	}
	return h, nil
}

// validLine reports whether s may stand on a line of its own in a note.
func validLine(s string) bool {
	return s != "" && utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) < 0
}
