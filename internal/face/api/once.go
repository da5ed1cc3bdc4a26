package api

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"net/http"
	"sync"

	"lantern"
	"lantern/internal/policy"
	"lantern/internal/web"
)

// once performs a write. With an Idempotency-Key it is done once: a repetition gets the
// first answer again, another request under the same key gets Conflict. Only successes
// are remembered: a refused request changed nothing and may be mended.
func (c *call) once(rt route) error {
	key, err := web.IdempotencyKey(c.r)
	if err != nil {
		return err
	}
	if key == "" {
		body, _, err := c.perform(rt)
		if err == nil {
			c.write(c.status, body)
		}
		return err
	}
	done, err := c.api.running.enter(c.ctx(), flight{c.actor.ID(), key})
	if err != nil {
		return err
	}
	defer done()
	digest := c.digest(rt)
	stored, status, found, err := c.api.x.Idempotent(c.ctx(), c.actor, key, digest)
	if err != nil {
		return err
	}
	if found {
		return c.repeat(rt, status, stored)
	}
	c.actor.Request = policy.Request{Key: key, Digest: digest}
	body, keep, err := c.perform(rt)
	if err != nil {
		return err
	}
	// Whoever asked may be gone by now, and will ask again.
	if err := c.api.x.SaveIdempotent(context.WithoutCancel(c.ctx()), c.actor, key, digest, c.status, keep); err != nil {
		// The act is done and must be told; a repetition is told that it was.
		c.api.config.Log.Error("an answer was not remembered", slog.String("request_id", web.RequestID(c.ctx())), slog.String("err", err.Error()))
	}
	c.write(c.status, body)
	return nil
}

// repeat gives an earlier answer again.
func (c *call) repeat(rt route, status int, stored []byte) error {
	if rt.handler.again == nil {
		c.write(status, stored)
		return nil
	}
	v, err := rt.handler.again(c)
	if err != nil {
		return err
	}
	return web.WriteJSON(c.w, status, v)
}

// perform does the call. keep is the answer as it may be remembered.
func (c *call) perform(rt route) (body, keep []byte, err error) {
	v, err := rt.handler.perform(c)
	if err != nil || rt.handler.answer == nil {
		return nil, nil, err
	}
	if body, err = web.Encode(v); err != nil || rt.handler.keep == nil {
		return body, body, err
	}
	keep, err = web.Encode(rt.handler.keep(v))
	return body, keep, err
}

func (c *call) write(status int, body []byte) {
	if status == http.StatusNoContent {
		c.w.WriteHeader(status)
		return
	}
	web.WriteBytes(c.w, status, web.JSONMedia, body)
}

// digest binds an idempotency key to everything that makes the request what it is.
func (c *call) digest(rt route) [32]byte {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(rt.method), []byte(c.r.URL.Path), c.body} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}

// flight is a keyed write that is being done.
type flight struct {
	actor lantern.ID
	key   string
}

// flights lets one write of a key run at a time, so that a repetition that overtakes the
// first answer waits for it. Across several processes, the service's own check decides.
type flights struct {
	mu  sync.Mutex
	now map[flight]chan struct{} // guarded by mu; a channel is closed at the end
}

// enter waits until no other write of f runs. Call done at the end.
func (f *flights) enter(ctx context.Context, fl flight) (done func(), err error) {
	for {
		f.mu.Lock()
		other, busy := f.now[fl]
		if !busy {
			end := make(chan struct{})
			if f.now == nil {
				f.now = map[flight]chan struct{}{}
			}
			f.now[fl] = end
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				delete(f.now, fl)
				f.mu.Unlock()
				close(end)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-other:
		}
	}
}
