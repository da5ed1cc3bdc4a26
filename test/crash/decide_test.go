package crash_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lantern"
)

// While members share, withdraw and challenge, the people of one of them decide: hits singly,
// in bulk and again, candidates of cases, outcomes that a second person approves; and they
// take back what they decided. Agents are killed at random moments meanwhile, theirs above
// all. After every restart, and in the end: what was answered is there once, what was refused
// is not there, an act whose answer got lost is there whole or not at all and stays so, and
// no signal that fell or was suspended before the kill matches again.
func TestKillDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "", func(p *lantern.Policy) { p.FourEyes = true })
	o := newOffice(w)
	ctx, stop := context.WithCancel(t.Context())
	red, green, blue := w.sharers[0], w.sharers[1], w.agents[0].member
	group := w.work(ctx, w.seed, []job{
		{red, slowly(60, (*worker).shareOne)}, {green, slowly(200, (*worker).shareMany)}, {red, slowly(150, (*worker).withdraw)},
		{blue, slowly(150, (*worker).challenge)}, {blue, slowly(60, (*worker).probe)}})
	o.work(ctx, group)
	killed := map[string]int{}
	for range *rounds {
		w.progress()
		o.progress()
		pause(w.random, 100)
		at := w.agents[0]
		if w.random.IntN(5) == 0 {
			at = w.agents[1]
		}
		killed[at.member.Name]++
		fallen := o.fallen()
		at.again(w.random)
		o.check(at, fallen)
	}
	stop()
	group.Wait()
	if o.decided.Load() < int64(*rounds) || o.undone.Load() == 0 && *rounds >= 20 || o.bulks.Load() == 0 && *rounds >= 20 || o.unanswered.Load() == 0 && *rounds >= 20 {
		t.Error("too little is decided, undone or left without an answer: this tests too little")
	}
	for _, a := range w.agents {
		o.check(a, o.fallen())
	}
	t.Logf("killed: %v; %d signals, %d of them fell or are suspended; %d acts of which %d in bulk, %d undone, %d refused; %d cases, %d outcomes; %d calls without an answer, of which %d were done",
		killed, len(w.ledger.deeds), len(o.fallen()), o.decided.Load(), o.bulks.Load(), o.undone.Load(), o.refused.Load(), len(o.cases.all), len(o.cases.sent), o.unanswered.Load(), o.doneUnsaid.Load())
	o.outcomes()
	w.ownLogs()
	for _, wrong := range w.ledger.wrong {
		t.Error(wrong)
	}
	w.ledger.deeds = append(w.ledger.deeds, o.cases.seeds...)
	head := w.last()
	signals := w.signals()
	w.compareSignals(signals)
	w.compareFeed(signals, head)
	w.converge(signals, head)
	w.remember()
	w.readLog()
}

// slowly does something after a while of at most so many milliseconds: what is tested is the
// agents, and the machine is theirs.
func slowly(most int, do func(*worker, context.Context, *member)) func(*worker, context.Context, *member) {
	return func(w *worker, ctx context.Context, m *member) {
		pause(w.random, most)
		do(w, ctx, m)
	}
}

// office is where the people of one member decide, with what they were told.
type office struct {
	*world
	agent *running
	hits  *desk
	cases *caseDesk

	// busy is held for reading while somebody is in the middle of something, so that who
	// compares finds nobody at it.
	busy sync.RWMutex
	gone map[lantern.ID]map[*deed]bool // by member: what its agent was seen not to match any more; used by check alone

	decided, undone, bulks, refused, unanswered, doneUnsaid atomic.Int64
}

// newOffice gives the first agent's member a second person.
func newOffice(w *world) *office {
	w.t.Helper()
	a := w.agents[0]
	o := &office{world: w, agent: a, gone: map[lantern.ID]map[*deed]bool{}}
	_, second := w.hire(a.member.ID, "reviewer-2")
	random := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(w.seed, n)) }
	o.hits = &desk{office: o, random: random(100), person: a.client.WithKey(a.member.key), known: map[lantern.ID]verdict{}, acts: map[lantern.ID]*act{}}
	o.cases = &caseDesk{office: o, random: random(101), person: o.hits.person, second: a.client.WithKey(second), acts: map[lantern.ID]bool{}, sent: map[lantern.ID]int{}}
	return o
}

// work lets the people decide until ctx ends. What was begun is brought to its end.
func (o *office) work(ctx context.Context, group *sync.WaitGroup) {
	group.Go(func() {
		for ctx.Err() == nil {
			o.hits.session()
		}
	})
	group.Go(func() {
		for ctx.Err() == nil {
			o.cases.session()
		}
	})
}

// progress waits until something more was decided.
func (o *office) progress() {
	o.t.Helper()
	late := time.Now().Add(patience)
	for goal := o.decided.Load() + 3; o.decided.Load() < goal; pause(o.world.random, 2) {
		if time.Now().After(late) {
			o.t.Fatal("nobody can decide any more")
		}
	}
}

// answered asks until an answer comes, be it that there is no such thing.
func (o *office) answered(ask func(context.Context) error) error {
	for late := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := ask(o.t.Context())
		if learned(err) != unsure {
			return err
		}
		if time.Now().After(late) {
			o.ledger.complain("no answer comes any more: %v", err)
			return err
		}
	}
}

// share shares what is kept, asking again if no answer comes.
func (o *office) share(value string) *deed {
	d := &deed{owner: o.sharers[0], value: value, kept: true}
	err := o.answered(func(ctx context.Context) error {
		r, err := d.owner.client.Share(ctx, o.draft(value))
		d.id = r.Signal
		return err
	})
	if d.shared = learned(err); d.shared != done {
		o.ledger.complain("a share is refused: %v", err)
	}
	return d
}

// fallen lists what certainly was withdrawn, erased or suspended by now.
func (o *office) fallen() (all []*deed) {
	o.ledger.mu.Lock()
	defer o.ledger.mu.Unlock()
	for _, d := range o.ledger.deeds {
		if d.shared == done && (d.withdrawn == done || d.erased == done || d.challenged == done) {
			all = append(all, d)
		}
	}
	return all
}

// check compares after a restart. What the agent was seen not to match any more does not
// match in its first answer. What fell before the kill does not match as soon as it has a
// signal that was shared after the kill. Everything decided is as it was answered.
func (o *office) check(a *running, fallen []*deed) {
	o.t.Helper()
	gone := o.gone[a.member.ID]
	if gone == nil {
		gone = map[*deed]bool{}
		o.gone[a.member.ID] = gone
	}
	var before []*deed
	for d := range gone {
		before = append(before, d)
	}
	o.matchNot(a, before, "matches again after a restart, in the first answer")
	marker := o.share((&worker{world: o.world, name: "marker", n: len(o.ledger.deeds)}).fresh())
	if o.ledger.add(marker); marker.shared != done {
		o.t.Fatal("nothing can be shared any more")
	}
	for late := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		answers, err := a.client.Match(o.t.Context(), []lantern.Record{record(marker.value)}, true)
		if err == nil && answers[0].State == lantern.AnswerOK && len(answers[0].Matches) > 0 {
			break
		}
		if time.Now().After(late) {
			o.t.Fatalf("the agent does not get what was shared after its restart: %v", err)
		}
	}
	o.matchNot(a, fallen, "matches although it was suspended or withdrawn before the restart")
	for _, d := range fallen {
		gone[d] = true
	}
	if a == o.agent {
		o.busy.Lock()
		defer o.busy.Unlock()
		o.hits.compare()
		o.cases.compare()
		o.compareActs()
	}
}

// matchNot complains about what matches of some signals.
func (o *office) matchNot(a *running, deeds []*deed, how string) {
	o.t.Helper()
	for part := range slices.Chunk(deeds, lantern.MaxMatchBatch) {
		records := make([]lantern.Record, len(part))
		for i, d := range part {
			records[i] = record(d.value)
		}
		var answers []lantern.Answer
		err := o.answered(func(ctx context.Context) (err error) {
			answers, err = a.client.Match(ctx, records, true)
			return err
		})
		if err != nil {
			o.t.Fatal(err)
		}
		for i, answer := range answers {
			if len(answer.Matches) > 0 {
				o.t.Errorf("signal %s %s", part[i].id, how)
			}
		}
	}
}

// maxActs is how many acts the agent lists.
const maxActs = 1000

// compareActs compares the agent's list of acts with what both desks know. Nobody is at work.
func (o *office) compareActs() {
	o.t.Helper()
	var list []lantern.Act
	err := o.answered(func(ctx context.Context) (err error) {
		list, err = o.hits.person.Acts(ctx)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	seen := map[lantern.ID]bool{}
	for _, a := range list {
		if seen[a.ID] {
			o.t.Errorf("act %s is twice in the list", a.ID)
		}
		seen[a.ID] = true
		known := o.hits.acts[a.ID]
		switch {
		case known == nil && !o.cases.acts[a.ID]:
			o.t.Errorf("act %s (%s on %d) was never answered and never seen", a.ID, a.Decision, a.Count)
		case known != nil && (known.undone == a.Undone.IsZero() || a.Count != len(known.before)):
			o.t.Errorf("act %s decides %d and is undone: %v; want %d, %v", a.ID, a.Count, !a.Undone.IsZero(), len(known.before), known.undone)
		}
	}
	since := time.Now().Add(-lantern.UndoWindow + time.Minute)
	for id, known := range o.hits.acts {
		if known.at.After(since) && !seen[id] && len(list) < maxActs {
			o.t.Errorf("act %s was answered and is lost", id)
		}
	}
}

// outcomes compares what the exchange has with what was answered.
func (o *office) outcomes() {
	o.t.Helper()
	var list []lantern.Outcome
	err := o.answered(func(ctx context.Context) (err error) {
		list, err = o.agent.member.client.Outcomes(ctx)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	found := map[lantern.ID]int{}
	for _, out := range list {
		found[out.ID]++
		if n, ok := o.cases.sent[out.ID]; !ok || n != out.Count || out.Counted != out.Count {
			o.t.Errorf("outcome %s counts %d, %d of them anew; the agent was answered %d", out.ID, out.Count, out.Counted, n)
		}
	}
	for id := range o.cases.sent {
		if found[id] != 1 {
			o.t.Errorf("outcome %s was answered and is there %d times", id, found[id])
		}
	}
}

// hire gives a member a trained person of every role, and returns the id and the key.
func (w *world) hire(m lantern.ID, label string) (lantern.ID, string) {
	w.t.Helper()
	ctx, c := w.t.Context(), w.steward
	p, err := c.CreatePerson(ctx, lantern.Person{Member: m, Label: label,
		Roles: []lantern.PersonRole{lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer}})
	var key lantern.Key
	if err == nil {
		_, err = c.TrainPerson(ctx, p.ID, time.Now().Add(24*time.Hour))
	}
	if err == nil {
		key, err = c.IssueKey(ctx, lantern.Key{Actor: p.ID, Scopes: scopes})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return p.ID, key.Secret
}

// scopes are those of every key.
var scopes = []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond}
