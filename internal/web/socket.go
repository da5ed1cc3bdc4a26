package web

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"lantern"
)

// ListenSocket listens on a socket of this machine that its owner may use, and the group of
// its file if group says so. The file is made beside its place, closed to others and moved
// there, so that nobody finds it open. What a dead process left there is replaced; what
// another still listens on, or no socket, is not. Closing takes the file away.
func ListenSocket(path string, group bool) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, &lantern.Error{Kind: lantern.Conflict, Reason: path + " is there and is no socket", Fix: "choose another path for the socket"}
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = c.Close() // nothing was said on it
			return nil, &lantern.Error{Kind: lantern.Conflict, Reason: "another program listens on " + path, Fix: "end it, or choose another path"}
		}
	}
	next := path + ".next"
	_ = os.Remove(next) // of a process that died between the two names; Listen says what is wrong else
	l, err := net.Listen("unix", next)
	if err != nil {
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "no socket can be made at " + path, Fix: "its folder must exist and be yours, and the path be shorter than 100 bytes"}
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would look for the first name
	mode := os.FileMode(0o600)
	if group {
		mode = 0o660
	}
	if err := errors.Join(os.Chmod(next, mode), os.Rename(next, path)); err != nil {
		return nil, errors.Join(fmt.Errorf("making a socket: %w", err), l.Close())
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
