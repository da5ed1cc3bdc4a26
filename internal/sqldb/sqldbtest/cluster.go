package sqldbtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoPostgres is returned by Start where the server's binaries are not installed.
var ErrNoPostgres = errors.New("no PostgreSQL server binaries found: install Debian's postgresql package or set LANTERN_TEST_POSTGRES")

// Cluster is a temporary PostgreSQL cluster on the loopback interface.
type Cluster struct {
	URL  string // of the superuser, database postgres
	Dir  string // the data directory
	stop io.Closer
	done chan error
}

// keeper starts the server and stops it when its standard input ends, which is when the
// process that started it ends, for whatever reason. Then it removes the folder.
const keeper = `
"$1/postgres" -D "$2/data" -k "$2" -p "$3" >"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -QUIT $pid 2>/dev/null
wait $pid
rm -rf "$2"
`

// settings make a small cluster that keeps every durability promise; wal_recycle is off
// so that a scrub has nothing left to find.
const settings = `
listen_addresses = '127.0.0.1'
shared_buffers = 32MB
max_connections = 200
min_wal_size = 32MB
max_wal_size = 256MB
wal_recycle = off
wal_init_zero = on
autovacuum_naptime = 10s
log_min_messages = warning
log_min_error_statement = panic
timezone = 'UTC'
`

// Start makes and starts a cluster. options are further lines of postgresql.conf.
func Start(ctx context.Context, options ...string) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lantern-pg-")
	if err != nil {
		return nil, fmt.Errorf("making the cluster's folder: %w", err)
	}
	c, err := start(ctx, bin, dir, options)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		os.RemoveAll(dir) //nolint:errcheck // the error that matters is at hand
		return nil, fmt.Errorf("%w\n%s", err, log)
	}
	return c, nil
}

// start fills dir and runs the server in it.
func start(ctx context.Context, bin, dir string, options []string) (*Cluster, error) {
	attr, name, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr, initdb.Env = dir, attr, environment(name)
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := appendSettings(filepath.Join(data, "postgresql.conf"), options); err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("/bin/sh", "-c", keeper, "keeper", bin, dir, strconv.Itoa(port))
	cmd.Dir, cmd.SysProcAttr, cmd.Env = dir, attr, environment(name)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	c := &Cluster{URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port), Dir: data,
		stop: in, done: make(chan error, 1)}
	go func() { c.done <- cmd.Wait() }()
	if err := c.wait(ctx); err != nil {
		c.Stop()
		return nil, err
	}
	return c, nil
}

// wait returns when the server answers.
func (c *Cluster) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, c.URL)
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the server: %w", err)
		case err := <-c.done:
			c.done <- err
			return fmt.Errorf("the server ended: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop stops the server, removes its folder and waits for both.
func (c *Cluster) Stop() {
	c.stop.Close()
	err := <-c.done
	c.done <- err
}

// unprivileged returns how to start a process that PostgreSQL accepts, which is any user
// but root, and gives it dir.
func unprivileged(dir string) (*syscall.SysProcAttr, string, error) {
	// A process group of its own: an interrupt at the terminal must reach the server only
	// through the end of its parent.
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, "", nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, "", fmt.Errorf("giving the cluster's folder away: %w", err)
		}
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		return attr, name, nil
	}
	return nil, "", errors.New("running as root and there is neither a user postgres nor nobody")
}

// environment is what the server sees of ours.
func environment(user string) []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	if user != "" {
		env = append(env, "USER="+user, "HOME=/")
	}
	return env
}

// appendSettings writes the settings to the end of the cluster's configuration.
func appendSettings(path string, options []string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configuring the cluster: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(settings)
	for _, o := range options {
		b.WriteString(o + "\n")
	}
	_, err = f.Write(b.Bytes())
	return errors.Join(err, f.Close())
}

// findBinaries returns the folder of the newest server installed.
func findBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.SortFunc(found, func(a, b string) int { return major(b) - major(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	p, err := exec.LookPath("postgres")
	if err != nil {
		return "", ErrNoPostgres
	}
	if p, err = filepath.EvalSymlinks(p); err != nil {
		return "", ErrNoPostgres
	}
	return filepath.Dir(p), nil
}

// major reads the version out of /usr/lib/postgresql/15/bin/postgres.
func major(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// freePort asks the kernel for a port nobody uses.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer l.Close() //nolint:errcheck // only its number was wanted
	return l.Addr().(*net.TCPAddr).Port, nil
}

// database returns admin with another database name.
func database(admin, name string) (string, error) {
	u, err := url.Parse(admin)
	if err != nil {
		return "", errors.New("LANTERN_TEST_POSTGRES is not a URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}
