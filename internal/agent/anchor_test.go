package agent_test

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
	"lantern/internal/agent"
	"lantern/internal/agent/agenttest"
	"lantern/internal/ownlog"
	"lantern/internal/sqldb"
)

// anchored is an agent that is run once and again, and what the exchange has of its own log.
type anchored struct {
	*agenttest.World
	t        *testing.T
	config   agent.Config
	key      string // of a person
	exchange *client.Client
	signal   lantern.ID
}

func newAnchored(t *testing.T) *anchored {
	w := agenttest.New(t)
	social := w.AddCompany("Facegram")
	signal := w.MustShare(w.AddCompany("Cloudbin").Submitter, w.Draft(1))
	return &anchored{World: w, t: t, config: w.AgentConfig(t, social, t.TempDir()), key: social.InvestigatorKey,
		exchange: client.New(w.URL, social.ServiceKey, client.Options{}), signal: signal}
}

// day has a person reveal a signal n times, and the agent go about its business once.
func (w *anchored) day(n int) (lantern.Anchor, error) {
	w.t.Helper()
	ctx := w.t.Context()
	a, err := agent.New(ctx, w.config)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	if err := a.RunOnce(ctx); err != nil {
		w.t.Fatal(err)
	}
	who, err := a.Authenticate(ctx, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	for range n {
		if _, err := a.Reveal(ctx, who, w.signal); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := a.RunOnce(ctx); err != nil {
		w.t.Fatal(err)
	}
	list, err := w.exchange.Anchors(ctx)
	if err != nil || len(list) != 1 {
		w.t.Fatalf("%d logs are anchored: %v", len(list), err)
	}
	_, err = a.VerifyOwnLog(ctx, list[0])
	return list[0], err
}

// Whoever changes an agent's own log, or brings an older one in, is found out from what the
// exchange has of it.
func TestOwnLogIsAnchored(t *testing.T) {
	t.Parallel()
	w := newAnchored(t)
	first, err := w.day(2)
	if err != nil || first.Size != 2 {
		t.Fatalf("anchored %+v: %v", first, err)
	}
	second, err := w.day(3)
	if err != nil || second.Size != 5 || second.Breaks != 0 || second.Entry <= first.Entry {
		t.Errorf("then %+v: %v", second, err)
	}
	if again, err := w.day(0); err != nil || again.Entry != second.Entry {
		t.Errorf("a log that did not grow is entered again: %+v, %v", again, err)
	}

	// Somebody with the database in hand drops what they did last and computes the head anew.
	w.rewrite(4)
	if _, err := w.verify(second); err == nil {
		t.Error("a log that lost its last entry passes for the one that was anchored")
	}
	if _, err := w.verify(); err != nil {
		t.Errorf("the log does not verify by itself, so the anchor shows nothing: %v", err)
	}
	third, err := w.day(2)
	if err != nil || third.Breaks != 1 || third.Size != 6 {
		t.Errorf("a log that does not continue is anchored as %+v: %v", third, err)
	}
	if fourth, err := w.day(1); err != nil || fourth.Breaks != 1 || fourth.Size != 7 {
		t.Errorf("it goes on as %+v: %v", fourth, err)
	}
}

func (w *anchored) verify(anchors ...lantern.Anchor) (map[audit.Kind]int, error) {
	w.t.Helper()
	r, err := w.own(anchors...)
	return r.Counts, err
}

// own verifies the log of an agent that is started for it.
func (w *anchored) own(anchors ...lantern.Anchor) (ownlog.Report, error) {
	w.t.Helper()
	a := opened(w.t, w.config)
	defer func() { _ = a.Close() }()
	return a.VerifyOwnLog(w.t.Context(), anchors...)
}

// rewrite leaves the first n entries of the log and the head that goes with them.
func (w *anchored) rewrite(n int64) {
	w.t.Helper()
	ctx := w.t.Context()
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(w.config.Dir, "agent.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	err = db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM log_leaves WHERE number >= $1`, n); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT leaf FROM log_leaves ORDER BY number`)
		if err != nil {
			return err
		}
		defer rows.Close()
		var tree audit.Tree
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			leaf, err := audit.ParseLeaf(b)
			if err != nil {
				return err
			}
			tree.Append(audit.LeafHash(leaf))
		}
		edge, err := tree.MarshalBinary()
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE log_head SET size = $1, edge = $2 WHERE id = 1`, n, edge)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// spoil breaks the page of the database in which most of some leaves lie, and lets the agent find
// it out and start again.
func (w *anchored) spoil(numbers ...int64) {
	w.t.Helper()
	all := w.column(`SELECT leaf FROM log_leaves ORDER BY number`)
	var leaves []string
	for _, n := range numbers {
		leaves = append(leaves, all[n])
	}
	breakPage(w.t, filepath.Join(w.config.Dir, agent.DatabaseFile), leaves...)
	findDamage(w.t, opened(w.t, w.config))
}

// A page of the own log is damaged: the log goes on, says what was lost, and the exchange counts it.
func TestOwnLogOutlivesADamagedPage(t *testing.T) {
	t.Parallel()
	w := newAnchored(t)
	before, err := w.day(40)
	if err != nil || before.Size != 40 {
		t.Fatalf("anchored %+v: %v", before, err)
	}
	w.spoil(20, 21, 22)
	r, err := w.own(before)
	lost, at := r.Lost()
	if err != nil || lost < 3 || lost > 20 || at.IsZero() || !r.Unheld || r.Counts[audit.Mend] != 1 {
		t.Fatalf("mended: %+v, %v", r, err)
	}
	// The next anchor says by itself that the log broke, once.
	after, err := w.day(0)
	if err != nil || after.Size != 41 || after.Breaks != 1 {
		t.Errorf("anchored anew: %+v, %v", after, err)
	}
	next, err := w.day(3)
	if err != nil || next.Size != 44 || next.Breaks != 1 {
		t.Errorf("then %+v, %v", next, err)
	}
	if r, err := w.own(after); err != nil || r.Unheld || r.Anchor.Size != 41 {
		t.Errorf("held against the anchor after the mend: %+v, %v", r, err)
	}
	// Another page goes, and with it perhaps the entry about the first.
	w.spoil(40, 41, 42)
	again, err := w.own(next)
	if total, _ := again.Lost(); err != nil || total <= lost || !again.Unheld {
		t.Errorf("mended again: %+v, %v", again, err)
	}
	if last, err := w.day(2); err != nil || last.Breaks != 2 {
		t.Errorf("it goes on as %+v: %v", last, err)
	}
}

// Whoever takes entries away by hand gets no mend from a start.
func TestStartMendsNoLogThatSomebodyCut(t *testing.T) {
	t.Parallel()
	w := newAnchored(t)
	if _, err := w.day(5); err != nil {
		t.Fatal(err)
	}
	a := opened(t, w.config)
	if err := errors.Join(a.Tamper(t.Context(), `DELETE FROM log_leaves WHERE number = 2`), a.Close()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := w.day(1); err == nil {
			t.Fatal("the log is in order")
		}
	}
	if r, _ := w.own(); r.Counts[audit.Mend] != 0 {
		t.Errorf("it was mended: %+v", r)
	}
}

// decide matches n records and decides on each, and on one of them again.
func (w *anchored) decide(n int) {
	w.t.Helper()
	ctx := w.t.Context()
	a := opened(w.t, w.config)
	defer func() { _ = a.Close() }()
	runOnce(w.t, a)
	who, err := a.Authenticate(ctx, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range n {
		record := lantern.Record{Ref: fmt.Sprintf("post-%s-%d", w.Clock.Now().Format(time.RFC3339), i), URLs: []string{w.Draft(1).Value}}
		if _, err := a.Match(ctx, []lantern.Record{record}, agent.MatchOptions{}); err != nil {
			w.t.Fatal(err)
		}
	}
	hits, err := a.Hits(ctx, agent.HitFilter{Limit: n})
	if err != nil || len(hits) != n {
		w.t.Fatalf("%d hits, %v", len(hits), err)
	}
	for _, h := range append(hits, hits[0]) {
		results, err := a.DecideHits(ctx, who, []lantern.HitRuling{{Hit: h.ID, Decision: lantern.Confirmed, Reason: lantern.AbuseMaterial}})
		if err != nil || !results[0].Recorded {
			w.t.Fatalf("deciding: %+v, %v", results, err)
		}
		w.Clock.Add(time.Second)
	}
	runOnce(w.t, a)
}

// Pages of the own log and of what it is about are damaged. Mended, the log verifies by itself and
// against every anchor that covers nothing lost; people go on deciding, and it verifies again.
func TestDecisionsOutliveDamagedPages(t *testing.T) {
	t.Parallel()
	const salts, leaves, edge = `SELECT salt FROM acts ORDER BY id`, `SELECT leaf FROM log_leaves ORDER BY number`, `SELECT edge FROM log_head`
	for name, c := range map[string]struct {
		of          []string // the middle of each of these columns
		gone, loses bool
	}{
		"acts":             {of: []string{salts}, gone: true},
		"leaves":           {of: []string{leaves}, loses: true},
		"head":             {of: []string{edge}},
		"acts and leaves":  {of: []string{salts, leaves}, gone: true, loses: true},
		"all three":        {of: []string{salts, leaves, edge}, gone: true, loses: true},
		"leaves, twice":    {of: []string{leaves, leaves}, loses: true},
		"head, and leaves": {of: []string{leaves, edge}, loses: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAnchored(t)
			w.decide(60)
			before, err := w.day(0)
			if r, wrong := w.own(); err != nil || wrong != nil || r.Acts.Proven != 61 {
				t.Fatalf("before: %+v, %v, %v", r, err, wrong)
			}
			path := filepath.Join(w.config.Dir, agent.DatabaseFile)
			var pages [][]string
			for i, q := range c.of {
				all := w.column(q)
				third := len(all) / 3 * (1 + i%2) // not the same page twice
				pages = append(pages, all[third:min(third+4, len(all))])
			}
			for _, texts := range pages {
				breakPage(t, path, texts...)
			}
			write(t, filepath.Join(w.config.Dir, "agent.damaged"), "") // whoever reads there makes it
			r, err := w.own(before)
			lost, _ := r.Lost()
			if err != nil || (lost > 0) != c.loses || r.Unheld != c.loses || (r.Acts.Gone > 0) != c.gone ||
				!c.gone && (r.Acts.Kept > 0) != c.loses || r.Acts.Older > 0 || r.Acts.Proven < 20 {
				t.Fatalf("mended: %+v, %v", r, err)
			}
			w.decide(5)
			after, err := w.day(0)
			if breaks := map[bool]int{true: 1}[c.loses]; err != nil || after.Breaks != breaks || after.Size < 66 {
				t.Errorf("anchored after: %+v, %v", after, err)
			}
			if again, err := w.own(after); err != nil || again.Unheld || again.Acts.Proven != r.Acts.Proven+6 || again.Acts.Gone != r.Acts.Gone {
				t.Errorf("after: %+v, %v", again, err)
			}
		})
	}
}

// column reads a column of the database.
func (w *anchored) column(query string) (all []string) {
	w.t.Helper()
	ctx := w.t.Context()
	db, err := sqldb.Open(ctx, "sqlite:"+filepath.Join(w.config.Dir, agent.DatabaseFile))
	if err != nil {
		w.t.Fatal(err)
	}
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		rows, err := tx.Query(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b []byte
			if err := rows.Scan(&b); err != nil {
				return err
			}
			all = append(all, string(b))
		}
		return rows.Err()
	})
	if err := errors.Join(err, db.Close()); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// A log whose first entry is lost goes on under another name; what was anchored of it stays and grows no more.
func TestOwnLogWithoutItsBeginning(t *testing.T) {
	t.Parallel()
	w := newAnchored(t)
	before, err := w.day(40)
	if err != nil {
		t.Fatal(err)
	}
	w.spoil(0, 1, 2)
	if r, err := w.own(before); err != nil || r.Anchor.Size != 0 || len(r.Lacks()) != 1 {
		t.Errorf("mended: %+v, %v", r, err)
	}
	for range 2 {
		a := opened(t, w.config)
		runOnce(t, a)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.exchange.Anchors(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("got %+v, %v", list, err)
	}
	for _, n := range list {
		if old := bytes.Equal(n.Log, before.Log); n.Breaks != 0 || old && n.Entry != before.Entry || !old && n.Size != 41 {
			t.Errorf("got %+v", n)
		}
	}
	if r, err := w.own(list...); err != nil || r.Anchor.Size != 41 || r.Unheld {
		t.Errorf("held against both: %+v, %v", r, err)
	}
}
