package lookup

import (
	"strconv"
	"strings"
)

// maxReasons bounds how many reasons of one file are kept apart.
const maxReasons = 50

// unread gathers what could not be looked at in the records of one file, so that each reason
// is told once: a file of another shape would be told line by line.
type unread struct {
	reasons []reason // in the order in which they came first
	records map[reason]*unreadRecords
	others  int  // records with reasons beyond the bound
	before  bool // it was looked at before, and of what was said then the first few are known
}

// reason is why something could not be looked at, in a file or a member of an archive.
type reason struct{ ref, why string }

// unreadRecords are those that one reason concerns.
type unreadRecords struct {
	first string // its number in the file, or its own reference
	n     int
}

// add notes one record and why.
func (u *unread) add(record string, why reason) {
	of := u.records[why]
	switch {
	case of != nil:
		of.n++
	case len(u.reasons) == maxReasons:
		u.others++
	default:
		if u.records == nil {
			u.records = make(map[reason]*unreadRecords)
		}
		u.reasons, u.records[why] = append(u.reasons, why), &unreadRecords{record, 1}
	}
}

// tell calls failed with what is to be said, and forgets it.
func (u *unread) tell(path string, failed func(ref, why string)) {
	for _, why := range u.reasons {
		of := u.records[why]
		text := "record " + of.first
		switch {
		case u.before:
			text += ", and maybe others"
		case of.n == 2:
			text += " and 1 other"
		case of.n > 2:
			text += " and " + strconv.Itoa(of.n-1) + " others"
		}
		failed(why.ref, text+": "+why.why)
	}
	if u.others > 0 {
		failed(path, "records in it, for "+strconv.Itoa(u.others)+" other reasons")
	}
	*u = unread{}
}

// cutRecord takes off what could not be looked at which record it is, as the agent says it.
func cutRecord(why string) (record, rest string, ok bool) {
	if why, ok = strings.CutPrefix(why, "record "); !ok {
		return "", "", false
	}
	return strings.Cut(why, ": ")
}
