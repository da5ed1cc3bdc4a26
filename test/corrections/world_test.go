package corrections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/backup"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/policy"
	"lantern/internal/seal"
	"lantern/internal/sqldb"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/store"
	"lantern/internal/web"
)

// companies is how many members there are. The last has no agent: its people acknowledge.
const companies = 4

// cast is who takes part: founded once for each engine, copied for each seed.
type cast struct {
	root      string // the steward's key
	companies [companies]exchangetest.Company
	programs  [2]lantern.ID
}

// engine makes databases.
type engine struct {
	name string
	cast cast

	founded func(dir string) (string, error) // a copy of the founded exchange's
	empty   func(dir string) (string, error)
	drop    func(url string) error
}

// found founds the exchange that every seed starts from.
func found(t *testing.T, url string) cast {
	t.Helper()
	w := exchangetest.New(t, url)
	key, err := w.IssueKey(t.Context(), w.Steward, lantern.Key{Actor: w.Root.Actor, Scopes: w.Steward.Scopes, Expires: w.Clock.Now().AddDate(0, 11, 0)})
	if err != nil {
		t.Fatal(err)
	}
	c := cast{root: key.Secret, programs: [2]lantern.ID{w.Program.ID, w.AddProgram("payments").ID}}
	for i := range c.companies {
		c.companies[i] = w.AddCompany(fmt.Sprintf("Company %d", i))
	}
	for _, i := range []int{0, 1, 3} {
		w.Join(c.companies[i], lantern.Program{ID: c.programs[1]}, lantern.Both)
	}
	if err := errors.Join(w.Exchange.Close(), w.Config.DB.Close()); err != nil {
		t.Fatal(err)
	}
	return c
}

// scratch is a folder in memory where there is one: the test is about rules, not disks.
func scratch(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lantern-corrections-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) }) //nolint:errcheck // memory is given back at the next start anyway
	return dir
}

func onSQLite(t *testing.T, dir string) *engine {
	t.Helper()
	template := filepath.Join(dir, "founded.db")
	e := &engine{name: "sqlite", cast: found(t, "sqlite:"+template)}
	var mu sync.Mutex
	n := 0
	e.empty = func(dir string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		return "sqlite:" + filepath.Join(dir, fmt.Sprintf("exchange%d.db", n)), nil
	}
	e.founded = func(dir string) (string, error) {
		url, _ := e.empty(dir)
		b, err := os.ReadFile(template)
		if err != nil {
			return "", err
		}
		return url, os.WriteFile(url[len("sqlite:"):], b, 0o600)
	}
	e.drop = func(string) error { return nil } // its folder goes
	return e
}

func onPostgres(t *testing.T) *engine {
	t.Helper()
	template := sqldbtest.Postgres(t)
	slash := len(template) - len(filepath.Base(template))
	admin := template[:slash] + "postgres"
	name := filepath.Base(template)
	e := &engine{name: "postgres", cast: found(t, template)}
	for i, r := range name {
		if r == '?' {
			admin, name = template[:slash]+"postgres"+name[i:], name[:i]
			break
		}
	}
	var mu sync.Mutex
	n := 0
	create := func(with string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		n++
		fresh := fmt.Sprintf("%s_%d", name, n)
		url := template[:slash] + fresh + template[slash+len(name):]
		return url, sqldbtest.AdminExec(admin, "CREATE DATABASE "+fresh+" TEMPLATE "+with)
	}
	e.founded = func(string) (string, error) { return create(name) }
	e.empty = func(string) (string, error) { return create("template0") }
	e.drop = func(url string) error {
		rest := url[slash:]
		for i, r := range rest {
			if r == '?' {
				rest = rest[:i]
				break
			}
		}
		return sqldbtest.AdminExec(admin, "DROP DATABASE "+rest+" WITH (FORCE)")
	}
	return e
}

// clock moves when told to, and by a microsecond at each look.
type clock struct {
	mu  sync.Mutex
	now time.Time // guarded by mu
}

func (c *clock) Now() time.Time { return c.add(time.Microsecond) }

func (c *clock) add(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// locked lets goroutines share a source of randomness.
type locked struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return io.ReadFull(l.r, p)
}

// world is the exchange of one seed.
type world struct {
	*exchange.Exchange
	ctx     context.Context
	engine  *engine
	cast    *cast
	dir     string
	url     string
	clock   *clock
	random  io.Reader
	config  exchange.Config
	handler http.Handler // serves the API, if agents are real
	real    bool
}

// open starts the exchange on the database at w.url.
func (w *world) open() error {
	c, err := w.configure(w.url)
	if err != nil {
		return err
	}
	w.config = c
	if w.Exchange, err = exchange.New(w.ctx, c); err != nil || !w.real {
		return err
	}
	face, err := api.New(w.Exchange, api.Config{})
	if err != nil {
		return err
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	w.handler = mux
	return nil
}

func (w *world) configure(url string) (exchange.Config, error) {
	db, err := sqldb.Open(w.ctx, url)
	if err != nil {
		return exchange.Config{}, err
	}
	signer, err := audit.NewSigner("exchange.example.com/log", make([]byte, 32))
	return exchange.Config{DB: db, Sealer: seal.New(seal.NewLocalKEK([32]byte{1})), Signer: signer, Clock: w.clock.Now, Random: w.random,
		Fence: filepath.Join(w.dir, "exchange.seen"), SweepEvery: -1, WebhookEvery: -1}, err
}

// stop ends the exchange as a crash does, but for what is on its way: nothing is.
func (w *world) stop() error {
	w.handler = nil
	return errors.Join(w.Exchange.Close(), w.config.DB.Close())
}

// backup returns the database as it is, as a backup of the operator has it.
func (w *world) backup() ([]byte, error) {
	var b bytes.Buffer
	_, err := backup.Write(w.ctx, backupParts(w.config), &b)
	return b.Bytes(), err
}

// restore loses the database and goes on from a backup. It is read-only until accepted.
func (w *world) restore(kept []byte) error {
	if err := w.stop(); err != nil {
		return err
	}
	if err := w.engine.drop(w.url); err != nil {
		return err
	}
	var err error
	if w.url, err = w.engine.empty(w.dir); err != nil {
		return err
	}
	c, err := w.configure(w.url)
	if err != nil {
		return err
	}
	_, err = backup.Load(w.ctx, backupParts(c), bytes.NewReader(kept))
	if err := errors.Join(err, c.DB.Close()); err != nil {
		return err
	}
	return w.open()
}

// as authenticates.
func (w *world) as(key string) (policy.Actor, error) { return w.Authenticate(w.ctx, key) }

// logTime is the time of the log's newest entry.
func (w *world) logTime() (at time.Time, err error) {
	err = w.config.DB.Read(w.ctx, func(tx *sqldb.Tx) error {
		head, _, err := store.ReadLogHead(w.ctx, tx, false)
		at = head.Last
		return err
	})
	return at, err
}

// newWorld gives a seed its exchange.
func newWorld(ctx context.Context, e *engine, dir string, seed uint64, real bool) (*world, error) {
	var key [32]byte
	for i := range 8 {
		key[i] = byte(seed >> (8 * i))
	}
	w := &world{ctx: ctx, engine: e, cast: &e.cast, dir: dir, real: real, random: &locked{r: rand.NewChaCha8(key)},
		clock: &clock{now: exchangetest.Start.Add(time.Hour)}}
	var err error
	if w.url, err = e.founded(dir); err != nil {
		return nil, err
	}
	return w, w.open()
}

// backupParts is what a backup needs of an exchange.
func backupParts(c exchange.Config) backup.Config {
	return backup.Config{DB: c.DB, Sealer: c.Sealer, Signer: c.Signer, Clock: c.Clock}
}
