package audit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The lines of a C2SP tlog-proof.
const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	extraPrefix = "extra "
	indexPrefix = "index "
)

// maxProofHashes bounds an inclusion proof: one hash a level.
const maxProofHashes = 63

// Receipt shows offline that a leaf is in a log. With the [Opening] of the leaf it shows
// what was recorded. Its text form is a C2SP tlog-proof whose extra data is the leaf.
type Receipt struct {
	Leaf       Leaf
	Index      int64
	Hashes     []Hash // inclusion proof, as [Inclusion] returns it
	Checkpoint []byte // the signed note, verbatim, witness signatures included
}

// FormatProof writes the receipt as text, for a file ending in .tlog-proof. It checks
// form only: whether the proof holds is for [VerifyProof] to say.
func FormatProof(r Receipt) ([]byte, error) {
	if r.Index < 0 || r.Index >= MaxSize || len(r.Hashes) > maxProofHashes {
		return nil, errors.New("writing a receipt: index or proof out of range")
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, proofHeader)
	fmt.Fprintln(&b, extraPrefix+base64.StdEncoding.EncodeToString(r.Leaf[:]))
	fmt.Fprintln(&b, indexPrefix+strconv.FormatInt(r.Index, 10))
	for _, h := range r.Hashes {
		fmt.Fprintln(&b, h.String())
	}
	fmt.Fprintln(&b)
	b.Write(r.Checkpoint)
	return b.Bytes(), nil
}

// ParseProof reads what [FormatProof] writes and nothing looser. It proves nothing yet.
func ParseProof(text []byte) (Receipt, error) {
	head, checkpoint, ok := bytes.Cut(text, []byte("\n\n"))
	if !ok || len(checkpoint) > maxCheckpoint || len(head) > 8<<10 {
		return Receipt{}, errors.New("reading a receipt: no checkpoint, or too long")
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) < 3 || len(lines) > 3+maxProofHashes || lines[0] != proofHeader {
		return Receipt{}, errors.New("reading a receipt: not a " + proofHeader)
	}
	extra, hasExtra := strings.CutPrefix(lines[1], extraPrefix)
	raw, err := base64.StdEncoding.Strict().DecodeString(extra)
	if !hasExtra || err != nil {
		return Receipt{}, errors.New("reading a receipt: no leaf in its extra line")
	}
	r := Receipt{Checkpoint: checkpoint}
	if r.Leaf, err = ParseLeaf(raw); err != nil {
		return Receipt{}, fmt.Errorf("reading a receipt: %w", err)
	}
	index, hasIndex := strings.CutPrefix(lines[2], indexPrefix)
	r.Index, err = strconv.ParseInt(index, 10, 64)
	if !hasIndex || err != nil || r.Index < 0 || r.Index >= MaxSize || strconv.FormatInt(r.Index, 10) != index {
		return Receipt{}, errors.New("reading a receipt: no index")
	}
	for i, line := range lines[3:] {
		h, err := parseHash(line)
		if err != nil {
			return Receipt{}, fmt.Errorf("reading a receipt: hash %d: %w", i, err)
		}
		r.Hashes = append(r.Hashes, h)
	}
	return r, nil
}

// VerifyProof checks a receipt offline against the log's verifier key: the checkpoint is
// the log's and its tree has the leaf at the index. The caller compares the leaf with its
// [Opening], and the checkpoint with the newest one seen.
func VerifyProof(text []byte, verifierKey string) (Receipt, Checkpoint, error) {
	r, err := ParseProof(text)
	if err != nil {
		return Receipt{}, Checkpoint{}, err
	}
	c, err := OpenCheckpoint(r.Checkpoint, verifierKey)
	if err != nil {
		return Receipt{}, Checkpoint{}, err
	}
	if err := VerifyInclusion(r.Hashes, c.Size, c.Root, r.Index, LeafHash(r.Leaf)); err != nil {
		return Receipt{}, Checkpoint{}, fmt.Errorf("verifying a receipt: %w", err)
	}
	return r, c, nil
}
