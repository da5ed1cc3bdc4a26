package match

import (
	"net/http"

	"lantern"
	"lantern/internal/web"
)

func (f *Face) openCase(c *call) error {
	var draft lantern.CaseDraft
	if err := c.read(web.MaxBody, &draft); err != nil {
		return err
	}
	opened, err := f.agent.OpenCase(c.ctx(), c.caller, draft)
	if err != nil {
		return err
	}
	return c.write(http.StatusCreated, opened)
}

func (f *Face) cases(c *call) error {
	if _, err := c.params(); err != nil {
		return err
	}
	all, err := f.agent.Cases(c.ctx())
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Case]{Items: all})
}

func (f *Face) aCase(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	one, err := f.agent.Case(c.ctx(), id)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, one)
}

// addRound widens a case by a stream of candidates.
func (f *Face) addRound(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	lines, err := c.lines()
	if err != nil {
		return err
	}
	round, err := f.agent.AddRound(c.ctx(), c.caller, id, seq[lantern.Candidate](lines))
	if err != nil {
		return err
	}
	return c.write(http.StatusCreated, round)
}

// candidates streams the accounts of a case.
func (f *Face) candidates(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	out := c.answers(false)
	if err := f.agent.Candidates(c.ctx(), id, emit[lantern.CaseAccount](c, out)); err != nil {
		return err
	}
	return out.Flush()
}

// rule takes a stream of decisions on candidates.
func (f *Face) rule(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	lines, err := c.lines()
	if err != nil {
		return err
	}
	after, err := f.agent.Rule(c.ctx(), c.caller, id, seq[lantern.Ruling](lines))
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, after)
}

func (f *Face) sendOutcome(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	var o lantern.CaseOutcome
	if err := c.read(web.MaxBody, &o); err != nil {
		return err
	}
	sent, err := f.agent.SendOutcome(c.ctx(), c.caller, id, o)
	if err != nil {
		return err
	}
	return c.write(http.StatusCreated, sent)
}

// shareBack takes a stream of drafts and answers one result for each.
func (f *Face) shareBack(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	lines, err := c.lines()
	if err != nil {
		return err
	}
	out := c.answers(true)
	err = f.agent.ShareBack(c.ctx(), c.caller, id, seq[lantern.Draft](lines), emit[lantern.ShareResult](c, out))
	if err != nil {
		return err
	}
	return out.Flush()
}
