package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"lantern/internal/web"
)

// Stopping ends a long-poll at once, with an answer, and refuses what comes after.
func TestServerStops(t *testing.T) {
	t.Parallel()
	waiting := make(chan struct{})
	mux := web.NewMux(web.Options{})
	mux.Handle("GET /poll", func(w http.ResponseWriter, r *http.Request) error {
		web.Extend(w, time.Hour)
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Errorf("deadlines cannot be moved through the mux: %v", err)
		}
		ctx, cancel := web.Wait(r.Context())
		defer cancel()
		close(waiting)
		<-ctx.Done()
		if r.Context().Err() != nil {
			t.Error("the request itself was canceled")
		}
		return web.Live(w, r)
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- (&web.Server{Handler: mux}).Serve(ctx, l) }()
	answer := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + l.Addr().String() + "/poll")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		answer <- string(b)
	}()
	<-waiting
	stop()
	if got := <-answer; got != "ok\n" {
		t.Errorf("the long-poll was answered with %q", got)
	}
	if err := <-ended; err != nil {
		t.Errorf("serving ended with %v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

func TestServerFails(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := (&web.Server{Handler: http.NotFoundHandler()}).Serve(t.Context(), l); err == nil {
		t.Error("serving on a closed listener went well")
	}
}
