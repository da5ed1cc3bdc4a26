package exchange_test

import (
	"strings"
	"testing"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/sqldb/sqldbtest"
)

// What the screen refuses is refused alone, in its canonical form, whatever its spelling.
func TestScreen(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud := w.AddCompany("Cloudbin")
		c := w.Config
		c.DB = exchangetest.Config(t, url, w.Clock).DB
		c.Screen = func(kind lantern.SignalType, canonical string) error {
			if kind == "url" && canonical == "https://invite.example/" {
				return &lantern.Error{Kind: lantern.Invalid, Field: "/value", Reason: "on the warning list \"Invites\"", Fix: "give the invite code too"}
			}
			return nil
		}
		x := w.Open(c)
		broad, narrow := w.Draft(1), w.Draft(2)
		broad.Value, narrow.Value = "hxxps://INVITE[.]example", "https://invite.example/abc"
		got, err := x.ShareBatch(t.Context(), cloud.Submitter, []lantern.Draft{broad, narrow})
		if err != nil {
			t.Fatal(err)
		}
		if p := got[0].Problem; got[0].Status != lantern.Refused || p == nil || p.Pointer != "/value" || !strings.Contains(p.Reason, "Invites") {
			t.Errorf("a broad value: got %+v, %+v", got[0], p)
		}
		if got[1].Status != lantern.Created {
			t.Errorf("its neighbor: got %+v", got[1])
		}
	})
}
