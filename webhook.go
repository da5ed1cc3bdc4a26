package lantern

import (
	"slices"
	"time"
)

// EventType says what an event is about. The set is closed; what changes often, such as a
// signal, has the feed and no event.
type EventType string

// The event types, with what their Object names and who is told.
const (
	SignalImminent   EventType = "signal.imminent"   // a signal on a child at risk now is active; members who may see it. Sent before all else
	CorrectionOpened EventType = "correction.opened" // a correction; its recipients, whatever their state
	ChallengeOpened  EventType = "challenge.opened"  // a challenge; sharer and challenger
	ChallengeWaits   EventType = "challenge.waits"   // a challenge that a dispute officer must decide; members of third parties that have one to send
	ChallengeOverdue EventType = "challenge.overdue" // a challenge of an imminent signal whose deadline passed; all who have a part in it, again every half hour
	ChallengeDecided EventType = "challenge.decided" // a challenge that was upheld or rejected; sharer and challenger
	FeedbackReceived EventType = "feedback.received" // a reaction; the sharer of its signal
	OutcomeReceived  EventType = "outcome.received"  // a signal that an outcome names; its sharer, who learns sums and not whose
	MemberChanged    EventType = "member.changed"    // a member that is new or in another state; members who may list members, and itself
	WebhookTest      EventType = "webhook.test"      // the webhook; sent when its admin asks for it
)

// EventTypes lists the types a webhook may choose from, in documented order.
// [WebhookTest] is not among them: it comes to the webhook that is tested.
func EventTypes() []EventType {
	return []EventType{SignalImminent, CorrectionOpened, ChallengeOpened, ChallengeWaits, ChallengeOverdue, ChallengeDecided, FeedbackReceived, OutcomeReceived, MemberChanged}
}

// Event is a thin notice: what sort of thing happened to which object, never what it
// says. Whoever receives it fetches the object with a key of its own, and sees what that
// key may see. Its id is the same at every attempt and in every replay.
type Event struct {
	ID   ID        `json:"id"`
	Type EventType `json:"type"`
	At   time.Time `json:"timestamp"`
	Data EventData `json:"data"`
}

// EventData names what an event is about.
type EventData struct {
	Program ID `json:"program,omitzero"` // a program of the receiving member in which it happened; none if there is none
	Signal  ID `json:"signal,omitzero"`  // the signal concerned, if there is one
	Object  ID `json:"object"`           // what the type says
}

// WebhookState is whether a webhook is called.
type WebhookState string

// The webhook states.
const (
	WebhookActive   WebhookState = "active"
	WebhookDisabled WebhookState = "disabled" // 72 hours of failures, or the receiver answered 410 Gone; a replay or an answered test enables it
)

// Webhook is an address of a member's own that the exchange calls when something happens
// that concerns the member. It belongs to the member, not to the person who added it.
type Webhook struct {
	ID        ID           `json:"id"`
	Member    ID           `json:"member"`
	URL       string       `json:"url"`              // https, of a public host; at most 2048 bytes
	Events    []EventType  `json:"events,omitempty"` // none: all
	State     WebhookState `json:"state"`
	Created   time.Time    `json:"created"`
	Delivered time.Time    `json:"last_delivered,omitzero"`
	Failing   time.Time    `json:"failing_since,omitzero"`      // of the first failure after the last success
	Failure   string       `json:"last_failure,omitempty"`      // a word of a closed set, never what the receiver said
	Rotating  time.Time    `json:"both_secrets_until,omitzero"` // until then requests are signed with the earlier secret too
	Pending   int          `json:"pending"`                     // deliveries that wait for an attempt
	Dead      int          `json:"dead"`                        // deliveries that were given up and can be replayed
	Secret    string       `json:"secret,omitempty"`            // "whsec_…", shown once: when it is made and when it is replaced
}

// Validate checks the form of a new webhook; the exchange has more to say of its URL.
func (w *Webhook) Validate() error {
	var errs []*Error
	text(&errs, "/url", w.URL, 1, 2048)
	for i, e := range w.Events {
		oneOf(&errs, "/events", e, EventTypes()...)
		if slices.Contains(w.Events[:i], e) {
			errs = append(errs, invalid("/events", "a type is given twice", "give it once"))
		}
	}
	return join(errs)
}

// DeliveryState is where the delivery of an event to a webhook stands.
type DeliveryState string

// The delivery states.
const (
	DeliveryPending DeliveryState = "pending"
	DeliveryDone    DeliveryState = "delivered" // the receiver answered 2xx
	DeliveryDead    DeliveryState = "dead"      // given up; a replay takes it up again
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	Event    Event         `json:"event"`
	Webhook  ID            `json:"webhook"`
	State    DeliveryState `json:"state"`
	Attempts int           `json:"attempts"`
	Next     time.Time     `json:"next_attempt,omitzero"`
	Settled  time.Time     `json:"settled,omitzero"`  // when it was delivered or given up
	Status   int           `json:"status,omitempty"`  // of the last answer
	Failure  string        `json:"failure,omitempty"` // of the last attempt, a word of a closed set
}

// Replay asks for events to be delivered again: one event, or all of the webhook's types
// since a time. Exactly one of the two is given.
type Replay struct {
	Event ID        `json:"event,omitzero"`
	Since time.Time `json:"since,omitzero"`
}

// Validate checks the form.
func (r *Replay) Validate() error {
	if (r.Event == 0) == r.Since.IsZero() {
		return invalid("", "names neither or both", "give either event, an id, or since, a time")
	}
	return nil
}

// Replayed answers a replay.
type Replayed struct {
	Deliveries int `json:"deliveries"` // that will be made
}
