package threatexchange

import (
	"time"

	"lantern"
)

// hashTypes are the signal types that the exchange of StopNCII.org has a name for.
var hashTypes = []pair[lantern.SignalType]{
	{"pdq", "ImagePDQ"}, {"video-md5", "VideoMD5"}, {"phrase", "Text"}, {"url", "URL"},
}

// HashTypes lists them.
func HashTypes() (list []lantern.SignalType) {
	for _, p := range hashTypes {
		list = append(list, p.ours)
	}
	return list
}

// HashRecord is a value as a record of StopNCII's exchange.
type HashRecord struct {
	Changed  int64             `json:"lastModtimestamp"`
	Type     string            `json:"signalType"`
	Value    string            `json:"hashValue"`
	Status   string            `json:"hashStatus"`
	Cases    map[string]string `json:"caseNumbers"`
	Feedback []HashFeedback    `json:"CSPFeedbacks"`
}

// HashFeedback is what one member says of a value.
type HashFeedback struct {
	Source string   `json:"source"`
	Value  string   `json:"feedbackValue"`
	Tags   []string `json:"tags"`
}

// HashPage is an answer of StopNCII's exchange.
type HashPage struct {
	Count   int          `json:"count"`
	Next    *string      `json:"nextPageToken"`
	From    int64        `json:"nextSetTimestamp"`
	More    bool         `json:"hasMoreRecords"`
	Records []HashRecord `json:"hashRecords"`
}

// RecordOf is a value as a record. The case is the value's own id: nobody's report has one here.
// Blocked is what a person found in content, and nothing else; NotBlocked is what was cleared;
// all else waits for a review.
func RecordOf(id lantern.ID, t lantern.SignalType, value string, changed time.Time, said []lantern.Signal, name func(lantern.ID) string) HashRecord {
	r := HashRecord{Changed: changed.Unix(), Type: to(hashTypes, t), Value: value, Status: "Active", Feedback: []HashFeedback{}}
	if len(said) == 0 {
		r.Status = "Withdrawn"
	}
	r.Cases = map[string]string{id.String(): r.Status}
	for i := range said {
		s := &said[i]
		f := HashFeedback{Source: name(s.Member), Value: "PendingReview", Tags: tagTexts(s.Tags, "")}
		switch Status(s) {
		case malicious:
			f.Value = "Blocked"
		case cleared:
			f.Value = "NotBlocked"
		}
		r.Feedback = append(r.Feedback, f)
	}
	return r
}
