package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/agentstore"
	"lantern/internal/casework"
	"lantern/internal/engine"
	"lantern/internal/guard"
	"lantern/internal/hunt"
	"lantern/internal/monitor"
	"lantern/internal/ownlog"
	"lantern/internal/queue"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/token"
	"lantern/match"
	"lantern/signal"
)

// Config is what an agent needs. Only Dir, Exchange and Sealer must be given.
type Config struct {
	Dir      string         // the agent's own folder; must exist and belong to it alone
	Exchange *client.Client // calls with the agent's own key, a service's or a person's of the member
	Sealer   *seal.Sealer   // seals the replica; its key must not lie in Dir

	LogKey   string // verifier key of the exchange's log; "": the one the exchange gives first is pinned
	Region   string // ISO 3166 country whose national phone numbers are read in texts, e.g. "US"
	MatchOwn bool   // match the member's own signals too

	Shadow   bool           // count matches and tell nobody: no hits, no matches in answers
	Sampling guard.Sampling // which part of each source's records takes part
	Flood    *guard.Flood   // when a signal hits too much; nil: guard.DefaultFlood
	Fence    string         // file outside Dir by which an older database is noticed; "": none

	Clock  func() time.Time // nil: time.Now
	Random io.Reader        // nil: crypto/rand.Reader
	Log    *slog.Logger     // nil: none
}

// Agent is a member's agent. Its methods may be called by any number of goroutines.
type Agent struct {
	db       *sqldb.DB
	desk     *casework.Desk
	own      *ownlog.Log
	monitor  *monitor.Monitor // of the exchange's log
	engine   *match.Engine
	keeper   *engine.Keeper // of the engine
	held     *match.Engine  // of the suspended signals, of which nobody is told
	hurt     atomic.Bool    // the database was found damaged
	moves    atomic.Int64   // odd while signals move between the engines; counts them
	exchange *client.Client
	sealer   *seal.Sealer
	token    []byte // digest of the local token
	region   string
	matchOwn bool
	shadow   bool
	sampling guard.Sampling
	queue    queue.Queue // decides what becomes of matches
	fence    string      // the file; "": none
	dir      string
	file     os.FileInfo // of the database as it was opened
	clock    func() time.Time
	random   io.Reader
	log      *slog.Logger

	recent *hunt.Recent // engines of what arrived lately, for hunts

	applying sync.Mutex   // held while the replica changes, until the engine followed
	edits    atomic.Int64 // changes of the replica that were carried out
	placed   agentstore.Placed

	verifying sync.Mutex // held while the log is verified: checkpoints must be kept in order

	changed bell // something was applied
	acks    bell // an acknowledgement is due
	scrub   bell // freed bytes are to be overwritten
	files   bell // the engine is to be saved, or filled again
	verify  bell // the log is to be verified
	joined  bell // the programs are to be read again
	told    bell // an event was written
	owed    bell // the exchange is to be asked what this member owes

	mu       sync.Mutex // guards what follows
	member   lantern.Member
	feeds    map[lantern.ID]*feed
	verified time.Time           // when the log was last found to continue what was seen
	fault    string              // how the log contradicted itself
	back     bool                // the database is older than what this agent did; it matches nothing until every feed was read again
	stuck    bool                // what the feeds bring cannot be written
	gone     bool                // the database's file was removed or replaced under this agent
	problem  string              // why the exchange does not answer the agent at all
	unread   map[lantern.ID]bool // active signals this version cannot read, so that they match nothing
	losing   bool                // a narrowing waits for a feed to be read on; see edit.lose
	callers  map[[32]byte]cachedCaller
	rounds   map[lantern.ID]bool // cases whose next round is being read
}

// feed is what the agent knows in memory of a program it follows.
type feed struct {
	name       string
	loaded     bool
	pages      bool // its snapshot could not be had: it is read by pages
	again      bool // it is to be read from its beginning
	generation int64
	contact    time.Time
	untrained  bool   // new signals do not come: the person whose key the agent has lacks training
	refused    bool   // the exchange does not let the member read this feed
	problem    string // why the last read failed
}

// New opens the agent in c.Dir, making its database and its local token if they are not
// there, and builds the engine. It does not call the exchange; [Agent.Run] does.
func New(ctx context.Context, c Config) (*Agent, error) {
	a := &Agent{
		exchange: c.Exchange, sealer: c.Sealer, region: c.Region, matchOwn: c.MatchOwn,
		shadow: c.Shadow, sampling: c.Sampling, fence: c.Fence, dir: c.Dir,
		clock: c.Clock, random: &lockedReader{r: c.Random}, log: c.Log,
		feeds: make(map[lantern.ID]*feed), unread: make(map[lantern.ID]bool), callers: make(map[[32]byte]cachedCaller), rounds: make(map[lantern.ID]bool),
	}
	if a.clock == nil {
		a.clock = time.Now
	}
	if c.Random == nil {
		a.random = rand.Reader
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	a.queue = queue.Queue{Sealer: a.sealer, Random: a.random, Flood: guard.DefaultFlood(), Log: a.log}
	if c.Flood != nil {
		a.queue.Flood = *c.Flood
	}
	if a.region != "" && !signal.KnownRegion(a.region) {
		return nil, &lantern.Error{Kind: lantern.Invalid, Field: "agent-region", Reason: "no country has these letters", Fix: "give its two capital ones, such as US or DE"}
	}
	digest, err := token.Digest(filepath.Join(c.Dir, TokenFile), a.random)
	if err != nil {
		return nil, err
	}
	a.token = digest
	if err := a.open(ctx); err != nil {
		if a.db != nil {
			err = errors.Join(err, a.db.Close())
		}
		return nil, err
	}
	if a.file, err = os.Stat(filepath.Join(c.Dir, DatabaseFile)); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	a.desk, a.own = a.newDesk(), ownlog.New(a.db, a.exchange, a.log)
	a.monitor = &monitor.Monitor{DB: a.db, Exchange: a.exchange, Key: c.LogKey, Clock: a.clock}
	return a, nil
}

// start brings memory to what the database says.
func (a *Agent) start(ctx context.Context) error {
	if err := a.db.Migrate(ctx, agentstore.Migrations()); err != nil {
		return fmt.Errorf("migrating the agent's database: %w", err)
	}
	if err := a.db.Write(ctx, func(tx *sqldb.Tx) error { return a.queue.BeginJournal(ctx, tx) }); err != nil {
		return fmt.Errorf("naming the journal: %w", err)
	}
	a.held = match.New(a.sealer.Index("agent/held"))
	a.recent = a.recentEngines()
	var state map[string]string
	err := a.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if state, err = agentstore.LoadState(ctx, tx); err != nil {
			return err
		}
		if id, err := strconv.ParseInt(state[agentstore.StateMember], 10, 64); err == nil {
			a.member.ID = lantern.ID(id)
		}
		a.fault = state[agentstore.StateFault]
		programs, err := agentstore.LoadPrograms(ctx, tx)
		for _, p := range programs {
			a.feeds[p.ID] = &feed{name: p.Name, loaded: p.Loaded, generation: p.Generation, contact: p.Contact}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("reading the agent's state: %w", err)
	}
	if a.back, err = a.checkFence(ctx, state); err != nil {
		return err
	}
	return a.openEngine(ctx, state)
}

// Close ends the agent's use of its database and of its engine. [Agent.Run] must have returned.
func (a *Agent) Close() error {
	if err := a.saveEngine(context.Background()); err != nil {
		a.log.Warn("the next start takes longer", "error", err)
	}
	return errors.Join(a.engine.Close(), a.db.Close())
}

// Ready reports whether the agent can look anything up: an error of kind Unavailable
// says why it cannot.
func (a *Agent) Ready(ctx context.Context) error {
	if err := a.db.Ping(ctx); err != nil {
		return err
	}
	if f := a.freshness(a.clock()); f.state == lantern.CouldNotLook {
		return &lantern.Error{Kind: lantern.Unavailable, Reason: f.reasons[0]}
	}
	return nil
}

// Changed returns a channel that is closed when the agent next applied something of a
// feed, or changed what it says of itself. Take the channel first, then look.
func (a *Agent) Changed() <-chan struct{} { return a.changed.wait() }

// memberID returns the member the agent works for, 0 before the first contact.
func (a *Agent) memberID() lantern.ID {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.member.ID
}

// newID draws an id.
func (a *Agent) newID() (lantern.ID, error) { return lantern.NewID(a.random) }

// bell wakes all who wait. The zero bell is ready.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait returns a channel that the next wake closes.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *bell) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}

// lockedReader lets goroutines share a source of randomness.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}
