package desk

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lantern"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// What leaves a case is what enough confirmed accounts share, with the signals it rests on,
// also over accounts in between.
func TestFindings(t *testing.T) {
	t.Parallel()
	seen := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := &world.Platform{Domain: "facegram.test"}
	for _, id := range []string{"a", "b", "c", "d"} {
		p.Accounts = append(p.Accounts, &world.Account{ID: id, Email: "one@quillpost.test", Paytag: "payrail:" + id, Seen: seen, Finding: world.Offers})
	}
	p.Accounts[3].Email, p.Accounts[2].Remark = "other@quillpost.test", "knows the school"
	figures := tally.NewCaseFigures()
	w := New(&stage.Company{Name: stage.Facegram}, p, &figures, &tell.Narrator{}, func() time.Time { return seen }, map[string]lantern.ID{})
	w.Matched["a"] = []lantern.ID{7, 5}
	w.Via["b"], w.Via["c"] = "a", "b"
	w.Decided[lantern.Confirmed] = []string{"a", "b", "c", "d"}
	found := w.Findings()
	if len(found) != 1 {
		t.Fatalf("got %d findings, want the one that three accounts share", len(found))
	}
	f := found[0]
	var roots []lantern.ID
	for _, l := range f.Draft.Links {
		roots = append(roots, l.Signal)
	}
	if f.Draft.Type != "email" || f.Draft.Value != "one@quillpost.test" || !slices.Equal(roots, []lantern.ID{5, 7}) || !f.Draft.LastSeen.Equal(seen) || !f.Paid() {
		t.Errorf("got %+v from %v", f.Draft, roots)
	}
	if f.Draft.Note != "knows the school" {
		t.Error("the note is what an investigator jotted down, and it is the agent that refuses it")
	}
}

// A table is read as it was written, with the program it is for.
func TestTable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), TableName)
	rows := []world.Removed{{URL: "https://cloudbin.test/f/one", Severity: "high", Reviewed: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}}
	if err := WriteTable(path, rows); err != nil {
		t.Fatal(err)
	}
	if err := WriteTable(path, rows); err == nil {
		t.Error("a table that is there was written over")
	}
	got, err := ReadTable(path, 9)
	if err != nil || len(got) != 1 || got[0].Value != rows[0].URL || !slices.Equal(got[0].Programs, []lantern.ID{9}) || !got[0].Basis.At.Equal(rows[0].Reviewed) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFaultsAndCells(t *testing.T) {
	t.Parallel()
	err := &lantern.Error{Kind: lantern.Invalid, Field: "/a", Also: []*lantern.Error{{Field: "/b"}}}
	if got := Faults(err); len(got) != 2 || got[1].Field != "/b" || Faults(nil) != nil {
		t.Errorf("got %v", got)
	}
	got := Cells(map[lantern.OutcomeKind]lantern.Cell{lantern.URLsBlocked: {AtLeast: 5, AtMost: 9}, lantern.AccountsActioned: {AtLeast: 1, AtMost: 4}})
	if want := []string{"<5              accounts actioned", "5–9             urls blocked"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
