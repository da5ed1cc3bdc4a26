package exchange_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	"lantern"
	"lantern/audit"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// ownLog is an agent's own log, of which only hashes are needed.
type ownLog struct {
	name audit.Hash
	tree audit.Tree
	seed byte
}

// grow appends leaves and returns the anchor of what the log is then.
func (l *ownLog) grow(n int) lantern.Anchor {
	leaves := make([]audit.Hash, n)
	for i := range leaves {
		l.seed++
		leaves[i] = audit.Hash{l.seed}
	}
	if l.tree.Size() == 0 {
		l.name = leaves[0]
	}
	proof := l.tree.Extend(leaves)
	root := l.tree.Root()
	anchor := lantern.Anchor{Log: l.name[:], Size: l.tree.Size(), Root: root[:]}
	for i := range proof {
		anchor.Proof = append(anchor.Proof, proof[i][:])
	}
	return anchor
}

func TestAnchor(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		t.Parallel()
		w := exchangetest.New(t, url)
		ctx := t.Context()
		red, blue := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		anchor := func(n lantern.Anchor) lantern.Anchor {
			t.Helper()
			got, err := w.Anchor(ctx, red.Service, n)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		var log ownLog
		first := anchor(log.grow(3))
		grown := log.grow(10)
		second := anchor(grown)
		if first.Size != 3 || second.Size != 13 || second.Entry <= first.Entry || second.Breaks != 0 || second.Member != red.ID {
			t.Errorf("anchored %+v, then %+v", first, second)
		}
		if again := anchor(grown); again.Entry != second.Entry || !again.At.Equal(second.At) {
			t.Error("the same anchor was entered twice")
		}
		wantAnchorEntry(t, w, red.Admin, second)

		next := log.grow(1)
		for what, spoil := range map[string]func(*lantern.Anchor){
			"no proof":     func(n *lantern.Anchor) { n.Proof = nil },
			"another root": func(n *lantern.Anchor) { n.Root = bytes.Repeat([]byte{9}, 32) },
			"fewer leaves": func(n *lantern.Anchor) { n.Size = 5 },
		} {
			n := next
			spoil(&n)
			if _, err := w.Anchor(ctx, red.Service, n); lantern.KindOf(err) != lantern.Conflict {
				t.Errorf("%s: got %v, want a conflict", what, err)
			}
		}
		if got := anchor(next); got.Size != 14 {
			t.Errorf("after refusals %d leaves are anchored, want 14", got.Size)
		}

		// The same name says nothing about another member's log.
		var other ownLog
		if _, err := w.Anchor(ctx, blue.Service, other.grow(2)); err != nil {
			t.Error(err)
		}
		back := ownLog{name: log.name}
		short := back.grow(4)
		short.Log, short.Broken, short.Proof = log.name[:], true, nil
		broken := anchor(short)
		if broken.Breaks != 1 || !broken.Broken || broken.Size != 4 {
			t.Errorf("a log that broke is anchored as %+v", broken)
		}
		wantAnchorEntry(t, w, red.Admin, broken)
		back.name = log.name
		if on := anchor(back.grow(2)); on.Breaks != 1 || on.Broken || on.Size != 6 {
			t.Errorf("it goes on as %+v", on)
		}

		for _, who := range []struct {
			name string
			policy.Actor
			want int
		}{{"the own member", red.Admin, 1}, {"the steward", w.Steward, 2}} {
			if list, err := w.Anchors(ctx, who.Actor); err != nil || len(list) != who.want {
				t.Errorf("%s sees %d logs, want %d: %v", who.name, len(list), who.want, err)
			}
		}
		if _, err := w.Anchor(ctx, w.Steward, next); lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("the operator, who has no agent: %v", err)
		}
	})
}

// wantAnchorEntry holds what the exchange's log says of an anchor to what was answered.
func wantAnchorEntry(t *testing.T, w *exchangetest.World, by policy.Actor, n lantern.Anchor) {
	t.Helper()
	o, err := w.Opening(t.Context(), by, n.Entry)
	if err != nil {
		t.Fatal(err)
	}
	var facts struct {
		Member lantern.ID
		Anchor struct {
			Log, Root string
			Size      int64
			Broken    bool
		}
	}
	if err := json.Unmarshal(o.Facts, &facts); err != nil {
		t.Fatal(err)
	}
	if a := facts.Anchor; o.Kind != "anchor" || facts.Member != n.Member || a.Log != hex.EncodeToString(n.Log) || a.Root != hex.EncodeToString(n.Root) || a.Size != n.Size || a.Broken != n.Broken {
		t.Errorf("the log says %s of %+v", o.Facts, n)
	}
}
