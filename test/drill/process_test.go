package drill

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"lantern/internal/cli"
	"lantern/internal/cli/command"
	"lantern/internal/demo/stage"
)

// clockFile names, in the environment of a process, the file by which its clock is moved.
const clockFile = "DRILL_CLOCK"

// TestMain lets the test binary be the command, in processes of their own whose clock a
// drill moves. All else in them is as in package main.
func TestMain(m *testing.M) {
	path, asCommand := os.LookupEnv(clockFile)
	if !asCommand {
		os.Exit(m.Run())
	}
	clock, err := openClock(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, "opening the clock:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, command.Process{Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		Env: os.LookupEnv, Clock: clock.now, Random: rand.Reader})
	stop()
	os.Exit(code)
}

// clock is the true time and what it was moved on by, which stands in a file, so that all
// processes of a drill have one time.
type clock struct{ file *os.File }

func openClock(path string) (*clock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	return &clock{f}, err
}

// now reads the file each time: whoever moves the clock moves it for all at once.
func (c *clock) now() time.Time { return time.Now().Add(c.moved()) }

func (c *clock) moved() time.Duration {
	var b [8]byte
	if _, err := c.file.ReadAt(b[:], 0); err != nil && err != io.EOF {
		panic(fmt.Sprintf("reading the clock: %v", err)) // a process without a time is of no use
	}
	return time.Duration(binary.LittleEndian.Uint64(b[:]))
}

// forward moves it on.
func (c *clock) forward(d time.Duration) error {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(c.moved()+d))
	_, err := c.file.WriteAt(b[:], 0)
	return err
}

// scene is an exchange and the agents of five companies, each a process, each agent with a
// line of its own to the exchange that can be cut.
type scene struct {
	*stage.Stage
	t     *testing.T
	clock *clock
	dir   string

	mu    sync.Mutex
	lines map[string]*line // by folder of the agent; guarded by mu
}

// newScene builds it. Everything ends with the test.
func newScene(t *testing.T, plans ...stage.Plan) *scene {
	t.Helper()
	s := &scene{Stage: &stage.Stage{}, t: t, dir: t.TempDir(), lines: map[string]*line{}}
	var err error
	if s.clock, err = openClock(filepath.Join(s.dir, "clock")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Strike(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("ending: %v", err)
		}
		s.clock.file.Close()
		for _, l := range s.lines {
			l.close()
		}
	})
	err = s.Build(t.Context(), stage.Options{Dir: filepath.Join(s.dir, "stage"), Listen: "127.0.0.1", Clock: stage.NewClock(s.clock.now), Plans: plans,
		StartExchange: s.startExchange, StartAgent: s.startAgent})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// command is the command with arguments, as a process by the drill's clock.
func (s *scene) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), clockFile+"="+s.clock.file.Name())
	return cmd
}

// run runs a command to its end and returns its standard output.
func (s *scene) run(args ...string) ([]byte, error) {
	cmd := s.command(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("lantern %s %s: %w: %s", args[0], args[1], err, errs.Bytes())
	}
	return out.Bytes(), err
}

// serve starts a command that serves, and waits until it says where.
func (s *scene) serve(credential string, args ...string) (stage.Server, error) {
	cmd := s.command(append(args, "--admin-listen=", "-o", "json")...)
	errs := &bytes.Buffer{}
	cmd.Stderr = errs
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return stage.Server{}, err
	}
	late := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	var at struct{ API string }
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return stage.Server{}, fmt.Errorf("lantern %s %s did not start: %w: %s", args[0], args[1], err, errs)
	}
	late.Stop()
	said := make(chan struct{})
	go func() {
		defer close(said)
		_, _ = io.Copy(io.Discard, out)
	}()
	return stage.Server{URL: at.API, Credential: credential, Stop: func(context.Context) error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		<-said
		return cmd.Wait()
	}}, nil
}

func (s *scene) startExchange(_ context.Context, at stage.ExchangeSite) (stage.Server, error) {
	if _, err := s.run("exchange", "init", at.Operator, "--dir", at.Dir); err != nil {
		return stage.Server{}, err
	}
	return s.serve(filepath.Join(at.Dir, "keys", "steward"), "exchange", "serve", "--dir", at.Dir, "--listen", at.Listen)
}

// startAgent gives an agent its line, and starts it.
func (s *scene) startAgent(_ context.Context, at stage.AgentSite) (stage.Server, error) {
	to, err := url.Parse(at.Exchange)
	if err != nil {
		return stage.Server{}, err
	}
	s.mu.Lock()
	l := s.lines[at.Dir]
	if l == nil {
		if l, err = newLine(to.Host); err == nil {
			s.lines[at.Dir] = l
		}
	}
	s.mu.Unlock()
	if err != nil {
		return stage.Server{}, err
	}
	through := []string{"--dir", at.Dir, "--exchange", "http://" + l.listener.Addr().String()}
	if !at.Again {
		if _, err := s.run(append([]string{"agent", "init", "--key-file", at.KeyFile}, through...)...); err != nil {
			return stage.Server{}, err
		}
	}
	return s.serve(filepath.Join(at.Dir, "data", "agent.token"), append([]string{"agent", "run", "--listen", at.Listen}, through...)...)
}

// cut cuts a company's agent off, or connects it again.
func (s *scene) cut(c *stage.Company, off bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines[filepath.Join(c.Dir, "agent")].cut(off)
}

// line carries connections to an address until it is cut.
type line struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	off   bool              // guarded by mu
	conns map[net.Conn]bool // those that are open; guarded by mu
}

func newLine(to string) (*line, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &line{listener: listener, to: to, conns: map[net.Conn]bool{}}
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			go l.carry(from)
		}
	}()
	return l, nil
}

// carry passes on what both sides say.
func (l *line) carry(from net.Conn) {
	defer l.drop(from)
	if !l.keep(from) {
		return
	}
	to, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer l.drop(to)
	if !l.keep(to) {
		return
	}
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(from, to) // ends with either
		_ = from.Close()
	}()
	_, _ = io.Copy(to, from)
	_ = to.Close()
	<-back
}

// keep notes a connection, unless the line is cut.
func (l *line) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.off {
		l.conns[c] = true
	}
	return !l.off
}

func (l *line) drop(c net.Conn) {
	_ = c.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// cut ends every connection and takes no other, or takes them again.
func (l *line) cut(off bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.off = off; off {
		for c := range l.conns {
			_ = c.Close()
		}
	}
}

func (l *line) close() {
	_ = l.listener.Close()
	l.cut(true)
}
