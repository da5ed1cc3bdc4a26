package audit

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind says what sort of act a leaf records. The numbers are part of the log format: they
// are never reused and never change. Zero is no kind.
type Kind uint8

// The kinds. An agent's own log uses Reveal, Decide, Acknowledge, Outcome, Export,
// BackupRestored and Mend.
const (
	Share               Kind = 1  // a signal was shared
	Amend               Kind = 2  // a signal was shared again with other content or placements
	Renew               Kind = 3  // a signal got a later expiry after a fresh review
	Withdraw            Kind = 4  // a signal was taken back
	Erase               Kind = 5  // the person part of earlier records was destroyed
	Suspend             Kind = 6  // a signal stopped matching
	Restore             Kind = 7  // a suspended or held signal came back
	Hold                Kind = 8  // a signal was stored and not disclosed, until a second person looks
	Expire              Kind = 9  // a signal's time ran out
	Challenge           Kind = 10 // a person said that a signal is wrong
	Decide              Kind = 11 // a challenge, or in an agent's log a hit, was decided
	Acknowledge         Kind = 12 // a recipient masked or purged a corrected signal
	Feedback            Kind = 13 // a member reacted to a signal
	Outcome             Kind = 14 // a member recorded what it did
	Disclose            Kind = 15 // a page of a feed, or an object, was handed to a member
	Reveal              Kind = 16 // a person saw a sealed value in the clear
	Export              Kind = 17 // values left as a file
	CompelledDisclosure Kind = 18 // something was handed out under legal compulsion
	Incident            Kind = 19 // signals were shared, or taken back, as one incident
	Narrow              Kind = 20 // a signal was taken out of one program and stands in others
	Anchor              Kind = 21 // the head of an agent's own log was entered
	MemberChange        Kind = 30 // a member was made or changed state
	PersonChange        Kind = 31 // a person was made or changed, training included
	ServiceChange       Kind = 32 // a service was made or changed
	KeyAdd              Kind = 33 // a key was issued
	KeyRevoke           Kind = 34 // a key was revoked
	ProgramChange       Kind = 35 // a program was made or its policy changed
	MembershipChange    Kind = 36 // a member joined or left a program
	WebhookChange       Kind = 37 // a webhook was added, removed, tested, replayed, disabled or enabled, or its secret replaced
	KeyRotate           Kind = 38 // a key was replaced by another and ends after an overlap
	Start               Kind = 50 // the log began
	BackupRestored      Kind = 51 // an operator went back to a backup; what came after it is missing
	Rekey               Kind = 52 // wrapping the keys of records under another key-encryption key began, or ended
	Mend                Kind = 53 // a damaged database was mended, and not everything could be read
)

// kindNames holds the text form of every kind.
var kindNames = map[Kind]string{
	Share: "share", Amend: "amend", Renew: "renew", Withdraw: "withdraw", Erase: "erase",
	Suspend: "suspend", Restore: "restore", Hold: "hold", Expire: "expire",
	Challenge: "challenge", Decide: "decide", Acknowledge: "acknowledge",
	Feedback: "feedback", Outcome: "outcome", Disclose: "disclose", Reveal: "reveal",
	Export: "export", CompelledDisclosure: "compelled-disclosure", Incident: "incident", Narrow: "narrow", Anchor: "anchor",
	MemberChange: "member-change", PersonChange: "person-change", ServiceChange: "service-change",
	KeyAdd: "key-add", KeyRevoke: "key-revoke", ProgramChange: "program-change",
	MembershipChange: "membership-change", WebhookChange: "webhook-change", KeyRotate: "key-rotate",
	Start: "start", BackupRestored: "backup-restored", Rekey: "rekey", Mend: "mend",
}

// Kinds returns every known kind in order of its number.
func Kinds() []Kind {
	var list []Kind
	for k := Kind(1); k != 0; k++ {
		if _, ok := kindNames[k]; ok {
			list = append(list, k)
		}
	}
	return list
}

// String returns the kind's word, or "kind-N" for a number this version does not know: a
// verifier must read logs that a later version wrote.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return "kind-" + strconv.Itoa(int(k))
}

// ParseKind reads what [Kind.String] writes.
func ParseKind(s string) (Kind, error) {
	for k, name := range kindNames {
		if name == s {
			return k, nil
		}
	}
	if digits, ok := strings.CutPrefix(s, "kind-"); ok {
		n, err := strconv.ParseUint(digits, 10, 8)
		if err == nil && n != 0 && Kind(n).String() == s {
			return Kind(n), nil
		}
	}
	return 0, fmt.Errorf("not a kind of log entry")
}
