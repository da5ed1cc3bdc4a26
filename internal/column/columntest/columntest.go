// Package columntest makes signals for tests of formats: whatever a member may say, in the forms that
// formats find hard to keep.
package columntest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"

	"lantern"
	"lantern/signal"
)

// hard are texts that formats trim, escape or compute.
var hard = []string{"", "plain", "=1+1", "'=1+1", "+5", "@x", "-", " spaced ", "two\nlines", "tab\there", `the "rule", 7`, "a;b|c", "Règle 3", "<&>]]>", "\\u0041", "'"}

// Signal draws a signal whose form is valid. Its value is of its type and canonical.
func Signal(t *rapid.T) lantern.Signal {
	text := rapid.SampledFrom(hard)
	id := func() lantern.ID { return lantern.ID(rapid.Int64Range(1, 1<<62).Draw(t, "id")) }
	when := func() (at time.Time) {
		if rapid.Bool().Draw(t, "timed") {
			at = time.UnixMicro(rapid.Int64Range(0, 2e15).Draw(t, "time")).UTC()
		}
		return at
	}
	s := lantern.Signal{ID: id(), Member: id(), Draft: lantern.Draft{
		Status:   rapid.SampledFrom([]lantern.Status{"", lantern.Violating, lantern.Lead, lantern.NonViolating}).Draw(t, "status"),
		Severity: rapid.SampledFrom([]lantern.Severity{"", lantern.Low, lantern.Critical}).Draw(t, "severity"),
		Imminent: rapid.Bool().Draw(t, "imminent"), Confidence: rapid.IntRange(0, 100).Draw(t, "confidence"),
		Basis: lantern.Basis{Policy: text.Draw(t, "policy"), ReviewedBy: rapid.SampledFrom([]lantern.ReviewedBy{lantern.ByHuman, lantern.ByBoth}).Draw(t, "by"),
			Action: text.Draw(t, "action"), At: when()},
		FirstSeen: when(), LastSeen: when(), Language: rapid.SampledFrom([]string{"", "de", "pt-BR"}).Draw(t, "language"),
		Role:           rapid.SampledFrom([]lantern.SubjectRole{"", lantern.Content, lantern.SuspectedOffender}).Draw(t, "role"),
		SuspectedMinor: rapid.Bool().Draw(t, "minor"),
		Handling:       rapid.SampledFrom([]lantern.Handling{"", lantern.Red, lantern.AmberStrict, lantern.Amber, lantern.Green}).Draw(t, "handling"),
		UseRestriction: rapid.SampledFrom([]string{"", "ncmec"}).Draw(t, "use"), Expires: when(), Note: text.Draw(t, "note"),
	}}
	for range rapid.IntRange(0, 3).Draw(t, "programs") {
		s.Programs = append(s.Programs, id())
	}
	if tags := lantern.Taxonomy(); true {
		s.Tags = tags[:rapid.IntRange(0, len(tags)).Draw(t, "tags")]
	}
	for _, kind := range []lantern.LinkKind{lantern.DerivedFrom, lantern.PostedAt, lantern.SameAccount} {
		for range rapid.IntRange(0, 2).Draw(t, "links") {
			s.Links = append(s.Links, lantern.Link{Kind: kind, Signal: id()})
		}
	}
	s.Type, s.Value = Value(t)
	return s
}

// Value draws a canonical value of a type that has values.
func Value(t *rapid.T) (lantern.SignalType, string) {
	kinds := signal.Types()
	kind := kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "type")]
	raw := kind.Example
	n := rapid.IntRange(1, 1_000_000).Draw(t, "value")
	switch kind.Name {
	case "url":
		raw = fmt.Sprintf("https://files.example.com/%d?a=%%20;,\"'", n)
	case "phrase":
		raw = "velvet tamarind " + strings.Repeat("zo", n%9+1)
	case "username":
		raw = fmt.Sprintf("chatter.test/-owl_%d", n)
	case "md5", "video-md5":
		raw = digest(n, 16)
	case "sha1":
		raw = digest(n, 20)
	case "sha256", "pdq":
		raw = digest(n, 32)
	case lantern.TacticType:
		return "domain", fmt.Sprintf("d%d.example", n)
	}
	v, err := kind.Normalize(raw)
	if err != nil {
		t.Fatalf("%s: %v", kind.Name, err)
	}
	return kind.Name, v.Canonical
}

// digest makes bytes that are no hash of anything.
func digest(n, size int) string {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(n >> (i % 4 * 8) * (i + 3))
	}
	b[0], b[1] = 1, 2
	return hex.EncodeToString(b)
}
