package agent_test

import (
	"errors"
	"path/filepath"
	"testing"

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
	ctx := w.t.Context()
	path := filepath.Join(w.config.Dir, agent.DatabaseFile)
	db, err := sqldb.Open(ctx, "sqlite:"+path)
	if err != nil {
		w.t.Fatal(err)
	}
	var leaves []string
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		for _, n := range numbers {
			var leaf []byte
			if err := tx.QueryRow(ctx, `SELECT leaf FROM log_leaves WHERE number = $1`, n).Scan(&leaf); err != nil {
				return err
			}
			leaves = append(leaves, string(leaf))
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		w.t.Fatal(err)
	}
	breakPage(w.t, path, leaves...)
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
