package lantern

import (
	"fmt"
	"strings"
)

// TacticType is the signal type whose value is a [Tactic].
const TacticType SignalType = "tactic"

// ContactWay is a way in which contact starts. The set is closed.
type ContactWay string

// The ways of contact.
const (
	FriendRequest ContactWay = "friend-request" // a request to be connected
	DirectMessage ContactWay = "direct-message" // a private message out of nowhere
	GroupChat     ContactWay = "group-chat"     // from a group both are in
	GameChat      ContactWay = "game-chat"      // from within a game
	VoiceChat     ContactWay = "voice-chat"     // from a spoken channel
	LiveStream    ContactWay = "live-stream"    // from the audience of a stream
	Comment       ContactWay = "comment"        // under something that was posted
	Offer         ContactWay = "offer"          // of work, money, gifts or fame
	Introduction  ContactWay = "introduction"   // by an account that is known and may be taken over
)

// ContactWays lists the closed set in documented order.
func ContactWays() []ContactWay {
	return []ContactWay{FriendRequest, DirectMessage, GroupChat, GameChat, VoiceChat, LiveStream, Comment, Offer, Introduction}
}

// Channel is where a conversation moves: a word of [Channels] or the name of a platform
// that package signal knows.
type Channel string

// The channels that are no platform.
const (
	OtherAccount       Channel = "other-account" // on the same platform
	Messenger          Channel = "private-messenger"
	EncryptedMessenger Channel = "encrypted-messenger"
	VideoCall          Channel = "video-call"
	VoiceCall          Channel = "voice-call"
	ByMail             Channel = "mail"
	OtherGame          Channel = "game"
	FileHost           Channel = "file-host"
	InPerson           Channel = "in-person"
)

// Channels lists the words that are no platform.
func Channels() []Channel {
	return []Channel{OtherAccount, Messenger, EncryptedMessenger, VideoCall, VoiceCall, ByMail, OtherGame, FileHost, InPerson}
}

// Demand is what is demanded. The set is closed.
type Demand string

// The demands.
const (
	Images        Demand = "images"
	LiveVideo     Demand = "live-video"
	Money         Demand = "money"
	GiftCards     Demand = "gift-cards"
	AccountAccess Demand = "account-access"
	ContactList   Demand = "contact-list" // whom the child knows
	Recruits      Demand = "recruits"     // others brought in
	Meeting       Demand = "meeting"
	Secrecy       Demand = "secrecy"
	SelfHarm      Demand = "self-harm"
)

// Demands lists the closed set in documented order.
func Demands() []Demand {
	return []Demand{Images, LiveVideo, Money, GiftCards, AccountAccess, ContactList, Recruits, Meeting, Secrecy, SelfHarm}
}

// Tactic is a pattern of behavior that names nobody. It is shared as a signal of type
// [TacticType], in the place of a value. People read it; nothing is matched against it.
type Tactic struct {
	Contact []ContactWay `json:"contact,omitempty"`  // how contact starts
	Demands []Demand     `json:"demands,omitempty"`  // what is demanded
	MovesTo []Channel    `json:"moves_to,omitempty"` // where the conversation moves
	Words   []string     `json:"words,omitempty"`    // which words are used: short texts that hold no personal data and no identifier
}

// Bounds of a tactic.
const (
	MaxTacticList = 16 // entries of a list
	MaxTacticText = 80 // characters of a text
)

// Validate checks the form. What the texts may not hold is package signal's to say.
func (t *Tactic) Validate() error { return join(t.check()) }

func (t *Tactic) check() (errs []*Error) {
	total := 0
	for _, l := range []struct {
		name string
		n    int
	}{{"contact", len(t.Contact)}, {"demands", len(t.Demands)}, {"moves_to", len(t.MovesTo)}, {"words", len(t.Words)}} {
		if total += l.n; l.n > MaxTacticList {
			errs = append(errs, invalid("/tactic/"+l.name, "too many", fmt.Sprintf("at most %d", MaxTacticList)))
		}
	}
	if total == 0 {
		errs = append(errs, invalid("/tactic", "says nothing", "say how contact starts, where it moves, what is demanded or which words are used"))
	}
	for i, c := range t.Contact {
		oneOf(&errs, fmt.Sprintf("/tactic/contact/%d", i), c, ContactWays()...)
	}
	for i, d := range t.Demands {
		oneOf(&errs, fmt.Sprintf("/tactic/demands/%d", i), d, Demands()...)
	}
	for i, c := range t.MovesTo {
		text(&errs, fmt.Sprintf("/tactic/moves_to/%d", i), string(c), 1, MaxTacticText)
	}
	for i, w := range t.Words {
		text(&errs, fmt.Sprintf("/tactic/words/%d", i), strings.TrimSpace(w), 2, MaxTacticText)
	}
	return errs
}

// checkValue complains about what a draft says of its value: a tactic for one type, a
// value for all others.
func (d *Draft) checkValue() (errs []*Error) {
	switch n := len(d.Value); {
	case d.Type == TacticType && n > 0:
		return []*Error{invalid("/value", "a tactic has no value", "describe it under tactic; a CSV file cannot hold one, NDJSON can")}
	case d.Type == TacticType && d.Tactic == nil:
		return []*Error{invalid("/tactic", "missing", "describe it: contact, moves_to, demands, words; a CSV file cannot hold one, NDJSON can")}
	case d.Type == TacticType:
		return d.Tactic.check()
	case d.Tactic != nil:
		return []*Error{invalid("/tactic", "not for this type", "give the type tactic, or a value")}
	case n == 0:
		return []*Error{invalid("/value", "missing", "give the value to share")}
	case n > MaxValue:
		return []*Error{invalid("/value", "too long", fmt.Sprintf("at most %d bytes", MaxValue))}
	}
	return nil
}
