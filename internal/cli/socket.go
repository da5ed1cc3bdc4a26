package cli

import (
	"errors"
	"net"
	"os"
	"time"
)

// listenSocket listens on a socket of this machine. The file is made beside its place,
// closed to others and moved there, so that nobody finds it open; what a dead process left
// there is replaced, and what another still listens on is not.
func listenSocket(path string, group bool) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, misuse("choose another path for the socket", "%s is there and is no socket", path)
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			return nil, errors.Join(failed("end it, or choose another path with --listen unix:/path", "another program listens on %s", path), c.Close())
		}
	}
	next := path + ".next"
	if err := os.Remove(next); err != nil && !os.IsNotExist(err) {
		return nil, failed("", "the socket: %w", err)
	}
	l, err := net.Listen("unix", next)
	if err != nil {
		return nil, failed("the folder of the socket must exist, and its path be shorter than 100 bytes", "%w", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would look for the first name
	mode := os.FileMode(0o600)
	if group {
		mode = 0o660
	}
	if err := errors.Join(os.Chmod(next, mode), os.Rename(next, path)); err != nil {
		return nil, errors.Join(failed("", "the socket: %w", err), l.Close())
	}
	return &socket{l, path}, nil
}

// socket is a listener that takes its file along when it ends.
type socket struct {
	net.Listener
	path string
}

func (s *socket) Close() error {
	err := s.Listener.Close()
	if errors.Is(err, net.ErrClosed) {
		return err // the file may be another's by now
	}
	if e := os.Remove(s.path); err == nil && !os.IsNotExist(e) {
		err = e
	}
	return err
}
