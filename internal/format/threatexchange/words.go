package threatexchange

import (
	"slices"
	"strings"

	"lantern"
)

// pair is a word of ours and theirs.
type pair[T ~string] struct {
	ours   T
	theirs string
}

// to finds their word for ours: the first pair that holds it.
func to[T ~string](list []pair[T], ours T) string {
	for _, p := range list {
		if p.ours == ours {
			return p.theirs
		}
	}
	return "UNKNOWN"
}

// from finds our word for theirs, in whatever case. The empty text, and no other, is "".
func from[T ~string](list []pair[T], theirs string) (T, bool) {
	if theirs == "" {
		return "", true
	}
	for _, p := range list {
		if strings.EqualFold(p.theirs, theirs) {
			return p.ours, true
		}
	}
	return "", false
}

// Where two of their words mean one of ours, the one that is written comes first.
var (
	severities = []pair[lantern.Severity]{
		{lantern.Low, "INFO"}, {lantern.Low, "WARNING"}, {lantern.Medium, "SUSPICIOUS"},
		{lantern.High, "SEVERE"}, {lantern.Critical, "APOCALYPSE"}, {"", "UNKNOWN"},
	}
	levels = []pair[lantern.Handling]{
		{lantern.Red, "RED"}, {lantern.AmberStrict, "AMBER"}, {lantern.Amber, "AMBER"}, {lantern.Green, "GREEN"}, {"", "UNKNOWN"},
	}
	statuses = []pair[lantern.Status]{
		{lantern.Violating, "MALICIOUS"}, {lantern.Lead, "SUSPICIOUS"}, {lantern.NonViolating, "NON_MALICIOUS"}, {lantern.Lead, "UNKNOWN"},
	}
	reviews = []pair[lantern.ReviewedBy]{
		{lantern.ByHuman, "REVIEWED_MANUALLY"}, {lantern.ByBoth, "REVIEWED_MANUALLY"}, {lantern.ByMachine, "REVIEWED_AUTOMATICALLY"},
		{"", "UNREVIEWED"}, {"", "PENDING"}, {"", "UNKNOWN"},
	}
	reactions = []pair[lantern.Reaction]{
		{lantern.Helpful, "HELPFUL"}, {lantern.NotUseful, "NOT_HELPFUL"}, {lantern.Outdated, "OUTDATED"}, {lantern.Seen, "SAW_THIS_TOO"},
		{lantern.MoreWanted, "WANT_MORE_INFO"}, {lantern.WrongTags, "DISAGREE_WITH_TAGS"}, {lantern.Ingested, "INGESTED"},
		{lantern.InReview, "IN_REVIEW"}, {lantern.AlreadyKnown, "ALREADY_KNOWN"}, {lantern.Reviewed, "REVIEWED"}, {lantern.NotViolating, "NON_MALICIOUS"},
	}
)

// Their words that this package writes by name.
const (
	malicious  = "MALICIOUS"
	suspicious = "SUSPICIOUS"
	cleared    = "NON_MALICIOUS"
)

// contentHashes are the types whose values are digests of content.
var contentHashes = []lantern.SignalType{"md5", "sha1", "sha256", "pdq", "video-md5", "vpdq", "photodna"}

// Status is how a signal's status shows. Clients take MALICIOUS for a positive match that needs
// no further look, so only a hash of content that a person reviewed may show so; whatever else
// violates is SUSPICIOUS, as a lead is.
func Status(s *lantern.Signal) string {
	human := s.Basis.ReviewedBy.ByPerson()
	if s.Status == lantern.Violating && (!human || !slices.Contains(contentHashes, s.Type)) {
		return suspicious
	}
	return to(statuses, s.Status)
}

// worst is the gravest of statuses as they show; one of a cleared value, if nothing else is
// said of it.
func worst(list []string) string {
	for _, s := range []string{malicious, suspicious, cleared} {
		if slices.Contains(list, s) {
			return s
		}
	}
	return "UNKNOWN"
}

// Reactions reads a comma list of their reactions. The error does not repeat what was sent.
func Reactions(text string) (list []lantern.Reaction, err error) {
	for _, word := range List(text) {
		r, ok := from(reactions, word)
		if !ok {
			return nil, bad("/reactions", "names an unknown reaction", "the reference lists eleven")
		}
		list = append(list, r)
	}
	return list, nil
}

// bad is a complaint about a parameter.
func bad(field, reason, fix string) *lantern.Error {
	return &lantern.Error{Kind: lantern.Invalid, Field: field, Reason: reason, Fix: fix}
}

// Review is how a signal's review shows.
func Review(s *lantern.Signal) string { return to(reviews, s.Basis.ReviewedBy) }

// Level is how a signal's handling shows.
func Level(s *lantern.Signal) string { return to(levels, s.Handling) }

// Severity is how a signal's severity shows.
func Severity(s *lantern.Signal) string { return to(severities, s.Severity) }
