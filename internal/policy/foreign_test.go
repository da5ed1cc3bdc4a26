package policy

import (
	"testing"

	"lantern"
)

func TestForeign(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ personal, on, want bool }{{false, false, true}, {false, true, true}, {true, false, false}, {true, true, true}} {
		if got := OnForeign(lantern.Policy{ForeignPersons: tt.on}, tt.personal); got != tt.want {
			t.Errorf("a type that names a person: %v, turned on: %v: %v", tt.personal, tt.on, got)
		}
	}
	for _, tt := range []struct {
		basis lantern.Basis
		want  bool
	}{{lantern.Basis{}, false}, {lantern.Basis{Policy: "x"}, false}, {lantern.Basis{ReviewedBy: lantern.ByMachine}, false}, {lantern.Basis{Policy: "x", ReviewedBy: lantern.ByHuman}, true}} {
		if got := Founded(tt.basis); got != tt.want {
			t.Errorf("%+v is founded: %v", tt.basis, got)
		}
	}
}
