package match

import (
	"net/http"
	"time"

	"lantern"
	"lantern/internal/web"
)

// heartbeat is how often an empty line tells a follower that the stream is alive.
const heartbeat = 20 * time.Second

// follow answers with a line for each event behind a place, what is urgent first, and goes
// on as more happens. An empty line says that nothing did. With once it ends at the end of
// what there is.
func (f *Face) follow(c *call) error {
	params, err := c.params("cursor", "once")
	if err != nil {
		return err
	}
	once, err := flag(params, "once")
	if err != nil {
		return err
	}
	ctx, cancel := web.Wait(c.ctx()) // the server's end is the stream's
	defer cancel()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	out := c.answers(false)
	put := emit[lantern.Notice](c, out)
	for place := lantern.Cursor(params["cursor"]); ; {
		told := f.agent.Told()
		list, next, more, err := f.agent.Notices(ctx, place)
		if err != nil {
			if ctx.Err() != nil && c.ctx().Err() == nil {
				return out.Flush() // told to stop: the follower goes on elsewhere
			}
			return err
		}
		for _, n := range list {
			if err := put(n); err != nil {
				return err
			}
		}
		web.Extend(c.w, idle)
		if err := out.Flush(); err != nil {
			return err
		}
		if place = next; more {
			continue
		}
		if once {
			return nil
		}
		select {
		case <-told:
		case <-beat.C:
			if _, err := c.w.Write([]byte("\n")); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// webhooks lists the operator's webhooks and how they fare.
func (f *Face) webhooks(c *call) error {
	if _, err := c.params(); err != nil {
		return err
	}
	all, err := f.courier.List(c.ctx())
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Webhook]{Items: all})
}

func (f *Face) deliveries(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	if _, err := c.params(); err != nil {
		return err
	}
	all, err := f.courier.Deliveries(c.ctx(), id)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Delivery]{Items: all})
}

func (f *Face) testWebhook(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	d, err := f.courier.Test(c.ctx(), id)
	if err != nil {
		return err
	}
	return c.write(http.StatusCreated, d)
}

func (f *Face) replayWebhook(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	var r lantern.Replay
	if err := c.read(web.MaxBody, &r); err != nil {
		return err
	}
	if err := r.Validate(); err != nil {
		return err
	}
	n, err := f.courier.Replay(c.ctx(), id, r)
	if err != nil {
		return err
	}
	return c.write(http.StatusAccepted, n)
}
