package sqldbtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern/internal/sqldb/sqldbtest"
)

// TestMain lets the test binary be a process that starts a cluster and is killed.
func TestMain(m *testing.M) {
	if os.Getenv("SQLDBTEST_VICTIM") == "" {
		os.Exit(m.Run())
	}
	c, err := sqldbtest.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Dir)
	io.Copy(io.Discard, os.Stdin) // until killed
}

// A test binary that dies must leave neither a server nor its folder behind.
func TestClusterOutlivesNobody(t *testing.T) {
	t.Parallel()
	sqldbtest.Postgres(t) // skips where there is no server
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "SQLDBTEST_VICTIM=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the victim started no cluster: %v", err)
	}
	data := strings.TrimSpace(line)
	if _, err := os.Stat(filepath.Join(data, "postmaster.pid")); err != nil {
		t.Errorf("the cluster is not running: %v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	deadline := time.Now().Add(30 * time.Second)
	for {
		if _, err := os.Stat(filepath.Dir(data)); errors.Is(err, os.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster's folder is still there")
		}
		time.Sleep(10 * time.Millisecond) // another process's work cannot be waited for
	}
}

func TestEachIsFresh(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for range 2 {
		sqldbtest.Each(t, func(t *testing.T, url string) {
			if seen[url] {
				t.Errorf("%s was given twice", url)
			}
			seen[url] = true
		})
	}
	if len(seen) < 2 {
		t.Errorf("got %d databases", len(seen))
	}
}
