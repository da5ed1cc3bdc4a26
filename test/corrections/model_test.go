package corrections

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"lantern"
)

// The model says what must be true of the exchange after each act that it did not refuse.
// It knows the rules of docs/design/004 in the plainest form, and no SQL.

// modelSignal is a signal.
type modelSignal struct {
	owner, value int
	state        lantern.SignalState
	status       lantern.Status
	expires      time.Time
	programs     map[lantern.ID]bool
	left         map[lantern.ID]bool         // programs it was taken out of
	narrowings   map[lantern.ID]map[int]bool // correction → who lost it by that
	roots        map[lantern.ID]bool
	falls        []map[int]bool // for each of its corrections, to whom it had been sent
}

// modelChallenge is a challenge.
type modelChallenge struct {
	signal     lantern.ID
	challenger int
	state      lantern.ChallengeState
	deadline   time.Time
}

// undecided reports whether somebody must still decide.
func (c *modelChallenge) undecided() bool {
	return c.state == lantern.ChallengeOpen || c.state == lantern.ChallengeDisputed
}

// duty is what of a correction a member acknowledged.
type duty struct {
	correction lantern.ID
	member     int
}

// part is a member's place in a program.
type part struct {
	joined    bool
	direction lantern.Direction
}

// model is all of it.
type model struct {
	signals    map[lantern.ID]*modelSignal
	challenges map[lantern.ID]*modelChallenge
	sent       map[lantern.ID]map[int]bool // signal → those to whom it was ever handed out
	masked     map[duty]bool
	purged     map[duty]bool
	states     [companies]lantern.MemberState
	parts      map[lantern.ID][companies]part
	marks      map[int]time.Time // value → until when its re-share is held
}

func newModel(c *cast) *model {
	m := &model{signals: map[lantern.ID]*modelSignal{}, challenges: map[lantern.ID]*modelChallenge{}, sent: map[lantern.ID]map[int]bool{},
		masked: map[duty]bool{}, purged: map[duty]bool{}, parts: map[lantern.ID][companies]part{}, marks: map[int]time.Time{}}
	both := part{true, lantern.Both}
	for i := range m.states {
		m.states[i] = lantern.ActiveMember
	}
	m.parts[c.programs[0]] = [companies]part{both, both, both, both}
	m.parts[c.programs[1]] = [companies]part{both, both, {}, both}
	return m
}

// clone copies the model, for a backup.
func (m *model) clone() *model {
	c := *m
	c.signals, c.challenges, c.sent = map[lantern.ID]*modelSignal{}, map[lantern.ID]*modelChallenge{}, map[lantern.ID]map[int]bool{}
	for id, s := range m.signals {
		s2 := *s
		s2.programs, s2.roots, s2.falls = maps.Clone(s.programs), maps.Clone(s.roots), slices.Clone(s.falls)
		s2.left, s2.narrowings = maps.Clone(s.left), maps.Clone(s.narrowings)
		c.signals[id] = &s2
	}
	for id, h := range m.challenges {
		h2 := *h
		c.challenges[id] = &h2
	}
	for id, s := range m.sent {
		c.sent[id] = maps.Clone(s)
	}
	c.masked, c.purged, c.parts, c.marks = maps.Clone(m.masked), maps.Clone(m.purged), maps.Clone(m.parts), maps.Clone(m.marks)
	return &c
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// alive reports whether a signal has not ended.
func alive(s lantern.SignalState) bool {
	return s == lantern.Held || s == lantern.Active || s == lantern.Suspended
}

// fallen reports whether a signal was taken back.
func fallen(s lantern.SignalState) bool { return s == lantern.Withdrawn || s == lantern.Erased }

// living finds the signal a member has on a value.
func (m *model) living(owner, value int) (lantern.ID, *modelSignal) {
	for id, s := range m.signals {
		if s.owner == owner && s.value == value && alive(s.state) {
			return id, s
		}
	}
	return 0, nil
}

// pending lists the undecided challenges of a signal.
func (m *model) pending(signal lantern.ID) (list []*modelChallenge) {
	for _, id := range sorted(m.challenges) {
		if c := m.challenges[id]; c.signal == signal && c.undecided() {
			list = append(list, c)
		}
	}
	return list
}

// handOut notes that a signal was handed to a member.
func (m *model) handOut(signal lantern.ID, member int) {
	if m.sent[signal] == nil {
		m.sent[signal] = map[int]bool{}
	}
	m.sent[signal][member] = true
}

// fall takes a signal back. upheld says that a challenge was right.
func (m *model) fall(id lantern.ID, state lantern.SignalState, upheld bool, now time.Time) {
	s := m.signals[id]
	s.falls = append(s.falls, maps.Clone(m.sent[id]))
	pending := m.pending(id)
	for _, c := range pending {
		c.state = lantern.ChallengeUpheld
	}
	if upheld || len(pending) > 0 {
		m.marks[s.value] = now.AddDate(0, 12, 0)
	}
	s.state = state
	m.orphan(id)
}

// orphaned reports whether a signal is derived from others, all of which fell.
func (m *model) orphaned(s *modelSignal) bool {
	for root := range s.roots {
		if st := m.signals[root].state; st == lantern.Active || st == lantern.Suspended {
			return false
		}
	}
	return len(s.roots) > 0
}

// orphan suspends what rested on a root alone.
func (m *model) orphan(root lantern.ID) {
	for _, id := range sorted(m.signals) {
		s := m.signals[id]
		if s.roots[root] && s.state == lantern.Active && m.orphaned(s) {
			s.state = lantern.Suspended
		}
	}
}

// rejected ends a challenge in the signal's favor.
func (m *model) rejected(c *modelChallenge, now time.Time) {
	c.state = lantern.ChallengeRejected
	s := m.signals[c.signal]
	switch {
	case s.state != lantern.Suspended || len(m.pending(c.signal)) > 0:
	case !s.expires.After(now):
		s.state = lantern.Expired
		m.orphan(c.signal)
	case !m.orphaned(s):
		s.state = lantern.Active
	}
}

// sweep does what time does.
func (m *model) sweep(now time.Time) {
	for _, id := range m.due(now) {
		m.signals[id].state = lantern.Expired
		m.orphan(id)
	}
	for _, id := range sorted(m.challenges) {
		if c := m.challenges[id]; c.state == lantern.ChallengeOpen && !c.deadline.After(now) {
			c.state = lantern.ChallengeDisputed
			c.deadline = time.Time{} // of no further interest
		}
	}
	maps.DeleteFunc(m.marks, func(_ int, until time.Time) bool { return !until.After(now) })
}

// due lists the signals whose time ran out.
func (m *model) due(now time.Time) (list []lantern.ID) {
	for _, id := range sorted(m.signals) {
		if s := m.signals[id]; alive(s.state) && !s.expires.After(now) {
			list = append(list, id)
		}
	}
	return list
}

// shown reports whether a member's feeds show it a signal whole: the rule of disclosure.
func (m *model) shown(id lantern.ID, member int) bool {
	s := m.signals[id]
	if s.state != lantern.Active || s.owner == member || m.states[member] != lantern.ActiveMember && m.states[member] != lantern.ReadOnly {
		return false
	}
	return m.receives(s.programs, member)
}

// receives reports whether a member gets what others share to one of the programs.
func (m *model) receives(programs map[lantern.ID]bool, member int) bool {
	for p := range programs {
		if in := m.parts[p][member]; in.joined && in.direction != lantern.ContributeOnly {
			return true
		}
	}
	return false
}

// narrow takes a signal out of a program. Who was sent it, is there, and receives it nowhere
// else loses it.
func (m *model) narrow(id, correction, program lantern.ID) {
	s := m.signals[id]
	delete(s.programs, program)
	s.left[program] = true
	lost := map[int]bool{}
	for member := range m.sent[id] {
		if m.parts[program][member].joined && !m.receives(s.programs, member) {
			lost[member] = true
		}
	}
	s.narrowings[correction] = lost
}
