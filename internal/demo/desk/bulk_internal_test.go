package desk

import (
	"strings"
	"testing"

	"lantern"
)

func TestByTheRule(t *testing.T) {
	t.Parallel()
	texts := map[string]string{}
	var accounts []lantern.CaseAccount
	var rulings []lantern.Ruling
	for _, via := range []string{"copies", "mixed"} {
		for _, name := range []string{"a", "b", "c"} {
			account := via + "-" + name
			texts[account] = "one text"
			accounts = append(accounts, lantern.CaseAccount{Candidate: lantern.Candidate{Account: account, Link: "posted-url", Via: via}, Round: 1})
			rulings = append(rulings, lantern.Ruling{Account: account, Decision: lantern.Confirmed, Bulk: true})
		}
	}
	texts["mixed-c"] = "another"
	var evidence []lantern.CaseEvidence
	for _, via := range []string{"copies", "mixed"} {
		evidence = append(evidence, lantern.CaseEvidence{
			Evidence: lantern.Evidence{Case: 7, Round: 1, Link: "posted-url", Via: via},
			Sample:   []lantern.Sampled{{Account: via + "-a"}, {Account: via + "-b"}},
		})
	}
	got := byTheRule(rulings, accounts, evidence, func(account string) string { return texts[account] })
	var singly, inBulk []string
	for _, r := range got {
		if r.Bulk {
			inBulk = append(inBulk, r.Account)
		} else {
			singly = append(singly, r.Account)
		}
	}
	if strings.Join(singly, " ") != "copies-a copies-b mixed-a mixed-b mixed-c" || strings.Join(inBulk, " ") != "copies-c" || got[len(got)-1].Reason == "" || got[0].Reason != got[len(got)-1].Reason {
		t.Errorf("singly %v, in bulk %v; want what is no copy of the others, and the sample, singly and first, for one reason", singly, inBulk)
	}
}
