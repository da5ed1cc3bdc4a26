package match

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/web"
)

// maxPieceHead bounds the description of a piece: a path may be long. As much of a stream is
// read at once, so that small pieces that were sent together are looked at together.
const maxPieceHead = 256 << 10

// pieces looks at a stream of pieces of files, one after the other, and answers while they
// come: each piece is a line that describes it, followed by its bytes.
func (f *Face) pieces(c *call) (err error) {
	params, err := c.params("hunt", "dry")
	if err != nil {
		return err
	}
	dry, err := flag(params, "dry")
	if err != nil {
		return err
	}
	out := c.answers(true)
	looks := f.agent.Stream(agent.PieceOptions{Hunt: params["hunt"], Dry: dry}, emit[lantern.PieceAnswer](c, out))
	defer func() {
		if err != nil {
			// What was looked at was looked at, also when the stream breaks off.
			err = errors.Join(err, looks.End(context.WithoutCancel(c.ctx())))
			web.StopReading(c.w)
		}
	}()
	// Whoever sends many pieces at once reads their answers together; nobody waits for an
	// answer in vain. One that has not begun may still become a refusal.
	settle := func() error {
		if err := looks.Settle(c.ctx()); err != nil || !out.Begun() {
			return err
		}
		return out.Flush()
	}
	in := bufio.NewReaderSize(&patient{c.w, c.r.Body}, maxPieceHead)
	for more := false; ; {
		if !more && !lineCame(in) {
			if err := settle(); err != nil {
				return err
			}
		}
		p, err := readPiece(in)
		if errors.Is(err, io.EOF) {
			return errors.Join(looks.End(c.ctx()), out.Flush()) // an answer that ends well says that all is noted
		}
		if err != nil {
			return err
		}
		if !more && in.Buffered() < p.Bytes {
			if err := settle(); err != nil {
				return err
			}
		}
		more = p.More
		body := &io.LimitedReader{R: in, N: int64(p.Bytes)}
		if err := looks.Look(c.ctx(), p, body); err != nil {
			return err
		}
		if body.N > 0 {
			return &lantern.Error{Kind: lantern.Invalid, Field: "/bytes", Reason: "the stream ends within a piece", Fix: "send the piece again"}
		}
	}
}

// lineCame reports whether a whole line can be read without waiting.
func lineCame(in *bufio.Reader) bool {
	came, err := in.Peek(in.Buffered())
	return err == nil && bytes.IndexByte(came, '\n') >= 0
}

// readPiece reads the description of the next piece; io.EOF says that there is none.
func readPiece(in *bufio.Reader) (*lantern.Piece, error) {
	line, err := in.ReadSlice('\n')
	switch {
	case errors.Is(err, io.EOF) && len(line) == 0:
		return nil, io.EOF
	case errors.Is(err, bufio.ErrBufferFull):
		return nil, &lantern.Error{Kind: lantern.TooLarge, Reason: "the description of a piece is too long", Fix: fmt.Sprintf("at most %d bytes", maxPieceHead)}
	case errors.Is(err, io.EOF):
		return nil, &lantern.Error{Kind: lantern.Invalid, Reason: "the stream ends within a piece", Fix: "send the piece again"}
	case err != nil:
		return nil, err
	}
	p := &lantern.Piece{}
	return p, web.Decode(line, p)
}

func (f *Face) hunts(c *call) error {
	if _, err := c.params(); err != nil {
		return err
	}
	all, err := f.agent.Hunts(c.ctx())
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Hunt]{Items: all})
}

// planHunt says which files a hunt must look at.
func (f *Face) planHunt(c *call) error {
	params, err := c.params("dry")
	if err != nil {
		return err
	}
	dry, err := flag(params, "dry")
	if err != nil {
		return err
	}
	var batch lantern.Items[lantern.HuntedFile]
	if err := c.read(web.MaxBatch, &batch); err != nil {
		return err
	}
	if len(batch.Items) > lantern.MaxMatchBatch {
		return &lantern.Error{Kind: lantern.TooLarge, Field: "/items", Reason: "too many files", Fix: fmt.Sprintf("at most %d", lantern.MaxMatchBatch)}
	}
	results, err := f.agent.PlanHunt(c.ctx(), c.r.PathValue("name"), batch.Items, dry)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.HuntResults{Results: results})
}

func (f *Face) forgetHunt(c *call) error {
	if _, err := c.params(); err != nil {
		return err
	}
	if err := f.agent.ForgetHunt(c.ctx(), c.r.PathValue("name")); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
