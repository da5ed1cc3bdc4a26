package match

import (
	"net/http"

	"lantern"
)

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

// shareBack takes a stream of drafts and answers one result for each.
func (f *Face) shareBack(c *call) error {
	params, err := c.params("digest")
	if err != nil {
		return err
	}
	id, err := c.id()
	if err != nil {
		return err
	}
	lines, err := c.lines()
	if err != nil {
		return err
	}
	out := c.answers(true)
	err = f.agent.ShareBack(c.ctx(), c.caller, id, params["digest"], seq[lantern.Draft](lines), emit[lantern.ShareResult](c, out))
	if err != nil {
		return err
	}
	return out.Flush()
}

// previewShare takes the same stream and says what would become of it.
func (f *Face) previewShare(c *call) error {
	id, err := c.asked()
	if err != nil {
		return err
	}
	lines, err := c.lines()
	if err != nil {
		return err
	}
	p, err := f.agent.PreviewShare(c.ctx(), c.caller, id, seq[lantern.Draft](lines))
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, p)
}

// finishTask names a case and a task of it.
func (f *Face) finishTask(c *call) error {
	id, err := c.asked()
	if err != nil {
		return err
	}
	task, err := lantern.ParseID(c.r.PathValue("task"))
	if err != nil {
		return err
	}
	done, err := f.agent.FinishTask(c.ctx(), c.caller, id, task)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, done)
}

// timeline lists a page of what happened in a case.
func (f *Face) timeline(c *call) error {
	params, err := c.params("after", "limit")
	if err != nil {
		return err
	}
	id, err := c.id()
	if err != nil {
		return err
	}
	after, err := count(params, "after")
	if err != nil {
		return err
	}
	limit, err := count(params, "limit")
	if err != nil {
		return err
	}
	events, err := f.agent.Timeline(c.ctx(), id, after, limit)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.CaseEvent]{Items: events})
}

// proposals lists what waits for a second person, or what became of it.
func (f *Face) proposals(c *call) error {
	params, err := c.params("state")
	if err != nil {
		return err
	}
	state := lantern.ProposalState(params["state"])
	switch state {
	case "", lantern.ProposalWaits, lantern.ProposalApproved, lantern.ProposalDeclined, lantern.ProposalLapsed, lantern.ProposalDone:
	default:
		return &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter state is not a state of proposals", Fix: "one of: waits, approved, declined, lapsed, done"}
	}
	all, err := f.agent.Proposals(c.ctx(), state)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Proposal]{Items: all})
}
