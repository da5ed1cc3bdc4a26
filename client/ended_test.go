package client_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"lantern"
	"lantern/client"
)

// An agent that is killed after it took a piece and before it began to answer must not leave its
// caller waiting: net/http waits for the body, and the body for the caller.
func TestPieceToAnAgentThatDies(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(c)
			r, err := http.ReadRequest(in)
			if err != nil {
				t.Errorf("reading the request: %v", err)
			}
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			_, _ = io.ReadFull(r.Body, make([]byte, 10)) // some of the piece
			c.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a := client.NewAgent("http://"+listener.Addr().String(), "token", client.Options{})
	pieces := a.Pieces(ctx, "", true)
	defer pieces.Close()
	_, err = pieces.Look(&lantern.Piece{Ref: "a", Kind: lantern.PieceText}, []byte("a quiet day at the lake"), func(lantern.Answer) error { return nil })
	if err == nil || errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("got %v, want that the agent went away", err)
	}
}
