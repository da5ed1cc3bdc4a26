package replica_test

import (
	"crypto/rand"
	"testing"

	"lantern"
	"lantern/internal/replica"
	"lantern/internal/seal"
)

// What is made ready is the last thing a page says of each signal, and of active ones alone.
func TestPrepare(t *testing.T) {
	t.Parallel()
	sealer := seal.New(seal.NewLocalKEK([32]byte{2}))
	change := func(seq int64, id lantern.ID, state lantern.SignalState, kind lantern.SignalType, value string) lantern.Change {
		return lantern.Change{Seq: seq, Signal: lantern.Signal{ID: id, State: state, Draft: lantern.Draft{Type: kind, Value: value, Note: "seen twice"}}}
	}
	page := lantern.FeedPage{Next: "c", Changes: []lantern.Change{
		change(1, 1, lantern.Active, "email", "a@example.com"),
		change(2, 2, lantern.Active, "email", "b@example.com"),
		change(3, 3, lantern.Active, "of-tomorrow", "x"),
		change(4, 1, lantern.Withdrawn, "email", ""),
		change(5, 2, lantern.Active, "email", "c@example.com"),
		change(6, 4, lantern.Suspended, "email", ""),
	}}
	got, err := replica.Prepare(t.Context(), sealer, rand.Reader, page)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []int64
	for _, c := range got.Changes {
		seqs = append(seqs, c.Seq)
	}
	if len(seqs) != 4 || seqs[0] != 3 || seqs[1] != 4 || seqs[2] != 5 || seqs[3] != 6 || got.Next != "c" {
		t.Errorf("changes: got %v, cursor %q; want 3 to 6, and the page's own cursor", seqs, got.Next)
	}
	if len(page.Changes) != 6 || page.Changes[0].Seq != 1 {
		t.Error("the caller's page was changed")
	}
	if len(got.Ready) != 2 {
		t.Fatalf("%d are ready, want those two that are active", len(got.Ready))
	}
	two, three := got.Ready[2], got.Ready[3]
	if !two.Readable || two.Entry.Canonical != "c@example.com" || two.Entry.Signal != 2 || two.Row.State != lantern.Active {
		t.Errorf("signal 2: got %+v", two.Entry)
	}
	part, err := replica.Open(t.Context(), sealer, two.Row)
	if err != nil || part.Value != "c@example.com" || part.Note != "seen twice" {
		t.Errorf("signal 2: its sealed part is not what the page brought (%v)", err)
	}
	if three.Readable || three.Row == nil {
		t.Error("a type of tomorrow: want a row, and no entry")
	}
}
