package agent_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/agentstore"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
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
			if _, err := s.meddled(statements...); err == nil {
				t.Error("the log is in order")
			}
		})
	}
}

// decided has people take decisions of every sort, and returns their acts.
func (s *stage) decided() []lantern.ID {
	s.t.Helper()
	ctx := s.t.Context()
	c := s.open("case")
	s.widen(c.ID, "root-1", "a", "b", "c")
	hits := s.hits(30, 1)
	s.decide(s.r.HitsIn("")[0].ID, lantern.Confirmed, lantern.AbuseMaterial)
	s.Clock.Add(time.Minute)
	if _, err := s.r.Undo(ctx, s.person, s.decide(hits[0].ID, lantern.NotHere, lantern.NothingFound)); err != nil {
		s.t.Fatal(err)
	}
	s.confirm(c.ID, "a", "b")
	rulings := []lantern.Ruling{{Account: "c", Decision: lantern.NotHere, Reason: lantern.NothingFound}, {Account: "a", Decision: lantern.Confirmed}}
	if _, err := s.r.Rule(ctx, s.person, c.ID, stream(nil, rulings...)); err != nil {
		s.t.Fatal(err)
	}
	b := s.preview(hits[1].ID, lantern.NotHere, lantern.AllowedHere)
	s.lookAtSample(b, lantern.NotHere)
	if _, err := s.commit(b, b.Count); err != nil {
		s.t.Fatal(err)
	}
	acts, err := s.r.Acts(ctx)
	if err != nil || len(acts) < 6 {
		s.t.Fatalf("got %d acts, %v", len(acts), err)
	}
	var ids []lantern.ID
	for _, a := range acts {
		ids = append(ids, a.ID)
	}
	return ids
}

// meddled verifies the log after statements of which nothing stays.
func (s *stage) meddled(statements ...string) (r ownlog.Report, err error) {
	s.t.Helper()
	ctx := s.t.Context()
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(s.dir, agent.DatabaseFile))
	if err != nil {
		s.t.Fatal(err)
	}
	undo := errors.New("nothing of it stays")
	if got := db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, q := range statements {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		r, err = ownlog.Verify(ctx, tx, nil)
		return undo
	}); !errors.Is(got, undo) {
		s.t.Fatalf("%s: %v", statements, got)
	}
	if err := db.Close(); err != nil {
		s.t.Fatal(err)
	}
	return r, err
}

// TestShownDecisionsAreHeldToTheLog changes every column of every act that is shown, and takes
// acts away and adds some.
func TestShownDecisionsAreHeldToTheLog(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	ids := s.decided()
	if r, err := s.meddled(); err != nil || r.Acts != (ownlog.Acts{Proven: len(ids)}) {
		t.Fatalf("got %+v, %v", r.Acts, err)
	}
	versions, err := sqldb.Versions(agentstore.Migrations())
	if err != nil {
		t.Fatal(err)
	}
	tables, err := sqldb.Tables(agentstore.Migrations(), len(versions))
	if err != nil {
		t.Fatal(err)
	}
	acts := tables[slices.IndexFunc(tables, func(t sqldb.Table) bool { return t.Name == "acts" })]
	var edits []string
	for _, id := range ids {
		for _, c := range acts.Columns {
			other := map[string]string{"BIGINT": c.Name + " + 1", "TEXT": c.Name + " || 'x'", "BYTEA": "randomblob(32)"}[c.Type]
			edits = append(edits, fmt.Sprintf(`UPDATE acts SET %s = %s WHERE id = %s`, c.Name, other, id))
		}
		edits = append(edits, fmt.Sprintf(`UPDATE acts SET undone = 0, undone_by = 0, person = 8 WHERE id = %s`, id),
			fmt.Sprintf(`UPDATE acts SET decision = 'unsure', reason = '' WHERE id = %s`, id),
			fmt.Sprintf(`DELETE FROM acts WHERE id = %s`, id),
			fmt.Sprintf(`INSERT INTO acts SELECT id + 1, person, case_id, bulk, decision, reason, count, challenge, at, undone, undone_by, salt FROM acts WHERE id = %s`, id))
	}
	edits = append(edits, `UPDATE acts SET undone = 0, undone_by = 0 WHERE undone <> 0`)
	// What hits and candidates show of them.
	for _, table := range []string{"hits", "candidates"} {
		for _, change := range []string{`person = person + 1`, `decision = 'unsure'`, `act = act + 1`, `act = 0`} {
			edits = append(edits, `UPDATE `+table+` SET `+change+` WHERE act IN (SELECT id FROM acts WHERE decision <> '')`)
		}
	}
	edits = append(edits, `UPDATE hits SET reason = 'scam' WHERE act IN (SELECT id FROM acts WHERE case_id = 0)`, `UPDATE hits SET decided = decided + 1 WHERE act <> 0 AND case_id = 0`,
		`UPDATE hits SET bulk = 1 - bulk WHERE act IN (SELECT id FROM acts WHERE case_id = 0)`,
		`UPDATE hits SET (state, decision, reason, person, decided, act) = (SELECT 'decided', decision, reason, person, at, id FROM acts WHERE count = 1 AND case_id = 0 AND undone = 0 LIMIT 1)`,
		`UPDATE hits SET (state, decision, reason, person, decided, act) = (SELECT 'decided', decision, reason, person, at, id FROM acts WHERE undone <> 0) WHERE state = 'open'`)
	edits = append(edits, `UPDATE hits SET act = 0, decision = '', person = 0, reason = '', decided = 0, state = 'open' WHERE act IN (SELECT id FROM acts WHERE count = 1 AND case_id = 0)`)
	// Decisions that no act took, of times before any.
	for _, change := range []string{`decided = (SELECT MIN(at) - 1 FROM acts)`, `decided = 1`, `decided = 0`} {
		edits = append(edits, `UPDATE hits SET state = 'decided', decision = 'confirmed', person = 7, `+change+` WHERE state = 'open'`)
	}
	if r, err := s.meddled(`DELETE FROM act_hits`, `DELETE FROM hits WHERE act IN (SELECT id FROM acts WHERE count = 1 AND case_id = 0 AND undone = 0)`); err != nil || r.Acts.Past == 0 {
		t.Errorf("of hits that are gone: got %+v, %v", r.Acts, err)
	}
	for _, q := range edits {
		if r, err := s.meddled(q); err == nil {
			t.Errorf("%s: the log is in order: %+v", q, r.Acts)
		}
	}
}

// What a dismissed hit's entry says of people goes with the hit; the decision is proven after that too.
func TestErasedDecisionsStayProven(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	hit := s.r.HitsIn("")[0].ID
	id := s.decide(hit, lantern.NotHere, lantern.NothingFound)
	s.r.Stop()
	s.Clock.Add(lantern.DismissedKept + time.Hour)
	a := opened(t, s.World.AgentConfig(t, s.social, s.dir))
	runOnce(t, a)
	if _, err := a.Hit(t.Context(), hit); lantern.KindOf(err) != lantern.NotFound {
		t.Errorf("the hit is there: %v", err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := s.meddled(); err != nil || r.Acts.Proven != 1 {
		t.Errorf("got %+v, %v", r.Acts, err)
	}
	if _, err := s.meddled(fmt.Sprintf(`UPDATE acts SET person = person + 1 WHERE id = %s`, id)); err == nil || !strings.Contains(err.Error(), id.String()) {
		t.Errorf("another person: %v", err)
	}
}
