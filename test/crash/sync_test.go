// Package crash_test holds what must stay true when processes and machines fail. There are
// two proofs.
//
// Processes (rounds_test.go): the exchange, agents and the PostgreSQL server are killed at
// random moments, again and again, while members work. Nothing that was acknowledged is
// lost or doubled, log and API tell the same story, agents come to match what the feed says.
// Agents are also killed under people who decide (decide_test.go): no decision is lost or
// doubled, and no signal that was masked matches again.
//
// Machines: what a killed process leaves the system still writes to disk; a power cut does
// not. So an acknowledged write must be on stable storage before its acknowledgement leaves.
// The proof is a trace of system calls (strace) of the exchange, and of the PostgreSQL
// server where there is one: between the arrival of a request and the first byte of its
// answer, the write-ahead log was synced after it was last written.
package crash_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/sqldb/sqldbtest"
)

// shares is how many signals each traced exchange is given.
const shares = 10

func TestSyncBeforeAnswerSQLite(t *testing.T) {
	t.Parallel()
	strace := findStrace(t)
	dir := t.TempDir()
	db := "sqlite:" + filepath.Join(dir, "exchange.db")
	checkSyncs(t, []string{strace}, dir, db, regexp.MustCompile(`^\d+<[^>]*/exchange\.db-wal>`))
}

// The server's processes are traced together with the exchange, so that one trace shows
// the order of what both do.
func TestSyncBeforeAnswerPostgres(t *testing.T) {
	t.Parallel()
	strace := findStrace(t)
	// The log writer syncs by itself from time to time; a long delay keeps it from
	// standing in for the commit's own sync.
	c := sqldbtest.OwnCluster(t, "wal_writer_delay = 10s", "autovacuum = off")
	pid, err := os.ReadFile(filepath.Join(c.Dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	postmaster, _, _ := strings.Cut(string(pid), "\n")
	checkSyncs(t, []string{strace, "-p", postmaster}, t.TempDir(), c.URL, regexp.MustCompile(`^\d+<[^>]*/pg_wal/[0-9A-F]+>`))
}

// findStrace returns strace's path; CI must have it.
func findStrace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("strace is not installed")
	}
	fmt.Fprintln(os.Stderr, "*** SKIPPED "+t.Name()+": strace is not installed")
	t.Skip("strace is not installed")
	return ""
}

// checkSyncs runs an exchange on db under strace, shares signals and looks at the trace.
func checkSyncs(t *testing.T, strace []string, dir, db string, log *regexp.Regexp) {
	binary := build(t)
	home := filepath.Join(dir, "exchange")
	if out, err := lanternCmd(binary, db, "exchange", "init", "Coalition", "--dir", home).CombinedOutput(); err != nil {
		t.Fatalf("exchange init: %v: %s", err, out)
	}
	trace := filepath.Join(dir, "trace")
	base := serveTraced(t, strace, trace, binary, db, home)
	key, err := os.ReadFile(filepath.Join(home, "keys", "steward"))
	if err != nil {
		t.Fatal(err)
	}
	c, program := settle(t, base, strings.TrimSpace(string(key)))
	for i := range shares {
		_, err := c.Share(t.Context(), lantern.Draft{
			Programs: []lantern.ID{program}, Type: "url", Value: fmt.Sprintf("https://files.example.com/invented/%d", i), Tags: []lantern.Tag{"trade"},
			Basis: lantern.Basis{Policy: "Rule 4", ReviewedBy: lantern.ByHuman, At: time.Now().Add(-time.Hour).UTC().Truncate(time.Second)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	// The answers were received, so their writes have begun and are in the trace.
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	// The server may have read the first byte of the next request by itself, alone.
	got := exchangeOf{request: `OST /v1/signals HTTP`, answer: `"HTTP/1.1 201`, log: log}.unsynced(events(string(text)))
	if len(got) != shares {
		t.Errorf("the trace shows %d answered shares, want %d", len(got), shares)
	}
	for i, wrong := range got {
		if wrong != "" {
			t.Errorf("share %d: %s", i, wrong)
		}
	}
}

// build compiles the command and returns its path.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lantern")
	if out, err := exec.Command("go", "build", "-o", path, "lantern/cmd/lantern").CombinedOutput(); err != nil {
		t.Fatalf("building: %v: %s", err, out)
	}
	return path
}

// lanternCmd is a command of the binary on database db.
func lanternCmd(binary, db string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "LANTERN_EXCHANGE_DB="+db)
	return cmd
}

// serveTraced starts the exchange under strace and returns its address.
func serveTraced(t *testing.T, strace []string, trace, binary, db, home string) string {
	t.Helper()
	args := append(strace[1:len(strace):len(strace)], "-f", "-yy", "-s", "64", "-o", trace,
		"-e", "trace=read,write,writev,pwrite64,fsync,fdatasync",
		binary, "exchange", "serve", "--dir", home, "--listen", "127.0.0.1:0", "--admin-listen", "", "-o", "json")
	cmd := lanternCmd(strace[0], db, args...)
	// A group of their own: strace does not pass signals on.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
	})
	// A server that never says where it answers ends here and closes the pipe.
	timer := time.AfterFunc(time.Minute, func() { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	var at struct {
		API string `json:"api"`
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		cmd.Wait()
		if errors.Is(err, io.EOF) && strings.Contains(stderr.String(), "Operation not permitted") && os.Getenv("CI") != "true" {
			t.Skip("this user may not trace processes")
		}
		t.Fatalf("the exchange did not start: %v: %s", err, stderr.String())
	}
	go io.Copy(io.Discard, out)
	return at.API
}

// settle makes a program and a company that shares in it.
func settle(t *testing.T, base, steward string) (*client.Client, lantern.ID) {
	t.Helper()
	ctx, c := t.Context(), client.New(base, steward, client.Options{})
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	program, err := c.CreateProgram(ctx, lantern.Program{Name: "Links", Purpose: "find what was removed",
		Policy: lantern.Policy{Types: map[lantern.SignalType]lantern.TypePolicy{"url": {}}, Tags: lantern.Taxonomy()}})
	fail(err)
	member, err := c.CreateMember(ctx, lantern.Member{Name: "Red Files", Kind: lantern.Company, State: lantern.ActiveMember})
	fail(err)
	person, err := c.CreatePerson(ctx, lantern.Person{Member: member.ID, Label: "reviewer-1", Roles: []lantern.PersonRole{lantern.Submitter}})
	fail(err)
	_, err = c.TrainPerson(ctx, person.ID, time.Now().Add(24*time.Hour))
	fail(err)
	key, err := c.IssueKey(ctx, lantern.Key{Actor: person.ID, Scopes: []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare}})
	fail(err)
	_, err = c.Join(ctx, lantern.Membership{Program: program.ID, Member: member.ID, Direction: lantern.Both})
	fail(err)
	return c.WithKey(key.Secret), program.ID
}
