package match

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/web"
)

// How long a stream may stand still before it is cut, and how much of one is read.
const (
	idle      = 60 * time.Second
	maxStream = 1 << 30
)

// call is one authenticated request.
type call struct {
	w      http.ResponseWriter
	r      *http.Request
	caller agent.Caller
	duplex bool // the answer may begin while the request still comes
}

// handler answers a call or says why not.
type handler func(c *call) error

// serve authenticates before anything of the request is looked at.
func (f *Face) serve(h handler) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		credential, err := web.Bearer(r)
		if err != nil {
			return err
		}
		c := &call{w: w, r: r}
		if c.caller, err = f.agent.Authenticate(r.Context(), credential); err != nil {
			return err
		}
		err = h(c)
		if c.duplex {
			// What the handler left of the body must be gone before the server looks for the next
			// request: golang.org/issue/68560.
			_ = r.Body.Close()
		}
		return err
	}
}

func (c *call) ctx() context.Context { return c.r.Context() }

// id reads the object's id off the path.
func (c *call) id() (lantern.ID, error) { return lantern.ParseID(c.r.PathValue("id")) }

// params reads the query string.
func (c *call) params(allowed ...string) (map[string]string, error) {
	return web.ReadParams(c.r, allowed...)
}

// read decodes the JSON body.
func (c *call) read(limit int64, into any) error { return web.ReadJSON(c.w, c.r, limit, into) }

// write answers with JSON.
func (c *call) write(status int, v any) error { return web.WriteJSON(c.w, status, v) }

// flag reads a parameter that is "1" or absent.
func flag(params map[string]string, name string) (bool, error) {
	switch params[name] {
	case "":
		return false, nil
	case "1":
		return true, nil
	}
	return false, &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter " + name + " is malformed", Fix: "give 1 or leave it out"}
}

// count reads a parameter that is a whole number or absent.
func count(params map[string]string, name string) (int, error) {
	if params[name] == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(params[name])
	if err != nil || n < 1 {
		return 0, &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter " + name + " is not a number above 0", Fix: "give decimal digits"}
	}
	return n, nil
}

// identity reads a parameter that is an id or absent.
func identity(params map[string]string, name string) (lantern.ID, error) {
	if params[name] == "" {
		return 0, nil
	}
	id, err := lantern.ParseID(params[name])
	if err != nil {
		return 0, &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter " + name + " is not an id", Fix: "give the decimal number the agent returned"}
	}
	return id, nil
}

// lines opens the body as a stream of lines.
func (c *call) lines() (*web.Lines, error) {
	in, err := web.Body(c.w, c.r, web.NDJSONMedia, maxStream)
	if err != nil {
		return nil, err
	}
	return web.NewLines(&patient{c.w, in}), nil
}

// seq returns the objects of a stream one by one, the first error last.
func seq[T any](lines *web.Lines) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			var item T
			err := lines.Next(&item)
			if errors.Is(err, io.EOF) || !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// patient gives a stream fresh time with each read: it may be long, but not stand still.
type patient struct {
	w  http.ResponseWriter
	in io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	web.Extend(p.w, idle)
	return p.in.Read(b)
}

// answers opens an answering stream. duplex lets it begin while the request still comes.
func (c *call) answers(duplex bool) *web.LineWriter {
	if duplex {
		// A recorder in a test cannot; then the answer comes after the request.
		c.duplex = http.NewResponseController(c.w).EnableFullDuplex() == nil
	}
	return web.NewLineWriter(c.w)
}

// emit writes one object of an answering stream.
func emit[T any](c *call, out *web.LineWriter) func(T) error {
	return func(item T) error {
		web.Extend(c.w, idle)
		return out.Write(item)
	}
}
