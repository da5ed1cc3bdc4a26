package exchange_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

func tacticOf(w *exchangetest.World, words ...string) lantern.Draft {
	d := w.Draft(0)
	d.Type, d.Value = lantern.TacticType, ""
	d.Tactic = &lantern.Tactic{Contact: []lantern.ContactWay{lantern.GameChat}, MovesTo: []lantern.Channel{"Discord"}, Words: words}
	return d
}

// A tactic has the life of every signal: shared, known again, read, renewed, challenged,
// and held when it is shared once more.
func TestTacticIsASignal(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		ctx := t.Context()
		id := w.MustShare(cloud.Service, tacticOf(w, "Zorbly  plim", "trade zorb"))
		r, err := w.Share(ctx, cloud.Service, tacticOf(w, "trade zorb", "zorbly plim"))
		if err != nil || r.Status != lantern.Unchanged || r.Signal != id {
			t.Errorf("the same in another order: got %+v, %v", r, err)
		}
		changes, _ := w.Drain(face.Service, "")
		if len(changes) != 1 || changes[0].Signal.Value != "" || changes[0].Signal.Tactic == nil ||
			!slices.Equal(changes[0].Signal.Tactic.Words, []string{"trade zorb", "zorbly plim"}) || changes[0].Signal.Tactic.MovesTo[0] != "discord" {
			t.Fatalf("the feed shows %+v", changes)
		}
		s, err := w.Renew(ctx, cloud.Submitter, id, lantern.Renewal{Expires: w.Clock.Now().Add(24 * time.Hour),
			Basis: lantern.Basis{Policy: "child safety 2.1", ReviewedBy: lantern.ByHuman, At: w.Clock.Now()}})
		if err != nil || s.Tactic == nil {
			t.Errorf("renewed: got %+v, %v", s, err)
		}
		c, err := w.OpenChallenge(ctx, face.Investigator, lantern.Challenge{Signal: id, Reason: lantern.NotAbusive})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Decide(ctx, cloud.Submitter, c.ID, lantern.Decision{Verdict: lantern.Uphold, Reason: "it was wrong"}); err != nil {
			t.Fatal(err)
		}
		if r, err = w.Share(ctx, cloud.Service, tacticOf(w, "zorbly plim", "trade zorb")); err != nil || r.Status != lantern.HeldBack {
			t.Errorf("shared again after it fell: got %+v, %v; want it held", r, err)
		}
	})
}

func TestTacticNamesNobody(t *testing.T) {
	t.Parallel()
	w := exchangetest.New(t, sqldbtest.SQLite(t))
	cloud := w.AddCompany("Cloudbin")
	valued, alien := tacticOf(w, "zorbly plim"), w.Draft(1)
	valued.Value = "zorbly plim"
	alien.Tactic = valued.Tactic
	empty := tacticOf(w)
	empty.Tactic = nil
	for name, c := range map[string]struct {
		draft lantern.Draft
		field string
	}{
		"an address":     {tacticOf(w, "zorbly plim", "write to zorb@example.com"), "/tactic/words/1"},
		"a handle":       {tacticOf(w, "snap: zorb"), "/tactic/words/0"},
		"an age":         {tacticOf(w, "she is 13"), "/tactic/words/0"},
		"a value too":    {valued, "/value"},
		"another type":   {alien, "/tactic"},
		"nothing at all": {empty, "/tactic"},
	} {
		_, err := w.Share(t.Context(), cloud.Service, c.draft)
		var e *lantern.Error
		if !errors.As(err, &e) || e.Kind != lantern.Invalid || e.Field != c.field {
			t.Errorf("%s: got %v, want a complaint about %s", name, err, c.field)
		}
	}
}
