package threatexchange

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"lantern"
)

// Privacy types.
const (
	privacyGroup = "HAS_PRIVACY_GROUP"
	whitelist    = "HAS_WHITELIST"
)

// Submission is what a client says of an indicator, beside the draft it becomes.
type Submission struct {
	Draft     lantern.Draft
	Whitelist []lantern.ID // the audience as members, if it was given so; Only then
	Only      bool
	Gone      bool         // the expiry given lies in the past: they mean a deletion
	Left      []lantern.ID // programs that an edit takes the signal out of
	Related   []lantern.ID
	Triples   []Triple // more that it is related to
}

// Triple names a descriptor by what is unique of it.
type Triple struct {
	Owner lantern.ID           // an app
	Types []lantern.SignalType // that the indicator's type may stand for
	Value string
}

// triples reads a JSON list of triples. Owners are written as numbers or as texts.
func triples(text string) (list []Triple, err error) {
	const field = "/related_triples_for_upload_as_json"
	if text == "" {
		return nil, nil
	}
	var given []struct {
		Owner json.RawMessage `json:"owner_app_id"`
		Type  string          `json:"td_indicator_type"`
		Value string          `json:"td_raw_indicator"`
	}
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, bad(field, "not a JSON list of triples", `[{"owner_app_id":…,"td_indicator_type":…,"td_raw_indicator":…}]`)
	}
	if len(given) > lantern.MaxLinks {
		return nil, bad(field, "too many triples", fmt.Sprintf("at most %d", lantern.MaxLinks))
	}
	for _, g := range given {
		owner, err := lantern.ParseID(strings.Trim(string(g.Owner), `"`))
		if err != nil {
			return nil, bad(field, "the owner of one is not an id", "the number of an app")
		}
		list = append(list, Triple{owner, SignalTypes(g.Type), g.Value})
	}
	return list, nil
}

// Submit reads a submission. get returns the parameter of a name, "" if there is none.
func Submit(get func(string) string, now time.Time) (s Submission, err error) {
	tags := List(get("tags"))
	s.Draft.Type, tags, err = signalType(get("type"), append(tags, List(get("add_tags"))...))
	if err != nil {
		return s, err
	}
	s.Draft.Value = get("indicator")
	if kind := strings.ToUpper(get("type")); kind == "UNCLICKABLE_URL" {
		s.Draft.Value = strings.NewReplacer("[h]", "h", "[.]", ".", "[:]", ":").Replace(s.Draft.Value)
	}
	return s, s.read(get, tags, now)
}

// Edit reads an edit of a signal: what is not given stays.
func Edit(old *lantern.Signal, get func(string) string, now time.Time) (s Submission, err error) {
	if get("indicator") != "" || get("type") != "" {
		return s, bad("/indicator", "neither indicator nor type of a descriptor can be changed", "submit another and delete this one")
	}
	s.Draft = old.Draft
	s.Draft.Programs, s.Draft.Tags = slices.Clone(old.Programs), nil
	s.Draft.Expires = time.Time{} // only a renewal moves it
	var tags []string
	switch given := List(get("tags")); {
	case len(given) > 0:
		tags = given
	default:
		tags = tagTexts(old.Tags, "")
	}
	tags = append(tags, List(get("add_tags"))...)
	for _, gone := range List(get("remove_tags")) {
		tags = slices.DeleteFunc(tags, func(t string) bool { return ParseTag(t) == ParseTag(gone) })
	}
	tags = slices.DeleteFunc(tags, func(t string) bool { return strings.HasPrefix(strings.ToLower(t), typeTag) })
	if get("review_status") != "" && old.Basis.ReviewedBy != lantern.ByMachine {
		if r, _ := from(reviews, get("review_status")); r == lantern.ByMachine && old.Basis.ReviewedBy != "" {
			return s, bad("/review_status", "a person's review is not overwritten by a machine's", "leave it out")
		}
	}
	shown := Status(old)
	if members := List(get("privacy_members")); len(members) > 0 && strings.EqualFold(get("privacy_type"), privacyGroup) {
		s.Draft.Programs = nil // read anew
		for _, p := range old.Programs {
			if !slices.Contains(members, p.String()) {
				s.Left = append(s.Left, p)
			}
		}
	}
	return s, s.read(func(name string) string {
		if v := get(name); name != "status" || !strings.EqualFold(v, shown) {
			return v
		}
		return "" // what it shows already is no change, though two of our words show so
	}, tags, now)
}

// read reads what submissions and edits share.
func (s *Submission) read(get func(string) string, tags []string, now time.Time) (err error) {
	d := &s.Draft
	for _, tag := range tags {
		if t := ParseTag(tag); !slices.Contains(d.Tags, t) {
			d.Tags = append(d.Tags, t)
		}
	}
	if v := get("description"); v != "" {
		if len(v) > 200 {
			return bad("/description", "too long", "name the policy that was broken, in at most 200 characters")
		}
		d.Basis.Policy = v
	}
	if v, ok := from(statuses, get("status")); !ok {
		return bad("/status", "not a status", "MALICIOUS, SUSPICIOUS, NON_MALICIOUS or UNKNOWN")
	} else if v != "" {
		d.Status = v
	}
	if v, ok := from(severities, get("severity")); !ok {
		return bad("/severity", "not a severity", "INFO, WARNING, SUSPICIOUS, SEVERE or APOCALYPSE")
	} else if v != "" {
		d.Severity = v
	}
	v, ok := from(reviews, get("review_status"))
	if !ok {
		return bad("/review_status", "not a review status", "REVIEWED_MANUALLY, REVIEWED_AUTOMATICALLY, UNREVIEWED, PENDING or UNKNOWN")
	} else if v != "" && d.Basis.ReviewedBy != lantern.ByBoth {
		d.Basis.ReviewedBy = v
	}
	if strings.EqualFold(get("share_level"), "WHITE") {
		return bad("/share_level", "nothing here is for publication", "RED, AMBER or GREEN")
	}
	if v, ok := from(levels, get("share_level")); !ok {
		return bad("/share_level", "not a share level", "RED, AMBER or GREEN")
	} else if v != "" && to(levels, d.Handling) != to(levels, v) {
		d.Handling = v
	}
	if v := get("confidence"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > 100 {
			return bad("/confidence", "not a confidence", "0 to 100")
		}
		d.Confidence = n
	}
	if err := s.times(get, now); err != nil {
		return err
	}
	if s.Related, err = IDs("/related_ids_for_upload", get("related_ids_for_upload")); err != nil {
		return err
	}
	if s.Triples, err = triples(get("related_triples_for_upload_as_json")); err != nil {
		return err
	}
	return s.audience(get)
}

// times reads when the indicator was active, and until when it is good. Java's client sends
// the tags to remove in the place of last_active, so what is no time there is passed over.
func (s *Submission) times(get func(string) string, now time.Time) error {
	d := &s.Draft
	if first, err := ParseTime("/first_active", get("first_active"), now); err == nil && !first.IsZero() {
		d.FirstSeen = first
	}
	if last, err := ParseTime("/last_active", get("last_active"), now); err == nil && !last.IsZero() {
		d.LastSeen = last
	}
	text := get("expired_on")
	if text == "0" {
		return nil // never, they say; the program's rule decides
	}
	until, err := ParseTime("/expired_on", text, now)
	if err != nil {
		return err
	}
	if s.Gone = !until.IsZero() && !until.After(now); !s.Gone {
		d.Expires = until
	}
	return nil
}

// audience reads who may see the indicator.
func (s *Submission) audience(get func(string) string) (err error) {
	kind := strings.ToUpper(get("privacy_type"))
	members, err := IDs("/privacy_members", get("privacy_members"))
	if err != nil {
		return err
	}
	switch kind {
	case "":
		if len(members) == 0 && len(s.Draft.Programs) > 0 {
			return nil // an edit that leaves it as it is
		}
		return bad("/privacy_type", "missing", "HAS_PRIVACY_GROUP with the ids of groups in privacy_members")
	case privacyGroup:
		if len(members) == 0 && len(s.Draft.Programs) == 0 {
			return bad("/privacy_members", "missing", "the ids of privacy groups")
		}
		for _, id := range members {
			if !slices.Contains(s.Draft.Programs, id) {
				s.Draft.Programs = append(s.Draft.Programs, id)
			}
		}
	case whitelist:
		s.Whitelist, s.Only = members, true
	default: // VISIBLE, NONE and whatever else would reach more than a named audience
		return bad("/privacy_type", "this privacy type is refused", "HAS_PRIVACY_GROUP with the ids of groups in privacy_members")
	}
	return nil
}
