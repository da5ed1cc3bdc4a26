package erasure

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/face/api"
	"lantern/internal/seal"
	"lantern/internal/web"
	"lantern/signal"
)

const (
	total      = 1000 // values to be erased
	withdrawn  = 60   // of these are withdrawn before: their bytes are gone from agents, but not from the exchange
	challenged = 20   // of these are challenged when they are erased
	kept       = 20   // values that stay

	firstChallenged = 400 // the place of the first of them
)

var (
	exchangeKEK = [32]byte{1} // exchangetest's
	agentKEK    = [32]byte{2}
)

// value is a shared value and where it went.
type value struct {
	kind           lantern.SignalType
	raw, canonical string
	note           string
	signal         lantern.ID
	marked         bool // fell while challenged: a keyed mark is kept on purpose, against sharing it again
}

// world is an exchange behind HTTP with a sharer and a member that runs an agent.
type world struct {
	*exchangetest.World
	t              *testing.T
	url            string // of the exchange's database
	logs, agentDir string
	red, blue      exchangetest.Company
	sharer         *client.Client // red's submitter
	reader         *client.Client // blue's investigator
	agent          *agent.Agent
	values         []value
	staying        []value
}

func found(t *testing.T, url string) *world {
	w := &world{World: exchangetest.New(t, url), t: t, url: url, logs: t.TempDir(), agentDir: t.TempDir()}
	w.red, w.blue = w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	log, err := os.Create(filepath.Join(w.logs, "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.Exchange.Close()
	c := w.Config
	c.Log, c.SweepEvery, c.ScrubTraces = logger, time.Hour, time.Second
	w.Exchange = w.Open(c)
	face, err := api.New(w.Exchange, api.Config{Log: logger})
	if err != nil {
		t.Fatal(err)
	}
	mux := web.NewMux(web.Options{Log: logger})
	face.Mount(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.sharer = client.New(server.URL, w.red.SubmitterKey, client.Options{})
	w.reader = client.New(server.URL, w.blue.InvestigatorKey, client.Options{})
	w.startAgent(client.New(server.URL, w.blue.ServiceKey, client.Options{}), logger)
	w.values, w.staying = invent(t, total, "gone"), invent(t, kept, "kept")
	for i := range challenged {
		w.values[firstChallenged+i].marked = true
	}
	return w
}

func (w *world) startAgent(c *client.Client, log *slog.Logger) {
	w.t.Helper()
	var err error
	w.agent, err = agent.New(w.t.Context(), agent.Config{Dir: w.agentDir, Exchange: c,
		Sealer: seal.New(seal.NewLocalKEK(agentKEK)), Clock: w.Clock.Now, Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.agent.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
		w.agent.Close()
	})
}

// invent makes values of several types that nobody ever used.
func invent(t *testing.T, n int, label string) []value {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 7))
	word := func() string {
		b := make([]byte, 7)
		for i := range b {
			b[i] = "bdfgklmnprstvz"[random.IntN(14)]
			if i%2 == 1 {
				b[i] = "aeiou"[random.IntN(5)]
			}
		}
		return string(b)
	}
	list := make([]value, n)
	for i := range list {
		v := value{note: word() + " " + word() + " " + word()}
		switch i % 6 {
		case 0:
			v.kind, v.raw = "email", fmt.Sprintf("%s.%s%d@Example.COM", word(), word(), i)
		case 1:
			v.kind, v.raw = "username", fmt.Sprintf("@%s_%s%d@chatter.test", word(), word(), i)
		case 2:
			v.kind, v.raw = "phrase", fmt.Sprintf("%s %s %s", word(), word(), word())
		case 3:
			v.kind, v.raw = "account", fmt.Sprintf("chatter.test:%s%d", word(), random.Int64N(1e12))
		default:
			v.kind, v.raw = "url", fmt.Sprintf("hxxps://%s.files[.]example.com/%s/%s-%d", label, word(), word(), i)
		}
		kind, _ := signal.Lookup(v.kind)
		normal, err := kind.Normalize(v.raw)
		if err != nil {
			t.Fatalf("value %d: %v", i, err)
		}
		v.canonical = normal.Canonical
		list[i] = v
	}
	return list
}

func (w *world) draft(v value) lantern.Draft {
	d := w.Draft(0)
	d.Type, d.Value, d.Note, d.Role = v.kind, v.raw, v.note, lantern.UnknownRole
	return d
}

// share shares the values, half of them one by one and half in batches.
func (w *world) share() {
	single := w.values[:total/2]
	w.each(len(single), func(ctx context.Context, i int) error {
		r, err := w.sharer.Share(ctx, w.draft(single[i]))
		single[i].signal = r.Signal
		return err
	})
	batch := func(values []value) {
		var drafts []lantern.Draft
		for _, v := range values {
			drafts = append(drafts, w.draft(v))
		}
		results, err := w.sharer.ShareBatch(w.t.Context(), drafts)
		if err != nil {
			w.t.Fatal(err)
		}
		for i, r := range results {
			if r.Status != lantern.Created {
				w.t.Fatalf("a value of type %s was not taken: %v", values[i].kind, r.Problem)
			}
			values[i].signal = r.Signal
		}
	}
	for from := total / 2; from < total; from += 50 {
		batch(w.values[from : from+50])
	}
	batch(w.staying)
}

// changes does to some of the signals what happens to signals: whatever copies a value
// must be found by the erasure.
func (w *world) changes() {
	w.settled()
	w.each(60, func(ctx context.Context, i int) error { // another opinion and note
		d := w.draft(w.values[i])
		d.Confidence, d.Note = 70, d.Note+" again"
		_, err := w.sharer.Share(ctx, d)
		return err
	})
	w.each(60, func(ctx context.Context, i int) error {
		_, err := w.sharer.Renew(ctx, w.values[200+i].signal, lantern.Renewal{Expires: w.Clock.Now().AddDate(0, 0, 20), Basis: w.Draft(0).Basis})
		return err
	})
	w.each(challenged, func(ctx context.Context, i int) error {
		c, err := w.reader.OpenChallenge(ctx, lantern.Challenge{Signal: w.values[firstChallenged+i].signal, Reason: lantern.NotAbusive, Note: w.values[firstChallenged+i].note})
		if err != nil || i%2 == 0 {
			return err // half of them are erased while challenged
		}
		_, err = w.sharer.Decide(ctx, c.ID, lantern.Decision{Verdict: lantern.Dispute, Reason: "reviewed again"})
		return err
	})
	w.each(60, func(ctx context.Context, i int) error {
		_, err := w.reader.React(ctx, lantern.Feedback{Signal: w.values[600+i].signal, Reaction: lantern.Helpful})
		return err
	})
	w.each(withdrawn, func(ctx context.Context, i int) error {
		_, err := w.sharer.Withdraw(ctx, w.values[800+i].signal, lantern.Withdrawal{Reason: lantern.WithdrawnOutdated})
		return err
	})
	var records []lantern.Record
	for i, v := range w.values {
		records = append(records, lantern.Record{Ref: strconv.Itoa(i), Account: "user-" + strconv.Itoa(i), Text: "seen " + v.canonical + " here",
			Values: []lantern.TypedValue{{Type: v.kind, Value: v.raw}}})
	}
	answers, err := w.agent.Match(w.t.Context(), records, agent.MatchOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	hits := 0
	for _, a := range answers {
		if len(a.Matches) > 0 {
			hits++
		}
	}
	if hits < 900 {
		w.t.Fatalf("the agent knows %d of %d values", hits, total)
	}
}

// each calls do for 0…n-1, several at a time.
func (w *world) each(n int, do func(context.Context, int) error) {
	w.t.Helper()
	var group sync.WaitGroup
	errs := make(chan error, n)
	next := make(chan int)
	for range 8 {
		group.Go(func() {
			for i := range next {
				if err := do(w.t.Context(), i); err != nil {
					errs <- err
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	group.Wait()
	if len(errs) > 0 {
		w.t.Fatal(<-errs)
	}
}

// until waits for a condition on the agent's status.
func (w *world) until(what string, ok func(lantern.AgentStatus) bool) {
	w.t.Helper()
	late := time.After(2 * time.Minute)
	for {
		changed := w.agent.Changed()
		s, err := w.agent.Status(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if ok(s) {
			return
		}
		select {
		case <-changed:
		case <-late:
			w.t.Fatalf("the agent is not %s: %+v", what, s)
		}
	}
}

// settled waits until the agent has read the feed to its end.
func (w *world) settled() {
	w.t.Helper()
	changes, _ := w.Drain(w.blue.Investigator, "")
	last := changes[len(changes)-1].Seq
	w.until("up to date", func(s lantern.AgentStatus) bool {
		return len(s.Programs) == 1 && s.Programs[0].Loaded && s.Programs[0].Seq >= last
	})
}

// erase erases every value but the staying ones.
func (w *world) erase() {
	w.each(total, func(ctx context.Context, i int) error {
		_, err := w.sharer.Withdraw(ctx, w.values[i].signal, lantern.Withdrawal{Reason: lantern.WithdrawnRequest, Erase: true})
		return err
	})
}

// purged waits until the agent has acknowledged to the exchange that every byte is gone.
func (w *world) purged() {
	w.t.Helper()
	w.settled()
	w.until("rid of everything", func(s lantern.AgentStatus) bool { return s.Acks == 0 && s.Signals == kept })
	list, err := w.Corrections(w.t.Context(), w.Steward, lantern.CorrectionFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list {
		for _, r := range c.Recipients {
			if r.Purged.IsZero() {
				w.t.Fatalf("correction %s is not acknowledged as purged", c.ID)
			}
		}
	}
}

// open has the adversary open what it can, and as many of the values as there are to open.
func (w *world) open(a *adversary, dirs []string, values []value, want int) (files [][]byte, got loot) {
	w.t.Helper()
	w.read(func() bool {
		files = readAll(w.t, dirs...)
		got = a.carve(files)
		return count(values, got.texts) >= want
	})
	return files, got
}

// read calls find until it has found what must be there, a few times at most: the files are
// written while they are read, and a page that is caught in the middle is torn and what stands in
// the cut missed. Before each call PostgreSQL puts its pages into their files. Until then a row
// stands only in its log, where page headers cut through some.
func (w *world) read(find func() (all bool)) {
	w.t.Helper()
	for range 5 {
		if strings.HasPrefix(w.url, "postgres:") {
			w.checkpoint()
		}
		if find() {
			return
		}
	}
}

func (w *world) checkpoint() {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(w.t.Context()) //nolint:errcheck // the statement is done
	if _, err := conn.Exec(w.t.Context(), "CHECKPOINT"); err != nil {
		w.t.Fatal(err)
	}
}

// gone fails if the adversary opens any value but the staying ones.
func (w *world) gone(a *adversary, name string, dirs []string) {
	w.t.Helper()
	_, got := w.open(a, dirs, w.staying, kept)
	if n := count(w.values, got.texts); n != 0 || got.keys != kept {
		w.t.Errorf("%s: %d erased values open, with %d keys; want none, and the %d keys of what stays", name, n, got.keys, kept)
	}
	if n := count(w.staying, got.texts); n != kept {
		w.t.Errorf("%s: %d of %d values that were not erased open", name, n, kept)
	}
}

// goneBy attacks until nothing opens, or the time is up.
func (w *world) goneBy(deadline time.Time, a *adversary, dirs []string) {
	w.t.Helper()
	for time.Now().Before(deadline) {
		if keys := len(a.dataKeys(readAll(w.t, dirs...))); keys == kept {
			break
		}
	}
	w.gone(a, "exchange", dirs)
}

// noTraceBy looks for keyed digests of the values until there are none, or time is up.
func (w *world) noTraceBy(deadline time.Time, dirs []string) {
	w.t.Helper()
	traces := w.traces(w.values)
	for {
		n, forms := traces.find(readAll(w.t, dirs...))
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			w.t.Errorf("keyed digests of %d erased values are left: %v", n, forms)
			break
		}
	}
	staying, n := w.traces(w.staying), 0
	w.read(func() bool {
		n, _ = staying.find(readAll(w.t, dirs...))
		return n == kept
	})
	if n != kept {
		w.t.Errorf("keyed digests of %d of %d values that stay are found: the search is no good", n, kept)
	}
}

// traces are what the holder of the key-encryption key can compute from a guess.
func (w *world) traces(values []value) *needles {
	n := newNeedles()
	s := seal.New(seal.NewLocalKEK(exchangeKEK))
	for i, v := range values {
		for _, purpose := range []string{"signal", "marker"} {
			if purpose == "marker" && v.marked {
				continue
			}
			sum := s.Index(purpose, string(v.kind), v.canonical)
			mark := sum[:]
			if purpose == "signal" {
				mark = sum[:16] // half of it is kept
			}
			n.add(i, purpose+" index", mark)
			n.coded(i, purpose+" index", mark)
		}
		index := s.Index("signal", string(v.kind), v.canonical)
		sum := make([]byte, seal.BlockSize)
		s.Permutation("value", w.Program.ID.String()).Apply(sum, index[:seal.BlockSize])
		id := binary.BigEndian.Uint64(sum[:])>>1 | 1
		n.add(i, "value id", binary.BigEndian.AppendUint64(nil, id))
		n.add(i, "value id", binary.LittleEndian.AppendUint64(nil, id))
		n.add(i, "value id in decimal", strconv.AppendUint(nil, id, 10))
	}
	return n
}

// searched reports whether the files of an agent's engine hold a value as it is while it may be
// matched: phrases and perceptual hashes, which name nobody (docs/formats/segments.md).
func (v value) searched() bool {
	t, ok := signal.Lookup(v.kind)
	return ok && !t.Personal && (t.Compare == signal.Words || t.Compare == signal.Hamming)
}

// plain are the forms in which a value must never stand in any file. While they stand,
// those that an engine searches are left out.
func (w *world) plain(standing bool) *needles {
	n := newNeedles()
	for i, v := range w.values {
		if standing && v.searched() {
			continue
		}
		n.text(i, "canonical value", v.canonical)
		n.digests(i, v.canonical)
		if v.raw != v.canonical {
			n.text(i, "raw value", v.raw)
			n.digests(i, v.raw)
		}
		n.text(i, "note", v.note)
	}
	return n
}

// logStands shows that the log, in which acts on the values are leaves, verifies without
// them, as an outsider downloads it.
func (w *world) logStands() {
	w.t.Helper()
	ctx := w.t.Context()
	note, err := w.Checkpoint(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	c, err := audit.OpenCheckpoint(note, w.LogKey())
	if err != nil {
		w.t.Fatal(err)
	}
	download := fstest.MapFS{audit.CheckpointPath: {Data: note}}
	for id := range audit.Tiles(0, c.Size) {
		names := []string{id.Path()}
		if id.Level == 0 {
			names = append(names, audit.EntriesPath(id.N, id.Width))
		}
		for _, name := range names {
			b, err := w.Tile(ctx, name)
			if err != nil {
				w.t.Fatal(err)
			}
			download[name] = &fstest.MapFile{Data: b}
		}
	}
	report, err := audit.VerifyLog(download, w.LogKey(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if n := report.Leaves[audit.Erase]; n != total {
		w.t.Errorf("the log has %d erasures, want %d", n, total)
	}
}
