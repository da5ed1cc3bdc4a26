package csv_test

import (
	"strings"
	"testing"

	"lantern/internal/format/csv"
)

// TestColumn finds the heading that a complaint is about.
func TestColumn(t *testing.T) {
	t.Parallel()
	r, err := csv.NewReader(strings.NewReader("type,Indicator,Ground,reviewed_at,tag\n"), map[string]string{"Ground": "policy"})
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{
		"/type": "type", "/value": "Indicator", "/basis/policy": "Ground", "/basis/at": "reviewed_at", "/basis/reviewed_by": "reviewed_by",
		"/tags/3": "tag", "/programs/0": "programs", "/links/0/signal": "/links/0/signal", "/incident": "/incident", "": "",
	} {
		if got := r.Column(pointer); got != want {
			t.Errorf("%q is in %q, want %q", pointer, got, want)
		}
	}
}
