package policy_test

import (
	"testing"

	"lantern"
	"lantern/internal/policy"
)

func TestExportable(t *testing.T) {
	t.Parallel()
	for _, h := range []lantern.Handling{"", lantern.Red, lantern.AmberStrict, lantern.Amber, lantern.Green} {
		for _, use := range []string{"", "ncmec"} {
			s := lantern.Signal{Draft: lantern.Draft{Handling: h, UseRestriction: use}}
			if why := policy.Exportable(&s); (why == "") != (h != lantern.Red && use == "") {
				t.Errorf("%s, bound to %q: %q", h, use, why)
			}
		}
	}
}
