package web_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"lantern"
	"lantern/internal/web"
)

func TestListenSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s")
	for group, mode := range map[bool]os.FileMode{false: 0o600, true: 0o660} {
		l, err := web.ListenSocket(path, group)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("group %v: mode %v, %v; want %v", group, info.Mode(), err, mode)
		}
		if _, err := web.ListenSocket(path, group); lantern.KindOf(err) != lantern.Conflict {
			t.Errorf("a socket that another listens on: got %v, want a conflict", err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("the file stayed: %v", err)
		}
	}
	// What a dead process left is replaced; a file that is no socket is not.
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := web.ListenSocket(path, false)
	if err != nil {
		t.Fatalf("a socket that a dead process left: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := web.ListenSocket(path, false); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("a file: got %v, want a conflict", err)
	}
	if _, err := web.ListenSocket(filepath.Join(path, "below"), false); lantern.KindOf(err) != lantern.Invalid {
		t.Errorf("a folder that is none: got %v, want invalid", err)
	}
}
