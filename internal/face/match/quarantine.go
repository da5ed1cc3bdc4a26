package match

import (
	"net/http"
	"time"

	"lantern"
	"lantern/internal/web"
)

// release lets a quarantined signal hit again.
func (f *Face) release(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	var r lantern.QuarantineRelease
	if err := c.read(web.MaxBody, &r); err != nil {
		return err
	}
	if err := f.agent.Release(c.ctx(), c.caller, id, r); err != nil {
		return err
	}
	return c.write(http.StatusOK, r)
}

// volume tells what was counted in shadow mode.
func (f *Face) volume(c *call) error {
	params, err := c.params("since")
	if err != nil {
		return err
	}
	var since time.Time
	if day := params["since"]; day != "" {
		if since, err = time.Parse(time.DateOnly, day); err != nil {
			return &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter since is not a day", Fix: "give YYYY-MM-DD"}
		}
	}
	v, err := f.agent.Volume(c.ctx(), since)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, v)
}
