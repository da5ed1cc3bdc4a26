package ownlog_test

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// older writes acts and their entries as they were before entries held a digest: a confirmed hit,
// a decision in bulk, rulings in a case in two parts, and the undoing of the first.
func (b *book) older() {
	b.t.Helper()
	one := lantern.Act{ID: 11, Person: 7, Decision: lantern.Confirmed, Reason: lantern.AbuseMaterial, Count: 1}
	for _, e := range []struct {
		act  lantern.Act // what it adds
		undo bool
		what map[string]any
	}{
		{act: one, what: map[string]any{"act": "11", "hit": "3", "signal": "4", "decision": "confirmed", "reason": "abuse-material", "challenge": ""}},
		{act: lantern.Act{ID: 12, Person: 7, Bulk: 5, Decision: lantern.NotHere, Reason: lantern.AllowedHere, Count: 40},
			what: map[string]any{"act": "12", "preview": "5", "signal": "4", "decision": "not-violating-here", "reason": "allowed-here", "count": 40, "bulk": true, "digest": "x"}},
		{act: lantern.Act{ID: 13, Person: 8, Case: 6, Decision: lantern.Confirmed, Reason: lantern.AbuseMaterial, Count: 2},
			what: map[string]any{"act": "13", "case": "6", "decisions": map[string]int{"confirmed": 2}, "bulk": false, "preview": ""}},
		{act: lantern.Act{ID: 13, Person: 8, Case: 6, Count: 3}, // with several decisions
			what: map[string]any{"act": "13", "case": "6", "decisions": map[string]int{"confirmed": 1, "not-violating-here": 2}, "bulk": true, "preview": ""}},
		{act: one, undo: true, what: map[string]any{"act": "11", "undone": true, "case": "", "count": 1}},
		{act: lantern.Act{}, what: map[string]any{"case": "6", "event": "closed", "count": 0}}, // no act
	} {
		b.write(func(tx *sqldb.Tx) error {
			e.act.At = b.now.Add(-20 * time.Millisecond)
			if err := ownlog.Append(b.ctx, tx, ownlog.Entry{Kind: audit.Decide, Who: map[string]any{"person": max(e.act.Person, 7)}, What: e.what}, b.now, rand.Reader); err != nil || e.act.ID == 0 {
				return err
			}
			row := agentstore.ActRow{Act: e.act, Salt: []byte{}}
			if e.undo {
				return agentstore.UndoAct(b.ctx, tx, row, e.act.Person, e.act.At)
			}
			return agentstore.PutAct(b.ctx, tx, row)
		})
	}
}

// Older entries hold what they say.
func TestOlderEntriesHoldWhatTheySay(t *testing.T) {
	t.Parallel()
	b := newBook(t.Context(), t, t.TempDir())
	t.Cleanup(func() { _ = b.db.Close() })
	b.older()
	r, err := b.verify()
	if err != nil || r.Acts != (ownlog.Acts{Older: 3}) || len(r.Lacks()) != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	for _, id := range []int{11, 12, 13} {
		for _, change := range []string{`person = 9`, `decision = 'unsure'`, `count = count + 1`, `case_id = 9`, `bulk = 9`, `challenge = 9`,
			`undone = CASE WHEN undone = 0 THEN 1 ELSE 0 END`, `undone_by = 9`, `at = at - 7200000000`, `id = 14`, ``} {
			b.changed(t, id, change, true)
		}
		b.changed(t, id, `reason = 'scam'`, id != 13) // which is in no entry of a case's rulings
	}
	b.run(`ALTER TABLE acts DROP COLUMN salt`) // as before the agent was started anew
	if r, err := b.verify(); err != nil || r.Acts.Older != 3 {
		t.Errorf("not migrated: got %+v, %v", r, err)
	}
}

// changed changes an act, or takes it away, and puts it back.
func (b *book) changed(t *testing.T, id int, change string, found bool) {
	t.Helper()
	statement := fmt.Sprintf(`UPDATE acts SET %s WHERE id = %d`, change, id)
	if change == "" {
		statement = fmt.Sprintf(`DELETE FROM acts WHERE id = %d`, id)
	}
	b.run(`DROP TABLE IF EXISTS spare`, `CREATE TABLE spare AS SELECT * FROM acts`, statement)
	if r, err := b.verify(); found != (err != nil) {
		t.Errorf("%s: got %+v, %v", statement, r.Acts, err)
	}
	b.run(`DELETE FROM acts`, `INSERT INTO acts SELECT * FROM spare`)
}

// Acts and entries that a damage took are told of, and explain nothing else.
func TestMendTellsOfDecisions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage []string // of the entries and acts of older, and twelve others before
		tables []string
		acts   ownlog.Acts
		wrong  bool
	}{
		"an act":                          {damage: []string{`DELETE FROM acts WHERE id = 12`}, tables: []string{"acts"}, acts: ownlog.Acts{Older: 2, Gone: 1}},
		"every act":                       {damage: []string{`DELETE FROM acts`}, tables: []string{"acts"}, acts: ownlog.Acts{Gone: 3}},
		"an entry":                        {damage: []string{lose + `= 13`}, tables: []string{"log_leaves"}, acts: ownlog.Acts{Older: 2, Kept: 1}},
		"one of an act's entries":         {damage: []string{lose + `= 15`}, tables: []string{"log_leaves"}, acts: ownlog.Acts{Older: 2, Kept: 1}},
		"the entry of an undoing":         {damage: []string{lose + `= 16`}, tables: []string{"log_leaves"}, acts: ownlog.Acts{Older: 2, Kept: 1}},
		"another entry":                   {damage: []string{lose + `= 3`}, tables: []string{"log_leaves"}, acts: ownlog.Acts{Older: 3}},
		"all entries":                     {damage: []string{lose + `>= 0`, `DELETE FROM log_head`}, tables: []string{"log_leaves", "log_head"}, acts: ownlog.Acts{Kept: 3}},
		"both":                            {damage: []string{`DELETE FROM acts WHERE id = 11`, lose + `>= 13`}, tables: []string{"acts", "log_leaves"}, acts: ownlog.Acts{Kept: 2, Gone: 1}},
		"every table":                     {damage: []string{`DELETE FROM acts WHERE id = 11`, lose + `>= 13`}, tables: []string{"every table"}, acts: ownlog.Acts{Kept: 2, Gone: 1}},
		"an act, by hand":                 {damage: []string{`DELETE FROM acts WHERE id = 12`}, tables: []string{"hits"}, wrong: true},
		"an act that was changed by hand": {damage: []string{`UPDATE acts SET person = 9 WHERE id = 12`}, tables: []string{"acts"}, wrong: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t.Context(), t, t.TempDir())
			t.Cleanup(func() { _ = b.db.Close() })
			b.append(12)
			b.older() // entries 12 to 17
			b.run(c.damage...)
			if _, err := b.verify(); name != "another entry" && err == nil {
				t.Fatal("the damage is not found: nothing is shown")
			}
			b.mend(c.tables...)
			r, err := b.verify()
			if c.wrong {
				if err == nil {
					t.Errorf("it is in order: %+v", r)
				}
				return
			}
			if err != nil || r.Acts != c.acts {
				t.Errorf("got %+v, %v", r.Acts, err)
			}
			if again := b.mend(); again != (ownlog.Mended{}) {
				t.Errorf("mended twice: %+v", again)
			}
			// What a mend told is told of these and no others.
			for _, q := range []string{`UPDATE acts SET person = 9`, `DELETE FROM acts`} {
				b.run(`DROP TABLE IF EXISTS spare`, `CREATE TABLE spare AS SELECT * FROM acts`, q)
				if _, err := b.verify(); err == nil && c.acts.Gone < 3 {
					t.Errorf("%s: it is in order", q)
				}
				b.run(`DELETE FROM acts`, `INSERT INTO acts SELECT * FROM spare`)
			}
			b.run(`INSERT INTO acts SELECT 99, 7, 0, 0, 'confirmed', '', 1, 0, 1, 0, 0, x''`)
			if _, err := b.verify(); err == nil || !strings.Contains(err.Error(), "act 99") {
				t.Errorf("an act that nobody took: %v", err)
			}
		})
	}
}

// What an entry says of people goes with its hit, although a damage took the note that it belongs to it.
func TestMendNotesWhatEntriesAreAbout(t *testing.T) {
	t.Parallel()
	b := newBook(t.Context(), t, t.TempDir())
	t.Cleanup(func() { _ = b.db.Close() })
	b.older() // entry 0 is about hit 3
	b.mend("hit_entries")
	b.write(func(tx *sqldb.Tx) error {
		if got, err := agentstore.TakeEntries(b.ctx, tx, 3); err != nil || len(got) != 0 {
			t.Errorf("of a hit that is not there: %v, %v", got, err)
		}
		return nil
	})
	b.run(`INSERT INTO hits (id, signal, type, ref, account, how, state, urgency, place, case_id, decision, person, found, decided)
		VALUES (3, 4, 'url', 'r', 'a', 'exact', 'open', 1, '', 0, '', 0, 1, 0)`)
	b.mend("hit_entries")
	b.write(func(tx *sqldb.Tx) error {
		got, err := agentstore.TakeEntries(b.ctx, tx, 3)
		if _, found := got[0]; err != nil || len(got) != 1 || !found {
			t.Errorf("got %v, %v", got, err)
		}
		return nil
	})
}

// A mend that says of an act only that it is kept holds nothing.
func TestMendKeepsNothingUnsaid(t *testing.T) {
	t.Parallel()
	b := newBook(t.Context(), t, t.TempDir())
	t.Cleanup(func() { _ = b.db.Close() })
	b.append(1)
	b.run(act)
	b.write(func(tx *sqldb.Tx) error {
		return ownlog.Append(b.ctx, tx, ownlog.Entry{Kind: audit.Mend, Who: map[string]any{}, What: rawFacts(`{"kept":[{"act":"5"}]}`)}, b.now, rand.Reader)
	})
	if r, err := b.verify(); err == nil {
		t.Errorf("it is in order: %+v", r)
	}
}

// A mend that has to tell of many decisions does so in several entries.
func TestMendTellsOfManyDecisions(t *testing.T) {
	t.Parallel()
	b := newBook(t.Context(), t, t.TempDir())
	t.Cleanup(func() { _ = b.db.Close() })
	b.append(1)
	b.write(func(tx *sqldb.Tx) error {
		for i := range 2500 {
			if err := agentstore.PutAct(b.ctx, tx, agentstore.ActRow{Act: lantern.Act{ID: lantern.ID(100 + i), Person: 7, Count: 1, At: b.now}, Salt: []byte{1}}); err != nil {
				return err
			}
		}
		return nil
	})
	b.run(lose+`= 0`, `DELETE FROM log_head`)
	b.mend("log_leaves", "log_head")
	r, err := b.verify()
	if err != nil || r.Acts.Kept != 2500 || r.Counts[audit.Mend] != 3 {
		t.Errorf("got %+v, %v", r, err)
	}
}
