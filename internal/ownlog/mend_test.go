package ownlog_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/audit"
	"lantern/internal/agentstore"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// book is a log in a database of its own.
type book struct {
	ctx  context.Context
	t    rapid.TB
	path string
	db   *sqldb.DB
	now  time.Time
}

func newBook(ctx context.Context, t rapid.TB, dir string) *book {
	t.Helper()
	path := filepath.Join(dir, "agent.db")
	db, err := sqldb.Open(ctx, "sqlite:"+path)
	if err == nil {
		err = db.Migrate(ctx, agentstore.Migrations())
	}
	if err != nil {
		t.Fatal(err)
	}
	return &book{ctx, t, path, db, time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)}
}

// write does something in a transaction, a second later than what was done before.
func (b *book) write(f func(*sqldb.Tx) error) {
	b.t.Helper()
	b.now = b.now.Add(time.Second)
	if err := b.db.Write(b.ctx, f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) append(n int) {
	b.t.Helper()
	for range n {
		b.write(func(tx *sqldb.Tx) error {
			return ownlog.Append(b.ctx, tx, ownlog.Entry{Kind: audit.Reveal, Who: map[string]any{"person": 7}, What: map[string]any{"signal": 12}}, b.now, rand.Reader)
		})
	}
}

func (b *book) run(statements ...string) {
	b.t.Helper()
	b.write(func(tx *sqldb.Tx) error {
		for _, q := range statements {
			if _, err := tx.Exec(b.ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *book) mend(tables ...string) (m ownlog.Mended) {
	b.t.Helper()
	b.write(func(tx *sqldb.Tx) (err error) {
		m, err = ownlog.Mend(b.ctx, tx, tables, b.now, rand.Reader)
		return err
	})
	return m
}

func (b *book) verify(anchors ...lantern.Anchor) (r ownlog.Report, err error) {
	err = b.db.Read(b.ctx, func(tx *sqldb.Tx) (err error) {
		r, err = ownlog.Verify(b.ctx, tx, anchors)
		return err
	})
	return r, err
}

// head is an anchor of the log as it stands.
func (b *book) head() (a lantern.Anchor) {
	b.t.Helper()
	b.write(func(tx *sqldb.Tx) error {
		edge, err := agentstore.LoadLogHead(b.ctx, tx)
		if err != nil {
			return err
		}
		var tree audit.Tree
		if err := tree.UnmarshalBinary(edge); err != nil {
			return err
		}
		first, err := agentstore.FirstLogLeaf(b.ctx, tx, make([]byte, audit.LeafSize))
		if err != nil {
			return err
		}
		name, root := audit.LeafHash(audit.Leaf(first)), tree.Root()
		a = lantern.Anchor{Log: name[:], Size: tree.Size(), Root: root[:], Entry: 4, At: b.now}
		return nil
	})
	return a
}

const lose = `DELETE FROM log_leaves WHERE number `

// act is the row of something that a person decided.
const act = `INSERT INTO acts (id, person, case_id, bulk, decision, reason, count, challenge, at, undone, undone_by) VALUES (5, 7, 0, 0, 'confirmed', '', 1, 0, 1, 0, 0)`

func TestMendGoesOnWithWhatIsThere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage []string // of a log of 12 entries
		tables []string
		lost   int64
		size   int64 // afterwards
		head   bool  // was made again
		begins bool  // the log, under another name
		unheld bool  // against an anchor of the 12 entries
	}{
		"nothing":            {size: 12},
		"in the middle":      {damage: []string{lose + `BETWEEN 4 AND 6`}, tables: []string{"log_leaves"}, lost: 3, size: 13, head: true, unheld: true},
		"in several places":  {damage: []string{lose + `IN (1, 3, 4, 9)`}, tables: []string{"log_leaves"}, lost: 4, size: 13, head: true, unheld: true},
		"the last ones":      {damage: []string{lose + `>= 9`}, tables: []string{"log_leaves"}, lost: 3, size: 13, head: true, unheld: true},
		"the first ones":     {damage: []string{lose + `< 3`}, tables: []string{"log_leaves"}, lost: 3, size: 13, head: true, begins: true},
		"all but the head":   {damage: []string{lose + `>= 0`}, tables: []string{"log_leaves"}, lost: 12, size: 13, head: true, begins: true},
		"the head":           {damage: []string{`DELETE FROM log_head`}, tables: []string{"log_head"}, size: 12, head: true},
		"a senseless head":   {damage: []string{`UPDATE log_head SET edge = x'00'`}, size: 12, head: true},
		"a head of no size":  {damage: []string{`UPDATE log_head SET size = -1`}, size: 12, head: true},
		"a size of its own":  {damage: []string{`UPDATE log_head SET size = 900`}, size: 12, head: true},
		"all":                {damage: []string{`DELETE FROM log_head`, lose + `>= 0`, act}, tables: []string{"log_leaves", "log_head"}, size: 1, begins: true},
		"every table":        {damage: []string{`DELETE FROM log_head`, lose + `>= 0`}, tables: []string{"every table"}, size: 1, begins: true},
		"head and some":      {damage: []string{`DELETE FROM log_head`, lose + `IN (4, 5)`}, tables: []string{"log_leaves", "log_head"}, lost: 2, size: 13, head: true, unheld: true},
		"head and last ones": {damage: []string{`DELETE FROM log_head`, lose + `>= 8`}, tables: []string{"log_leaves", "log_head"}, size: 9, head: true, unheld: true},
		"no head, last ones": {damage: []string{`UPDATE log_head SET edge = x'00'`, lose + `>= 8`}, tables: []string{"log_leaves"}, size: 9, head: true, unheld: true},
		"a spoilt leaf":      {damage: []string{`UPDATE log_leaves SET leaf = randomblob(42) WHERE number = 3`}, lost: 1, size: 13, head: true, unheld: true},
		"a spoilt opening":   {damage: []string{`UPDATE log_leaves SET opening = replace(opening, 'a', 'b') WHERE number = 3`}, lost: 1, size: 13, head: true, unheld: true},
		"an odd number":      {damage: []string{`UPDATE log_leaves SET number = 1 << 40 WHERE number = 3`}, lost: 1, size: 13, head: true, unheld: true},
		"other tables":       {tables: []string{"hits"}, size: 13},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t.Context(), t, t.TempDir())
			t.Cleanup(func() { _ = b.db.Close() })
			b.append(12)
			before := b.head()
			b.run(c.damage...)
			if _, err := b.verify(); c.damage != nil && name != "every table" && err == nil {
				t.Fatal("the damaged log verifies: nothing is shown")
			}
			m := b.mend(c.tables...)
			if m.Lost != c.lost || m.Head != c.head {
				t.Errorf("mended: got %+v", m)
			}
			if again := b.mend(); again != (ownlog.Mended{}) {
				t.Errorf("mended twice: got %+v", again)
			}
			r, err := b.verify(before)
			if lost, at := r.Lost(); err != nil || lost != c.lost || r.Unheld != c.unheld || (r.Anchor.Size == 0) != c.begins || at.IsZero() == (c.unheld || c.begins) {
				t.Errorf("held against what was anchored before: %+v, %v", r, err)
			}
			after := b.head()
			if after.Size != c.size {
				t.Errorf("it has %d entries", after.Size)
			}
			b.append(3)
			if r, err := b.verify(after); err != nil || r.Unheld || r.Anchor.Size != after.Size {
				t.Errorf("held against what was anchored after: %+v, %v", r, err)
			}
			after.Root[5] ^= 1
			if _, err := b.verify(after); err == nil {
				t.Error("another root passes")
			}
		})
	}
}

// A person with the database in hand gets no lost entries out of the way.
func TestLostEntriesAreNobodysExcuse(t *testing.T) {
	t.Parallel()
	zero := `INSERT OR REPLACE INTO log_leaves (number, leaf, opening) SELECT number, zeroblob(42), '' FROM log_leaves WHERE number `
	for name, by := range map[string]string{
		"taken away":                     lose + `= 10`,
		"stood in for":                   zero + `= 13`,
		"stood in for, before the mend":  zero + `= 2`,
		"without an entry that says why": zero + `= 12`,
		"with an opening":                `UPDATE log_leaves SET opening = '{}' WHERE number = 4`,
		"shifted":                        `UPDATE log_leaves SET number = number + 100 WHERE number > 5`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t.Context(), t, t.TempDir())
			t.Cleanup(func() { _ = b.db.Close() })
			b.append(12)
			b.run(lose + `IN (4, 5)`)
			b.mend("log_leaves") // entry 12
			b.append(2)
			if _, err := b.verify(); err != nil {
				t.Fatal(err)
			}
			b.run(by)
			b.recompute()
			if _, err := b.verify(); err == nil {
				t.Error("the log is in order")
			}
		})
	}
}

// An anchor from before a mend that covers nothing lost holds as ever.
func TestMendExcusesNoAnchorThatCoversNothingLost(t *testing.T) {
	t.Parallel()
	b := newBook(t.Context(), t, t.TempDir())
	t.Cleanup(func() { _ = b.db.Close() })
	b.append(4)
	early := b.head()
	b.append(8)
	b.run(lose + `IN (4, 5)`)
	b.mend("log_leaves")
	if r, err := b.verify(early); err != nil || r.Unheld || r.Anchor.Size != 4 {
		t.Errorf("got %+v, %v", r, err)
	}
	early.Root[0] ^= 1
	if r, err := b.verify(early); err == nil {
		t.Errorf("another root: got %+v", r)
	}
}

// recompute makes a head that fits the leaves.
func (b *book) recompute() {
	b.t.Helper()
	b.write(func(tx *sqldb.Tx) error {
		var tree audit.Tree
		err := agentstore.EachLogLeafFrom(b.ctx, tx, 0, func(leaf []byte) error {
			tree.Append(audit.LeafHash(audit.Leaf(leaf)))
			return nil
		})
		if err != nil {
			return err
		}
		edge, err := tree.MarshalBinary()
		if err != nil {
			return err
		}
		return agentstore.SaveLogHead(b.ctx, tx, tree.Size(), edge)
	})
}

// An entry that says of one that is there that it was lost would let anybody take it away.
func TestMendThatSaysTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	for name, facts := range map[string]string{
		"an entry that is there": `{"lost":[[2,3]]}`,
		"itself":                 `{"lost":[[3,4]]}`,
		"what is to come":        `{"lost":[[8,9]]}`,
		"backwards":              `{"lost":[[2,1]]}`,
		"before the first":       `{"lost":[[-1,0]]}`,
		"in another form":        `{"lost":"all"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBook(t.Context(), t, t.TempDir())
			t.Cleanup(func() { _ = b.db.Close() })
			b.append(3)
			b.write(func(tx *sqldb.Tx) error {
				return ownlog.Append(b.ctx, tx, ownlog.Entry{Kind: audit.Mend, Who: map[string]any{}, What: rawFacts(facts)}, b.now, rand.Reader)
			})
			if _, err := b.verify(); err == nil || !strings.Contains(err.Error(), "entry 3") {
				t.Errorf("got %v", err)
			}
		})
	}
}

type rawFacts string

func (f rawFacts) MarshalJSON() ([]byte, error) { return []byte(f), nil }

// What a hit's entry says of people goes with the hit, as long as it is there: the number of a
// lost one may be given again.
func TestMendForgetsWhatLostEntriesWereAbout(t *testing.T) {
	t.Parallel()
	b := newBook(t.Context(), t, t.TempDir())
	t.Cleanup(func() { _ = b.db.Close() })
	b.append(12)
	b.run(`INSERT INTO hit_entries (hit, entry) VALUES (1, 2), (1, 4), (2, 11)`, `DELETE FROM log_head`, lose+`= 4 OR number >= 8`)
	b.mend("log_head", "log_leaves")
	b.append(5)
	b.write(func(tx *sqldb.Tx) error {
		for hit, want := range map[lantern.ID][]int64{1: {2}, 2: nil} {
			got, err := agentstore.TakeEntries(b.ctx, tx, hit)
			if err != nil {
				return err
			}
			for _, n := range want {
				delete(got, n)
			}
			if len(got) > 0 {
				t.Errorf("hit %d: entries %v are taken for its own", hit, got)
			}
		}
		return nil
	})
}

// After any damages and mends the log verifies, and is held against each head it had but those of
// which something was lost.
func TestLogOutlivesDamage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		b := newBook(t.Context(), rt, dir)
		defer func() { _ = b.db.Close() }()
		b.append(1)
		type was struct {
			anchor lantern.Anchor
			unheld bool
			by     int64 // the entry without which nothing tells that the anchor is from before a mend, 0 for none
		}
		heads := []was{{anchor: b.head()}}
		stood := make(map[int64]bool)
		for range rapid.IntRange(1, 5).Draw(rt, "turns") {
			b.append(rapid.IntRange(0, 9).Draw(rt, "entries"))
			heads = append(heads, was{anchor: b.head()})
			size := heads[len(heads)-1].anchor.Size
			if !rapid.Bool().Draw(rt, "damage") {
				continue
			}
			from := rapid.Int64Range(0, size-1).Draw(rt, "from")
			to := rapid.Int64Range(from, size).Draw(rt, "to")
			b.run(fmt.Sprintf(`DELETE FROM log_leaves WHERE number BETWEEN %d AND %d`, from, to-1))
			tables := []string{"log_leaves"}
			head := rapid.Bool().Draw(rt, "head")
			if head {
				b.run(`DELETE FROM log_head`)
				tables = append(tables, "log_head")
			}
			b.mend(tables...)
			heads = slices.DeleteFunc(heads, func(h was) bool { return from <= h.by && h.by < to })
			if made := b.head().Size - 1; head {
				for i := range heads {
					if heads[i].by == 0 && heads[i].anchor.Size > made {
						heads[i].by = made
					}
				}
			}
			for n := from; n < to; n++ {
				if stood[n] && (!head || to < size) { // it is as it was
					continue
				}
				stood[n] = !head || to < size // or its number is given again
				for i := range heads {
					heads[i].unheld = heads[i].unheld || n < heads[i].anchor.Size
				}
			}
		}
		b.append(1)
		name := b.head().Log
		for i, h := range heads {
			r, err := b.verify(h.anchor)
			if err != nil {
				rt.Fatalf("head %d, of %d entries: %v", i, h.anchor.Size, err)
			}
			if slices.Equal(name, h.anchor.Log) != (r.Anchor.Size != 0) || r.Anchor.Size != 0 && r.Unheld != h.unheld {
				rt.Errorf("head %d, of %d entries: got %+v, want unheld %v", i, h.anchor.Size, r, h.unheld)
			}
		}
	})
}
