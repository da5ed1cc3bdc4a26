package signal_test

import (
	"testing"

	"lantern/signal"
)

func TestRegistrableDomain(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"example.com":           "example.com",
		"a.b.example.com":       "example.com",
		"example.co.uk":         "example.co.uk",
		"a.b.example.co.uk":     "example.co.uk",
		"owl.github.io":         "owl.github.io",
		"a.owl.github.io":       "owl.github.io",
		"owl.kawasaki.jp":       "", // *.kawasaki.jp
		"a.owl.kawasaki.jp":     "a.owl.kawasaki.jp",
		"city.kawasaki.jp":      "city.kawasaki.jp", // !city.kawasaki.jp
		"a.city.kawasaki.jp":    "city.kawasaki.jp",
		"chatter.test":          "chatter.test", // no rule: the last label is the suffix
		"a.chatter.test":        "chatter.test",
		"xn--mller-kva.example": "xn--mller-kva.example",
		"com":                   "",
		"co.uk":                 "",
		"github.io":             "",
		"localhost":             "",
		"192.0.2.7":             "",
		"[2001:db8::7]":         "",
		"":                      "",
		".":                     "",
		".com":                  "",
		"a..com":                "",
	} {
		if got := signal.RegistrableDomain(host); got != want {
			t.Errorf("RegistrableDomain(%q) = %q, want %q", host, got, want)
		}
	}
}

func BenchmarkRegistrableDomain(b *testing.B) {
	for b.Loop() {
		signal.RegistrableDomain("a.b.example.co.uk")
	}
}
