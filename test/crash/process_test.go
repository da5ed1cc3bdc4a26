package crash_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lantern/internal/sqldb/sqldbtest"
)

// process is a command that is started, killed and started again at the same address.
type process struct {
	t    *testing.T
	name string
	args []string
	env  []string
	cmd  *exec.Cmd
	log  *lockedBuffer
	url  string // where it answers
}

// lockedBuffer keeps what a process printed, for the report of a failure.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// tail returns the last of it.
func (b *lockedBuffer) tail() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf.Bytes()[max(0, b.buf.Len()-2000):])
}

// start starts the process and waits until it says where it answers.
func (p *process) start() {
	p.t.Helper()
	p.startBy(time.Now())
}

// startBy starts the process; if it ends before it answers it is started again, as what
// keeps servers running does, until the deadline.
func (p *process) startBy(deadline time.Time) {
	p.t.Helper()
	for {
		err := p.attempt()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the %s did not start: %v: %s", p.name, err, p.log.tail())
		}
	}
}

// attempt starts the process once.
func (p *process) attempt() error {
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stderr = p.log
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return err
	}
	timer := time.AfterFunc(time.Minute, func() { p.cmd.Process.Kill() })
	defer timer.Stop()
	var at struct {
		API string `json:"api"`
	}
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		p.cmd.Wait()
		return err
	}
	p.url = at.API
	go io.Copy(io.Discard, out)
	return nil
}

// kill ends the process without a word of warning.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatalf("the %s ended by itself: %s", p.name, p.log.tail())
	}
	p.cmd.Wait()
}

// newProcess prepares a process that ends with the test.
func newProcess(t *testing.T, name string, env []string, args ...string) *process {
	p := &process{t: t, name: name, env: env, args: args, log: &lockedBuffer{}}
	t.Cleanup(func() {
		if p.cmd != nil && p.cmd.Process != nil {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		}
		if t.Failed() {
			t.Logf("the %s said at last: %s", p.name, p.log.tail())
		}
	})
	return p
}

// address returns a loopback address to be used again and again. It lies below the ports
// that the system gives to clients, which could otherwise take it between two starts.
func address(t *testing.T, random *rand.Rand) string {
	t.Helper()
	for range 100 {
		at := fmt.Sprintf("127.0.0.1:%d", 15000+random.IntN(15000))
		if l, err := net.Listen("tcp", at); err == nil {
			l.Close()
			return at
		}
	}
	t.Fatal("no free port")
	return ""
}

// postgres is a server that is killed with all its processes and started again.
type postgres struct {
	t       *testing.T
	dir     string // the data directory
	args    []string
	exe     string
	env     []string
	attr    *syscall.SysProcAttr
	first   int           // the process id of the server we found
	restart *exec.Cmd     // the server we started, nil while the first one runs
	ended   chan struct{} // closed when that has ended
	address string
}

// newPostgres learns from a running server how to start it.
func newPostgres(t *testing.T, c *sqldbtest.Cluster) *postgres {
	t.Helper()
	dir := c.Dir
	file, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(file), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal("postmaster.pid is malformed")
	}
	p := &postgres{t: t, dir: dir, first: pid, address: u.Host}
	proc := filepath.Join("/proc", line)
	read := func(name string) []string {
		b, err := os.ReadFile(filepath.Join(proc, name))
		if err != nil {
			t.Skipf("this system does not tell how a process was started: %v", err)
		}
		return strings.Split(strings.TrimRight(string(b), "\x00"), "\x00")
	}
	exe, err := os.Readlink(filepath.Join(proc, "exe"))
	if err != nil {
		t.Skipf("this system does not tell how a process was started: %v", err)
	}
	p.exe, p.args, p.env = exe, read("cmdline"), read("environ")
	p.attr = &syscall.SysProcAttr{Setpgid: true}
	if info, err := os.Stat(dir); err == nil && os.Geteuid() == 0 {
		s := info.Sys().(*syscall.Stat_t)
		p.attr.Credential = &syscall.Credential{Uid: s.Uid, Gid: s.Gid}
	}
	t.Cleanup(func() {
		if p.restart != nil {
			p.kill()
		}
	})
	return p
}

// kill ends the server and all its processes.
func (p *postgres) kill() {
	p.t.Helper()
	server := p.first
	if p.restart != nil {
		server = p.restart.Process.Pid
	}
	pids := append([]int{server}, children(server)...)
	for _, pid := range pids {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if p.restart != nil {
		<-p.ended
	}
	for _, pid := range pids {
		for alive(pid) {
			time.Sleep(time.Millisecond) // nothing tells of the end of a process that is not our child
		}
	}
}

// start starts the server again and returns when it listens; it may still be recovering.
func (p *postgres) start() {
	p.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		p.restart = exec.Command(p.exe, p.args[1:]...)
		p.restart.Args[0] = p.args[0]
		p.restart.Dir, p.restart.Env, p.restart.SysProcAttr = p.dir, p.env, p.attr
		if err := p.restart.Start(); err != nil {
			p.t.Fatal(err)
		}
		ended := make(chan struct{})
		go func(cmd *exec.Cmd) {
			cmd.Wait()
			close(ended)
		}(p.restart)
		p.ended = ended
		if p.listens(ended) {
			return
		}
	}
	p.t.Fatal("the server does not start again")
}

// listens waits until the server can be reached; false if it ended, as it does while the
// memory of the one before it is still in use.
func (p *postgres) listens(ended <-chan struct{}) bool {
	for {
		if c, err := net.Dial("tcp", p.address); err == nil {
			c.Close()
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// children lists the processes of a parent.
func children(parent int) (pids []int) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range all {
		if pid, ppid, _ := stat(path); ppid == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// alive reports whether a process runs; one that only waits to be collected does not.
func alive(pid int) bool {
	got, _, state := stat(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return got == pid && state != "Z"
}

// stat reads id, parent and state of a process.
func stat(path string) (pid, parent int, state string) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, 0, ""
	}
	// pid (name) state parent …; the name may hold anything.
	end := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[end+1:]))
	head, _, _ := strings.Cut(string(b), " ")
	pid, _ = strconv.Atoi(head)
	if len(fields) > 1 {
		state = fields[0]
		parent, _ = strconv.Atoi(fields[1])
	}
	return pid, parent, state
}
