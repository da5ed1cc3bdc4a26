package exchange

import (
	"context"
	"errors"
	"testing"

	"lantern/internal/fair"
	"lantern/internal/policy"
)

// A member whose slots are taken must wait before it is given the database or a processor;
// there is neither here, so a read that does not wait is seen.
func TestReadsOfAMemberAreBounded(t *testing.T) {
	t.Parallel()
	x := &Exchange{reads: fair.NewSlots(1)}
	v := &view{a: policy.Actor{Member: 1}}
	leave, err := x.reads.Enter(t.Context(), v.a.Member)
	if err != nil {
		t.Fatal(err)
	}
	defer leave()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, read := range map[string]func() error{
		"page":     func() error { _, _, err := x.page(gone, v, 1); return err },
		"changes":  func() error { _, err := x.changes(gone, v, disclosed{}); return err },
		"snapshot": func() error { return x.encodeWindow(gone, v, standing{}, &window{}) },
	} {
		if err := read(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want it to wait for a slot", name, err)
		}
	}
	other, err := x.reads.Enter(t.Context(), 2)
	if err != nil {
		t.Fatalf("another member: %v", err)
	}
	other()
}
