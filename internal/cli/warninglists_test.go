package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A running exchange reads its lists again on SIGHUP, and keeps them if it cannot.
func TestWarningListsReadAgain(t *testing.T) {
	t.Parallel()
	kept := make(chan os.Signal, 1) // or the first SIGHUP would end the test
	signal.Notify(kept, syscall.SIGHUP)
	defer signal.Stop(kept)
	dir := filepath.Join(t.TempDir(), "lists")
	file := filepath.Join(dir, "list.json")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	list := func(host string) {
		write(t, file, `{"name":"L","type":"hostname","list":["`+host+`"]}`)
	}
	refused := func(s *screen, host string) bool { return s.check("domain", host) != nil }
	list("one.example")
	s, err := newScreen(WarningLists{dir}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil || !refused(s, "one.example") || refused(s, "two.example") {
		t.Fatalf("at the start: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.reload(ctx) }()
	list("two.example")
	for until := time.Now().Add(30 * time.Second); !refused(s, "two.example"); {
		if time.Now().After(until) {
			t.Fatal("the lists are not read again")
		}
		if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	if refused(s, "one.example") {
		t.Error("the list that is gone still refuses")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := s.read(); err == nil || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "stat .") || !refused(s, "two.example") {
		t.Errorf("the folder is gone: %v, or the old lists are", err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, file, "not a list")
	if err := s.read(); err == nil || !refused(s, "two.example") {
		t.Errorf("lists that cannot be read: %v, or the old ones are gone", err)
	}
	if s, err := newScreen(WarningLists{}, nil); err != nil || refused(s, "two.example") {
		t.Errorf("no lists: %v", err)
	}
}
