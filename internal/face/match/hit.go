package match

import (
	"fmt"
	"net/http"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/web"
)

func (f *Face) hits(c *call) error {
	params, err := c.params("state", "account", "incident", "after", "limit")
	if err != nil {
		return err
	}
	filter := agent.HitFilter{State: lantern.HitState(params["state"]), Account: params["account"]}
	switch filter.State {
	case "", lantern.HitOpen, lantern.HitDecided, lantern.HitVoid, lantern.HitHeld, lantern.HitQuarantined:
	default:
		return &lantern.Error{Kind: lantern.Invalid, Reason: "query parameter state is not a state of hits", Fix: "one of: open, quarantined, decided, void"}
	}
	if filter.Incident, err = identity(params, "incident"); err != nil {
		return err
	}
	if filter.After, err = identity(params, "after"); err != nil {
		return err
	}
	if filter.Limit, err = count(params, "limit"); err != nil {
		return err
	}
	hits, err := f.agent.Hits(c.ctx(), filter)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.Hit]{Items: hits})
}

func (f *Face) decideHits(c *call) error {
	var batch lantern.Items[lantern.HitRuling]
	if err := c.read(web.MaxBody, &batch); err != nil {
		return err
	}
	if len(batch.Items) > lantern.MaxBatch {
		return &lantern.Error{Kind: lantern.TooLarge, Field: "/items", Reason: "too many rulings", Fix: fmt.Sprintf("at most %d", lantern.MaxBatch)}
	}
	results, err := f.agent.DecideHits(c.ctx(), c.caller, batch.Items)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.HitResults{Results: results})
}

// hitAccounts lists a page of the own accounts with open hits.
func (f *Face) hitAccounts(c *call) error {
	params, err := c.params("after", "limit")
	if err != nil {
		return err
	}
	limit, err := count(params, "limit")
	if err != nil {
		return err
	}
	accounts, err := f.agent.HitAccounts(c.ctx(), params["after"], limit)
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, lantern.Items[lantern.AccountHits]{Items: accounts})
}
