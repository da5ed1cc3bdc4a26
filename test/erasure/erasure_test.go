// Package erasure attacks the promise that an erased value is gone: an adversary who
// holds the key-encryption key and every byte of every file of an exchange and of an agent
// (databases, write-ahead logs, free pages, logs of programs and, on PostgreSQL, the
// server's whole data directory) opens all values before they are erased, which shows that
// the adversary is able, and none within the bound of docs/operate/erasure.md afterwards.
// Signals that were not erased still open at the end, which shows that nothing but the
// erasure stopped the adversary.
//
// Two things are looked for besides: the values in the open, in their common forms and
// digests, at any time; and the keyed digests by which the exchange finds a value, with
// which the holder of the key can test guesses.
package erasure

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lantern/internal/sqldb/sqldbtest"
)

// The bounds that docs/operate/erasure.md promises for a database of this size, from the
// answer to the last erasure. They are wide of the measured times, which the test prints.
const keysBound = 2 * time.Minute

func TestErasure(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		attack(t, "sqlite:"+filepath.Join(dir, "exchange.db"), dir)
	})
	for name, options := range map[string][]string{
		"postgres": nil,
		// What a server has that nobody configured: old segments are renamed for later use.
		"postgres as shipped": {"wal_recycle = on", "min_wal_size = 80MB", "max_wal_size = 1GB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := sqldbtest.OwnCluster(t, options...)
			attack(t, c.URL, filepath.Dir(c.Dir))
		})
	}
}

// attack lets an exchange on the database at url, and an agent, live through shares,
// changes and erasures, and attacks their folders before and after.
func attack(t *testing.T, url, dir string) {
	w := found(t, url)
	w.share()
	w.changes()
	w.settled()
	adversaries := map[string]struct {
		*adversary
		holds int // of the values at least; what was withdrawn before may be on its way out of the agent
		dirs  []string
	}{
		"exchange": {newAdversary(t, exchangeKEK), total, []string{dir, w.logs}},
		"agent":    {newAdversary(t, agentKEK), total - withdrawn, []string{w.agentDir}},
	}
	plain := w.plain(false)
	for name, a := range adversaries {
		files, got := w.open(a.adversary, a.dirs, w.values, a.holds)
		t.Logf("%s: %d keys, %d texts opened before the erasure", name, got.keys, len(got.texts))
		if n := count(w.values, got.texts); n < a.holds {
			t.Errorf("%s: before the erasure %d of at least %d values open: the adversary is no good", name, n, a.holds)
		}
		if n, forms := w.plain(name == "agent").find(files); n != 0 {
			t.Errorf("%s: %d values stand in the open while they are sealed: %v", name, n, forms)
		}
	}

	w.erase()
	erased := time.Now()
	w.purged()
	t.Logf("agent: all purges acknowledged after %v", time.Since(erased))
	w.gone(adversaries["agent"].adversary, "agent", adversaries["agent"].dirs)

	a := adversaries["exchange"]
	w.goneBy(erased.Add(keysBound), a.adversary, a.dirs)
	t.Logf("exchange: nothing opens after %v", time.Since(erased))
	w.noTraceBy(erased.Add(2*keysBound), a.dirs)
	t.Logf("exchange: no trace after %v", time.Since(erased))
	for name, a := range adversaries {
		if n, forms := plain.find(readAll(t, a.dirs...)); n != 0 {
			t.Errorf("%s: %d values stand in the open after their erasure: %v", name, n, forms)
		}
	}
	w.logStands()
}

// count says how many of the values occur in what was opened.
func count(values []value, texts []string) int {
	all := strings.Join(texts, "\n")
	n := 0
	for _, v := range values {
		if strings.Contains(all, v.canonical) {
			n++
		}
	}
	return n
}
