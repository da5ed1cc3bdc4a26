package corrections

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// began is when the stories begin.
func (s *story) began() time.Time { return exchangetest.Start }

// checkReader holds what a reader has after a contact to the promises.
func (s *story) checkReader(i int) {
	matching, err := s.readers[i].holds()
	if err != nil {
		s.fail("m%d cannot match: %v", i, err)
	}
	waiting, err := s.readers[i].openHits()
	if err != nil {
		s.fail("m%d cannot list its hits: %v", i, err)
	}
	for _, list := range []map[lantern.ID]bool{matching, waiting} {
		for _, id := range sorted(list) {
			of := s.model.signals[id]
			switch {
			case of == nil:
				s.fail("%s surfaces at m%d after its contact, and the exchange does not know it", s.name(id), i)
			case of.state != lantern.Active:
				s.fail("%s surfaces at m%d after its contact, and is %s", s.name(id), i, of.state)
			case of.owner != i && !s.model.receives(of.programs, i):
				s.fail("%s surfaces at m%d after its contact, which receives it through no program", s.name(id), i)
			case s.seen[i].barred[id]:
				s.fail("%s surfaces at m%d, which knew that it fell, because the exchange's backup is older", s.name(id), i)
			}
		}
	}
	if s.seen[i].blur {
		return
	}
	for _, id := range s.order {
		of := s.model.signals[id]
		if s.model.shown(id, i) && of.expires.After(s.seen[i].latest) && !matching[id] {
			s.fail("%s is active and does not match at m%d after its contact", s.name(id), i)
		}
	}
}

// checkStates holds every signal and challenge to the model and to what the log tells.
func (s *story) checkStates() {
	s.readLog()
	err := s.config.DB.Read(s.ctx, func(tx *sqldb.Tx) error {
		for _, id := range s.order {
			row, ok, err := store.ReadSignal(s.ctx, tx, id)
			if err != nil {
				return err
			}
			of := s.model.signals[id]
			if !ok || row.State != of.state {
				s.fail("%s is %q, want %s", s.name(id), row.State, of.state)
			}
			if told := s.facts.signals[id]; told != string(row.State) {
				s.fail("%s is %s, and the log tells that it is %s", s.name(id), row.State, told)
			}
			places, err := store.PlacementsOf(s.ctx, tx, id)
			if err != nil {
				return err
			}
			stands := map[lantern.ID]bool{}
			for _, p := range places {
				stands[p.Program] = true
			}
			if told := s.facts.programs[id]; alive(of.state) && (!maps.Equal(stands, of.programs) || !maps.Equal(told, of.programs)) {
				s.fail("%s is in %s, and the log tells that it is in %s; want %s", s.name(id), s.names(stands), s.names(told), s.names(of.programs))
			}
		}
		for _, id := range sorted(s.model.challenges) {
			row, ok, err := store.ReadChallenge(s.ctx, tx, id)
			if err != nil {
				return err
			}
			if want := s.model.challenges[id]; !ok || row.State != want.state {
				s.fail("challenge %s of %s is %q, want %s", s.name(id), s.name(want.signal), row.State, want.state)
			}
			if told := s.facts.challenges[id]; told != string(row.State) {
				s.fail("challenge %s is %s, and the log tells that it is %s", s.name(id), row.State, told)
			}
		}
		return nil
	})
	if err != nil {
		s.fail("reading states: %v", err)
	}
}

// checkCorrections holds the steward's purge map to whom each signal had been sent, to
// what they acknowledged and to the deadlines.
func (s *story) checkCorrections() (list []lantern.Correction) {
	s.readLog()
	list, err := s.Corrections(s.ctx, s.steward(), lantern.CorrectionFilter{})
	if err != nil {
		s.fail("listing the corrections: %v", err)
	}
	of, narrowings := map[lantern.ID][]lantern.Correction{}, map[lantern.ID]int{}
	for _, c := range list {
		if c.Kind == lantern.CorrectionNarrowed {
			narrowings[c.Signal]++
			lost, known := s.model.signals[c.Signal].narrowings[c.ID]
			s.checkRecipients(c, lost)
			if !known {
				s.fail("narrowing %s of %s is not known", s.name(c.ID), s.name(c.Signal))
			}
			continue
		}
		of[c.Signal] = append(of[c.Signal], c)
	}
	for _, id := range s.order {
		want := s.model.signals[id]
		if len(of[id]) != len(want.falls) {
			s.fail("%s fell %d times and has %d corrections", s.name(id), len(want.falls), len(of[id]))
		}
		if narrowings[id] != len(want.narrowings) {
			s.fail("%s was narrowed %d times and has %d corrections for that", s.name(id), len(want.narrowings), narrowings[id])
		}
		for n, c := range of[id] {
			s.checkRecipients(c, want.falls[n])
		}
		delete(of, id)
	}
	if len(of) > 0 {
		s.fail("there are corrections of %d signals nobody shared", len(of))
	}
	return list
}

// checkRecipients holds a correction to whom it must reach.
func (s *story) checkRecipients(c lantern.Correction, want map[int]bool) {
	got := map[int]bool{}
	for _, r := range c.Recipients {
		m := s.memberOf(r.Member)
		got[m] = true
		s.checkDuty(c, r, m)
	}
	if !maps.Equal(got, want) {
		s.fail("correction %s (%s) of %s has the recipients %v; want %v", s.name(c.ID), c.Kind, s.name(c.Signal), sorted(got), sorted(want))
	}
}

// checkDuty holds one recipient's row to what it did and to the clock.
func (s *story) checkDuty(c lantern.Correction, r lantern.Receivership, m int) {
	d := duty{c.ID, m}
	if !r.Masked.IsZero() != (s.model.masked[d] || s.model.purged[d]) || !r.Purged.IsZero() != s.model.purged[d] {
		s.fail("%s of m%d: masked %v, purged %v; it acknowledged masked %v, purged %v", s.name(c.ID), m, !r.Masked.IsZero(), !r.Purged.IsZero(), s.model.masked[d], s.model.purged[d])
	}
	if told := s.facts.acks[d]; told != [2]bool{!r.Masked.IsZero(), !r.Purged.IsZero()} {
		s.fail("%s of m%d: masked %v, purged %v, and the log tells %v", s.name(c.ID), m, !r.Masked.IsZero(), !r.Purged.IsZero(), told)
	}
	now := s.clock.Now()
	late := r.Masked.IsZero() && now.Sub(c.Opened) > time.Minute || r.Purged.IsZero() && now.Sub(c.Opened) > 24*time.Hour
	if r.Overdue != late {
		s.fail("%s of m%d is overdue: %v, %v after it was opened", s.name(c.ID), m, r.Overdue, now.Sub(c.Opened))
	}
}

// replay is the state of everything as the log tells it.
type replay struct {
	next       int64
	signals    map[lantern.ID]string
	programs   map[lantern.ID]map[lantern.ID]bool // signal → programs
	challenges map[lantern.ID]string
	opened     map[lantern.ID]lantern.ID // correction → signal
	acks       map[duty][2]bool
}

func newReplay() replay {
	return replay{signals: map[lantern.ID]string{}, programs: map[lantern.ID]map[lantern.ID]bool{}, challenges: map[lantern.ID]string{}, opened: map[lantern.ID]lantern.ID{}, acks: map[duty][2]bool{}}
}

// logged is what of an entry's facts tells of a state.
type logged struct {
	Member, Object, Signal lantern.ID
	State, Reason          string
	Programs               []lantern.ID
}

// readLog reads on in the log, as an auditor does.
func (s *story) readLog() {
	auditor := s.steward()
	for {
		o, err := s.Opening(s.ctx, auditor, s.facts.next)
		if lantern.KindOf(err) == lantern.NotFound {
			return
		}
		var f logged
		if err == nil {
			err = json.Unmarshal(o.Facts, &f)
		}
		if err != nil {
			s.fail("opening log entry %d: %v", s.facts.next, err)
		}
		s.facts.next++
		s.facts.entry(o.Kind, f, s.memberOf(f.Member))
	}
}

// entry carries one entry of the log out.
func (r *replay) entry(kind string, f logged, member int) {
	switch kind {
	case "share", "hold", "amend":
		if r.programs[f.Signal] == nil {
			r.programs[f.Signal] = map[lantern.ID]bool{}
		}
		for _, p := range f.Programs {
			r.programs[f.Signal][p] = true
		}
	case "narrow":
		for _, p := range f.Programs {
			delete(r.programs[f.Signal], p)
		}
	}
	switch kind {
	case "share":
		r.signals[f.Signal] = string(lantern.Active)
	case "hold", "renew", "amend", "suspend", "restore", "expire":
		r.signals[f.Signal] = f.State
	case "withdraw", "erase":
		if f.State == "" {
			return // bytes went; the state stays
		}
		r.signals[f.Signal] = f.State
		r.opened[f.Object] = f.Signal
	case "challenge":
		r.challenges[f.Object] = string(lantern.ChallengeOpen)
	case "decide":
		r.challenges[f.Object] = f.State
	case "acknowledge":
		d := duty{f.Object, member}
		r.acks[d] = [2]bool{true, r.acks[d][1] || f.State == string(lantern.AckPurged)}
	}
}

// finale lets a day pass, sees that whoever has not acknowledged is overdue, brings
// everybody back and sees that all is acknowledged.
func (s *story) finale() {
	s.check()
	s.clock.add(25 * time.Hour)
	s.sweepNow()
	for _, c := range s.checkCorrections() {
		for _, r := range c.Recipients {
			if r.Overdue == (!r.Masked.IsZero() && !r.Purged.IsZero()) && s.clock.Now().Sub(c.Opened) > 24*time.Hour {
				s.fail("%s of m%d is neither acknowledged nor overdue, or both", s.name(c.ID), s.memberOf(r.Member))
			}
		}
	}
	for i := range s.readers {
		for try := 0; ; try++ {
			err := s.touchBase(i)
			if err == nil {
				break
			}
			if try == 3 {
				s.fail("m%d never comes back: %v", i, err)
			}
			s.accepting(i, err)
		}
	}
	s.attestAll()
	for _, c := range s.checkCorrections() {
		for _, r := range c.Recipients {
			if r.Masked.IsZero() || r.Purged.IsZero() {
				s.fail("everybody was in contact and %s of m%d is not acknowledged", s.name(c.ID), s.memberOf(r.Member))
			}
		}
	}
	s.check()
}

// attestAll acknowledges all that the member without an agent owes.
func (s *story) attestAll() {
	const i = companies - 1
	a, err := s.as(s.cast.companies[i].InvestigatorKey)
	if err != nil {
		s.fail("authenticating: %v", err)
	}
	list, err := s.Corrections(s.ctx, a, lantern.CorrectionFilter{})
	if err != nil {
		s.fail("m%d cannot list its corrections: %v", i, err)
	}
	for _, c := range list {
		if len(c.Recipients) == 0 || c.Recipients[0].Member != a.Member {
			continue
		}
		if err := acknowledge(s.world, s.network(), i, a, lantern.Ack{Correction: c.ID, Step: lantern.AckPurged}); err != nil {
			s.fail("m%d cannot acknowledge %s: %v", i, s.name(c.ID), err)
		}
	}
}

// check holds the exchange to everything.
func (s *story) check() {
	s.checkStates()
	s.checkCorrections()
	i := s.some(companies)
	a, err := s.as(s.cast.companies[i].InvestigatorKey)
	if err != nil {
		s.fail("authenticating: %v", err)
	}
	list, err := s.Corrections(s.ctx, a, lantern.CorrectionFilter{})
	if err != nil {
		s.fail("m%d cannot list its corrections: %v", i, err)
	}
	s.observe(i, list)
	disputes, err := s.Challenges(s.ctx, a, "", 0)
	if err != nil {
		s.fail("m%d cannot list its challenges: %v", i, err)
	}
	for _, c := range disputes.Items {
		if of := s.model.signals[c.Signal]; of.owner != i && s.memberOf(c.Member) != i {
			s.fail("m%d is shown challenge %s, in which it has no part", i, s.name(c.ID))
		}
	}
}

// tell writes the history down.
func (s *story) tell() (text string) {
	for n, line := range s.history {
		text += fmt.Sprintf("  %3d  %s\n", n+1, line)
	}
	return text
}
