package threatexchange

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"lantern"
	"lantern/internal/bounded"
)

// Files of descriptors, as ThreatExchange's pages take and give them: a table whose headings
// begin with td_, or JSON, in which members have these names or those of the API.

// td stands before the names of columns.
const td = "td_"

// Columns are the headings of a table of descriptors, in the order in which it is written. The last
// says whose a descriptor is.
func Columns() []string {
	return []string{"td_raw_indicator", "td_indicator_type", "td_description", "td_status", "td_review_status", "td_severity", "td_share_level",
		"td_subjective_tags", "td_confidence", "td_expire_time", "td_first_active", "td_last_active", "td_owner_id"}
}

// Headings are those by which such a table is known.
func Headings() []string { return []string{"td_raw_indicator", "td_indicator_type"} }

// parameters are the names that [Submit] has for columns, where cutting off td_ does not give them.
var parameters = map[string]string{
	"indicator": "raw_indicator", "type": "indicator_type", "tags": "subjective_tags", "expired_on": "expire_time",
}

// without are columns that say something for which a signal has no place, and in which words.
var without = [][2]string{
	{"td_privacy_groups", "audiences"}, {"td_privacy_members", "audiences"}, {"td_whitelist_apps", "audiences"},
	{"td_related_ids_for_upload", "relations"}, {"td_related_triples_for_upload", "relations"}, {"td_creation_time", "times of descriptors"},
	{"td_update_time", "times of descriptors"},
}

// Row reads one descriptor of a file. get returns the text of a column, "" if there is none; lost
// counts what has no place in a signal. The audience comes from whoever reads the file, since
// theirs are ids of another exchange. The owner becomes the member, so that another's opinion is not
// shared as one's own. The error names columns and nothing of the file.
func Row(get func(string) string, lost func(string), now time.Time) (lantern.Signal, bool, error) {
	sub, err := Submit(func(name string) string {
		switch name {
		case "privacy_type":
			return whitelist
		case "privacy_members", "add_tags", "related_ids_for_upload":
			return ""
		case "tags":
			return strings.ReplaceAll(get("td_subjective_tags"), ";", ",")
		}
		return get(column(name))
	}, now)
	s := lantern.Signal{Draft: sub.Draft}
	if err == nil && sub.Gone {
		err = bad("/expired_on", "has expired", "review it, and leave the time out if it stands")
	}
	if owner := get("td_owner_id"); owner != "" && err == nil {
		if s.Member, err = lantern.ParseID(owner); err != nil {
			err = bad("/owner_id", "not an id", "decimal digits, or leave the column out if it is your own")
		}
	}
	for _, w := range without {
		if get(w[0]) != "" {
			lost(w[1])
		}
	}
	if e := (*lantern.Error)(nil); errors.As(err, &e) {
		named := *e
		named.Field = column(strings.TrimPrefix(e.Field, "/"))
		err = &named
	}
	return s, true, err
}

// column is the column that holds a parameter.
func column(parameter string) string {
	if other, ok := parameters[parameter]; ok {
		parameter = other
	}
	return td + parameter
}

// Cells writes a signal as a row under [Columns]; of a draft the last is "".
func Cells(s *lantern.Signal) []string {
	kind, tag := IndicatorType(s.Type)
	tags := make([]string, 0, len(s.Tags)+1)
	if tag != "" {
		tags = append(tags, tag)
	}
	for _, t := range s.Tags {
		tags = append(tags, TagText(t))
	}
	owner := ""
	if s.Member != 0 {
		owner = s.Member.String()
	}
	return []string{s.Value, kind, s.Basis.Policy, Status(s), Review(s), to(severities, s.Severity), Level(s), strings.Join(tags, ";"),
		strconv.Itoa(s.Confidence), seconds(s.Expires), seconds(s.FirstSeen), seconds(s.LastSeen), owner}
}

func seconds(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// maxDescriptor bounds what is held of a file at once.
const maxDescriptor = 1 << 20

// FileReader reads descriptors of JSON: a list, or an answer that has one as data. It is not safe
// for concurrent use.
type FileReader struct {
	dec   *jsontext.Decoder
	in    *bounded.Reader
	now   time.Time
	begun bool
	lost  map[string]int
}

// NewFileReader returns a FileReader of r. now is what times such as "-3hours" are counted from.
func NewFileReader(r io.Reader, now time.Time) *FileReader {
	in := &bounded.Reader{From: bufio.NewReaderSize(r, 64<<10), Most: maxDescriptor,
		Err: &lantern.Error{Kind: lantern.TooLarge, Reason: "a descriptor is larger than 1 MiB", Fix: "leave it out; nothing after it was read"}}
	return &FileReader{dec: jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true)), in: in, now: now, lost: map[string]int{}}
}

// Lost counts what was read and has no place in a signal.
func (r *FileReader) Lost() map[string]int { return r.lost }

// Read returns the next descriptor, as [Row] reads it, or io.EOF as end. Any other end names the
// place in the file, and nothing after it was read.
func (r *FileReader) Read() (s lantern.Signal, size int, err, end error) {
	for {
		r.in.Used = 0
		kind := r.dec.PeekKind()
		inList, _ := r.dec.StackIndex(r.dec.StackDepth())
		if kind == '{' && inList == '[' {
			v, failed := r.dec.ReadValue()
			if failed != nil {
				return s, 0, nil, r.fail(failed)
			}
			s, err = r.descriptor(v)
			return s, len(v), err, nil
		}
		tok, failed := r.dec.ReadToken()
		if failed != nil {
			return s, 0, nil, r.fail(failed)
		}
		r.begun = true
		if tok.Kind() == '"' && inList == '{' && !(tok.String() == "data" && r.dec.PeekKind() == '[') {
			if failed := r.dec.SkipValue(); failed != nil {
				return s, 0, nil, r.fail(failed)
			}
		}
	}
}

// descriptor reads one object.
func (r *FileReader) descriptor(v jsontext.Value) (lantern.Signal, error) {
	var all map[string]jsontext.Value
	if json.Unmarshal(v, &all, jsontext.AllowDuplicateNames(true)) != nil {
		return lantern.Signal{}, bad("", "a descriptor that cannot be read", "an object of texts and numbers")
	}
	s, _, err := Row(func(name string) string {
		plain := strings.TrimPrefix(name, td)
		names := []string{name, plain}
		for parameter, other := range parameters {
			if other == plain {
				names = append(names, parameter)
			}
		}
		if name == "td_owner_id" {
			names = append(names, "owner")
		}
		for _, n := range names {
			if text := plainText(all[n]); text != "" {
				return text
			}
		}
		return ""
	}, func(name string) { r.lost[name]++ }, r.now)
	return s, err
}

// plainText is what a member says: a text, a number, the texts of a list, the id of an object.
func plainText(v jsontext.Value) string {
	switch v.Kind() {
	case '"':
		var s string
		_ = json.Unmarshal(v, &s) // cannot fail: it was read as a text
		return s
	case '0':
		return string(v)
	case '[':
		var items []jsontext.Value
		_ = json.Unmarshal(v, &items) // cannot fail: it was read as a list
		texts := make([]string, 0, len(items))
		for _, item := range items {
			texts = append(texts, plainText(item))
		}
		return strings.Join(texts, ",")
	case '{':
		var o map[string]jsontext.Value
		_ = json.Unmarshal(v, &o, jsontext.AllowDuplicateNames(true)) // cannot fail: it was read as an object
		for _, name := range []string{"data", "text", "indicator", "id"} {
			if inner, ok := o[name]; ok && !bytes.HasPrefix(inner, []byte("{")) {
				return plainText(inner)
			}
		}
	}
	return ""
}

// fail says where reading ended, without a word of the file.
func (r *FileReader) fail(err error) error {
	var own *lantern.Error
	switch {
	case errors.As(err, &own):
		return own
	case err == io.EOF && r.dec.StackDepth() == 0 && r.begun:
		return io.EOF
	}
	return &lantern.Error{Kind: lantern.Invalid, Reason: "not JSON at byte " + strconv.FormatInt(r.dec.InputOffset(), 10),
		Fix: "fetch it again; nothing after this place was read"}
}
