package match

import (
	"net/http"

	"lantern"
)

func (f *Face) tactics(c *call) error {
	if _, err := c.params(); err != nil {
		return err
	}
	list, err := f.agent.Tactics(c.ctx())
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Signal]{Items: list})
}
