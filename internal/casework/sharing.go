package casework

import (
	"context"
	"fmt"
	"strings"

	"lantern"
	"lantern/internal/agentstore"
	"lantern/internal/sqldb"
	"lantern/signal"
)

// CheckConfirmed refuses to share back a value of a type that names a person, in its
// canonical form, while nobody confirmed it: if no person reviewed the draft, if it is an
// account of the case that nobody confirmed, or if hits were found by it and a person
// confirmed none of these. signals are those it matches.
func (w *Desk) CheckConfirmed(ctx context.Context, id lantern.ID, d *lantern.Draft, signals []lantern.ID) error {
	refuse := func(field, reason, fix string) error {
		return &lantern.Error{Kind: lantern.Forbidden, Field: field, Reason: reason, Fix: fix}
	}
	if !d.Basis.ReviewedBy.ByPerson() {
		return refuse("/basis/reviewed_by", "it names a person, and no person reviewed it", "review it, then say human or both")
	}
	account := accountNamed(d)
	var known map[string]lantern.CaseAccount
	var hits, confirmed int
	err := w.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if known, err = agentstore.KnownAccounts(ctx, tx, id, []string{account}); err == nil {
			hits, confirmed, err = agentstore.CountConfirmed(ctx, tx, signals)
		}
		return err
	})
	switch c, candidate := known[account]; {
	case err != nil:
		return fmt.Errorf("reading what was confirmed: %w", err)
	case candidate && c.Decision != lantern.Confirmed:
		// It is linked to something, and that alone says nothing about the person behind it.
		return refuse("/value", "it names an account of the case that nobody confirmed", "rule on the candidate first")
	case hits > 0 && confirmed == 0:
		return refuse("/value", "it names a person, and comes from hits of which nobody confirmed one", "decide on the hits first")
	}
	return nil
}

// accountNamed is the account that a draft's value names, without its platform.
func accountNamed(d *lantern.Draft) (account string) {
	switch d.Type {
	case signal.Account.Name:
		_, account, _ = strings.Cut(d.Value, ":")
	case signal.Username.Name:
		_, account, _ = strings.Cut(d.Value, "/")
	}
	return account
}
