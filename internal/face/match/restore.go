package match

import (
	"net/http"

	"lantern"
	"lantern/internal/web"
)

func (f *Face) acceptRestore(c *call) error {
	var r lantern.Restore
	if err := c.read(web.MaxBody, &r); err != nil {
		return err
	}
	r, err := f.agent.AcceptRestore(c.ctx(), c.caller, r)
	if err != nil {
		return err
	}
	return c.write(http.StatusCreated, r)
}
