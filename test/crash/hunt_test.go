package crash_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
)

// While a member hunts over its past activity, which grows, for signals that keep coming, its
// agent and the command are killed at random moments and started again. In the end the hits
// are those of an agent that nobody disturbed, and nothing is due.
func TestKillHunt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	h := &hunting{world: w, agent: w.agents[0], dir: filepath.Join(w.dir, "past"), shared: 0}
	h.share(20)
	for n := range 30 {
		h.write(fmt.Sprintf("chat-%02d.txt", n), h.text(2000))
	}
	h.write("long.txt", h.text(300_000))
	h.write("posts.ndjson", h.records(60_000))
	killed, finished := map[string]int{}, 0
	for round := range *rounds {
		switch w.random.IntN(4) {
		case 0:
			h.share(1)
		case 1:
			h.write(fmt.Sprintf("more-%03d.tar.gz", round), h.archive())
		case 2:
			h.grow("long.txt")
		}
		cmd := h.start(w.agents[0])
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		late := time.After(time.Duration(w.random.IntN(600)) * time.Millisecond)
		select {
		case err := <-ended: // it was done before
			if err != nil {
				t.Errorf("a hunt that nobody disturbed ends with %v: %s", err, cmd.Stderr)
			}
			finished++
			continue
		case <-late:
		}
		if w.random.IntN(2) == 0 {
			killed["an agent"]++
			h.agent.again(w.random)
		} else {
			killed["a hunt"]++
			cmd.Process.Kill() //nolint:errcheck // it may have ended
		}
		<-ended
	}
	t.Logf("killed: %v; %d hunts ended before", killed, finished)
	if len(killed) < 2 && *rounds >= 20 {
		t.Error("hunts end before they can be killed: this tests too little")
	}
	h.share(1)
	for _, a := range w.agents {
		h.settle(a)
	}
	want, got := h.hits(w.agents[1]), h.hits(w.agents[0])
	if len(want) < 100 || !maps.Equal(got, want) {
		t.Errorf("%d hits, and %d of an agent that was not disturbed", len(got), len(want))
	}
	if out := h.finish(w.agents[0]); !strings.Contains(out, " 0 matches in 0 files") {
		t.Errorf("a hunt after the last one is not idle: %s", out)
	}
	hunts, err := w.agents[0].client.Hunts(t.Context())
	if err != nil || len(hunts) != 1 || hunts[0].Behind != 0 || hunts[0].Files != h.files() {
		t.Errorf("the hunt stands so: %+v, %v; there are %d files", hunts, err, h.files())
	}
}

// hunting is a member with past activity.
type hunting struct {
	*world
	agent  *running
	dir    string
	shared int // signals so far; their values are counted
}

func (h *hunting) value(n int) string { return fmt.Sprintf("https://files.example.com/past/%d", n) }

// share shares more signals.
func (h *hunting) share(n int) {
	h.t.Helper()
	for range n {
		if _, err := h.sharers[0].client.Share(h.t.Context(), h.draft(h.value(h.shared))); err != nil {
			h.t.Fatal(err)
		}
		h.shared++
	}
}

// text makes lines, of which some hold a value, shared or not yet.
func (h *hunting) text(lines int) []byte {
	var b bytes.Buffer
	for range lines {
		b.WriteString("it was a quiet day at the lake")
		if h.random.IntN(300) == 0 {
			b.WriteString(" see " + h.value(h.random.IntN(100)))
		}
		b.WriteString("\n")
	}
	return b.Bytes()
}

// records makes posts.
func (h *hunting) records(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"ref":"post-%d","account":"u-%d","text":"it was a quiet day at the lake","urls":["%s"]}`+"\n", i, i%100, h.value(h.random.IntN(20_000)))
	}
	return b.Bytes()
}

// archive packs some texts.
func (h *hunting) archive() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for n := range 2 {
		text := h.text(500)
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("day-%d.txt", n), Typeflag: tar.TypeReg, Size: int64(len(text)), Mode: 0o600}); err != nil {
			h.t.Fatal(err)
		}
		w.Write(text) //nolint:errcheck // shows when it is closed
	}
	if err := w.Close(); err != nil {
		h.t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		h.t.Fatal(err)
	}
	return b.Bytes()
}

func (h *hunting) write(name string, b []byte) {
	h.t.Helper()
	if err := os.MkdirAll(h.dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, name), b, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// grow lets a file grow.
func (h *hunting) grow(name string) {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil {
		h.t.Fatal(err)
	}
	h.write(name, slices.Concat(b, h.text(2000)))
}

func (h *hunting) files() int {
	all, err := os.ReadDir(h.dir)
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}

// start begins a hunt with the command.
func (h *hunting) start(a *running) *exec.Cmd {
	h.t.Helper()
	cmd := exec.Command(a.args[0], "hunt", h.dir, "--agent", a.url, "--token-file", filepath.Join(h.world.home(a.member), "data", "agent.token"))
	cmd.Stderr = &bytes.Buffer{}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	return cmd
}

// finish hunts to the end and returns what the command said.
func (h *hunting) finish(a *running) string {
	h.t.Helper()
	cmd := h.start(a)
	if err := cmd.Wait(); err != nil {
		h.t.Fatalf("the hunt fails: %v: %s", err, cmd.Stderr)
	}
	return fmt.Sprint(cmd.Stderr)
}

// settle waits until an agent has every signal, and hunts.
func (h *hunting) settle(a *running) {
	h.t.Helper()
	last := lantern.Record{Ref: "last", URLs: []string{h.value(h.shared - 1)}}
	for late := time.Now().Add(patience); ; pause(h.random, 5) {
		answers, err := a.client.Match(h.t.Context(), []lantern.Record{last}, true)
		if err == nil && answers[0].State == lantern.AnswerOK && len(answers[0].Matches) > 0 {
			break
		}
		if time.Now().After(late) {
			h.t.Fatalf("the %s of %s does not get the last signal: %v", a.name, a.member.Name, err)
		}
	}
	h.finish(a)
}

// hits reads all hits: how often each signal was found at each reference.
func (h *hunting) hits(a *running) map[string]int {
	h.t.Helper()
	all, f := map[string]int{}, client.HitFilter{Limit: 500}
	for {
		page, err := a.client.Hits(h.t.Context(), f)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, hit := range page {
			all[fmt.Sprint(hit.Match.Signal, hit.Ref, hit.Match.How)]++
			f.After = hit.ID
		}
		if len(page) < f.Limit {
			return all
		}
	}
}
