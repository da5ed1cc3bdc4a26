package crash_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/sqldb/sqldbtest"
)

// The rounds of `go test ./test/crash`; more by its own command:
//
//	go test ./test/crash -run TestKill -rounds 200 -timeout 60m
var (
	rounds = flag.Int("rounds", 20, "how often processes are killed on each engine")
	seed   = flag.Uint64("seed", 0, "what decides who is killed when; 0: another one each time")
)

// patience is how long something may take before it is said never to come. What is tested is what
// comes, not when: on a machine that others have in hand, minutes pass.
const patience = 5 * time.Minute

// While members share, withdraw, challenge, react and record outcomes, and agents follow,
// the exchange and the agents are killed at random moments and started again. In the end
// everything that was acknowledged is there once, the log tells the same story as the
// API, and the agents match what the feed says.
func TestKillSQLite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.run(*rounds, func(random *rand.Rand) string {
		switch random.IntN(10) {
		case 0, 1, 2:
			w.agents[random.IntN(len(w.agents))].again(random)
			return "an agent"
		case 3:
			w.exchange.kill()
			w.agents[0].again(random)
			w.exchange.start()
			return "exchange and agent"
		}
		w.exchange.kill()
		pause(random, 100)
		w.exchange.start()
		return "exchange"
	})
}

// The same on PostgreSQL, whose processes are killed too.
func TestKillPostgres(t *testing.T) {
	t.Parallel()
	c := sqldbtest.OwnCluster(t)
	w := newWorld(t, c.URL)
	server := newPostgres(t, c)
	w.run((*rounds+2)/3, func(random *rand.Rand) string {
		switch random.IntN(4) {
		case 0, 1:
			server.kill()
			pause(random, 100)
			server.start()
			return "postgres"
		case 2:
			server.kill()
			w.exchange.kill()
			server.start()
			w.startExchange()
			return "exchange and postgres"
		}
		w.exchange.kill()
		w.startExchange()
		return "exchange"
	})
}

// member is an organisation with a person and a service.
type member struct {
	lantern.Member
	person     lantern.ID
	key        string         // the person's
	client     *client.Client // the person's
	serviceKey string
}

// running is a member's agent.
type running struct {
	*process
	member *member
	client *client.Agent
}

// again kills the agent and starts it again.
func (a *running) again(random *rand.Rand) {
	a.kill()
	pause(random, 50)
	a.start()
}

// world is what is tested: real processes and the members who use them.
type world struct {
	t        *testing.T
	dir      string
	exchange *process
	steward  *client.Client
	program  lantern.ID
	sharers  []*member
	agents   []*running
	ledger   ledger
	began    time.Time
	seed     uint64
	random   *rand.Rand
	seen     []byte // the newest checkpoint that was handed out
}

// newWorld founds an exchange with four members, two of which share and two of which run
// agents. db is a PostgreSQL URL, or ""; stricter changes the program's policy.
func newWorld(t *testing.T, db string, stricter ...func(*lantern.Policy)) *world {
	w := &world{t: t, dir: t.TempDir(), began: time.Now().Add(-time.Hour).UTC().Truncate(time.Second), seed: *seed}
	if w.seed == 0 {
		w.seed = rand.Uint64()
	}
	t.Logf("to decide the same again: -seed %d", w.seed)
	w.random = rand.New(rand.NewPCG(w.seed, 0))
	w.ledger.outcomes = map[int]known{}
	binary, home := build(t), filepath.Join(w.dir, "exchange")
	if db == "" {
		db = "sqlite:" + filepath.Join(w.dir, "exchange.db")
	}
	if out, err := lanternCmd(binary, db, "exchange", "init", "Coalition", "--dir", home).CombinedOutput(); err != nil {
		t.Fatalf("exchange init: %v: %s", err, out)
	}
	w.exchange = newProcess(t, "exchange", []string{"LANTERN_EXCHANGE_DB=" + db}, binary, "exchange", "serve", "--dir", home,
		"--listen", address(t, w.random), "--admin-listen", "", "-o", "json")
	w.exchange.start()
	key, err := os.ReadFile(filepath.Join(home, "keys", "steward"))
	if err != nil {
		t.Fatal(err)
	}
	w.steward = once(w.exchange.url, strings.TrimSpace(string(key)))
	policy := lantern.Policy{Types: map[lantern.SignalType]lantern.TypePolicy{"url": {}}, Tags: lantern.Taxonomy()}
	for _, change := range stricter {
		change(&policy)
	}
	program, err := w.steward.CreateProgram(t.Context(), lantern.Program{Name: "Links", Purpose: "find what was removed", Policy: policy})
	if err != nil {
		t.Fatal(err)
	}
	w.program = program.ID
	w.sharers = []*member{w.join("Red Files"), w.join("Green Games")}
	for _, name := range []string{"Blue Chat", "Gold Pay"} {
		w.agents = append(w.agents, w.runAgent(binary, w.join(name)))
	}
	return w
}

// join takes up a member with a person of every role and a service.
func (w *world) join(name string) *member {
	w.t.Helper()
	ctx, c := w.t.Context(), w.steward
	fail := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	m, err := c.CreateMember(ctx, lantern.Member{Name: name, Kind: lantern.Company, State: lantern.ActiveMember})
	fail(err)
	_, err = c.Join(ctx, lantern.Membership{Program: w.program, Member: m.ID, Direction: lantern.Both})
	fail(err)
	person, key := w.hire(m.ID, "reviewer-1")
	service, err := c.CreateService(ctx, lantern.Service{Member: m.ID, Name: "agent", Responsible: person})
	fail(err)
	serviceKey, err := c.IssueKey(ctx, lantern.Key{Actor: service.ID, Scopes: scopes})
	fail(err)
	return &member{Member: m, person: person, key: key, client: once(w.exchange.url, key), serviceKey: serviceKey.Secret}
}

// home is the folder of a member's agent.
func (w *world) home(m *member) string {
	return filepath.Join(w.dir, strings.ReplaceAll(m.Name, " ", "-"))
}

// ownLogs verifies what the agents' logs say of what they show.
func (w *world) ownLogs() {
	w.t.Helper()
	for _, a := range w.agents {
		if out, err := exec.Command(a.args[0], "audit", "own", "--dir", w.home(a.member)).CombinedOutput(); err != nil {
			w.t.Errorf("the own log of %s: %v: %s", a.member.Name, err, out)
		}
	}
}

// runAgent starts a member's agent.
func (w *world) runAgent(binary string, m *member) *running {
	w.t.Helper()
	home := w.home(m)
	init := lanternCmd(binary, "", "agent", "init", "--dir", home, "--exchange", w.exchange.url)
	init.Env = append(init.Env, "LANTERN_KEY="+m.serviceKey)
	if out, err := init.CombinedOutput(); err != nil {
		w.t.Fatalf("agent init: %v: %s", err, out)
	}
	p := newProcess(w.t, "agent", nil, binary, "agent", "run", "--dir", home, "--exchange", w.exchange.url,
		"--listen", address(w.t, w.random), "--admin-listen", "", "-o", "json")
	p.start()
	token, err := os.ReadFile(filepath.Join(home, "data", "agent.token"))
	if err != nil {
		w.t.Fatal(err)
	}
	return &running{process: p, member: m, client: client.NewAgent(p.url, strings.TrimSpace(string(token)), client.Options{Retries: -1, Timeout: tryOnce})}
}

// startExchange starts the exchange on a server that may still be recovering: an exchange
// that cannot reach its database ends, and its keeper starts it again.
func (w *world) startExchange() {
	w.t.Helper()
	w.exchange.startBy(time.Now().Add(patience))
}

// pause waits a random time, at most so many milliseconds: what is tested is that no
// moment is the wrong one.
func pause(random *rand.Rand, most int) {
	time.Sleep(time.Duration(random.IntN(most*1000)) * time.Microsecond)
}

// run lets members work while crash is called again and again, and checks what is left.
func (w *world) run(rounds int, crash func(*rand.Rand) string) {
	ctx, stop := context.WithCancel(w.t.Context())
	workers := w.work(ctx, w.seed, w.jobs())
	killed := map[string]int{}
	for range rounds {
		w.progress()
		pause(w.random, 300)
		w.remember()
		killed[crash(w.random)]++
	}
	w.progress()
	stop()
	workers.Wait()
	w.t.Logf("%d answers, %d signals; killed: %v", w.ledger.acked, len(w.ledger.deeds), killed)
	w.verify()
}

// progress waits until some more calls were answered: a round in which nobody could work
// would test nothing.
func (w *world) progress() {
	w.t.Helper()
	const more = 20
	late := time.Now().Add(patience)
	acked := func() int {
		w.ledger.mu.Lock()
		defer w.ledger.mu.Unlock()
		return w.ledger.acked
	}
	for goal := acked() + more; acked() < goal; {
		if time.Now().After(late) {
			w.t.Fatal("nobody gets an answer any more")
		}
		time.Sleep(time.Millisecond)
	}
}

// remember keeps the newest checkpoint: no later log may contradict it.
func (w *world) remember() {
	if c, err := w.steward.Checkpoint(w.t.Context()); err == nil {
		w.seen = c
	}
}
