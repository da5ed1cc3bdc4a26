package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"lantern/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lantern": main})
}

// Each script tells a whole story with real processes. Beside the commands of
// testscript it may use those below.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, params(""))
}

// The story of the addresses once more, on PostgreSQL.
func TestStoryOnPostgreSQL(t *testing.T) {
	t.Parallel()
	p := params(sqldbtest.Postgres(t))
	p.Dir, p.Files = "", []string{"testdata/script/story-urls.txtar"}
	testscript.Run(t, p)
}

// params are those of a run whose exchanges use a database, or their own file if it is
// empty.
func params(database string) testscript.Params {
	return testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("LANTERN_EXCHANGE_DB", database)
			env.Values[servers{}] = map[string]*server{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"serve":     serve,
			"end":       end,
			"let":       let,
			"lets":      lets,
			"until":     until,
			"flip":      flip,
			"fetch":     fetch,
			"coalition": coalition,
			"company":   company,
			"at":        at,
			"pack":      pack,
			"shorten":   shorten,
			"date":      date,
		},
	}
}

type servers struct{}

// server is a lantern process that runs until it is stopped.
type server struct {
	cmd    *exec.Cmd
	stderr strings.Builder
	ended  chan error
}

// serve NAME lantern ARGS… starts a server in the background, waits until it says where
// it answers, and puts that address into the variable NAME (NAME_ADMIN: the admin one).
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: serve NAME lantern ARGS…")
	}
	s := &server{ended: make(chan error, 1)}
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	s.cmd = exec.Command(path, args[2:]...)
	s.cmd.Dir = ts.MkAbs(".")
	s.cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"), "HOME="+ts.Getenv("HOME"), "LANTERN_EXCHANGE_DB="+ts.Getenv("LANTERN_EXCHANGE_DB"))
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	ts.Defer(func() {
		_ = s.cmd.Process.Kill() // if the story did not stop it
		s.ended <- s.cmd.Wait()
	})
	var at struct{ API, Admin string }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &at) != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		ts.Fatalf("%s did not start: %s", args[0], s.stderr.String())
	}
	ts.Setenv(args[0], at.API)
	ts.Setenv(args[0]+"_ADMIN", at.Admin)
	ts.Value(servers{}).(map[string]*server)[args[0]] = s
}

// end NAME asks a server to end, as a service manager does, and waits until it has
// ended in good order. end NAME kill ends it without asking.
func end(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: end NAME [kill]")
	}
	s := ts.Value(servers{}).(map[string]*server)[args[0]]
	if s == nil {
		ts.Fatalf("%s does not run", args[0])
	}
	if len(args) > 1 {
		ts.Check(s.cmd.Process.Kill())
		_ = s.cmd.Wait() // says that it was killed
		return
	}
	ts.Check(s.cmd.Process.Signal(syscall.SIGTERM))
	if err := s.cmd.Wait(); err != nil {
		ts.Fatalf("%s ended badly: %v\n%s", args[0], err, s.stderr.String())
	}
}

// let NAME KEY… puts a field of the last command's first line of output, JSON, into a
// variable. Further keys lead deeper.
func let(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: let NAME KEY…")
	}
	line, _, _ := strings.Cut(ts.ReadFile("stdout"), "\n")
	var v any
	ts.Check(json.Unmarshal([]byte(line), &v))
	for _, key := range args[1:] {
		m, ok := v.(map[string]any)
		if !ok || m[key] == nil {
			ts.Fatalf("no field %s in %s", key, line)
		}
		v = m[key]
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// lets NAME KEY sets NAME1, NAME2, … to a field of each line of the last standard output.
func lets(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lets NAME KEY")
	}
	for i, line := range strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n") {
		var v map[string]any
		ts.Check(json.Unmarshal([]byte(line), &v))
		if v[args[1]] == nil {
			ts.Fatalf("no field %s in %s", args[1], line)
		}
		ts.Setenv(args[0]+strconv.Itoa(i+1), fmt.Sprint(v[args[1]]))
	}
}

// until PATTERN COMMAND… repeats a command until it succeeds and prints what the pattern
// says, for at most 30 seconds.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN COMMAND…")
	}
	pattern := regexp.MustCompile(args[0])
	for last := time.Now().Add(30 * time.Second); ; {
		err := ts.Exec(args[1], args[2:]...)
		if err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
		if time.Now().After(last) {
			ts.Fatalf("it never came to %q: %v\n%s", args[0], err, ts.ReadFile("stdout"))
		}
	}
}

// flip FILE OFFSET changes one bit of a file.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	offset, err := strconv.Atoi(args[1])
	ts.Check(err)
	b := []byte(ts.ReadFile(args[0]))
	b[offset] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o644))
}

// fetch URL prints what is there.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fetch URL")
	}
	res, err := http.Get(args[0])
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", res.Status, b)
	}
	_, err = ts.Stdout().Write(b)
	ts.Check(err)
}

// coalition sets up what most stories begin with, as story-urls.txtar does it step by step:
// an exchange (EXCHANGE) with two companies in one program (PROGRAM) that takes all types,
// a trained person of each with a key (cloudbin.key, facegram.key), one of a third member
// who decides disputes (officer.key), and an agent (AGENT) of Facegram with its token. The
// program may be given a policy.
func coalition(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: coalition [POLICY]")
	}
	give(ts, "", "exchange", "init", "The Coalition", "--dir", "exchange")
	serve(ts, false, []string{"EXCHANGE", "lantern", "exchange", "serve", "--dir", "exchange", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--webhook-loopback"})
	ts.Setenv("LANTERN_EXCHANGE", ts.Getenv("EXCHANGE"))
	ts.Setenv("LANTERN_KEY_FILE", "exchange/keys/steward")
	program := []string{"exchange", "program", "add", "Hosting and social", "--purpose", "links to removed material"}
	if len(args) > 0 {
		program = append(program, "--policy", args[0])
	}
	give(ts, "PROGRAM", program...)
	enroll(ts, "Cloudbin", "cloudbin.key", ts.Getenv("PROGRAM"))
	enroll(ts, "Facegram", "facegram.key", ts.Getenv("PROGRAM"))
	enroll(ts, "Pixelplay", "officer.key", ts.Getenv("PROGRAM"))
	ts.Setenv("LANTERN_KEY_FILE", "facegram.key")
	runAgent(ts, "AGENT", "agent", "scanner.key", ts.Getenv("FACEGRAM_PERSON"))
	ts.Setenv("LANTERN_AGENT", ts.Getenv("AGENT"))
	ts.Setenv("LANTERN_TOKEN_FILE", "agent/data/agent.token")
}

// company NAME PROGRAM… lets one more company in: a member of the programs, a trained
// person with all roles and a key (name.key), and an agent in a folder of its name
// (NAME_AGENT). The steward's key must be at hand.
func company(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: company NAME PROGRAM…")
	}
	low, up := strings.ToLower(args[0]), strings.ToUpper(args[0])
	ts.Setenv("LANTERN_KEY_FILE", "exchange/keys/steward")
	enroll(ts, args[0], low+".key", args[1:]...)
	ts.Setenv("LANTERN_KEY_FILE", low+".key")
	runAgent(ts, up+"_AGENT", low, low+"-service.key", ts.Getenv(up+"_PERSON"))
}

// at NAME sits down at a company's desk: what follows is given with its person's key, at
// its agent. at steward is the steward's.
func at(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: at NAME")
	}
	low := strings.ToLower(args[0])
	key := low + ".key"
	if low == "steward" {
		key = "exchange/keys/steward"
	}
	ts.Setenv("LANTERN_KEY_FILE", key)
	ts.Setenv("LANTERN_AGENT", ts.Getenv(strings.ToUpper(args[0])+"_AGENT"))
	ts.Setenv("LANTERN_TOKEN_FILE", low+"/data/agent.token")
}

// give runs a lantern command and puts the id it prints into a variable.
func give(ts *testscript.TestScript, variable string, args ...string) {
	ts.Check(ts.Exec("lantern", args...))
	if variable != "" {
		let(ts, false, []string{variable, "id"})
	}
}

// enroll makes a company (NAME) an active member of programs, with one trained person
// (NAME_PERSON) who holds all roles and a key.
func enroll(ts *testscript.TestScript, name, key string, programs ...string) {
	up := strings.ToUpper(name)
	give(ts, up, "exchange", "member", "add", name)
	id := ts.Getenv(up)
	give(ts, "", "exchange", "member", "state", id, "active", "--reason", "agreement signed")
	for _, program := range programs {
		give(ts, "", "exchange", "program", "join", program, id)
	}
	give(ts, up+"_PERSON", "exchange", "person", "add", "reviewer-1", "--member", id,
		"--role", "admin", "--role", "submitter", "--role", "investigator", "--role", "dispute-officer")
	give(ts, "", "exchange", "person", "train", ts.Getenv(up+"_PERSON"), "--until", "365d")
	give(ts, "", "exchange", "key", "issue", ts.Getenv(up+"_PERSON"), "--to", key,
		"--scope", "read", "--scope", "share", "--scope", "respond", "--scope", "manage")
}

// runAgent starts a company's agent, as a service for which a person answers. The key of
// one of its people must be at hand.
func runAgent(ts *testscript.TestScript, variable, dir, key, responsible string) {
	give(ts, "SCANNER", "exchange", "service", "add", "scanner", "--responsible", responsible)
	give(ts, "", "exchange", "key", "issue", ts.Getenv("SCANNER"), "--scope", "read", "--scope", "respond", "--to", key)
	give(ts, "", "agent", "init", "--dir", dir, "--key-file", key)
	serve(ts, false, []string{variable, "lantern", "agent", "run", "--dir", dir, "--exchange", ts.Getenv("EXCHANGE"), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"})
}

// pack TO FILE… packs files into a compressed archive; a file packed into its own name with
// .gz behind is compressed alone, and goes.
func pack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pack TO FILE…")
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	for _, name := range args[1:] {
		text := []byte(ts.ReadFile(name))
		if args[0] == name+".gz" {
			_, err := z.Write(text)
			ts.Check(err)
			ts.Check(os.Remove(ts.MkAbs(name)))
			continue
		}
		ts.Check(t.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(text))}))
		_, err := t.Write(text)
		ts.Check(err)
	}
	if !strings.HasSuffix(args[0], args[1]+".gz") {
		ts.Check(t.Close())
	}
	ts.Check(z.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o644))
}

// shorten FILE SIZE cuts a file off.
func shorten(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: shorten FILE SIZE")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// date FILE DAY lets a file look as if it had been changed on a day.
func date(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: date FILE DAY")
	}
	day, err := time.Parse(time.DateOnly, args[1])
	ts.Check(err)
	ts.Check(os.Chtimes(ts.MkAbs(args[0]), day, day))
}
