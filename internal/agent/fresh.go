package agent

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
)

// damagedReason is said while a file of the engine is missing.
const damagedReason = "a file of this agent's engine is damaged: it is taken out and made anew"

// freshness is how far answers given at one moment can be relied on.
type freshness struct {
	state    lantern.AnswerState
	reasons  []string
	personal bool // values that name a person may be looked up
	fault    string
	broken   bool // for a reason that somebody must look into; loading is none
}

// worse lowers the state and says why.
func (f *freshness) worse(to lantern.AnswerState, why string) {
	if f.state != lantern.CouldNotLook {
		f.state = to
	}
	f.reasons = append(f.reasons, why)
}

// freshness judges the replica: whether it was ever complete, how long ago the exchange
// was reached, whether the exchange can be believed, and whether the member may still
// look up persons.
func (a *Agent) freshness(now time.Time) freshness {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := freshness{state: lantern.AnswerOK, personal: true, fault: a.fault}
	if a.fault != "" {
		f.broken = true
		f.worse(lantern.CouldNotLook, "the feed is not followed any more: "+a.fault)
	}
	if s := a.member.State; s == lantern.SuspendedMember || s == lantern.Left {
		f.personal, f.broken = false, true
		f.worse(lantern.AnswerStale, "the member is "+string(s)+": values that name a person are not looked up")
	}
	if n := len(a.unread); n > 0 {
		f.reasons = append(f.reasons, fmt.Sprintf("%d signals are of a kind this version cannot read: bring it up to date", n))
	}
	read := 0
	var oldest time.Time
	for _, id := range slices.Sorted(maps.Keys(a.feeds)) {
		p := a.feeds[id]
		if p.refused {
			continue
		}
		read++
		if p.untrained {
			f.broken = true
			f.worse(lantern.AnswerStale, "program "+id.String()+" needs training, and that of the person whose key this agent has is missing or has expired: nothing new comes. Renew it, or give the agent a service's key")
		}
		if !p.loaded && p.generation > 1 {
			f.worse(lantern.AnswerStale, "program "+id.String()+" is being loaded again")
		} else if !p.loaded {
			f.worse(lantern.CouldNotLook, "program "+id.String()+" is not loaded yet")
		}
		if read == 1 || p.contact.Before(oldest) {
			oldest = p.contact
		}
	}
	if read == 0 {
		f.worse(lantern.CouldNotLook, "no program is followed")
		return f
	}
	if a.back {
		f.worse(lantern.CouldNotLook, "the agent's folder went back to an older state: every feed is read again")
	}
	if a.engine.Missing() > 0 {
		f.worse(lantern.CouldNotLook, damagedReason)
		a.files.wake()
	}
	if a.hurt.Load() {
		f.worse(lantern.CouldNotLook, "this agent's database is damaged: stop the agent and start it, also if it was started just now: that start takes out what is damaged and reads it anew")
	}
	if a.gone {
		f.worse(lantern.CouldNotLook, "the file of this agent's database was removed or replaced while it runs: what it keeps is lost when it ends; end it, and bring your backup back or start without one")
	}
	if a.stuck {
		f.worse(lantern.AnswerStale, stuckReason)
	}
	age, ahead := policy.SinceContact(now, oldest)
	switch {
	case oldest.IsZero(): // said above: it is not loaded
	case ahead:
		f.personal = false
		f.worse(lantern.AnswerStale, "the clock was put back behind the last contact: until the next one values that name a person are not looked up")
	case age >= lantern.LeaseEnds:
		f.personal, f.broken = false, true
		f.worse(lantern.AnswerStale, fmt.Sprintf("no contact with the exchange for %d hours: values that name a person are not looked up", int(age.Hours())))
	case age >= lantern.StaleAfter:
		f.broken = true
		f.worse(lantern.AnswerStale, fmt.Sprintf("no contact with the exchange for %d hours", int(age.Hours())))
	}
	return f
}

// worseState reports whether b promises less than a.
func worseState(a, b lantern.AnswerState) bool {
	order := []lantern.AnswerState{lantern.AnswerOK, lantern.AnswerStale, lantern.CouldNotLook}
	return slices.Index(order, b) > slices.Index(order, a)
}
