package lantern

import "fmt"

// PieceKind says how the bytes of a piece are looked at.
type PieceKind string

// The kinds of pieces.
const (
	PieceText    PieceKind = "text"    // every identifier and phrase in it is looked up
	PieceRecords PieceKind = "records" // whole lines, each a [Record]
	PiecePicture PieceKind = "picture" // a whole picture, compared by its looks
	PieceNone    PieceKind = "none"    // no bytes: it brings digests, or ends a file
)

// Encoding says how the text of a piece is written.
type Encoding string

// The encodings. The empty one is UTF-8, or bytes among which there may be UTF-8.
const (
	UTF16LE Encoding = "utf-16le"
	UTF16BE Encoding = "utf-16be"
)

// MaxPiece bounds the bytes of a piece, but of a picture, which is sent in whole.
const (
	MaxPiece   = 8 << 20
	MaxPicture = 64 << 20
)

// Piece is a stretch of one of a member's own files on its way to the member's agent. Large
// files are cut into pieces so that several are looked at at once and a hunt can go on where
// it stopped; what is found is the same as in one go. The bytes follow its description.
//
// A text's piece brings some text before From and behind To as well, so that what stands at
// a border is seen in whole; what begins there is another piece's business.
type Piece struct {
	Ref      string    `json:"ref"`               // the member's own reference of hits; 1–200 bytes
	Account  string    `json:"account,omitempty"` // the member's own account the file belongs to
	Source   string    `json:"source,omitempty"`  // the member's own name of where the file comes from, as of a [Record]; none in a hunt
	Kind     PieceKind `json:"kind"`
	Bytes    int       `json:"bytes"` // that follow
	Encoding Encoding  `json:"encoding,omitempty"`
	More     bool      `json:"more,omitempty"` // another piece follows at once: nobody waits for the answers to this one alone

	Offset int64 `json:"offset"`           // of its first byte in the file
	From   int64 `json:"from"`             // of text: matches that begin from here on
	To     int64 `json:"to"`               // and before here are this piece's
	Line   int   `json:"line,omitempty"`   // of the first byte, from 1; 0 counts as 1
	Column int   `json:"column,omitempty"` // of the first byte, from 1, in characters
	Index  int   `json:"index,omitempty"`  // of its first record in the file, from 0

	Digests *Digests `json:"digests,omitempty"` // of the whole file, with its last piece

	Hunted *HuntedFile `json:"hunted,omitempty"` // in a hunt: the file it is a part of
}

// Digests are those of a file's bytes, in lower-case hex. Whoever brings them may leave some
// out, and learns from [PieceAnswer] whether the agent needs them.
type Digests struct {
	MD5    string `json:"md5,omitempty"`
	SHA1   string `json:"sha1,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
}

// Complete reports whether none is left out.
func (d *Digests) Complete() bool { return d.MD5 != "" && d.SHA1 != "" && d.SHA256 != "" }

// Validate checks the form.
func (p *Piece) Validate() error {
	var errs []*Error
	oneOf(&errs, "/kind", p.Kind, PieceText, PieceRecords, PiecePicture, PieceNone)
	oneOf(&errs, "/encoding", p.Encoding, "", UTF16LE, UTF16BE)
	most := map[PieceKind]int{PieceText: MaxPiece, PieceRecords: MaxPiece, PiecePicture: MaxPicture}[p.Kind]
	if p.Bytes < 0 || p.Bytes > most {
		errs = append(errs, invalid("/bytes", "out of bounds", fmt.Sprintf("at most %d in a piece of this kind", most)))
	}
	if p.Offset < 0 || p.From < p.Offset || p.To < p.From {
		errs = append(errs, invalid("/from", "not in order", "offset, from and to rise"))
	}
	if p.Line < 0 || p.Column < 0 || p.Index < 0 {
		errs = append(errs, invalid("/line", "negative", "lines and columns count from 1, records from 0"))
	}
	if p.Hunted != nil && p.Source != "" {
		errs = append(errs, invalid("/source", "a hunt has no sources", "leave it out; a record may say its own"))
	}
	if p.Hunted != nil {
		if err := p.Hunted.Validate(); err != nil {
			errs = append(errs, invalid("/hunted", "malformed", "give path, size and time of the file"))
		}
	}
	return join(errs)
}

// PieceAnswer is one line of the answer to a stream of pieces. Those of a piece come
// together, in the order of the pieces; the last of them says that it is done.
type PieceAnswer struct {
	Answer  *Answer `json:"answer,omitempty"`
	Done    bool    `json:"done,omitempty"`    // the piece was looked at as far as possible
	Skipped bool    `json:"skipped,omitempty"` // in a hunt: it had been looked at before, for everything there is
	Kept    bool    `json:"kept,omitempty"`    // in a hunt: it is noted that it was looked at

	// Of a piece whose digests are not complete: which of "md5", "sha1" and "sha256" are left out
	// of which the agent holds signals. If there are any, the piece was not looked at, and is
	// to be sent again with them. Absent says nothing: send all.
	Lacks []SignalType `json:"lacks,omitzero"`
}
