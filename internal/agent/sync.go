package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/policy"
	"lantern/internal/sqldb"
)

// How the agent paces itself.
const (
	feedWait     = 50 * time.Second // how long a read of the feed may wait for a change
	joinedEvery  = time.Minute      // how often the list of programs is read
	verifyEvery  = 10 * time.Second // how often the log is verified while in contact
	expiryEvery  = time.Minute      // how often signals are looked through for expired ones
	owedEvery    = 10 * time.Minute // how often the exchange is asked what this member still owes
	anchorEvery  = 10 * time.Minute // how often the own log is anchored, if it grew
	firstPause   = 200 * time.Millisecond
	longestPause = 30 * time.Second
)

// Run follows the member's programs until ctx ends, and returns nil then. Failures of the
// exchange are retried for as long as it takes and show in [Agent.Status]. It must be
// called at most once.
func (a *Agent) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { a.repeat(ctx, "acknowledging", &a.acks, joinedEvery, a.sendAcks) })
	loops.Go(func() { a.repeat(ctx, "overwriting freed bytes", &a.scrub, time.Hour, a.scrubFreed) })
	loops.Go(func() { a.repeat(ctx, "saving the engine", &a.files, saveEvery, a.keepEngine) })
	loops.Go(func() { a.repeat(ctx, "checking the engine's files", nil, filesEvery, a.checkFiles) })
	loops.Go(func() { a.repeat(ctx, "checking the replica", nil, replicaEvery, a.checkReplica) })
	loops.Go(func() { a.repeat(ctx, "expiring", nil, expiryEvery, a.expire) })
	loops.Go(func() { a.repeat(ctx, "sweeping", nil, sweepEvery, a.sweep) })
	loops.Go(func() { a.repeat(ctx, "looking for the database's file", nil, expiryEvery, a.stillThere) })
	loops.Go(func() { a.repeat(ctx, "tidying", nil, expiryEvery, a.desk.Tidy) })
	loops.Go(func() { a.repeat(ctx, "verifying the log", &a.verify, verifyEvery, a.verifyLog) })
	loops.Go(func() { a.repeat(ctx, "reading what is owed", &a.owed, owedEvery, a.readOwed) })
	loops.Go(func() { a.repeat(ctx, "telling how the agent stands", &a.changed, joinedEvery, a.tellFreshness) })
	loops.Go(func() { a.repeat(ctx, "dropping old events", nil, time.Hour, a.dropEvents) })
	loops.Go(func() { a.repeat(ctx, "anchoring the own log", nil, anchorEvery, a.own.Anchor) })
	feeds := follower{a: a, running: make(map[lantern.ID]*following)}
	loops.Go(func() { a.repeat(ctx, "reading the programs", &a.joined, joinedEvery, feeds.refresh) })
	loops.Wait()
	feeds.wait.Wait()
	return nil
}

// repeat runs work at once and then whenever it is woken or the time is up, until ctx
// ends. A failure is logged and retried after a growing pause.
func (a *Agent) repeat(ctx context.Context, what string, woken *bell, every time.Duration, work func(context.Context) error) {
	var pause backoff
	for ctx.Err() == nil {
		// Taken before the work: what arrives during it must not be missed.
		var wake <-chan struct{}
		if woken != nil {
			wake = woken.wait()
		}
		wait := every
		if err := work(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn(what+" failed", "error", err)
			wait = pause.next()
		} else {
			pause.reset()
		}
		sleep(ctx, wait, wake)
	}
}

// follower runs one goroutine for each program.
type follower struct {
	a       *Agent
	wait    sync.WaitGroup
	running map[lantern.ID]*following // used by refresh alone
}

// following is one program's goroutine.
type following struct {
	stop context.CancelFunc
	done chan struct{} // closed when it ended
}

// over reports whether the goroutine ended by itself.
func (f *following) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// identify asks the exchange who the agent is and what the member joined.
func (a *Agent) identify(ctx context.Context) (lantern.Whoami, error) {
	who, err := a.exchange.Whoami(ctx)
	if err == nil {
		err = a.setMember(ctx, who.Member)
	}
	if err != nil {
		a.setProblem(reasonOf(err))
		return who, err
	}
	if err := a.setPrograms(ctx, who.Programs); err != nil {
		return who, err
	}
	a.setProblem("")
	return who, nil
}

// refresh finds out what the member joined, and starts and stops following accordingly.
func (f *follower) refresh(ctx context.Context) error {
	who, err := f.a.identify(ctx)
	if err != nil {
		return err
	}
	joined := make(map[lantern.ID]bool)
	for _, p := range who.Programs {
		joined[p.ID] = true
	}
	for id, r := range f.running {
		if !joined[id] || f.a.faultText() != "" || r.over() {
			r.stop()
			delete(f.running, id)
		}
	}
	f.a.setFeeds(who)
	f.a.owed.wake()
	if f.a.faultText() != "" {
		return nil
	}
	if err := f.a.firstRestores(ctx); err != nil {
		return err
	}
	for _, p := range who.Programs {
		if f.running[p.ID] == nil {
			ctx, stop := context.WithCancel(ctx)
			r := &following{stop, make(chan struct{})}
			f.running[p.ID] = r
			f.wait.Go(func() {
				defer close(r.done)
				var lane sync.WaitGroup
				lane.Go(func() { f.a.followLane(ctx, p.ID) })
				f.a.follow(ctx, p.ID)
				stop()
				lane.Wait()
			})
		}
	}
	return nil
}

// follow reads one program's feed until ctx ends or the log's fault stops it.
func (a *Agent) follow(ctx context.Context, program lantern.ID) {
	pause, wait := backoff{}, time.Duration(0) // none at first and after a failure: that nothing was missed is known at once
	for ctx.Err() == nil && a.faultText() == "" {
		_, err := a.read(ctx, program, wait)
		if ctx.Err() != nil {
			return
		}
		a.noteRead(program, err)
		if wait = 0; err == nil {
			pause, wait = backoff{}, feedWait
			continue
		}
		a.log.Warn("reading a feed failed", "program", program.String(), "error", err)
		sleep(ctx, pause.next(), nil)
	}
}

// read reads one page and applies it; wait is how long a loaded feed may be waited for.
// more says that another read would bring something at once.
func (a *Agent) read(ctx context.Context, program lantern.ID, wait time.Duration) (more bool, err error) {
	var p agentstore.ProgramRow
	var found bool
	err = a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		p, found, err = agentstore.LoadProgram(ctx, tx, program)
		return err
	})
	if err != nil {
		return false, err
	}
	if !found {
		return false, lantern.Errorf(lantern.NotFound, "the program was left")
	}
	if a.readsAgain(program) {
		return true, a.resync(ctx, program)
	}
	if p.Cursor == "" && !a.readsPages(program) {
		return true, a.readSnapshot(ctx, program)
	}
	if !p.Loaded {
		wait = 0 // an empty feed must say at once that it is empty
	}
	page, err := a.exchange.Feed(ctx, program, p.Cursor, lantern.MaxPage, wait)
	if lantern.KindOf(err) == lantern.Resync {
		if err := a.mayResync(ctx); err != nil {
			return false, err
		}
		return true, a.resync(ctx, program)
	}
	if err != nil {
		return false, err
	}
	if len(page.Changes) > 0 {
		if err := a.mayApply(ctx); err != nil {
			return false, err
		}
	}
	if page.Next == p.Cursor && len(page.Changes) == 0 && p.Loaded {
		return false, a.touch(ctx, program)
	}
	if err := a.applyPage(ctx, program, a.prepare(ctx, page)); err != nil {
		return false, err
	}
	a.noteContact(program, a.clock(), p.Loaded || !page.More)
	if err := a.cameForward(ctx); err != nil {
		return false, err
	}
	if len(page.Changes) > 0 {
		a.verify.wake()
	}
	return page.More, nil
}

// readsPages reports whether a snapshot of a feed could not be had.
func (a *Agent) readsPages(program lantern.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.feeds[program]
	return f == nil || f.pages
}

// readsAgain reports whether a feed is to be read from its beginning.
func (a *Agent) readsAgain(program lantern.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.feeds[program]
	return f != nil && f.again
}

// resync starts a feed again from its beginning. What is held stays until the feed was
// read to its end; what did not come back by then is dropped.
func (a *Agent) resync(ctx context.Context, program lantern.ID) error {
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
		p, found, err := agentstore.LoadProgram(ctx, tx, program)
		if err != nil || !found {
			return err
		}
		p.Cursor, p.Loaded = "", false
		p.Generation++
		return agentstore.AdvanceProgram(ctx, tx, p)
	})
	if err != nil {
		return fmt.Errorf("starting a feed again: %w", err)
	}
	a.mu.Lock()
	if f := a.feeds[program]; f != nil {
		f.loaded, f.pages, f.again = false, false, false
		f.generation++
	}
	a.mu.Unlock()
	return nil
}

// touch records a contact that brought nothing.
func (a *Agent) touch(ctx context.Context, program lantern.ID) error {
	now := a.clock()
	err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return agentstore.TouchProgram(ctx, tx, program, now) })
	a.setStuck(err != nil && ctx.Err() == nil)
	if err != nil {
		return &ownError{fmt.Errorf("recording a contact: %w", err)}
	}
	a.noteContact(program, now, true)
	return nil
}

// setMember keeps whom the agent works for. An agent's folder serves one member: another
// one's key must not open it.
func (a *Agent) setMember(ctx context.Context, m lantern.Member) error {
	own := a.memberID()
	if own != 0 && own != m.ID {
		return &lantern.Error{Kind: lantern.Forbidden, Reason: "the agent's key belongs to another member than this folder", Fix: "give each member's agent a folder of its own"}
	}
	if own == 0 {
		err := a.db.Write(ctx, func(tx *sqldb.Tx) error {
			return agentstore.SaveState(ctx, tx, agentstore.StateMember, strconv.FormatInt(int64(m.ID), 10))
		})
		if err != nil {
			return fmt.Errorf("recording the member: %w", err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.member = m
	return nil
}

// setFeeds brings the feeds in memory to the programs the member joined, as the exchange told.
func (a *Agent) setFeeds(who lantern.Whoami) {
	var reader policy.Actor
	if who.Person != nil {
		reader = policy.Actor{Person: who.Person.ID, Trained: who.Person.Trained}
	}
	a.mu.Lock()
	old := a.feeds
	a.feeds = make(map[lantern.ID]*feed)
	for _, p := range who.Programs {
		f := old[p.ID]
		if f == nil {
			f = &feed{generation: 1}
		}
		f.name, f.untrained = p.Name, policy.Untrained(reader, p.Policy, a.clock())
		a.feeds[p.ID] = f
	}
	a.mu.Unlock()
	a.changed.wake()
}

// noteContact keeps when a feed was last read.
func (a *Agent) noteContact(program lantern.ID, at time.Time, loaded bool) {
	a.mu.Lock()
	if f := a.feeds[program]; f != nil {
		f.contact, f.loaded = at, loaded
	}
	a.mu.Unlock()
	a.changed.wake()
}

// noteRead keeps how the last read went, and has the programs read again if the exchange
// no longer lets the member read this one.
func (a *Agent) noteRead(program lantern.ID, err error) {
	kind := lantern.KindOf(err)
	refused := kind == lantern.Forbidden || kind == lantern.NotFound
	a.mu.Lock()
	if f := a.feeds[program]; f != nil {
		f.problem, f.refused = reasonOf(err), refused
	}
	a.mu.Unlock()
	if refused {
		a.joined.wake()
	}
	if err != nil {
		a.changed.wake()
	}
}

func (a *Agent) setProblem(reason string) {
	a.mu.Lock()
	a.problem = reason
	a.mu.Unlock()
	a.changed.wake()
}

// reasonOf says why in words fit for a status.
func reasonOf(err error) string {
	var own *ownError
	if errors.As(err, &own) {
		return "this agent cannot write its database; see its log"
	}
	switch lantern.KindOf(err) {
	case "":
		if err == nil {
			return ""
		}
		return "internal error; see the log"
	case lantern.Unavailable:
		return "the exchange does not answer"
	case lantern.Unauthorized:
		return "the exchange does not take the agent's key"
	case lantern.Forbidden:
		return "the exchange does not let this agent read"
	}
	return "the exchange answered: " + string(lantern.KindOf(err))
}

// backoff grows the pause between attempts, with jitter so that agents that lost the
// exchange together do not return together.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, firstPause), longestPause)
	return b.last/2 + rand.N(b.last)
}

func (b *backoff) reset() { b.last = 0 }

// sleep waits for a time, a wake or the end of ctx.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-wake:
	}
}
