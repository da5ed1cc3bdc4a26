package client

import (
	"context"
	"io"
	"net"
	"net/http/httptrace"
	"sync"
)

// net/http does not return from a request whose connection broke before the body's reader
// returns, and a reader that waits for what the caller will send next never does: the caller
// waits for the answer. So connections say that they ended, and streams close their bodies.

// watchedConn is a connection that says that it ended.
type watchedConn struct {
	net.Conn
	once  sync.Once
	ended chan struct{}
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// watched makes the connections of dial say that they ended.
func watched(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watchedConn{Conn: c, ended: make(chan struct{})}, nil
	}
}

func (c *watchedConn) end() { c.once.Do(func() { close(c.ended) }) }

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		c.end()
	}
	return n, err
}

func (c *watchedConn) Close() error {
	c.end()
	return c.Conn.Close()
}

// closedByConn returns a context that closes the reader of a request's body once the connection
// it is sent on ended, or ctx does.
func closedByConn(ctx context.Context, body *io.PipeReader) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c := info.Conn
		if t, ok := c.(interface{ NetConn() net.Conn }); ok { // TLS
			c = t.NetConn()
		}
		w, ok := c.(*watchedConn)
		if !ok {
			return // a transport of the caller's own
		}
		go func() {
			select {
			case <-w.ended:
				body.CloseWithError(io.ErrUnexpectedEOF)
			case <-ctx.Done():
			}
		}()
	}})
}
