package lantern

// The event types of an agent, beside [WebhookTest]. It tells the member's own systems, as
// the exchange tells members: what sort of thing happened to which object.
const (
	HitOpened         EventType = "hit.opened"         // a hit waits for a person: a new one, or one whose signal was restored
	HitImminent       EventType = "hit.imminent"       // a hit that waits is about a child at risk now, since it was found or from now on; before all else
	SignalMasked      EventType = "signal.masked"      // a signal with hits is suspended: those that wait are hidden
	SignalFell        EventType = "signal.fell"        // a signal with hits is gone: they are void
	SignalQuarantined EventType = "signal.quarantined" // a signal went into quarantine: no hit is in the queue until a person releases it
	TaskOpened        EventType = "review-task.opened" // a correction after which the member must look again; its object is the correction
	AgentStale        EventType = "agent.stale"        // the agent's answers cannot be relied on any more; its object is the member
	AgentFresh        EventType = "agent.fresh"        // they can be again
)

// AgentEventTypes lists the types a webhook of an agent may choose from, in documented
// order.
func AgentEventTypes() []EventType {
	return []EventType{HitImminent, HitOpened, SignalMasked, SignalFell, SignalQuarantined, TaskOpened, AgentStale, AgentFresh}
}

// Urgent reports whether events of the type go before all others.
func (e EventType) Urgent() bool { return e == SignalImminent || e == HitImminent }

// Notice is one line of what an agent tells its followers: an event, the hit it is about as
// the hit is by then, and the place to go on from.
type Notice struct {
	Next  Cursor `json:"next"` // a reader that keeps it together with what it made of this line misses nothing and does nothing twice
	Event Event  `json:"event"`
	Hit   *Hit   `json:"hit,omitempty"` // of events that name a hit
}
