package api_test

import (
	"errors"
	"slices"
	"testing"

	"lantern"
	"lantern/internal/sqldb/sqldbtest"
)

// tellIncident shares signals as one, adds to them, and takes them back as one.
func (w *world) tellIncident() {
	ctx, t := w.t.Context(), w.t
	d := lantern.IncidentDraft{
		Programs: []lantern.ID{w.program},
		Signals:  []lantern.Draft{w.draft("https://files.example.com/i/1"), w.draft("https://files.example.com/i/2")},
		Links:    []lantern.IncidentLink{{Kind: lantern.PostedAt, From: 1, To: 0}},
	}
	d.Signals[1].Programs = nil
	r := must(t)(w.red.ShareIncident(ctx, d)).(lantern.IncidentResult)
	again := must(t)(w.red.ShareIncident(ctx, d)).(lantern.IncidentResult)
	if r.Status != lantern.Created || again.Status != lantern.Unchanged || again.Incident != r.Incident {
		t.Errorf("shared %+v, then %+v", r, again)
	}
	if !w.seen["ShareIncident 201"] || !w.seen["ShareIncident 200"] {
		t.Error("sharing does not tell created from unchanged by its status")
	}
	if list := must(t)(w.red.Incidents(ctx, 0, 10)).([]lantern.Incident); len(list) != 1 || list[0].States[lantern.Active] != 2 {
		t.Errorf("incidents: %+v", list)
	}
	if i := must(t)(w.blue.Incident(ctx, r.Incident)).(lantern.Incident); len(i.Signals) != 2 || i.Signals[0].Value == "" || i.Signals[0].Incident != r.Incident {
		t.Errorf("blue sees %+v", i)
	}
	if _, err := w.green.Incident(ctx, r.Incident); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("green, who left: %v", err)
	}
	back := must(t)(w.red.WithdrawIncident(ctx, r.Incident, lantern.Withdrawal{Reason: lantern.WithdrawnInError})).(lantern.IncidentWithdrawal)
	if len(back.Corrections) != 2 {
		t.Errorf("withdrawing gave %d corrections, want 2", len(back.Corrections))
	}
}

// A refused incident says all that is wrong, and where.
func TestRefusedIncidentPoints(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sqldbtest.SQLite(t))
	bad := w.draft("not a url")
	d := lantern.IncidentDraft{Programs: []lantern.ID{w.program}, Signals: []lantern.Draft{w.draft("https://files.example.com/i/1"), bad, bad}}
	_, err := w.red.ShareIncident(t.Context(), d)
	if got := pointers(err); !slices.Equal(got, []string{"/signals/1/value", "/signals/2/value"}) {
		t.Errorf("got %v, want pointers to both", got)
	}
	d.Signals[1] = lantern.Draft{Programs: d.Programs, Type: "url"}
	_, err = w.red.ShareIncident(t.Context(), d)
	if got := pointers(err); len(got) < 3 || !slices.Contains(got, "/signals/1/tags") || !slices.Contains(got, "/signals/1/basis/policy") {
		t.Errorf("got %v, want pointers to each", got)
	}
}

// pointers lists where an error points.
func pointers(err error) (list []string) {
	var e *lantern.Error
	if !errors.As(err, &e) {
		return nil
	}
	list = append(list, e.Field)
	for _, also := range e.Also {
		list = append(list, also.Field)
	}
	return list
}
