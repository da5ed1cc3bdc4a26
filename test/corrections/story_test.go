package corrections

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
	"lantern/internal/store"
)

// story is what happens under one seed.
type story struct {
	*world
	rng     *rand.Rand
	model   *model
	readers [companies]reader
	order   []lantern.ID // signals as they were made
	aliases map[lantern.ID]string
	kinds   map[string]int // how many names of each kind were given
	history []string
	done    map[string]int // acts that did something

	saved      []byte // a backup
	savedModel *model
	savedOrder []lantern.ID
	restores   int

	seen  [companies]sight // what each reader's folder knows
	kept  [companies]sight // what its last copy knows
	facts replay
}

// sight is what is certain of what a reader's folder knows.
type sight struct {
	ended  map[lantern.ID]bool // signals it saw suspended or fallen
	barred map[lantern.ID]bool // those of them that an older exchange must not bring back to it
	blur   bool                // it accepted a restore: what it lacks proves nothing
	latest time.Time           // the latest time at which it looked for expired signals
}

func (g sight) clone() sight {
	g.ended, g.barred = maps.Clone(g.ended), maps.Clone(g.barred)
	return g
}

// broken is what fail panics with.
type broken struct{ text string }

// fail ends the story.
func (s *story) fail(format string, args ...any) { panic(broken{fmt.Sprintf(format, args...)}) }

// name gives an object the short name it has in the history.
func (s *story) name(id lantern.ID) string {
	if id == 0 {
		return "nothing"
	}
	if n, ok := s.aliases[id]; ok {
		return n
	}
	kind := "k" // a correction
	switch {
	case id == s.cast.programs[0]:
		kind = "P"
	case id == s.cast.programs[1]:
		kind = "Q"
	case s.model.challenges[id] != nil:
		kind = "c"
	case s.model.signals[id] != nil || slices.Contains(s.order, id):
		kind = "s"
	}
	s.kinds[kind]++
	n := fmt.Sprintf("%s%d", kind, s.kinds[kind])
	if kind == "P" || kind == "Q" {
		n = kind
	}
	s.aliases[id] = n
	return n
}

func (s *story) names(ids map[lantern.ID]bool) string {
	var list []string
	for _, id := range sorted(ids) {
		list = append(list, s.name(id))
	}
	if list == nil {
		return "nothing"
	}
	return strings.Join(list, " ")
}

func memberName(i int) string { return fmt.Sprintf("m%d", i) }

// steward authenticates the steward.
func (s *story) steward() policy.Actor {
	a, err := s.as(s.cast.root)
	if err != nil {
		s.fail("the steward's key: %v", err)
	}
	return a
}

// now is the time an act that just wrote was done at: the log's.
func (s *story) now() time.Time {
	at, err := s.logTime()
	if err != nil {
		s.fail("reading the log's time: %v", err)
	}
	return at
}

// stored reads a signal as the exchange has it.
func (s *story) stored(id lantern.ID) (row store.SignalRow) {
	err := s.config.DB.Read(s.ctx, func(tx *sqldb.Tx) (err error) {
		row, _, err = store.ReadSignal(s.ctx, tx, id)
		return err
	})
	if err != nil {
		s.fail("reading %s: %v", s.name(id), err)
	}
	return row
}

// touch notes that a signal got another shape after a restore: nothing bars it any more.
func (s *story) touch(id lantern.ID) {
	for i := range s.seen {
		delete(s.seen[i].barred, id)
		delete(s.kept[i].barred, id)
	}
}

// memberOf finds a member by its id.
func (s *story) memberOf(id lantern.ID) int {
	for i := range s.cast.companies {
		if s.cast.companies[i].ID == id {
			return i
		}
	}
	return -1
}

// observe is told of everything that is handed to a member, and holds it to the promise
// that nobody learns of a correction who was not sent its signal.
func (s *story) observe(member int, what any) {
	switch v := what.(type) {
	case lantern.FeedPage:
		for _, c := range v.Changes {
			s.observe(member, c.Signal)
		}
	case lantern.Signal:
		s.observeSignal(member, v)
	case []lantern.Correction:
		for _, c := range v {
			s.observeCorrection(member, c)
		}
	case lantern.Ack:
		s.model.masked[duty{v.Correction, member}] = true
		if v.Step == lantern.AckPurged {
			s.model.purged[duty{v.Correction, member}] = true
		}
	}
}

func (s *story) observeSignal(member int, v lantern.Signal) {
	of := s.model.signals[v.ID]
	if of == nil {
		s.fail("%s was shown %s, which nobody shared", memberName(member), s.name(v.ID))
	}
	own := of.owner == member
	if v.State == lantern.Active && v.Value == "" || v.State != lantern.Active && !own && v.Value != "" {
		s.fail("%s was shown %s, which is %s, with a value of %d bytes", memberName(member), s.name(v.ID), v.State, len(v.Value))
	}
	out := v.State == lantern.Narrowed && len(of.left) > 0 && (of.state == lantern.Active || of.state == lantern.Suspended)
	if v.State != of.state && !out {
		s.fail("%s was shown %s as %s; it is %s", memberName(member), s.name(v.ID), v.State, of.state)
	}
	if !own && v.State != lantern.Active && !s.model.sent[v.ID][member] {
		s.fail("%s was never sent %s and learns that it is %s", memberName(member), s.name(v.ID), v.State)
	}
	if own {
		return
	}
	for _, l := range v.Links {
		to := s.model.signals[l.Signal]
		if to != nil && to.state != lantern.Active && to.owner != member && !s.model.sent[l.Signal][member] {
			s.fail("%s was never sent %s, which is %s, and is shown a link to it", memberName(member), s.name(l.Signal), to.state)
		}
	}
	for _, p := range v.Programs {
		if !s.model.parts[p][member].joined {
			s.fail("%s is shown that %s is in %s", memberName(member), s.name(v.ID), s.name(p))
		}
	}
	if v.State == lantern.Active {
		s.model.handOut(v.ID, member)
	}
}

func (s *story) observeCorrection(member int, c lantern.Correction) {
	of := s.model.signals[c.Signal]
	if of == nil || of.owner != member && !s.model.sent[c.Signal][member] {
		s.fail("%s was never sent %s and is shown its correction", memberName(member), s.name(c.Signal))
	}
	for _, r := range c.Recipients {
		if of.owner != member && s.memberOf(r.Member) != member {
			s.fail("%s is shown that %s received %s", memberName(member), memberName(s.memberOf(r.Member)), s.name(c.Signal))
		}
	}
}

// network is one that loses nothing.
func (s *story) network() *network { return &network{saw: s.observe} }

// touchBase lets a reader do one whole contact and holds what it then has to the promises.
func (s *story) touchBase(i int) error {
	if err := s.readers[i].contact(s.network()); err != nil {
		return err
	}
	g := &s.seen[i]
	if now := s.clock.Now(); now.After(g.latest) {
		g.latest = now
	}
	for id, of := range s.model.signals {
		if of.state == lantern.Active {
			delete(g.ended, id)
		} else if s.model.sent[id][i] {
			g.ended[id] = true
		}
	}
	s.checkReader(i)
	return nil
}

func (s *story) contact() string {
	i := s.some(companies)
	if err := s.touchBase(i); err != nil {
		return fmt.Sprintf("m%d cannot be in contact: %v", i, s.accepting(i, err))
	}
	return fmt.Sprintf("m%d is in contact", i)
}

// accepting lets a person accept the restore for which an agent stopped.
func (s *story) accepting(i int, because error) error {
	if s.restores == 0 {
		s.fail("m%d cannot be in contact: %v", i, because)
	}
	list, err := s.Restores(s.ctx, s.steward())
	if err == nil {
		err = s.readers[i].accept(list)
	}
	if err != nil {
		s.fail("m%d cannot accept a restore: %v, after %v", i, err, because)
	}
	if _, real := s.readers[i].(*realReader); real {
		s.seen[i].barred, s.seen[i].blur = maps.Clone(s.seen[i].ended), true
		for id := range s.seen[i].barred {
			if of := s.model.signals[id]; of == nil {
				delete(s.seen[i].barred, id)
			}
		}
	}
	return because
}

// cutContact lets a contact break off, at a call drawn.
func (s *story) cutContact() string {
	i, n := s.some(companies), s.network()
	switch s.some(3) {
	case 0:
		n.loseBefore = 1 + s.some(8)
	case 1:
		n.loseAfter = 1 + s.some(8)
	case 2:
		n.loseAcks = true
	}
	if s.readers[i].contact(n) == nil {
		return ""
	}
	return fmt.Sprintf("m%d is cut off at call %d", i, n.calls)
}

// die ends a reader at once, perhaps before it acknowledged, and starts it again.
func (s *story) die() string {
	i, n := s.some(companies), s.network()
	n.loseAcks = true
	_ = s.readers[i].contact(n) // however far it came
	if err := s.readers[i].reopen(); err != nil {
		s.fail("m%d cannot start again: %v", i, err)
	}
	return fmt.Sprintf("m%d is killed before it acknowledges", i)
}

func (s *story) copyFolder() string {
	i := s.some(companies)
	if err := s.readers[i].keep(); err != nil {
		s.fail("m%d cannot copy its folder: %v", i, err)
	}
	s.kept[i] = s.seen[i].clone()
	return fmt.Sprintf("m%d copies its folder", i)
}

func (s *story) olderFolder() string {
	i := s.some(companies)
	if err := s.readers[i].goBack(); err != nil {
		s.fail("m%d cannot go back to its copy: %v", i, err)
	}
	s.seen[i] = s.kept[i].clone()
	return fmt.Sprintf("m%d goes back to the copy of its folder", i)
}

// attest acknowledges in person, for the member whose client cannot.
func (s *story) attest() string {
	const i = companies - 1
	a, ok := s.by(s.cast.companies[i].InvestigatorKey)
	if !ok {
		return ""
	}
	list, err := s.Corrections(s.ctx, a, lantern.CorrectionFilter{})
	if err != nil {
		s.fail("m%d cannot list its corrections: %v", i, err)
	}
	s.observe(i, list)
	if len(list) == 0 {
		return ""
	}
	c := list[s.some(len(list))]
	step := []lantern.AckStep{lantern.AckMasked, lantern.AckPurged}[s.some(2)]
	if acknowledge(s.world, s.network(), i, a, lantern.Ack{Correction: c.ID, Step: step}) != nil {
		return ""
	}
	return fmt.Sprintf("m%d attests %s %s", i, s.name(c.ID), step)
}

// forth lets time pass. The steps are of odd lengths, so that no deadline is met exactly.
func (s *story) forth() string {
	steps := []time.Duration{61 * time.Second, 67 * time.Minute, 67 * time.Minute, 25*time.Hour + 7*time.Minute, 73*time.Hour + 11*time.Minute, 13*24*time.Hour + 17*time.Minute}
	d := steps[s.some(len(steps))]
	if s.chance(4) {
		d = 91*24*time.Hour + 23*time.Minute
	}
	if s.clock.add(d).Sub(s.began()) > 300*24*time.Hour {
		s.clock.add(-d) // keys and training end within the year
		return ""
	}
	s.sweepNow()
	return fmt.Sprintf("%v pass", d)
}

// back sets the clock back.
func (s *story) back() string {
	d := []time.Duration{59 * time.Second, time.Hour + time.Minute, 26 * time.Hour}[s.some(3)]
	s.clock.add(-d)
	s.sweepNow()
	return fmt.Sprintf("the clock goes back %v", d)
}

// sweepNow does what is due, in exchange and model.
func (s *story) sweepNow() {
	now := s.clock.Now()
	if last := s.now(); last.After(now) {
		now = last
	}
	if err := s.Sweep(s.ctx); err != nil {
		s.fail("sweeping: %v", err)
	}
	s.model.sweep(now)
}

func (s *story) crash() string {
	if err := s.stop(); err != nil {
		s.fail("ending: %v", err)
	}
	if err := s.open(); err != nil {
		s.fail("starting again: %v", err)
	}
	return "the exchange starts again"
}

func (s *story) backUp() string {
	b, err := s.backup()
	if err != nil {
		s.fail("backing up: %v", err)
	}
	s.saved, s.savedModel, s.savedOrder = b, s.model.clone(), slices.Clone(s.order)
	return "the exchange is backed up"
}

// restoreBackup loses the exchange's disk. Behind the fence nothing is handed out.
func (s *story) restoreBackup() string {
	if s.saved == nil || s.restores >= 3 {
		return ""
	}
	if err := s.restore(s.saved); err != nil {
		s.fail("restoring a backup: %v", err)
	}
	fenced := s.Ready(s.ctx) != nil
	if i := s.some(companies); fenced {
		before, err := s.readers[i].holds()
		if err != nil || s.readers[i].contact(s.network()) == nil {
			s.fail("behind the fence m%d is in contact (%v)", i, err)
		}
		after, err := s.readers[i].holds()
		if err != nil || !maps.Equal(before, after) {
			s.fail("behind the fence what m%d matches changed (%v)", i, err)
		}
	}
	if fenced {
		if _, err := s.AcceptRestore(s.ctx, s.steward(), lantern.Restore{Reason: "disk lost"}); err != nil {
			s.fail("accepting a restore: %v", err)
		}
	}
	s.restores++
	s.model, s.order = s.savedModel.clone(), slices.Clone(s.savedOrder)
	s.facts = newReplay()
	for i := range s.readers {
		if err := error(nil); s.chance(30) {
			if err = s.touchBase(i); err != nil {
				_ = s.accepting(i, err)
				err = s.touchBase(i)
			}
			if err != nil {
				s.fail("m%d cannot be in contact after it accepted a restore: %v", i, err)
			}
		}
	}
	return "the exchange goes back to its backup"
}

// newStory makes a seed's story.
func newStory(ctx context.Context, e *engine, seed uint64, real bool, scratch string) (*story, error) {
	dir, err := os.MkdirTemp(scratch, "seed-")
	if err != nil {
		return nil, err
	}
	w, err := newWorld(ctx, e, dir, seed, real)
	if err != nil {
		return nil, err
	}
	s := &story{world: w, rng: rand.New(rand.NewPCG(seed, 1)), model: newModel(&e.cast), aliases: map[lantern.ID]string{}, kinds: map[string]int{},
		done: map[string]int{}, facts: newReplay()}
	for i := range s.readers {
		s.seen[i] = sight{ended: map[lantern.ID]bool{}, barred: map[lantern.ID]bool{}}
		s.kept[i] = s.seen[i].clone()
		s.readers[i] = newModelReader(w, i)
		if real && i < companies-1 {
			if s.readers[i], err = newRealReader(w, i); err != nil {
				return nil, err
			}
		}
		if err := s.readers[i].keep(); err != nil { // so that there is a copy to go back to
			return nil, err
		}
	}
	return s, nil
}

// end closes what the story opened.
func (s *story) end() error {
	for _, r := range s.readers {
		if err := r.close(); err != nil {
			return err
		}
	}
	if err := s.stop(); err != nil {
		return err
	}
	if err := s.engine.drop(s.url); err != nil {
		return err
	}
	return os.RemoveAll(s.dir)
}
