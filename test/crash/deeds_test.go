package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"lantern"
	"lantern/client"
)

// known is what a caller knows of a deed: an answer came, or none, and then it may have
// been done or not.
type known int

const (
	never known = iota // not asked for, or refused
	unsure
	done
)

// deed is a signal and what was asked for about it, as its callers know it.
type deed struct {
	owner *member
	value string
	id    lantern.ID // once a share was answered
	kept  bool       // nobody takes it back or challenges it

	shared, withdrawn, erased, challenged, reacted known
	correction                                     lantern.ID // of a withdrawal that was answered
}

// ledger is everything that was asked for.
type ledger struct {
	mu       sync.Mutex
	deeds    []*deed       // guarded by mu
	outcomes map[int]known // by count, which is different for each; guarded by mu
	acked    int           // answers; guarded by mu
	wrong    []string      // what was seen and must not be; guarded by mu
}

func (l *ledger) add(d *deed) *deed {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deeds = append(l.deeds, d)
	return d
}

// set enters what is asked for, before it is asked.
func (l *ledger) set(state *known, k known) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*state = k
}

// claim enters that something is asked for, if nobody asked for it before.
func (l *ledger) claim(state *known) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if *state != never {
		return false
	}
	*state = unsure
	return true
}

// note enters an answer.
func (l *ledger) note(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.acked++
}

func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) < 20 {
		l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
	}
}

// pick draws a shared signal that ok accepts, nil if it drew none in a few attempts.
func (l *ledger) pick(random *rand.Rand, ok func(*deed) bool) *deed {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 20 {
		if len(l.deeds) == 0 {
			return nil
		}
		if d := l.deeds[random.IntN(len(l.deeds))]; d.shared == done && ok(d) {
			return d
		}
	}
	return nil
}

// learned reads an error of a call: done without one, unsure if no answer came that says
// that nothing happened.
func learned(err error) known {
	switch lantern.KindOf(err) {
	case lantern.Invalid, lantern.NotFound, lantern.Forbidden, lantern.RateLimited, lantern.Unauthorized, lantern.Unsupported, lantern.Conflict:
		return never
	}
	if err == nil {
		return done
	}
	return unsure
}

// worker does one kind of deed over and over.
type worker struct {
	*world
	random *rand.Rand
	name   string
	n      int
}

// tryOnce bounds one call, so that a worker notices a killed server.
const tryOnce = 10 * time.Second

// shareOne shares one value; if no answer comes it asks again in most cases, as programs
// do, and leaves it at that in others, as people do.
func (w *worker) shareOne(ctx context.Context, m *member) {
	d := w.ledger.add(&deed{owner: m, value: w.fresh()})
	for ctx.Err() == nil {
		r, err := m.client.Share(ctx, w.draft(d.value))
		if err == nil && r.Status != lantern.Created && d.shared == never {
			w.ledger.complain("the first share of a value is answered %s", r.Status)
		}
		if w.shared(d, r, err) {
			w.ledger.note(func() {})
			return
		}
		if w.mayRest() {
			return
		}
	}
}

// shared notes the answer to a share.
func (w *worker) shared(d *deed, r lantern.ShareResult, err error) bool {
	if err == nil && r.Signal != 0 {
		w.ledger.mu.Lock()
		defer w.ledger.mu.Unlock()
		d.shared, d.id = done, r.Signal
		return true
	}
	if lantern.KindOf(err) == lantern.Invalid {
		w.ledger.complain("a share is refused: %v", err)
	}
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	d.shared = max(d.shared, unsure)
	return false
}

// mayRest ends an attempt without an answer, after a while, in a third of all cases.
func (w *worker) mayRest() bool {
	pause(w.random, 20)
	return w.random.IntN(3) == 0
}

// shareMany shares a batch.
func (w *worker) shareMany(ctx context.Context, m *member) {
	deeds := make([]*deed, 1+w.random.IntN(40))
	drafts := make([]lantern.Draft, len(deeds))
	for i := range deeds {
		deeds[i] = w.ledger.add(&deed{owner: m, value: w.fresh()})
		drafts[i] = w.draft(deeds[i].value)
	}
	for ctx.Err() == nil {
		results, err := m.client.ShareBatch(ctx, drafts)
		for i, d := range deeds {
			var r lantern.ShareResult
			if err == nil {
				r = results[i]
			}
			w.shared(d, r, err)
		}
		if err == nil {
			w.ledger.note(func() {})
			return
		}
		if w.mayRest() {
			return
		}
	}
}

// withdraw takes a signal back, or erases it.
func (w *worker) withdraw(ctx context.Context, _ *member) {
	erase := w.random.IntN(2) == 0
	d := w.ledger.pick(w.random, func(d *deed) bool {
		return d.withdrawn == never && d.erased == never && !d.kept && w.random.IntN(3) == 0
	})
	if d == nil {
		w.shareOne(ctx, w.sharers[0])
		return
	}
	state := &d.withdrawn
	reason := lantern.WithdrawnInError
	if erase {
		state, reason = &d.erased, lantern.WithdrawnRequest
	}
	w.ledger.set(state, unsure)
	c, err := d.owner.client.Withdraw(ctx, d.id, lantern.Withdrawal{Reason: reason, Erase: erase})
	switch learned(err) {
	case done:
		w.ledger.note(func() { *state, d.correction = done, c.ID })
	case unsure:
		pause(w.random, 20)
	}
}

// respond challenges a signal or reacts to it, as another member who has received it.
func (w *worker) respond(ctx context.Context, m *member) {
	d := w.ledger.pick(w.random, func(d *deed) bool { return d.owner != m && d.challenged == never && d.reacted == never })
	if d == nil {
		return
	}
	if w.random.IntN(4) == 0 {
		w.challengeIt(ctx, m, d)
		return
	}
	w.ask(&d.reacted, func() error {
		_, err := m.client.React(ctx, lantern.Feedback{Signal: d.id, Reaction: lantern.Helpful})
		return err
	})
}

// challenge challenges a signal.
func (w *worker) challenge(ctx context.Context, m *member) {
	if d := w.ledger.pick(w.random, func(d *deed) bool { return d.owner != m && d.challenged == never && !d.kept }); d != nil {
		w.challengeIt(ctx, m, d)
	}
}

func (w *worker) challengeIt(ctx context.Context, m *member, d *deed) {
	w.ask(&d.challenged, func() error {
		_, err := m.client.OpenChallenge(ctx, lantern.Challenge{Signal: d.id, Reason: lantern.NotAbusive, Note: "looked at again"})
		return err
	})
}

// ask asks for something once, unless somebody did, and notes what is known of it.
func (w *worker) ask(state *known, call func() error) {
	if !w.ledger.claim(state) {
		return
	}
	switch k := learned(call()); k {
	case unsure:
		pause(w.random, 20)
	default:
		w.ledger.note(func() { *state = k })
	}
}

// outcome records an outcome under one key until it is answered.
func (w *worker) outcome(ctx context.Context, m *member) {
	d := w.ledger.pick(w.random, func(d *deed) bool { return d.owner != m && d.reacted == done })
	if d == nil {
		w.respond(ctx, m)
		return
	}
	w.n++
	count := w.n
	w.ledger.mu.Lock()
	w.ledger.outcomes[count] = unsure
	w.ledger.mu.Unlock()
	o := lantern.Outcome{Program: w.program, Kind: lantern.AccountsActioned, Count: count, Signals: []lantern.ID{d.id},
		Attestation: &lantern.Attestation{Person: m.person, Ground: "own policy", Singly: count, Digest: strings.Repeat("0", 64)}}
	for ctx.Err() == nil {
		_, err := m.client.RecordOutcomeOnce(ctx, fmt.Sprintf("outcome-%d", count), o)
		switch {
		case learned(err) == done || lantern.KindOf(err) == lantern.Conflict: // done, its answer lost
			w.ledger.note(func() { w.ledger.outcomes[count] = done })
			return
		case learned(err) == never:
			w.ledger.note(func() { w.ledger.outcomes[count] = never })
			return
		}
		pause(w.random, 20)
	}
}

// probe asks the agents for a signal that one of them has acknowledged as masked.
func (w *worker) probe(ctx context.Context, _ *member) {
	d := w.ledger.pick(w.random, func(d *deed) bool { return d.correction != 0 })
	if d == nil {
		w.shareOne(ctx, w.sharers[0])
		return
	}
	a := w.agents[w.random.IntN(len(w.agents))]
	c, err := a.member.client.Correction(ctx, d.correction)
	if err != nil || len(c.Recipients) == 0 || c.Recipients[0].Masked.IsZero() {
		return
	}
	answers, err := a.client.Match(ctx, []lantern.Record{record(d.value)}, true)
	if err == nil && len(answers[0].Matches) > 0 {
		w.ledger.complain("signal %s still matches in an agent that acknowledged the mask", d.id)
	}
}

func record(value string) lantern.Record {
	return lantern.Record{Ref: "r", URLs: []string{value}}
}

// fresh makes a value nobody has shared.
func (w *worker) fresh() string {
	w.n++
	return fmt.Sprintf("https://files.example.com/%s/%d", w.name, w.n)
}

func (w *world) draft(value string) lantern.Draft {
	return lantern.Draft{Programs: []lantern.ID{w.program}, Type: "url", Value: value, Status: lantern.Violating, Tags: []lantern.Tag{"trade"},
		Basis: lantern.Basis{Policy: "Rule 4", ReviewedBy: lantern.ByHuman, At: w.began}}
}

// job is what somebody does over and over.
type job struct {
	as *member
	do func(*worker, context.Context, *member)
}

// jobs is every kind of deed.
func (w *world) jobs() []job {
	red, green, blue := w.sharers[0], w.sharers[1], w.agents[0].member
	return []job{
		{red, (*worker).shareOne}, {red, (*worker).shareOne}, {green, (*worker).shareOne}, {green, (*worker).shareMany},
		{red, (*worker).withdraw}, {blue, (*worker).respond}, {blue, (*worker).outcome}, {blue, (*worker).probe},
	}
}

// work runs the workers until ctx ends.
func (w *world) work(ctx context.Context, seed uint64, jobs []job) *sync.WaitGroup {
	var group sync.WaitGroup
	for i, job := range jobs {
		me := &worker{world: w, random: rand.New(rand.NewPCG(seed, uint64(i))), name: fmt.Sprintf("w%d", i)}
		group.Go(func() {
			for ctx.Err() == nil {
				job.do(me, ctx, job.as)
			}
		})
	}
	return &group
}

// once is a client that asks once and tells what came of it.
func once(base, key string) *client.Client {
	return client.New(base, key, client.Options{Retries: -1, Timeout: tryOnce})
}
