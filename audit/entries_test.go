package audit_test

import (
	"bytes"
	"slices"
	"testing"

	"lantern/audit"
)

func TestEntries(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 255, 256} {
		leaves := makeLeaves(t, n)
		got, err := audit.DecodeEntries(audit.EncodeEntries(leaves))
		if err != nil || !slices.Equal(got, leaves) {
			t.Errorf("%d leaves do not come back: %v", n, err)
		}
	}
	bundle := audit.EncodeEntries(makeLeaves(t, 3))
	for name, bad := range map[string][]byte{
		"cut in an entry":  bundle[:len(bundle)-1],
		"cut in a length":  bundle[:45],
		"length too small": append([]byte{0, 41}, bundle[2:]...),
		"length too large": append([]byte{1, 42}, bundle[2:]...),
		"too many":         audit.EncodeEntries(makeLeaves(t, 257)),
		"version":          append([]byte{0, 42, 9}, bundle[3:]...),
	} {
		if _, err := audit.DecodeEntries(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if bytes.Contains(bundle, []byte("person")) {
		t.Error("a leaf shows its record")
	}
}
