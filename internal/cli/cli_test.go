package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lantern/internal/cli/command"
)

// result is what one command line did.
type result struct {
	code     int
	out, err string
}

// runWith executes a command line with this environment.
func runWith(t *testing.T, env map[string]string, stdin string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	code := Run(context.Background(), command.Process{
		Args: args, In: strings.NewReader(stdin), Out: &out, Err: &errs,
		Env:    func(k string) (string, bool) { v, ok := env[k]; return v, ok },
		Clock:  time.Now,
		Random: rand.Reader,
	})
	return result{code, out.String(), errs.String()}
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	return runWith(t, nil, "", args...)
}

func TestMisuse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		err  string
	}{
		{"no such command", []string{"shrae"}, "lantern: error: unexpected argument shrae, did you mean \"share\"?\nlantern: hint: lantern --help lists the commands\n"},
		{"missing argument", []string{"completion"}, "lantern: error: expected \"<shell>\"\nlantern: hint: lantern completion --help shows how to use it\n"},
		{"unknown flag", []string{"version", "--colour"}, "lantern: error: unknown flag --colour\nlantern: hint: lantern version --help shows how to use it\n"},
		{"unknown format", []string{"version", "-o", "xml"}, "lantern: error: --output must be one of \"\",\"table\",\"json\",\"ndjson\",\"csv\" but got \"xml\"\nlantern: hint: lantern version --help shows how to use it\n"},
		{"hostile argument", []string{"\x1b[31mred"}, "lantern: error: unexpected argument \\u001b[31mred\nlantern: hint: lantern --help lists the commands\n"},
	} {
		got := run(t, tt.args...)
		if got.code != command.ExitMisuse || got.out != "" || got.err != tt.err {
			t.Errorf("%s: exit %d, stdout %q, stderr\n%swant\n%s", tt.name, got.code, got.out, got.err, tt.err)
		}
	}
}

func TestNoArgumentsShowsHelp(t *testing.T) {
	t.Parallel()
	got := run(t)
	if got.code != command.ExitOK || !strings.HasPrefix(got.out, "Usage: lantern <command>") || got.err != "" {
		t.Errorf("got exit %d, %q, %q", got.code, got.out, got.err)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	code := Run(ctx, command.Process{
		Args: []string{"feed", "follow", "--program", "4711"}, In: strings.NewReader(""), Out: io.Discard, Err: io.Discard,
		Env:   func(k string) (string, bool) { return "lk_123456789_none", k == "LANTERN_KEY" },
		Clock: time.Now, Random: rand.Reader,
	})
	if code != command.ExitInterrupted {
		t.Errorf("got exit %d, want %d", code, command.ExitInterrupted)
	}
}

// On a terminal the progress and the data share the screen, and no line of the data begins
// with what is left of the progress.
func TestProgressLeavesTheData(t *testing.T) {
	t.Parallel()
	const rowsOfTwoBatches = 1000
	rows := "type,value\n" + strings.Repeat("url,https://files.example.com/a\n", rowsOfTwoBatches)
	var both bytes.Buffer
	Run(context.Background(), command.Process{
		Args: []string{"share", "-", "--dry-run"}, In: strings.NewReader(rows), Out: &both, Err: &both, OutTTY: true, ErrTTY: true,
		Env:   func(string) (string, bool) { return "", false },
		Clock: time.Now, Random: rand.Reader,
	})
	lines := strings.Split(both.String(), "\n")
	if !strings.Contains(both.String(), "checking") || len(lines) < rowsOfTwoBatches {
		t.Fatalf("no progress, or not all of the data:\n%s", both.String())
	}
	for _, line := range lines {
		visible := line[strings.LastIndex(line, "\r")+1:]
		if strings.Contains(visible, "checking") || strings.Contains(line, "checking") && !strings.Contains(line, " \r"+visible) {
			t.Errorf("progress is left in %q", line)
		}
	}
}

// silence is an input nobody writes; waited is called when somebody waits for it.
type silence struct {
	waited func()
	end    chan struct{}
}

func (s silence) Read([]byte) (int, error) {
	s.waited()
	<-s.end
	return 0, io.EOF
}

// A command that waits for input nobody writes ends when it is asked to, the first time.
func TestInterruptedWhileWaitingForInput(t *testing.T) {
	t.Parallel()
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/pieces" { // which digests are needed is asked before anything is read
			out, in := http.NewResponseController(w), bufio.NewReader(r.Body)
			_ = out.EnableFullDuplex()
			_, _ = in.ReadSlice('\n')
			_, _ = io.WriteString(w, `{"done":true,"lacks":[]}`+"\n")
			_ = out.Flush()
		}
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer agent.Close()
	var called atomic.Pointer[func()]
	mute := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		(*called.Load())()
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer mute.Close()
	for _, args := range [][]string{
		{"share", "-", "--dry-run"},
		{"share", fifo, "--dry-run"},
		{"match", "-", "--agent", agent.URL},
		{"match", fifo, "--agent", agent.URL},
		{"match", "-", "--agent", mute.URL}, // which never answers
		{"cases", "round", "4711", "-", "--agent", agent.URL},
		{"cases", "share", "4711", "-", "--agent", agent.URL},
	} {
		asked, ask := context.WithCancel(context.Background())
		stop := func() { ask() }
		called.Store(&stop)
		silent := silence{ask, make(chan struct{})}
		if slices.Contains(args, fifo) { // where nothing tells when it is waited for
			ask()
		}
		ended := make(chan int, 1)
		go func() {
			ended <- Run(asked, command.Process{
				Args: args, In: silent, Out: io.Discard, Err: io.Discard,
				Env: func(k string) (string, bool) {
					return map[string]string{"LANTERN_KEY": "lk_123456789_none", "LANTERN_TOKEN": "la_none"}[k], true
				},
				Clock: time.Now, Random: rand.Reader,
			})
		}()
		select {
		case code := <-ended:
			if code != command.ExitInterrupted {
				t.Errorf("%v: exit %d, want %d", args, code, command.ExitInterrupted)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%v did not end", args)
		}
		close(silent.end)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "config.json")
	write(t, file, `{"output": "csv"}`)
	home := t.TempDir()
	if err := os.MkdirAll(filepath.Join(home, ".config", "lantern"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(home, ".config", "lantern", "config.json"), `{"output": "json"}`)
	for _, tt := range []struct {
		name  string
		env   map[string]string
		args  []string
		start string
	}{
		{"default in a pipe", nil, nil, `{"version":`},
		{"file by flag", nil, []string{"--config", file}, "version,"},
		{"file by environment", map[string]string{"LANTERN_CONFIG": file}, nil, "version,"},
		{"file in the usual place", map[string]string{"HOME": home}, nil, "{\n  \"version\":"},
		{"environment over file", map[string]string{"LANTERN_CONFIG": file, "LANTERN_OUTPUT": "table"}, nil, "version  "},
		{"flag over environment", map[string]string{"LANTERN_OUTPUT": "table"}, []string{"-o", "ndjson"}, `{"version":`},
		{"empty variable is unset", map[string]string{"LANTERN_OUTPUT": ""}, nil, `{"version":`},
	} {
		got := runWith(t, tt.env, "", append([]string{"version"}, tt.args...)...)
		if got.code != command.ExitOK || !strings.HasPrefix(got.out, tt.start) {
			t.Errorf("%s: exit %d, %q (%s), want %q…", tt.name, got.code, got.out, got.err, tt.start)
		}
	}
}

func TestBadConfigurationFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"unknown key", `{"outptu": "csv"}`, "/outptu: unknown setting"},
		{"key twice", `{"output": "csv", "output": "json"}`, "not a JSON object with each key once"},
		{"not JSON", "output: csv\n", "not a JSON object"},
		{"a list", `["output"]`, "not a JSON object"},
		{"nested value", `{"output": {"format": "csv"}}`, "/output: not a text, number or truth value"},
		{"file that names a file", `{"config": "x"}`, "/config: unknown setting"},
	} {
		file := filepath.Join(t.TempDir(), "config.json")
		write(t, file, tt.text)
		got := run(t, "version", "--config", file)
		if got.code != command.ExitMisuse || !strings.Contains(got.err, tt.want) || got.out != "" {
			t.Errorf("%s: exit %d, %q, want %q", tt.name, got.code, got.err, tt.want)
		}
	}
	if got := run(t, "version", "--config", filepath.Join(t.TempDir(), "none.json")); got.code != command.ExitMisuse {
		t.Errorf("a named file that is missing: exit %d, %q", got.code, got.err)
	}
}

// What is not the credential asked for may be another secret, and is sent nowhere.
func TestKeyFileWithSomethingElse(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	exchange := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer exchange.Close()
	whoami := []string{"whoami", "--exchange", exchange.URL}
	hits := []string{"hits", "list", "--agent", exchange.URL}
	for _, tt := range []struct {
		name, text string
		args       []string
		flag       string
	}{
		{"a key-encryption key", "lantern-kek-1 00112233445566778899aabbccddeeff\n", whoami, "--key-file"},
		{"an agent's token", "la_00112233445566778899\n", whoami, "--key-file"},
		{"a password", "hunter2\n", whoami, "--key-file"},
		{"an empty file", "", whoami, "--key-file"},
		{"a large file", strings.Repeat("lk_1_x", 1<<20), whoami, "--key-file"},
		{"an API key for a token", "lk_123456789_secret\n", hits, "--token-file"},
	} {
		file := filepath.Join(t.TempDir(), "key")
		write(t, file, tt.text)
		got := run(t, append(tt.args, tt.flag, file)...)
		if got.code != command.ExitMisuse || got.out != "" || tt.text != "" && strings.Contains(got.err, strings.TrimSpace(tt.text)) {
			t.Errorf("%s: exit %d, %q, %q", tt.name, got.code, got.out, got.err)
		}
	}
	if got := runWith(t, map[string]string{"LANTERN_KEY": "hunter2"}, "", whoami...); got.code != command.ExitMisuse || strings.Contains(got.err, "hunter2") {
		t.Errorf("a password in the environment: exit %d, %q", got.code, got.err)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("the other side was asked %d times, want never", n)
	}
}

// A file without an end is no reason to fill the memory.
func TestEndlessFile(t *testing.T) {
	t.Parallel()
	const endless = "/dev/zero"
	if _, err := os.Stat(endless); err != nil {
		t.Skip(err)
	}
	for _, args := range [][]string{
		{"whoami", "--key-file", endless},
		{"version", "--config", endless},
		{"exchange", "program", "policy", "4711", endless},
		{"audit", "verify", t.TempDir(), "--log-key", endless},
	} {
		got := runWith(t, map[string]string{"LANTERN_KEY": "lk_123456789_none"}, "", args...)
		if got.code != command.ExitMisuse && got.code != command.ExitFailed || !strings.Contains(got.err, "larger than") {
			t.Errorf("%v: exit %d, %q", args, got.code, got.err)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
