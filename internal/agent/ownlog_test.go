package agent_test

import (
	"testing"

	"lantern"
)

// TestEmptiedLogIsFoundOut takes entries of the own log away together with what counts them.
func TestEmptiedLogIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, statements := range map[string][]string{
		"head and leaves": {`DELETE FROM log_head`, `DELETE FROM log_leaves`},
		"size":            {`UPDATE log_head SET size = size - 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, nil)
			s.r.MatchOne(lantern.Record{Ref: "post-1", Account: "acct-1", URLs: []string{s.Draft(1).Value}}, false)
			s.decide(s.r.HitsIn("")[0].ID, lantern.Confirmed, "")
			if _, err := s.r.VerifyOwnLog(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.r.Tamper(t.Context(), statements...); err != nil {
				t.Fatal(err)
			}
			if _, err := s.r.VerifyOwnLog(t.Context()); err == nil {
				t.Error("the log is in order")
			}
		})
	}
}
