package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// The time limits of a connection.
const (
	HeaderTime = 5 * time.Second  // for the header of a request to arrive
	ReadTime   = 15 * time.Second // for header and body
	WriteTime  = 30 * time.Second // for the answer; [Extend] gives more
	IdleTime   = 90 * time.Second // between requests
	maxHeader  = 16 << 10         // bytes of the header
)

// Server serves handlers on listeners until it is told to stop.
type Server struct {
	Handler http.Handler
	Log     *slog.Logger  // receives what net/http complains about; nil: none
	Grace   time.Duration // how long running requests may take to end; 0: 10 s
}

// Serve answers on every listener until ctx ends, closes them, ends long-polls at once
// (see [Wait]), lets other requests finish within Grace and then cuts them off. It
// returns nil after such an end, and the first error if a listener fails.
func (s *Server) Serve(ctx context.Context, listeners ...net.Listener) error {
	draining, drain := context.WithCancel(context.WithoutCancel(ctx))
	defer drain()
	log := s.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	srv := &http.Server{
		Handler:           s.Handler,
		ReadHeaderTimeout: HeaderTime,
		ReadTimeout:       ReadTime,
		WriteTimeout:      WriteTime,
		IdleTimeout:       IdleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), drainKey{}, draining)
		},
	}
	failed := make(chan error, len(listeners))
	var running sync.WaitGroup
	for _, l := range listeners {
		running.Go(func() {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serving on %s: %w", l.Addr(), err)
			}
		})
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	drain()
	s.shutdown(srv)
	running.Wait()
	return err
}

func (s *Server) shutdown(srv *http.Server) {
	grace := s.Grace
	if grace == 0 {
		grace = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		srv.Close() // the listeners are closed; what is left are broken connections
	}
}

type drainKey struct{}

// Wait returns a context for the idle part of a long-poll: it ends with ctx, the context
// of a request, and also once the server is told to stop.
func Wait(ctx context.Context) (context.Context, context.CancelFunc) {
	wait, cancel := context.WithCancel(ctx)
	draining, ok := ctx.Value(drainKey{}).(context.Context)
	if !ok {
		return wait, cancel
	}
	stop := context.AfterFunc(draining, cancel)
	return wait, func() { stop(); cancel() }
}

// StopReading lets no more of the request's body be read, nor waited for. An answer that
// begins before the end of the body needs it to end there: the other side may be waiting for
// the answer before it sends more. The connection is of no use after that: what is left of
// the body would be read as the next request.
func StopReading(w http.ResponseWriter) {
	w.Header().Set("Connection", "close")
	_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // as in Extend
}

// Extend gives the request d more from here: for long-polls and streams. The body must
// have been read, or be read within d.
func Extend(w http.ResponseWriter, d time.Duration) {
	until := time.Now().Add(d)
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(until)  // a recorder in a test has no deadlines
	_ = rc.SetWriteDeadline(until) // likewise
}
