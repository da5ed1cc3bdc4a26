package exchange

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/fair"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/store"
	"lantern/internal/webhook"
)

// Config is what an exchange is made of. DB, Sealer and Signer are required and stay the
// caller's to close.
type Config struct {
	DB     *sqldb.DB
	Sealer *seal.Sealer
	Signer *audit.Signer
	Clock  func() time.Time // default time.Now
	Random io.Reader        // default crypto/rand.Reader
	Log    *slog.Logger     // default: nothing is logged

	// Fence is the file that keeps the newest checkpoint outside the database, so that a
	// restored older one is noticed; see docs/operate/backup.md. Each process has its own.
	// Default: none, and a start trusts the database.
	Fence string

	Quotas fair.Quotas // of each member; default none

	Screen Screen // refuses values that point at too many; default none

	SweepEvery time.Duration // how often expiry, deadlines and erasure are looked after; default a minute, negative never
	PollEvery  time.Duration // how often other processes' writes are looked for while somebody waits; default 20 ms

	Sender       *webhook.Client // sends webhooks; default one that calls public addresses only
	WebhookEvery time.Duration   // how often attempts that fell due are looked for; default a second, negative never: see [Exchange.Deliver]

	ScrubKeys   time.Duration // how long after one scrub of erased keys the next may begin; default 5 s
	ScrubTraces time.Duration // the same for the larger tables that hold keyed digests of erased values; default 12 h
}

// Screen refuses a value in its canonical form with a *lantern.Error that does not hold
// it, or returns nil. It is called from many goroutines.
type Screen func(t lantern.SignalType, canonical string) error

// Exchange is a running service.
type Exchange struct {
	Config
	queue *fair.Queue[*op]
	slots *fair.Slots // half of the processors prepare what one member shares
	reads *fair.Slots // as many windows of feeds as there are processors are read for one member
	ids   idBlock

	commits, acts atomic.Int64 // transactions that wrote, and the acts they held

	buckets *fair.Buckets
	wakes   *wakes
	watch   *watch
	heads   headCache
	fence   *fence
	hooks   *dispatcher
	swept   atomic.Int64 // when this process last swept to the end, in microseconds

	ctx   context.Context // ends when Close is called
	close context.CancelFunc
	loops sync.WaitGroup

	stopped chan struct{} // closed when nothing is committed any more
	erased  chan struct{} // holds one token after an erasure, for scrubLoop
}

// New brings the schema up to date, checks the log's head and starts the service.
func New(ctx context.Context, c Config) (*Exchange, error) {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.SweepEvery == 0 {
		c.SweepEvery = time.Minute
	}
	if c.PollEvery == 0 {
		c.PollEvery = 20 * time.Millisecond
	}
	if c.Sender == nil {
		c.Sender = webhook.NewClient(webhook.Config{})
	}
	if c.WebhookEvery == 0 {
		c.WebhookEvery = time.Second
	}
	if err := c.DB.Migrate(ctx, store.Migrations()); err != nil {
		return nil, err
	}
	if c.ScrubKeys == 0 {
		c.ScrubKeys = 5 * time.Second
	}
	if c.ScrubTraces == 0 {
		c.ScrubTraces = 12 * time.Hour
	}
	x := &Exchange{Config: c, queue: fair.NewQueue[*op](), buckets: fair.NewBuckets(c.Quotas), wakes: newWakes(), watch: newWatch(), erased: make(chan struct{}, 1), stopped: make(chan struct{})}
	x.slots, x.reads = fair.NewSlots(runtime.GOMAXPROCS(0)/2), fair.NewSlots(runtime.GOMAXPROCS(0))
	x.ctx, x.close = context.WithCancel(context.WithoutCancel(ctx))
	x.hooks = newDispatcher(x)
	var err error
	if x.fence, err = loadFence(c.Fence, c.Signer); err != nil {
		return nil, err
	}
	if err := x.startLog(ctx); err != nil {
		return nil, err
	}
	if err := x.startSealing(ctx); err != nil {
		return nil, err
	}
	if err := x.startFence(ctx); err != nil {
		return nil, err
	}
	x.loops.Go(x.commitLoop)
	x.loops.Go(x.pollLoop)
	x.loops.Go(x.fenceLoop)
	x.loops.Go(x.watchLoop)
	if c.SweepEvery > 0 {
		x.loops.Go(x.sweepLoop)
		x.loops.Go(x.scrubLoop)
	}
	if c.WebhookEvery > 0 {
		x.hooks.sending.Go(x.hooks.loop)
	}
	return x, nil
}

// Close ends waiting reads, lets the running transaction finish, refuses what comes after
// and keeps the newest checkpoint. It does not close the database.
func (x *Exchange) Close() error {
	x.hooks.close() // while what it sent can still be written down
	x.close()
	x.loops.Wait()
	return x.fence.save()
}

// Ready reports why the service cannot answer, or nil.
func (x *Exchange) Ready(ctx context.Context) error {
	if x.ctx.Err() != nil {
		return errClosing
	}
	if err := x.DB.Ping(ctx); err != nil {
		return err
	}
	return x.fence.err()
}

var errClosing = lantern.Errorf(lantern.Unavailable, "the exchange is shutting down")

// Written counts the transactions committed since the start, and the acts of callers they
// held: how well callers that come together share a sync.
func (x *Exchange) Written() (commits, acts int64) { return x.commits.Load(), x.acts.Load() }

// errMissing is the one answer for what does not exist and for what the caller may not
// know of.
func errMissing(what string) error { return lantern.Errorf(lantern.NotFound, "no such %s", what) }

// read runs fn in a snapshot.
func (x *Exchange) read(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	return x.DB.Read(ctx, fn)
}

// readFor reads much at a time for a member, in one of its slots: one with many callers, or
// many snapshots under way, must leave the others the processors and the connections.
func (x *Exchange) readFor(ctx context.Context, member lantern.ID, fn func(tx *sqldb.Tx) error) error {
	leave, err := x.reads.Enter(ctx, member)
	if err != nil {
		return err
	}
	defer leave()
	return x.read(ctx, fn)
}

// newID draws an id.
func (x *Exchange) newID() (lantern.ID, error) { return lantern.NewID(x.Random) }

// Init founds an empty exchange: the operator as a member, its first steward and that
// person's key, which is returned with its secret this once. On an exchange that was
// founded it returns a Conflict and changes nothing.
func (x *Exchange) Init(ctx context.Context, operator string) (lantern.Key, error) {
	m := lantern.Member{Name: operator, Kind: lantern.Operator, State: lantern.ActiveMember}
	if err := m.Validate(); err != nil {
		return lantern.Key{}, err
	}
	p := lantern.Person{Label: "steward", Roles: []lantern.PersonRole{lantern.Steward, lantern.Admin, lantern.Auditor}}
	key, cred, err := x.mintKey([]lantern.Scope{lantern.ScopeRead, lantern.ScopeManage, lantern.ScopeAudit}, time.Time{})
	var e1, e2 error
	m.ID, e1 = x.newID()
	p.ID, e2 = x.newID()
	if err := errors.Join(err, e1, e2); err != nil {
		return lantern.Key{}, err
	}
	err = x.write(ctx, func(t *txn) error {
		have, err := store.Members(ctx, t.Tx)
		if err != nil {
			return err
		}
		if len(have) > 0 {
			return lantern.Errorf(lantern.Conflict, "the exchange has members")
		}
		m.Created, p.Created, p.Member, p.Trained = t.now, t.now, m.ID, t.now.AddDate(1, 0, 0)
		cred.Member, cred.Person, cred.Created = m.ID, p.ID, t.now
		err = errors.Join(
			store.InsertMember(ctx, t.writing(), m),
			store.InsertPerson(ctx, t.writing(), p),
			store.InsertCredential(ctx, t.writing(), cred))
		if err != nil {
			return fmt.Errorf("founding the exchange: %w", err)
		}
		for _, e := range []entry{
			{kind: audit.MemberChange, facts: facts{Object: m.ID, State: string(m.State)}},
			{kind: audit.PersonChange, facts: facts{Object: p.ID, Member: m.ID}},
			{kind: audit.KeyAdd, facts: facts{Object: cred.ID, Member: m.ID}},
		} {
			if _, err := t.record(e); err != nil {
				return err
			}
		}
		return nil
	})
	key.Actor, key.Created = p.ID, cred.Created
	return key, err
}
