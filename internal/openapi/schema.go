package openapi

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/audit"
)

// object is a piece of the document.
type object = map[string]any

// schemas derives JSON schemas from Go types. Structs become components, by their names.
type schemas struct {
	components object
	closed     map[reflect.Type][]string
	given      map[string][]string // by component, the members that answers have and requests need not
}

// of returns the schema of t, a reference if t is a struct.
func (s *schemas) of(t reflect.Type) object {
	if set, ok := s.closed[t]; ok {
		return object{"type": "string", "enum": set}
	}
	switch t {
	case reflect.TypeFor[lantern.ID]():
		return object{"type": "string", "pattern": "^([1-9][0-9]{0,18})?$", "description": "an id in decimal; empty for none"}
	case reflect.TypeFor[lantern.SignalType](): // not a closed set: types are added without a change of the API
		return object{"type": "string", "description": "a signal type; GET /v1/types lists them"}
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[json.RawMessage]():
		return object{}
	case reflect.TypeFor[audit.Hash]():
		return object{"type": "string", "contentEncoding": "base64"}
	case reflect.TypeFor[Text]():
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Struct:
		return s.component(t)
	}
	panic("no schema for the kind of " + t.String())
}

// component describes a struct once and returns a reference to it.
func (s *schemas) component(t reflect.Type) object {
	name := componentName(t)
	ref := object{"$ref": "#/components/schemas/" + name}
	if _, done := s.components[name]; done {
		return ref
	}
	s.components[name] = nil // stands for itself in a type that contains itself
	properties, required := object{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || tag == "" {
			continue
		}
		p := s.of(f.Type)
		if slices.Contains(s.given[name], tag) {
			p = maps.Clone(p)
			p["readOnly"] = true
		}
		properties[tag] = p
		if options == "" {
			required = append(required, tag)
		}
	}
	s.components[name] = object{"type": "object", "properties": properties, "required": required}
	return ref
}

// componentName names Items[lantern.Signal] SignalList. Two types are called Problem: the
// body of an error answer, and one complaint.
func componentName(t reflect.Type) string {
	if t == reflect.TypeFor[lantern.Problem]() {
		return "Complaint"
	}
	name := t.Name()
	if _, of, generic := strings.Cut(name, "["); generic {
		return strings.TrimSuffix(of[strings.LastIndexAny(of, "./")+1:], "]") + "List"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// closedSets lists the words of every closed set.
func closedSets() map[reflect.Type][]string {
	sets := map[reflect.Type][]string{}
	closed(sets, lantern.Invalid, lantern.Unauthorized, lantern.Forbidden, lantern.NotFound, lantern.Conflict,
		lantern.TooLarge, lantern.RateLimited, lantern.Resync, lantern.Unavailable, lantern.Unsupported)
	closed(sets, lantern.Applied, lantern.Reviewing, lantern.Agreed, lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left)
	closed(sets, lantern.Company, lantern.Operator)
	closed(sets, lantern.Steward, lantern.Admin, lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer, lantern.Auditor)
	closed(sets, lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond, lantern.ScopeManage, lantern.ScopeAudit)
	closed(sets, lantern.Both, lantern.ContributeOnly, lantern.ReceiveOnly)
	closed(sets, lantern.Violating, lantern.Lead, lantern.NonViolating)
	closed(sets, lantern.Low, lantern.Medium, lantern.High, lantern.Critical)
	closed(sets, lantern.SuspectedOffender, lantern.Content, lantern.Infrastructure, lantern.UnknownRole)
	closed(sets, lantern.Red, lantern.AmberStrict, lantern.Amber, lantern.Green)
	closed(sets, lantern.Held, lantern.Active, lantern.Suspended, lantern.Withdrawn, lantern.Expired, lantern.Erased, lantern.Narrowed)
	closed(sets, lantern.ByHuman, lantern.ByMachine, lantern.ByBoth, "") // empty in what is left of a signal that fell
	closed(sets, lantern.ContactWays()...)
	closed(sets, lantern.Demands()...)
	closed(sets, lantern.DerivedFrom, lantern.SameAccount, lantern.PostedAt)
	closed(sets, lantern.Created, lantern.Cleared, lantern.Updated, lantern.Unchanged, lantern.HeldBack, lantern.Refused)
	closed(sets, lantern.WithdrawnInError, lantern.WithdrawnAppeal, lantern.WithdrawnReused, lantern.WithdrawnOutdated, lantern.WithdrawnRequest)
	closed(sets, lantern.Seen, lantern.InReview, lantern.Helpful, lantern.NotUseful, lantern.Outdated, lantern.WrongTags, lantern.AlreadyKnown, lantern.NotViolating,
		lantern.Ingested, lantern.Reviewed, lantern.MoreWanted)
	closed(sets, lantern.AccountsActioned, lantern.ContentRemoved, lantern.URLsBlocked, lantern.ReportsFiled, lantern.ReviewedNoViolation, lantern.ReviewedUndisclosed, lantern.Reversed)
	closed(sets, lantern.WrongValue, lantern.IdentifierReused, lantern.NotAbusive, lantern.BenignShared, lantern.VictimIdentified, lantern.OutOfScope)
	closed(sets, lantern.ChallengeOpen, lantern.ChallengeDisputed, lantern.ChallengeUpheld, lantern.ChallengeRejected)
	closed(sets, lantern.Uphold, lantern.Dispute, lantern.Reject)
	closed(sets, lantern.CorrectionWithdrawn, lantern.CorrectionUpheld, lantern.CorrectionErased, lantern.CorrectionCleared, lantern.CorrectionNarrowed)
	closed(sets, lantern.AckByAgent, lantern.AckAttested)
	closed(sets, lantern.AckMasked, lantern.AckPurged)
	closed(sets, append(lantern.EventTypes(), lantern.WebhookTest)...)
	closed(sets, lantern.AnswerOK, lantern.AnswerStale, lantern.CouldNotLook, lantern.AnswerShadow, lantern.NotSampled)
	closed(sets, lantern.HowExact, lantern.HowNear, lantern.HowPhrase, lantern.HowURLPrefix, lantern.HowDomain, lantern.HowAlias, lantern.HowBare, "")
	closed(sets, lantern.HitOpen, lantern.HitDecided, lantern.HitHeld, lantern.HitVoid, lantern.HitQuarantined)
	closed(sets, lantern.CauseFlood, lantern.CauseFellBefore)
	closed(sets, lantern.OpenHits, lantern.DropHits)
	decisions := []lantern.HitDecision{lantern.Confirmed, lantern.NotHere, lantern.WrongSignal, lantern.Unsure, lantern.Escalate}
	closed(sets, append(decisions, "")...) // empty in a sample that nobody decided
	for _, d := range decisions {
		closed(sets, d.Reasons()...)
	}
	closed(sets, lantern.CaseDone, lantern.CaseEmpty, lantern.CaseDuplicate, lantern.CaseHandedOver)
	closed(sets, lantern.NewEvidence, lantern.AfterFall, lantern.ClosedInError)
	closed(sets, lantern.CaseOpened, lantern.CaseOwned, lantern.CaseRound, lantern.CaseRuled, lantern.CaseBulk, lantern.CaseUndone,
		lantern.CaseNoted, lantern.CaseTasked, lantern.CaseTaskDone, lantern.CaseProposed, lantern.CaseApproved, lantern.CaseDeclined,
		lantern.CaseLapsed, lantern.CaseOutcomeOut, lantern.CaseShared, lantern.CaseCorrected, lantern.CaseClosed, lantern.CaseReopened)
	closed(sets, lantern.ProposalWaits, lantern.ProposalApproved, lantern.ProposalDeclined, lantern.ProposalLapsed, lantern.ProposalDone)
	closed(sets, lantern.WebhookActive, lantern.WebhookDisabled)
	closed(sets, lantern.DeliveryPending, lantern.DeliveryDone, lantern.DeliveryDead)
	return sets
}

func closed[T ~string](sets map[reflect.Type][]string, words ...T) {
	for _, w := range words {
		sets[reflect.TypeFor[T]()] = append(sets[reflect.TypeFor[T]()], string(w))
	}
}
