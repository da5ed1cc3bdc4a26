package erasure

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/sqldb/sqldbtest"
	"lantern/internal/web"
)

// The agent as a process of its own, as a member runs it. What falls must be masked within
// 60 seconds and purged within 24 hours, and purged is a claim about bytes: neither a value,
// nor where it was found, nor what was held of it while it was suspended, nor any key may be
// carved out of a file of the agent's folder afterwards. It is shown twice: left alone, and
// killed again and again between the fall and the acknowledgement.
func TestAgentPurges(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "lantern")
	if out, err := exec.Command("go", "build", "-o", binary, "lantern/cmd/lantern").CombinedOutput(); err != nil {
		t.Fatalf("building: %v: %s", err, out)
	}
	for name, killed := range map[string]bool{"left alone": false, "killed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := foundProcess(t, binary)
			p.share()
			p.hits()
			p.suspend()
			p.attackBefore()
			fell := time.Now()
			random := rand.New(rand.NewPCG(1, 2))
			p.fall(func() {
				if killed && random.IntN(5) == 0 {
					p.killSoon(random)
				}
			})
			for range 6 {
				if killed {
					p.killSoon(random)
				}
			}
			masked := p.acknowledged(lantern.AckMasked)
			purged := p.acknowledged(lantern.AckPurged)
			t.Logf("masked everywhere after %v, purged after %v", masked.Sub(fell).Round(time.Millisecond), purged.Sub(fell).Round(time.Millisecond))
			if d := masked.Sub(fell); d > lantern.MaskWithin {
				t.Errorf("masking took %v, and may take %v", d, lantern.MaskWithin)
			}
			p.attackAfter("while it runs")
			p.marksGone()
			p.agent.kill()
			p.attackAfter("after its end")
		})
	}
}

const (
	processFalls = 40 // signals that fall
	processHeld  = 20 // of these are suspended before
	processStays = 10
)

// processWorld is an exchange in this process and an agent in another.
type processWorld struct {
	*exchangetest.World
	t         *testing.T
	home      string
	agent     *process
	red, blue exchangetest.Company
	green     exchangetest.Company
	sharer    *client.Client
	falls     []value
	stays     []value
	adversary *adversary
}

func foundProcess(t *testing.T, binary string) *processWorld {
	t.Helper()
	p := &processWorld{World: exchangetest.New(t, sqldbtest.SQLite(t)), t: t, home: filepath.Join(t.TempDir(), "agent")}
	p.red, p.blue, p.green = p.AddCompany("Cloudbin"), p.AddCompany("Facegram"), p.AddCompany("Pixelplay")
	face, err := api.New(p.Exchange, api.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(web.Options{})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p.sharer = client.New(server.URL, p.red.SubmitterKey, client.Options{})
	key := filepath.Join(t.TempDir(), "service.key")
	if err := os.WriteFile(key, []byte(p.blue.ServiceKey), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(binary, "agent", "init", "--dir", p.home, "--exchange", server.URL, "--key-file", key).CombinedOutput(); err != nil {
		t.Fatalf("agent init: %v: %s", err, out)
	}
	p.agent = &process{t: t, args: []string{binary, "agent", "run", "--dir", p.home, "--exchange", server.URL,
		"--listen", "127.0.0.1:0", "--admin-listen", "", "-o", "json"}}
	t.Cleanup(p.agent.kill)
	p.agent.start()
	kek, err := os.ReadFile(filepath.Join(p.home, "keys", "kek"))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(strings.TrimPrefix(string(kek), "lantern-kek-1 ")))
	if err != nil {
		t.Fatal(err)
	}
	p.adversary = newAdversary(t, [32]byte(secret))
	p.falls, p.stays = invent(t, processFalls, "gone"), invent(t, processStays, "kept")
	return p
}

// process is the agent, started and killed at will.
type process struct {
	t    *testing.T
	args []string

	mu  sync.Mutex // guards cmd and url
	cmd *exec.Cmd
	url string
	log bytes.Buffer // of the standard error of one run after the other
}

func (p *process) start() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		p.t.Fatal(err)
	}
	stuck := time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
	defer stuck.Stop()
	var at struct {
		API string `json:"api"`
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		_ = p.cmd.Wait()
		p.t.Fatalf("the agent did not start: %v: %s", err, p.log.String())
	}
	p.url = at.API
	go io.Copy(io.Discard, out) //nolint:errcheck // until it ends
}

// kill ends the agent without a warning; one that is not there stays so.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// door returns a client with the local token.
func (p *processWorld) door() *client.Agent {
	p.t.Helper()
	token, err := os.ReadFile(filepath.Join(p.home, "data", "agent.token"))
	if err != nil {
		p.t.Fatal(err)
	}
	return client.NewAgent(p.agent.url, strings.TrimSpace(string(token)), client.Options{})
}

// until asks the agent until its status is as wanted.
func (p *processWorld) until(what string, ok func(lantern.AgentStatus) bool) {
	p.t.Helper()
	door := p.door()
	defer door.Close()
	ctx, stop := context.WithTimeout(p.t.Context(), time.Minute)
	defer stop()
	for {
		s, err := door.Status(ctx)
		if err == nil && ok(s) {
			return
		}
		if ctx.Err() != nil {
			p.t.Fatalf("the agent is not %s: %+v, %v", what, s, err)
		}
	}
}

func (p *processWorld) share() {
	p.t.Helper()
	for _, list := range [][]value{p.falls, p.stays} {
		for i := range list {
			d := p.Draft(0)
			d.Type, d.Value, d.Note, d.Role = list[i].kind, list[i].raw, list[i].note, lantern.UnknownRole
			r, err := p.sharer.Share(p.t.Context(), d)
			if err != nil || r.Status != lantern.Created {
				p.t.Fatalf("got %+v, %v", r, err)
			}
			list[i].signal = r.Signal
		}
	}
	p.until("loaded", func(s lantern.AgentStatus) bool { return s.Signals == processFalls+processStays })
}

// match has the agent look up one record for each value.
func (p *processWorld) match(values []value, record func(i int, v value) lantern.Record) {
	p.t.Helper()
	var records []lantern.Record
	for i, v := range values {
		records = append(records, record(i, v))
	}
	door := p.door()
	defer door.Close()
	if _, err := door.Match(p.t.Context(), records, false); err != nil {
		p.t.Fatal(err)
	}
}

// offset is a place in a text that no other number of the agent's files is.
func offset(i int) int { return 70_011 + 13*i }

// hits has every value found twice: as a value, and at a place of its own in a text.
func (p *processWorld) hits() {
	p.match(p.falls, func(i int, v value) lantern.Record {
		return lantern.Record{Ref: fmt.Sprint("value-", i), Values: []lantern.TypedValue{{Type: v.kind, Value: v.raw}}}
	})
	p.match(p.falls, func(i int, v value) lantern.Record {
		return lantern.Record{Ref: fmt.Sprint("text-", i), Text: strings.Repeat(" ", offset(i)) + v.canonical}
	})
	p.until("full of hits", func(s lantern.AgentStatus) bool { return s.Hits[lantern.HitOpen] >= processFalls+processFalls/3 })
}

func heldRef(i int) string     { return fmt.Sprintf("unseen-reference-%d", i) }
func heldAccount(i int) string { return fmt.Sprintf("unseen-account-%d", i) }

// suspend challenges the first values and has them found while nobody may see it.
func (p *processWorld) suspend() {
	p.t.Helper()
	for _, v := range p.falls[:processHeld] {
		if _, err := p.OpenChallenge(p.t.Context(), p.green.Investigator, lantern.Challenge{Signal: v.signal, Reason: lantern.NotAbusive}); err != nil {
			p.t.Fatal(err)
		}
	}
	p.until("masking them", func(s lantern.AgentStatus) bool { return s.Signals == processFalls+processStays-processHeld })
	p.match(p.falls[:processHeld], func(i int, v value) lantern.Record {
		return lantern.Record{Ref: heldRef(i), Account: heldAccount(i), Values: []lantern.TypedValue{{Type: v.kind, Value: v.raw}}}
	})
	p.until("holding what they match", func(s lantern.AgentStatus) bool { return s.Held == processHeld })
}

// held counts how many of the held references stand in texts.
func held(texts []string) (n int) {
	all := strings.Join(texts, "\n")
	for i := range processHeld {
		if strings.Contains(all, `"`+heldRef(i)+`"`) {
			n++
		}
	}
	return n
}

// details are the places where the falling values were found.
func details() *needles {
	n := newNeedles()
	for i := range processFalls {
		n.add(i, "place of a hit", fmt.Appendf(nil, `"offset":%d,`, offset(i)))
	}
	return n
}

// plain are the texts that must never stand in the open; while they stand, without those
// that the engine searches.
func (p *processWorld) plain(standing bool) *needles {
	n := newNeedles()
	for i, v := range p.falls {
		if !standing || !v.searched() {
			n.text(i, "value", v.canonical)
			n.digests(i, v.canonical)
		}
		n.text(i, "note", v.note)
		if i < processHeld {
			n.text(i, "held reference", heldRef(i))
			n.text(i, "held account", heldAccount(i))
		}
	}
	return n
}

// files are those of the agent's data, and what it logged.
func (p *processWorld) files() [][]byte {
	p.t.Helper()
	files := readAll(p.t, filepath.Join(p.home, "data"))
	return files
}

// attackBefore shows that the adversary is able.
func (p *processWorld) attackBefore() {
	p.t.Helper()
	files := p.files()
	got := p.adversary.carve(files)
	if n := count(p.falls, got.texts); n != processFalls {
		p.t.Errorf("before: %d of %d values open: the adversary is no good", n, processFalls)
	}
	if n := held(got.texts); n != processHeld {
		p.t.Errorf("before: %d of %d held matches open: the adversary is no good", n, processHeld)
	}
	if n, _ := details().find(files); n < processFalls/3 {
		p.t.Errorf("before: the places of %d hits are found: the search is no good", n)
	}
	if n, forms := p.plain(true).find(files); n != 0 {
		p.t.Errorf("before: %d values stand in the open: %v", n, forms)
	}
}

// attackAfter finds nothing of what fell.
func (p *processWorld) attackAfter(when string) {
	p.t.Helper()
	files := p.files()
	got := p.adversary.carve(files)
	if n := count(p.falls, got.texts); n != 0 || got.keys != processStays {
		p.t.Errorf("%s: %d values that fell open, with %d keys; want none, and the %d keys of what stays", when, n, got.keys, processStays)
	}
	if n := held(got.texts); n != 0 {
		p.t.Errorf("%s: %d held matches open", when, n)
	}
	if n := count(p.stays, got.texts); n != processStays {
		p.t.Errorf("%s: %d of %d values that stay open", when, n, processStays)
	}
	if n, _ := details().find(files); n != 0 {
		p.t.Errorf("%s: the places of %d hits are found", when, n)
	}
	if n, forms := p.plain(false).find(files); n != 0 {
		p.t.Errorf("%s: %d values stand in the open: %v", when, n, forms)
	}
}

// fall takes every value back in one of the ways there are.
func (p *processWorld) fall(between func()) {
	p.t.Helper()
	for i, v := range p.falls {
		if _, err := p.sharer.Withdraw(p.t.Context(), v.signal, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: erased(i)}); err != nil {
			p.t.Fatal(err)
		}
		between()
	}
}

// killSoon kills the agent at a random moment while it applies, acknowledges and overwrites.
func (p *processWorld) killSoon(random *rand.Rand) {
	p.t.Helper()
	<-time.After(time.Duration(random.IntN(250)) * time.Millisecond)
	p.agent.kill()
	p.agent.start()
}

// marksGone waits until no keyed mark by which the holder of the key could test a guess is
// left, but those that are kept on purpose: of values that were erased while challenged.
func (p *processWorld) marksGone() {
	p.t.Helper()
	n, want := newNeedles(), 0
	for i, v := range p.falls {
		for _, of := range [][]string{{"agent/refuted", string(v.kind), v.canonical}, {"agent/evidence", v.signal.String(), heldRef(i), "exact"}} {
			mark := p.adversary.sealer.Index(of[0], of[1:]...)
			n.add(i, of[0], mark[:])
		}
		if erased(i) && i < processHeld {
			want++
		}
	}
	for deadline := time.Now().Add(time.Minute); ; {
		found, forms := n.find(p.files())
		if found == want {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("marks of %d values are left, want those of %d: %v", found, want, forms)
		}
	}
}

// erased says which values are erased and not only withdrawn.
func erased(i int) bool { return i%3 == 0 }

// acknowledged waits until the exchange has every acknowledgement of a step, and returns when.
func (p *processWorld) acknowledged(step lantern.AckStep) time.Time {
	p.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; {
		list, err := p.Corrections(p.t.Context(), p.Steward, lantern.CorrectionFilter{})
		if err != nil {
			p.t.Fatal(err)
		}
		missing := processFalls - len(list)
		for _, c := range list {
			for _, r := range c.Recipients {
				if r.Member == p.blue.ID && (step == lantern.AckMasked && r.Masked.IsZero() || step == lantern.AckPurged && r.Purged.IsZero()) {
					missing++
				}
			}
		}
		if missing == 0 {
			return time.Now()
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%d corrections are not acknowledged as %s: %s", missing, step, p.agent.log.String())
		}
	}
}
