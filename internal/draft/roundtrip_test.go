package draft_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/draft"
	"lantern/internal/exchange"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// drafts makes drafts in which every member that a file can hold takes many forms.
func drafts(w *exchangetest.World, r *rand.Rand, n int) (list []lantern.Draft) {
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	when := func() (t time.Time) {
		if r.IntN(2) == 0 {
			t = exchangetest.Start.Add(-time.Duration(r.Int64N(int64(24 * time.Hour)))).Truncate(time.Microsecond)
		}
		return t
	}
	for i := range n {
		d := lantern.Draft{
			Programs: []lantern.ID{w.Program.ID}, Tags: lantern.Taxonomy()[:1+r.IntN(4)],
			Status: lantern.Status(pick("violating", "lead", "non-violating")), Severity: lantern.Severity(pick("low", "medium", "high", "critical")),
			Imminent: r.IntN(9) == 0, Confidence: r.IntN(101), FirstSeen: when(), LastSeen: exchangetest.Start,
			Basis: lantern.Basis{Policy: pick("=4.2", "'=4.2", "Child safety; 4.2", `the "rule", 7`, "Règle 3", " spaced "), ReviewedBy: lantern.ReviewedBy(pick("human", "machine", "both")),
				Action: pick("", "-removed", "@once", "removed,\nand locked"), At: when()},
			Language: pick("", "de", "pt-BR"), Role: lantern.SubjectRole(pick("suspected-offender", "content", "infrastructure", "unknown")),
			Handling: lantern.Handling(pick("RED", "AMBER+STRICT", "AMBER", "GREEN")), UseRestriction: pick("", "ncmec"),
			Note: pick("", "+ seen twice", "\tindented", "two\nlines", "''-x", "ends with a blank "),
		}
		switch r.IntN(5) {
		case 0:
			d.Type, d.Value = "url", fmt.Sprintf("https://files.example.com/%d?a=%%20;,\"", i)
		case 1:
			d.Type, d.Value = "phone", fmt.Sprintf("+1202555%04d", i)
		case 2:
			d.Type, d.Value = "username", fmt.Sprintf("chatter.test/@-owl_%d", i)
		case 3:
			d.Type, d.Value = "phrase", fmt.Sprintf("velvet tamarind lantern %d", i)
		default:
			d.Type, d.Value = "sha256", fmt.Sprintf("%064x", i+1)
		}
		list = append(list, d)
	}
	return list
}

// shared lists a member's signals as drafts in the order of their values.
func shared(t *testing.T, w *exchangetest.World, a policy.Actor) []lantern.Signal {
	t.Helper()
	list, err := w.Signals(t.Context(), a, exchange.SignalFilter{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b lantern.Signal) int { return strings.Compare(string(a.Type)+a.Value, string(b.Type)+b.Value) })
	return list
}

// What a member wrote to a file and another one, or the same elsewhere, reads from it is
// the same: all of it as NDJSON, and as CSV all that is not reported as lost.
func TestExportImports(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		from := w.AddCompany("Cloudbin")
		to := map[draft.Format]exchangetest.Company{draft.NDJSON: w.AddCompany("Facegram"), draft.CSV: w.AddCompany("Pixelplay"), draft.MISP: w.AddCompany("Chatter"), draft.STIX: w.AddCompany("Gamehub")}
		root := w.MustShare(from.Submitter, w.Draft(1))
		all := drafts(w, rand.New(rand.NewPCG(7, 7)), 300)
		for i := range all {
			for _, kind := range []lantern.LinkKind{lantern.DerivedFrom, lantern.PostedAt, lantern.SameAccount}[:i%4] {
				all[i].Links = append(all[i].Links, lantern.Link{Kind: kind, Signal: root})
			}
		}
		results, err := w.ShareBatch(t.Context(), from.Submitter, all)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Status != lantern.Created {
				t.Fatalf("draft %d (%s): %+v", i, all[i].Type, r.Problem)
			}
		}
		want := shared(t, w, from.Submitter)
		for format, c := range to {
			w.Drain(c.Submitter, "") // what links may name was sent to it
			var file strings.Builder
			out, err := draft.NewWriter(&file, format, false, w.Clock.Now(), "")
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range want {
				if err := out.Add(s); err != nil {
					t.Fatal(err)
				}
			}
			if err := out.Flush(); err != nil {
				t.Fatal(err)
			}
			for _, status := range []lantern.ShareStatus{lantern.Created, lantern.Unchanged} {
				importAll(t, w, c.Submitter, file.String(), status)
			}
			got := shared(t, w, c.Submitter)
			lost := map[string]int{}
			for i := range min(len(got), len(want)) {
				g, x := got[i].Draft, want[i].Draft
				for name, pair := range map[string][2]*string{"policy": {&g.Basis.Policy, &x.Basis.Policy}, "note": {&g.Note, &x.Note}} {
					if *pair[0] != *pair[1] && strings.TrimSpace(*pair[1]) == *pair[0] {
						*pair[0] = *pair[1]
						lost[name]++
					}
				}
				if !reflect.DeepEqual(g, x) {
					t.Errorf("%s: got\n%+v\nwant\n%+v", format, g, x)
				}
			}
			if len(got) != len(want) || !reflect.DeepEqual(lost, out.Lost) || len(out.NoPlace) > 0 || (format == draft.CSV) == (len(lost) == 0) {
				t.Errorf("%s: %d of %d signals, lost %v, reported %v", format, len(got), len(want), lost, out.Lost)
			}
		}
	})
}

// A format that cannot hold a tactic writes no row for it, which nothing could read, and counts it.
func TestTacticsHaveAPlaceOrNone(t *testing.T) {
	t.Parallel()
	s := lantern.Signal{Draft: lantern.Draft{Type: lantern.TacticType, Tactic: &lantern.Tactic{Words: []string{"zorbly plim"}}, Programs: []lantern.ID{4711},
		Tags: []lantern.Tag{"sextortion"}, Status: lantern.Lead, Basis: lantern.Basis{Policy: "2.1", ReviewedBy: lantern.ByHuman}}}
	for _, format := range draft.Formats() {
		var file strings.Builder
		out, err := draft.NewWriter(&file, format, false, time.Unix(1, 0), "url")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(out.Add(s), out.Flush()); err != nil {
			t.Fatal(err)
		}
		whole := format == draft.NDJSON || format == draft.STIX
		if written := out.Rows == 1 && strings.Contains(file.String(), "zorbly plim"); written != whole || out.NoPlace[lantern.TacticType] != 1-out.Rows || len(out.Lost) > 0 {
			t.Errorf("%s: %d rows, no place for %v, lost %v\n%s", format, out.Rows, out.NoPlace, out.Lost, file.String())
		}
	}
}

// importAll imports a file and wants this of every row.
func importAll(t *testing.T, w *exchangetest.World, a policy.Actor, text string, want lantern.ShareStatus) {
	t.Helper()
	in, err := draft.NewReader(strings.NewReader(text), draft.Options{})
	if err != nil {
		t.Fatal(err)
	}
	me, err := w.Whoami(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	s := draft.Sharing{From: in, Rules: draft.Rules{Me: &me, Now: w.Clock.Now()}, Flush: func() error { return nil },
		Share: func(ctx context.Context, list []lantern.Draft) ([]lantern.ShareResult, error) {
			return w.ShareBatch(ctx, a, list)
		},
		Done: func(row draft.Row, r lantern.ShareResult) error {
			if row.Err != nil || r.Status != want {
				return errors.Join(row.Err, fmt.Errorf("line %d is %s, want %s: %+v", row.Line, r.Status, want, r.Problem))
			}
			return nil
		}}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}
