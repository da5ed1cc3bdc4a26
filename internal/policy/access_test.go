package policy_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/policy"
)

var update = flag.Bool("update", false, "rewrite the golden table")

// TestCanIsTheTable writes out who may do what, every role and service × member state ×
// action, and compares it with the table people reviewed.
func TestCanIsTheTable(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	scopes := []lantern.Scope{lantern.ScopeRead, lantern.ScopeShare, lantern.ScopeRespond, lantern.ScopeManage, lantern.ScopeAudit}
	states := []lantern.MemberState{lantern.Applied, lantern.Reviewing, lantern.Agreed, lantern.ActiveMember, lantern.ReadOnly, lantern.SuspendedMember, lantern.Left}
	var b strings.Builder
	for _, kind := range []lantern.MemberKind{lantern.Company, lantern.Operator} {
		for _, role := range []lantern.PersonRole{"service", lantern.Steward, lantern.Admin, lantern.Submitter, lantern.Investigator, lantern.DisputeOfficer, lantern.Auditor} {
			a := policy.Actor{Member: 1, MemberKind: kind, Person: 2, Roles: []lantern.PersonRole{role}, Scopes: scopes, Trained: now.Add(time.Hour)}
			if role == "service" {
				a.Person, a.Service, a.Roles = 0, 3, nil
			}
			for _, act := range policy.Actions() {
				var may []string
				for _, s := range states {
					a.MemberState = s
					if policy.Can(a, act, now) == nil {
						may = append(may, string(s))
					}
				}
				if len(may) > 0 {
					fmt.Fprintf(&b, "%s %s %s: %s\n", kind, role, act, strings.Join(may, " "))
				}
			}
		}
	}
	const golden = "testdata/access.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the access table changed; if that is meant, run with -update and have the diff reviewed")
	}
}

func TestCanDenies(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	good := policy.Actor{Member: 1, MemberKind: lantern.Company, MemberState: lantern.ActiveMember, Person: 2,
		Roles: []lantern.PersonRole{lantern.Investigator}, Scopes: []lantern.Scope{lantern.ScopeRespond}, Trained: now.Add(time.Hour)}
	if err := policy.Can(good, policy.RecordOutcome, now); err != nil {
		t.Fatalf("a trained investigator with the scope: %v", err)
	}
	for name, spoil := range map[string]func(*policy.Actor){
		"without the scope":      func(a *policy.Actor) { a.Scopes = []lantern.Scope{lantern.ScopeRead} },
		"with training expired":  func(a *policy.Actor) { a.Trained = now },
		"as a service":           func(a *policy.Actor) { a.Person, a.Service, a.Roles = 0, 3, nil },
		"in another role":        func(a *policy.Actor) { a.Roles = []lantern.PersonRole{lantern.Submitter} },
		"of a suspended member":  func(a *policy.Actor) { a.MemberState = lantern.SuspendedMember },
		"of an unknown state":    func(a *policy.Actor) { a.MemberState = "elsewhere" },
		"of the operator":        func(a *policy.Actor) { a.MemberKind = lantern.Operator },
		"of a government member": func(a *policy.Actor) { a.MemberKind = "government" },
		"nobody":                 func(a *policy.Actor) { a.Person = 0 },
	} {
		a := good
		spoil(&a)
		if err := policy.Can(a, policy.RecordOutcome, now); lantern.KindOf(err) != lantern.Forbidden {
			t.Errorf("%s: got %v, want forbidden", name, err)
		}
	}
	if err := policy.Can(good, "no-such-action", now); lantern.KindOf(err) != lantern.Forbidden {
		t.Errorf("an unknown action: got %v, want forbidden", err)
	}
}
