package match

import (
	"context"
	"net/http"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/web"
)

// asked refuses query parameters and reads the object's id.
func (c *call) asked() (lantern.ID, error) {
	if _, err := c.params(); err != nil {
		return 0, err
	}
	return c.id()
}

// list adapts a call that lists everything of a kind.
func list[A any](f func(context.Context) ([]A, error)) handler {
	return func(c *call) error {
		if _, err := c.params(); err != nil {
			return err
		}
		items, err := f(c.ctx())
		if err != nil {
			return err
		}
		return c.write(http.StatusOK, lantern.Items[A]{Items: items})
	}
}

// get adapts a call that returns one object by its id.
func get[A any](f func(context.Context, lantern.ID) (A, error)) handler {
	return do(func(ctx context.Context, _ agent.Caller, id lantern.ID) (A, error) { return f(ctx, id) })
}

// listOf adapts a call that lists what belongs to one object.
func listOf[A any](f func(context.Context, lantern.ID) ([]A, error)) handler {
	return listFor(func(ctx context.Context, _ agent.Caller, id lantern.ID) ([]A, error) { return f(ctx, id) })
}

// listFor is [listOf] for a call that minds who calls.
func listFor[A any](f func(context.Context, agent.Caller, lantern.ID) ([]A, error)) handler {
	return do(func(ctx context.Context, caller agent.Caller, id lantern.ID) (lantern.Items[A], error) {
		items, err := f(ctx, caller, id)
		return lantern.Items[A]{Items: items}, err
	})
}

// do adapts a call on one object that takes no body.
func do[A any](f func(context.Context, agent.Caller, lantern.ID) (A, error)) handler {
	return func(c *call) error {
		id, err := c.asked()
		if err != nil {
			return err
		}
		answer, err := f(c.ctx(), c.caller, id)
		if err != nil {
			return err
		}
		return c.write(http.StatusOK, answer)
	}
}

// create adapts a call that makes an object of a body.
func create[B, A any](f func(context.Context, agent.Caller, B) (A, error)) handler {
	return func(c *call) error {
		var body B
		if err := c.read(web.MaxBody, &body); err != nil {
			return err
		}
		answer, err := f(c.ctx(), c.caller, body)
		if err != nil {
			return err
		}
		return c.write(http.StatusCreated, answer)
	}
}

// act adapts a call that does something with one object, as a body says.
func act[B, A any](f func(context.Context, agent.Caller, lantern.ID, B) (A, error)) handler {
	return on(http.StatusOK, f)
}

// made is [act] for a call that makes something within the object.
func made[B, A any](f func(context.Context, agent.Caller, lantern.ID, B) (A, error)) handler {
	return on(http.StatusCreated, f)
}

func on[B, A any](status int, f func(context.Context, agent.Caller, lantern.ID, B) (A, error)) handler {
	return func(c *call) error {
		id, err := c.id()
		if err != nil {
			return err
		}
		var body B
		if err := c.read(web.MaxBody, &body); err != nil {
			return err
		}
		answer, err := f(c.ctx(), c.caller, id, body)
		if err != nil {
			return err
		}
		return c.write(status, answer)
	}
}
