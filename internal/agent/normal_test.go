package agent_test

import (
	"testing"

	"lantern"
	"lantern/internal/agent/agenttest"
)

// An answer says what was compared: what the record holds, in its normal form. Hits do not.
func TestNormalForm(t *testing.T) {
	t.Parallel()
	w := agenttest.New(t)
	host, social := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
	for _, v := range []lantern.TypedValue{{Type: "email", Value: "a.b@example.com"}, {Type: "url", Value: "https://files.example.com/album"}, {Type: "phrase", Value: "zorbly quandle"}} {
		d := w.Draft(1)
		d.Type, d.Value = v.Type, v.Value
		w.MustShare(host.Submitter, d)
	}
	r := w.Run(t, social, t.TempDir())
	w.Reaches(r, social)
	for _, c := range []struct {
		name   string
		record lantern.Record
		want   string
	}{
		{"typed", lantern.Record{Values: []lantern.TypedValue{{Type: "email", Value: " A.B@Example.COM "}}}, "a.b@example.com"},
		{"text", lantern.Record{Text: "write to A.B[@]EXAMPLE.com soon"}, "a.b@example.com"},
		{"below", lantern.Record{URLs: []string{"HTTPS://files.example.com/album/7"}}, "https://files.example.com/album/7"},
		{"phrase", lantern.Record{Text: "a Zorbly … QUANDLE again"}, "zorbly quandle"},
	} {
		c.record.Ref = c.name
		got := r.MatchOne(c.record, false)
		if len(got.Matches) != 1 || got.Matches[0].Normal != c.want {
			t.Errorf("%s: got %d matches, want one with the normal form that was compared", c.name, len(got.Matches))
		}
	}
	hits := r.HitsIn(lantern.HitOpen)
	if len(hits) == 0 {
		t.Error("no hits")
	}
	for _, h := range hits {
		if h.Match.Normal != "" {
			t.Error("a hit keeps what a record held")
		}
	}
}
