package corrections

import (
	"fmt"
	"slices"
	"time"

	"lantern"
	"lantern/internal/policy"
)

// values is how many values there are to disagree about.
const values = 6

func valueText(v int) string { return fmt.Sprintf("https://files.example.com/f/%d", v) }

// act is one kind of thing that may happen. It returns "" if there was nothing to do or
// the exchange refused, which is part of the game.
type act struct {
	name   string
	weight int
	do     func(*story) string
}

// Agents that were told of what a restore lost are where it is hard: with real ones the
// exchange loses its disk more often.
func acts(real bool) []act {
	lose := 1
	if real {
		lose = 5
	}
	return []act{
		{"share", 22, (*story).share},
		{"withdraw", 7, (*story).withdraw},
		{"narrow", 6, (*story).narrow},
		{"challenge", 9, (*story).challenge},
		{"answer", 5, (*story).answer},
		{"decide", 6, (*story).decide},
		{"renew", 3, (*story).renew},
		{"react", 2, (*story).react},
		{"state", 5, (*story).state},
		{"part", 5, (*story).part},
		{"look", 3, (*story).lookAt},
		{"contact", 22, (*story).contact},
		{"cut", 9, (*story).cutContact},
		{"attest", 3, (*story).attest},
		{"forth", 5, (*story).forth},
		{"back", 2, (*story).back},
		{"crash", 2, (*story).crash},
		{"die", 3, (*story).die},
		{"copy", 3, (*story).copyFolder},
		{"older", 3, (*story).olderFolder},
		{"backup", 2 * lose, (*story).backUp},
		{"restore", lose, (*story).restoreBackup},
	}
}

// some draws one of n.
func (s *story) some(n int) int { return s.rng.IntN(n) }

// chance is true p times out of a hundred.
func (s *story) chance(p int) bool { return s.rng.IntN(100) < p }

// someSignal draws a signal, one of the newest more often than not.
func (s *story) someSignal() (lantern.ID, *modelSignal) {
	if len(s.order) == 0 {
		return 0, nil
	}
	id := s.order[s.some(len(s.order))]
	if s.chance(60) {
		id = s.order[len(s.order)-1-s.some(min(5, len(s.order)))]
	}
	return id, s.model.signals[id]
}

// by authenticates somebody of a member; a key may have ended.
func (s *story) by(key string) (a policy.Actor, ok bool) {
	a, err := s.as(key)
	return a, err == nil
}

func (s *story) share() string {
	m := s.some(companies)
	a, ok := s.by(s.cast.companies[m].ServiceKey)
	if !ok {
		return ""
	}
	value := s.some(values)
	d := lantern.Draft{
		Type: "url", Value: valueText(value), Status: lantern.Violating, Tags: []lantern.Tag{"csam"}, Confidence: 90, Role: lantern.Content,
		Imminent: s.chance(10), Severity: []lantern.Severity{lantern.Medium, lantern.High}[s.some(2)],
		Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, Action: "removed", At: s.clock.Now()},
	}
	if s.chance(20) {
		d.Status = lantern.NonViolating
	}
	switch s.some(4) {
	case 0:
		d.Programs = []lantern.ID{s.cast.programs[1]}
	case 1:
		d.Programs = slices.Clone(s.cast.programs[:])
	default:
		d.Programs = []lantern.ID{s.cast.programs[0]}
	}
	if s.chance(30) {
		d.Expires = s.clock.Now().Add(time.Duration(10+s.some(30)) * 24 * time.Hour)
	}
	roots := map[lantern.ID]bool{}
	if s.chance(35) {
		if root, of := s.someSignal(); of != nil && of.value != value {
			roots[root] = true
			d.Links = []lantern.Link{{Kind: lantern.DerivedFrom, Signal: root}}
		}
	}
	r, err := s.Share(s.ctx, a, d)
	if err != nil {
		return ""
	}
	s.shared(m, value, d, roots, r)
	return fmt.Sprintf("%s shares %s (value %d, %s, %d programs, derived from %s): %s", memberName(m), s.name(r.Signal), value, d.Status, len(d.Programs), s.names(roots), r.Status)
}

// shared tells the model of a share.
func (s *story) shared(m, value int, d lantern.Draft, roots map[lantern.ID]bool, r lantern.ShareResult) {
	id, had := s.model.living(m, value)
	if clears := had != nil && had.state != lantern.Held && had.status != lantern.NonViolating && d.Status == lantern.NonViolating; had == nil || clears {
		state, want := lantern.Active, lantern.Created
		if until, marked := s.model.marks[value]; marked && until.After(s.now()) {
			state, want = lantern.Held, lantern.HeldBack
		}
		if clears {
			state, want = lantern.Active, lantern.Cleared
			s.model.fall(id, lantern.Withdrawn, false, s.now())
			s.touch(id)
		}
		if r.Status != want || s.model.signals[r.Signal] != nil {
			s.fail("sharing value %d made %s %s; want another signal, %s", value, s.name(r.Signal), r.Status, want)
		}
		had = &modelSignal{owner: m, value: value, state: state, programs: map[lantern.ID]bool{}, roots: map[lantern.ID]bool{},
			left: map[lantern.ID]bool{}, narrowings: map[lantern.ID]map[int]bool{}}
		id = r.Signal
		s.model.signals[id] = had
		s.order = append(s.order, id)
	} else if r.Signal != id || r.Status != lantern.Unchanged && r.Status != lantern.Updated && r.Status != lantern.HeldBack {
		s.fail("sharing value %d again gave %s %s; want %s kept or updated", value, s.name(r.Signal), r.Status, s.name(id))
	}
	for root := range roots {
		if st := s.model.signals[root].state; !alive(st) {
			s.fail("%s was taken as derived from %s, which is %s", s.name(id), s.name(root), st)
		}
	}
	if r.Status == lantern.Unchanged {
		return
	}
	for _, p := range d.Programs {
		had.programs[p] = true
		delete(had.left, p)
	}
	for root := range roots {
		had.roots[root] = true
	}
	had.status = d.Status
	s.touch(id)
	had.expires = s.stored(id).Expires
}

func (s *story) withdraw() string {
	id, of := s.someSignal()
	if of == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[of.owner].SubmitterKey)
	if !ok {
		return ""
	}
	erase := s.chance(35)
	c, err := s.Withdraw(s.ctx, a, id, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: erase})
	if err != nil {
		return ""
	}
	state := lantern.Withdrawn
	if erase {
		state = lantern.Erased
	}
	s.model.fall(id, state, false, s.now())
	s.touch(id)
	return fmt.Sprintf("%s withdraws %s (%s), correction %s", memberName(of.owner), s.name(id), state, s.name(c.ID))
}

// narrow takes a signal out of one of its programs.
func (s *story) narrow() string {
	id, of := s.someSignal()
	if of == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[of.owner].SubmitterKey)
	if !ok {
		return ""
	}
	program := s.cast.programs[s.some(2)]
	c, err := s.Narrow(s.ctx, a, id, lantern.Narrowing{Program: program})
	if err != nil {
		return ""
	}
	if !alive(of.state) || !of.programs[program] || len(of.programs) < 2 || len(s.model.pending(id)) > 0 {
		s.fail("%s, which is %s, in %d programs and challenged %d times, was taken out of %s", s.name(id), of.state, len(of.programs), len(s.model.pending(id)), s.name(program))
	}
	s.model.narrow(id, c.ID, program)
	return fmt.Sprintf("%s takes %s out of %s, correction %s", memberName(of.owner), s.name(id), s.name(program), s.name(c.ID))
}

func (s *story) challenge() string {
	m := s.some(companies)
	id, of := s.someSignal()
	if of == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[m].InvestigatorKey)
	if !ok {
		return ""
	}
	c, err := s.OpenChallenge(s.ctx, a, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
	if err != nil {
		return ""
	}
	if !alive(of.state) || of.owner == m {
		s.fail("a challenge of %s, which is %s, was taken", s.name(id), of.state)
	}
	if s.model.challenges[c.ID] == nil {
		s.model.challenges[c.ID] = &modelChallenge{signal: id, challenger: m, state: lantern.ChallengeOpen, deadline: c.Deadline}
		if of.state == lantern.Active {
			of.state = lantern.Suspended
		}
		s.touch(id)
	}
	return fmt.Sprintf("%s challenges %s: %s", memberName(m), s.name(id), s.name(c.ID))
}

// someChallenge draws an undecided challenge.
func (s *story) someChallenge() (lantern.ID, *modelChallenge) {
	var open []lantern.ID
	for _, id := range sorted(s.model.challenges) {
		if s.model.challenges[id].undecided() {
			open = append(open, id)
		}
	}
	if len(open) == 0 {
		return 0, nil
	}
	id := open[s.some(len(open))]
	return id, s.model.challenges[id]
}

func (s *story) answer() string {
	id, c := s.someChallenge()
	if c == nil {
		return ""
	}
	of := s.model.signals[c.signal]
	a, ok := s.by(s.cast.companies[of.owner].OfficerKey)
	verdict := lantern.Uphold
	if s.chance(60) {
		verdict = lantern.Dispute
	}
	if !ok {
		return ""
	}
	if _, err := s.Decide(s.ctx, a, id, lantern.Decision{Verdict: verdict, Reason: "as drawn"}); err != nil {
		return ""
	}
	c.state = lantern.ChallengeDisputed
	if verdict == lantern.Uphold {
		s.upheld(c)
	}
	return fmt.Sprintf("%s answers %s: %s", memberName(of.owner), s.name(id), verdict)
}

// upheld ends a challenge against the signal, if that has not been taken back already.
func (s *story) upheld(c *modelChallenge) {
	c.state = lantern.ChallengeUpheld
	if !fallen(s.model.signals[c.signal].state) {
		s.model.fall(c.signal, lantern.Withdrawn, true, s.now())
		s.touch(c.signal)
	}
}

func (s *story) decide() string {
	id, c := s.someChallenge()
	m := s.some(companies)
	if c == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[m].OfficerKey)
	if !ok {
		return ""
	}
	of := s.model.signals[c.signal]
	verdict := lantern.Uphold
	if s.chance(60) {
		verdict = lantern.Reject
	}
	before := c.state
	if _, err := s.Decide(s.ctx, a, id, lantern.Decision{Verdict: verdict, Reason: "as drawn"}); err != nil {
		return ""
	}
	if verdict == lantern.Reject && (m == of.owner || m == c.challenger || before != lantern.ChallengeDisputed) {
		s.fail("%s rejected %s, which is %s", memberName(m), s.name(id), before)
	}
	if verdict == lantern.Uphold {
		s.upheld(c)
	} else {
		s.model.rejected(c, s.now())
		s.touch(c.signal)
	}
	return fmt.Sprintf("%s decides %s: %s", memberName(m), s.name(id), verdict)
}

func (s *story) renew() string {
	id, of := s.someSignal()
	if of == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[of.owner].SubmitterKey)
	if !ok {
		return ""
	}
	basis := lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, At: s.clock.Now()}
	if _, err := s.Renew(s.ctx, a, id, lantern.Renewal{Basis: basis}); err != nil {
		return ""
	}
	if len(s.model.pending(id)) > 0 || !alive(of.state) {
		s.fail("%s, which is %s and challenged %d times, was renewed", s.name(id), of.state, len(s.model.pending(id)))
	}
	of.state, of.expires = lantern.Active, s.stored(id).Expires
	for root := range of.roots {
		if !alive(s.model.signals[root].state) {
			delete(of.roots, root) // it rests on its owner's evidence
		}
	}
	s.touch(id)
	return fmt.Sprintf("%s renews %s", memberName(of.owner), s.name(id))
}

func (s *story) react() string {
	m := s.some(companies)
	id, of := s.someSignal()
	if of == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[m].ServiceKey)
	if !ok {
		return ""
	}
	if _, err := s.React(s.ctx, a, lantern.Feedback{Signal: id, Reaction: lantern.Helpful}); err != nil {
		return ""
	}
	return fmt.Sprintf("%s reacts to %s", memberName(m), s.name(id))
}

func (s *story) state() string {
	m := s.some(companies)
	states := []lantern.MemberState{lantern.ActiveMember, lantern.ActiveMember, lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left, lantern.Reviewing}
	to := states[s.some(len(states))]
	if _, err := s.SetMemberState(s.ctx, s.steward(), s.cast.companies[m].ID, lantern.StateChange{State: to, Reason: "as drawn"}); err != nil {
		s.fail("moving %s to %s: %v", memberName(m), to, err)
	}
	s.model.states[m] = to
	return fmt.Sprintf("%s becomes %s", memberName(m), to)
}

func (s *story) part() string {
	m, p := s.some(companies), s.cast.programs[s.some(2)]
	row := s.model.parts[p]
	if s.chance(30) {
		if s.Leave(s.ctx, s.steward(), p, s.cast.companies[m].ID) != nil {
			return ""
		}
		row[m].joined = false
		s.model.parts[p] = row
		return fmt.Sprintf("%s leaves %s", memberName(m), s.name(p))
	}
	d := []lantern.Direction{lantern.Both, lantern.Both, lantern.ContributeOnly, lantern.ReceiveOnly}[s.some(4)]
	if _, err := s.Join(s.ctx, s.steward(), lantern.Membership{Program: p, Member: s.cast.companies[m].ID, Direction: d}); err != nil {
		s.fail("joining: %v", err)
	}
	row[m] = part{true, d}
	s.model.parts[p] = row
	return fmt.Sprintf("%s is in %s, %s", memberName(m), s.name(p), d)
}

// lookAt reads one signal by its id.
func (s *story) lookAt() string {
	m := s.some(companies)
	id, of := s.someSignal()
	if of == nil {
		return ""
	}
	a, ok := s.by(s.cast.companies[m].ServiceKey)
	if !ok {
		return ""
	}
	got, err := s.Signal(s.ctx, a, id)
	if err != nil {
		return ""
	}
	s.observe(m, got)
	return fmt.Sprintf("%s looks at %s", memberName(m), s.name(id))
}
