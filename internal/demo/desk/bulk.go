package desk

import (
	"slices"

	"lantern"
)

// byTheRule brings a reviewer's rulings into the form an agent takes. In bulk is decided
// only what the agent knows to have identical evidence, and only if all of it are copies of
// one text; of that the sample is looked at singly. So how many are decided in bulk does
// not depend on which were drawn. Those taken singly come first. copyOf names the text an
// account's posts are copies of, "" for none.
func byTheRule(rulings []lantern.Ruling, accounts []lantern.CaseAccount, evidence []lantern.CaseEvidence, copyOf func(account string) string) []lantern.Ruling {
	alike := make(map[lantern.Evidence][]string)
	for _, a := range accounts {
		e := lantern.Evidence{Round: a.Round, Link: a.Link, Via: a.Via}
		alike[e] = append(alike[e], a.Account)
	}
	bulk := make(map[string]bool)
	for _, e := range evidence {
		e.Evidence.Case = 0
		of := alike[e.Evidence]
		if len(of) == 0 || copyOf(of[0]) == "" || slices.ContainsFunc(of, func(a string) bool { return copyOf(a) != copyOf(of[0]) }) {
			continue
		}
		for _, account := range of {
			bulk[account] = !slices.ContainsFunc(e.Sample, func(s lantern.Sampled) bool { return s.Account == account })
		}
	}
	out := make([]lantern.Ruling, 0, len(rulings))
	for _, many := range []bool{false, true} {
		for _, r := range rulings {
			together, copied := bulk[r.Account]
			if r.Bulk = together; copied {
				r.Reason = lantern.Trading // copies are copies of an offer, those looked at singly too
			}
			if r.Bulk == many {
				out = append(out, r)
			}
		}
	}
	return out
}
