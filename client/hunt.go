package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"lantern"
)

// Hunts lists the hunts the agent knows, the oldest first.
func (a *Agent) Hunts(ctx context.Context) ([]lantern.Hunt, error) {
	return list[lantern.Hunt](ctx, a.c, "/v1/hunts", nil)
}

// PlanHunt asks which of up to [lantern.MaxMatchBatch] files a hunt must look at, and returns
// a verdict for each, in their order. Unless dry, the hunt begins if there is none of the name.
func (a *Agent) PlanHunt(ctx context.Context, name string, files []lantern.HuntedFile, dry bool) ([]lantern.HuntResult, error) {
	answer, err := call[lantern.HuntResults](ctx, a.c, http.MethodPost, "/v1/hunts/"+url.PathEscape(name)+"/plan", dryQuery(dry),
		lantern.Items[lantern.HuntedFile]{Items: files})
	if err == nil && len(answer.Results) != len(files) {
		return nil, errMalformed
	}
	return answer.Results, err
}

// ForgetHunt has the agent forget what a hunt looked at. Its hits stay.
func (a *Agent) ForgetHunt(ctx context.Context, name string) error {
	_, err := a.c.conn.do(ctx, request{method: http.MethodDelete, path: "/v1/hunts/" + url.PathEscape(name)})
	return err
}

// Pieces is a stream of pieces of files to the agent, which are looked at one after the
// other. Use several to look at several at once; each is used by one goroutine.
type Pieces struct {
	ctx    context.Context
	c      *Client
	query  url.Values
	last   time.Time // when it was last used
	stop   context.CancelFunc
	send   *io.PipeWriter // nil: not open
	out    *bufio.Writer  // to send, while pieces are sent
	opened chan opened
	in     *bufio.Reader // the answers, once there is one
	long   []byte        // of these, a line that does not fit
	body   io.Closer
}

// opened is what came of opening a stream.
type opened struct {
	res *http.Response
	err error
}

// maxIdle is how long a stream may lie still before it is opened anew: the agent cuts it off
// soon after.
const maxIdle = 20 * time.Second

// Pieces returns a stream, which is opened when it is used. hunt is "" outside of hunts.
func (a *Agent) Pieces(ctx context.Context, hunt string, dry bool) *Pieces {
	q := dryQuery(dry)
	set(q, "hunt", hunt)
	return &Pieces{ctx: ctx, c: a.c, query: q}
}

// Look sends a piece, calls emit for each answer, and returns the last line about it. It is
// sent once: after an error the stream is closed, and whoever calls sends the piece again if
// it wants to, which doubles no hit.
func (s *Pieces) Look(p *lantern.Piece, body []byte, emit func(lantern.Answer) error) (done lantern.PieceAnswer, err error) {
	err = s.LookAll([]PieceBody{{p, body}}, func(_ int, a lantern.Answer) error { return emit(a) },
		func(_ int, line lantern.PieceAnswer) error { done = line; return nil })
	return done, err
}

// PieceBody is a piece with its bytes.
type PieceBody struct {
	*lantern.Piece
	Body []byte
}

// LookAll is [Pieces.Look] of several pieces, which are sent without waiting for answers
// between them: of small ones that takes a fraction of the time. emit is called with the
// number of the piece, and done with the last line about it, in their order; an error of
// theirs ends the stream.
func (s *Pieces) LookAll(all []PieceBody, emit func(i int, a lantern.Answer) error, done func(i int, line lantern.PieceAnswer) error) error {
	req := request{method: http.MethodPost, path: "/v1/pieces", query: s.query, media: "application/octet-stream", asks: true}
	if time.Since(s.last) > maxIdle {
		if err := s.End(); err != nil {
			return req.failed(err)
		}
	}
	if s.send == nil {
		s.open(req)
	}
	heads := make([][]byte, len(all))
	for i, p := range all {
		var err error
		p.Bytes, p.More = len(p.Body), i+1 < len(all)
		if heads[i], err = json.Marshal(p.Piece); err != nil {
			return req.failed(err)
		}
	}
	sent := make(chan struct{})
	go func(w io.Writer) { // the answers may begin before the end of the pieces
		defer close(sent)
		out := s.buffered(w)
		for i, p := range all { // that the other side does not read on shows in its answer
			_, _ = out.Write(heads[i])
			_ = out.WriteByte('\n')
			_, _ = out.Write(p.Body)
		}
		_ = out.Flush() // keeps the first error of them all, which is no news
	}(s.send)
	for i := range all {
		line, err := s.answers(req, func(a lantern.Answer) error { return emit(i, a) })
		if err == nil {
			err = done(i, line)
		}
		if err != nil {
			s.Close()
			<-sent // the bodies are the caller's again
			if s.ctx.Err() != nil {
				err = req.failed(s.ctx.Err())
			}
			return err
		}
	}
	<-sent
	s.last = time.Now()
	return nil
}

// buffered returns a writer to w, whose room is used again.
func (s *Pieces) buffered(w io.Writer) *bufio.Writer {
	if s.out == nil {
		s.out = bufio.NewWriterSize(nil, 64<<10)
	}
	s.out.Reset(w)
	return s.out
}

// open begins the request. Its answer comes when the agent has something to say.
func (s *Pieces) open(req request) {
	ctx, stop := context.WithCancel(s.ctx)
	r, w := io.Pipe()
	s.stop, s.send, s.in, s.opened = stop, w, nil, make(chan opened, 1)
	// net/http waits for a body that is being read before it gives a request up.
	context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	go func(to chan<- opened) {
		res, err := s.c.conn.open(closedByConn(ctx, r), req, r)
		if err != nil {
			r.CloseWithError(err)
		}
		to <- opened{res, err}
	}(s.opened)
}

// answers reads what the agent says about one piece.
func (s *Pieces) answers(req request, emit func(lantern.Answer) error) (line lantern.PieceAnswer, err error) {
	if s.in == nil {
		o := <-s.opened
		s.opened = nil
		if o.err != nil {
			return line, o.err
		}
		s.in, s.body = bufio.NewReaderSize(o.res.Body, 64<<10), o.res.Body
	}
	for {
		text, err := readLine(s.in, &s.long)
		switch {
		case errors.Is(err, io.EOF):
			return line, req.failed(s.c.conn.unreachable(io.ErrUnexpectedEOF))
		case err != nil:
			return line, req.failed(s.c.conn.unreachable(err))
		}
		line = lantern.PieceAnswer{}
		if decodeLine(text, &line) != nil {
			return line, req.failed(errMalformed)
		}
		if line.Done {
			return line, nil
		}
		if line.Answer != nil {
			if err := emit(*line.Answer); err != nil {
				return line, err
			}
		}
	}
}

// End ends the stream in good order: when it returns nil, what was looked at is noted.
func (s *Pieces) End() error {
	defer s.Close()
	if s.send == nil || s.in == nil {
		return nil
	}
	_ = s.send.Close() // the end of the request, never an error; that of the answer follows
	if _, err := io.Copy(io.Discard, s.in); err != nil {
		return s.c.conn.unreachable(err)
	}
	return nil
}

// Close breaks the stream off, if it is open. It may be used again, and is opened anew then.
func (s *Pieces) Close() {
	if s.send == nil {
		return
	}
	s.stop()
	_ = s.send.Close() // never an error
	if s.opened != nil {
		if o := <-s.opened; o.res != nil {
			_ = o.res.Body.Close() // broken off
		}
	}
	if s.body != nil {
		_ = s.body.Close() // as above
	}
	s.send, s.in, s.body, s.opened = nil, nil, nil, nil
}
