package lantern

import "time"

// DefaultHunt is the name of a hunt that was given none.
const DefaultHunt = "default"

// Hunt is a member's look back over files of its own, under a name by which it is resumed and
// repeated. It knows which files were looked at, and for which signals.
type Hunt struct {
	Name     string    `json:"name"`
	Files    int       `json:"files"`    // that were looked at to their end
	Behind   int       `json:"behind"`   // of these, for which signals arrived since
	Troubled int       `json:"troubled"` // of these, in which something could not be looked at
	Begun    time.Time `json:"begun"`
	At       time.Time `json:"at"` // when it last ran
}

// HuntedFile says which state of which file a hunt looks at. The agent keeps a keyed digest
// of the path and never the path itself.
type HuntedFile struct {
	Path     string `json:"path"`             // absolute, as the member's own machine names it
	Size     int64  `json:"size"`             // in bytes
	Modified int64  `json:"modified"`         // nanoseconds since 1970; 0 if it is so new that another change may show the same
	SHA256   string `json:"sha256,omitempty"` // of its bytes, if the agent asked for it; lower-case hex

	// With a piece:
	Pass   int64 `json:"pass,omitempty"`   // drawn anew each time the file is cut: pieces of one pass belong together
	Pieces int   `json:"pieces,omitempty"` // how many came before it in the file
	Last   bool  `json:"last,omitempty"`   // the piece ends the file: those before it are all noted

	Trouble []string `json:"trouble,omitempty"` // with the last: what could not be unpacked
}

// Validate checks the form.
func (f *HuntedFile) Validate() error {
	var errs []*Error
	if f.Path == "" || len(f.Path) > 64<<10 {
		errs = append(errs, invalid("/path", "missing or too long", "the absolute path"))
	}
	if f.Size < 0 || f.Pieces < 0 {
		errs = append(errs, invalid("/size", "negative", "the size in bytes"))
	}
	return join(errs)
}

// HuntVerdict says whether a hunt must look at a file.
type HuntVerdict string

// The verdicts.
const (
	HuntDue       HuntVerdict = "due"       // it is new, it changed, or signals arrived since
	HuntUnchanged HuntVerdict = "unchanged" // it was looked at for everything there is
	HuntDigest    HuntVerdict = "digest"    // its time changed: give its SHA-256
)

// HuntResult is the verdict on one file.
type HuntResult struct {
	Verdict HuntVerdict `json:"verdict"`
	Trouble []string    `json:"trouble,omitempty"` // of an unchanged file: what could not be looked at
}

// HuntResults are the verdicts on a batch of files, in their order.
type HuntResults struct {
	Results []HuntResult `json:"results"`
}
