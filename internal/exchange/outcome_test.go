package exchange_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/internal/exchange/exchangetest"
	"lantern/internal/policy"
	"lantern/internal/sqldb/sqldbtest"
)

// token is what a member's agent would make of an account.
func token(n int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "account-%08d", n))
}

// attest is a person's statement on n cases; each has a decision list of its own.
func attest(c exchangetest.Company, n int, list int) *lantern.Attestation {
	return &lantern.Attestation{Person: c.Investigator.Person, Ground: "child safety", Singly: n, Digest: fmt.Sprintf("%064x", list)}
}

// TestAccountOnTwoSignalsCountsOnce closes one account because of two signals, in two cases.
func TestAccountOnTwoSignalsCountsOnce(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		one, two := w.MustShare(cloud.Service, w.Draft(1)), w.MustShare(cloud.Service, w.Draft(2))
		w.Drain(face.Service, "")
		record := func(o lantern.Outcome) (lantern.Outcome, error) {
			o.Program, o.Kind = w.Program.ID, lantern.AccountsActioned
			o.Attestation = attest(face, 6, int(o.Signals[0])+o.Count)
			return w.RecordOutcome(t.Context(), face.Investigator, o)
		}
		all := []string{token(1), token(2), token(3), token(4), token(5), token(6)}
		if o, err := record(lantern.Outcome{Count: 6, Tokens: all, Signals: []lantern.ID{one}}); err != nil || o.Counted != 6 || o.Tokens != nil {
			t.Fatalf("got %+v, %v; want 6 counted and no token shown", o, err)
		}
		second, err := record(lantern.Outcome{Count: 6, Tokens: append(slices.Clone(all[1:]), token(7)), Signals: []lantern.ID{two}})
		if err != nil || second.Counted != 1 {
			t.Fatalf("got %+v, %v; want 1 of 6 counted", second, err)
		}
		want := func(where string, got lantern.Sums, err error, cell string) {
			t.Helper()
			if err != nil || got.Counts[lantern.AccountsActioned].String() != cell || got.Meanings[lantern.AccountsActioned] == "" {
				t.Errorf("%s: got %+v, %v; want %s with its meaning", where, got, err, cell)
			}
		}
		for _, s := range []lantern.ID{one, two} {
			totals, err := w.OutcomeTotals(t.Context(), cloud.Submitter, s)
			want("a signal", totals.Sums, err, "5–9")
		}
		sums, err := w.ProgramOutcomes(t.Context(), game.Investigator, w.Program.ID)
		want("the program", sums.Sums, err, "5–9") // 7, not 12
		if own, err := w.ProgramOutcomes(t.Context(), face.Investigator, w.Program.ID); err != nil || len(own.Counts) != 0 {
			t.Errorf("a reader's own outcomes: got %+v, %v; want none", own, err)
		}
		if _, err := record(lantern.Outcome{Count: -1, Corrects: second.ID, Tokens: all[:1], Signals: []lantern.ID{two}}); lantern.KindOf(err) != lantern.NotFound {
			t.Errorf("taking back an account that was not counted: got %v", err)
		}
		if o, err := record(lantern.Outcome{Count: -2, Corrects: second.ID, Tokens: []string{token(2), token(7)}, Signals: []lantern.ID{two}}); err != nil || o.Counted != -1 {
			t.Errorf("got %+v, %v; want the one taken back that counts nowhere else", o, err)
		}
		totals, err := w.OutcomeTotals(t.Context(), cloud.Submitter, two)
		want("a signal after a correction", totals.Sums, err, "<5")
	})
}

// TestOutcomeRefusals holds what corrects something to what it corrects.
func TestOutcomeRefusals(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		one, two := w.MustShare(cloud.Service, w.Draft(1)), w.MustShare(cloud.Service, w.Draft(2))
		w.Drain(face.Service, "")
		n := 0
		record := func(o lantern.Outcome) (lantern.Outcome, error) {
			n++
			o.Program, o.Attestation = w.Program.ID, attest(face, 3, n)
			if o.Signals == nil {
				o.Signals = []lantern.ID{one}
			}
			return w.RecordOutcome(t.Context(), face.Investigator, o)
		}
		base, err := record(lantern.Outcome{Kind: lantern.AccountsActioned, Count: 12})
		if err != nil {
			t.Fatal(err)
		}
		reversal, err := record(lantern.Outcome{Kind: lantern.Reversed, Count: 5, Corrects: base.ID})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name string
			o    lantern.Outcome
			want lantern.Kind
		}{
			{"more than a reversal left", lantern.Outcome{Kind: lantern.AccountsActioned, Count: -8, Corrects: base.ID}, lantern.Conflict},
			{"reversing more than is left", lantern.Outcome{Kind: lantern.Reversed, Count: 8, Corrects: base.ID}, lantern.Conflict},
			{"another kind", lantern.Outcome{Kind: lantern.URLsBlocked, Count: -1, Corrects: base.ID}, lantern.NotFound},
			{"a signal that did not contribute", lantern.Outcome{Kind: lantern.AccountsActioned, Count: -1, Corrects: base.ID, Signals: []lantern.ID{two}}, lantern.Invalid},
			{"adding to an earlier entry", lantern.Outcome{Kind: lantern.AccountsActioned, Count: 1, Corrects: base.ID}, lantern.Invalid},
			{"reversing a reversal", lantern.Outcome{Kind: lantern.Reversed, Count: 1, Corrects: reversal.ID}, lantern.NotFound},
			{"tokens of a kind that counts none", lantern.Outcome{Kind: lantern.URLsBlocked, Count: 1, Tokens: []string{token(1)}}, lantern.Invalid},
			{"fewer tokens than counted", lantern.Outcome{Kind: lantern.AccountsActioned, Count: 2, Tokens: []string{token(1)}}, lantern.Invalid},
			{"a token twice", lantern.Outcome{Kind: lantern.AccountsActioned, Count: 2, Tokens: []string{token(1), token(1)}}, lantern.Invalid},
		} {
			if _, err := record(tt.o); lantern.KindOf(err) != tt.want {
				t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
			}
		}
		if _, err := record(lantern.Outcome{Kind: lantern.Reversed, Count: -5, Corrects: reversal.ID}); err != nil {
			t.Errorf("taking a reversal back: %v", err)
		}
		if _, err := record(lantern.Outcome{Kind: lantern.AccountsActioned, Count: -12, Corrects: base.ID}); err != nil {
			t.Errorf("taking all back once the reversal is gone: %v", err)
		}
	})
}

// entered is an entry of the ledger the test keeps beside the exchange's.
type entered struct {
	o        lantern.Outcome
	root     time.Time
	standing map[string]bool // accounts
	credits  map[lantern.ID]int
	left     int
}

// ledger recomputes everything from the entries, one by one.
type ledger []*entered

// knows reports whether another entry counts the account, for a signal if one is given.
func (l ledger) knows(o lantern.Outcome, token string, s lantern.ID) bool {
	return slices.ContainsFunc(l, func(e *entered) bool {
		return e.o.Member == o.Member && e.o.Program == o.Program && e.o.Kind == o.Kind && e.o.Count > 0 &&
			e.standing[token] && (s == 0 || slices.Contains(e.o.Signals, s))
	})
}

func (l *ledger) add(o lantern.Outcome, tokens []string) {
	e := &entered{o: o, root: o.At, standing: map[string]bool{}, credits: map[lantern.ID]int{}, left: o.Count}
	sign := 1
	if i := slices.IndexFunc(*l, func(e *entered) bool { return e.o.ID == o.Corrects }); i >= 0 {
		at := (*l)[i]
		e.root = at.root
		at.left -= max(o.Count, -o.Count)
		if o.Count < 0 {
			sign = -1
			if len(at.standing) > 0 && len(tokens) == 0 {
				tokens = slices.Sorted(maps.Keys(at.standing))[:-o.Count]
			}
			for _, t := range tokens {
				delete(at.standing, t)
			}
			if j := slices.IndexFunc(*l, func(e *entered) bool { return e.o.ID == at.o.Corrects }); j >= 0 {
				(*l)[j].left -= o.Count // a reversal taken back
			}
		}
	}
	counted := o.Count
	for _, s := range o.Signals {
		e.credits[s] = o.Count
	}
	for _, t := range tokens {
		if l.knows(o, t, 0) {
			counted -= sign
		}
		for _, s := range o.Signals {
			if l.knows(o, t, s) {
				e.credits[s] -= sign
			}
		}
		if sign > 0 {
			e.standing[t] = true
		}
	}
	e.o.Counted = counted
	*l = append(*l, e)
}

// sums adds up what a reader is shown: of a signal, or of a program without one.
func (l ledger) sums(signal, program, reader lantern.ID, now time.Time, delay lantern.Days) []policy.OutcomeSum {
	cut, fix := now, now
	if delay > 0 {
		y, m, d := now.Date()
		fix = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		cut = fix.AddDate(0, 0, -int(delay))
	}
	var list []policy.OutcomeSum
	for _, e := range l {
		if e.o.Program != program || e.o.Member == reader || !e.root.Before(cut) || !e.o.At.Before(fix) {
			continue
		}
		n := e.o.Counted
		if signal != 0 {
			n = e.credits[signal]
		}
		i := slices.IndexFunc(list, func(s policy.OutcomeSum) bool { return s.Member == e.o.Member && s.Kind == e.o.Kind })
		if i < 0 {
			i = len(list)
			list = append(list, policy.OutcomeSum{Member: e.o.Member, Kind: e.o.Kind})
		}
		list[i].Count += n
	}
	return list
}

// TestOutcomeSums holds the sums to a ledger that is recomputed from its entries, under
// random outcomes, corrections and reversals, with and without a delay.
func TestOutcomeSums(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		owner := w.AddCompany("Cloudbin")
		members := []exchangetest.Company{w.AddCompany("Facegram"), w.AddCompany("Pixelplay"), w.AddCompany("Chatter"), owner}
		for seed := range uint64(6) {
			delay := lantern.Days(3 * (seed % 2))
			p := w.AddProgram(fmt.Sprintf("program %d", seed))
			rules := p.Policy
			rules.OutcomeDelay = delay
			if _, err := w.SetPolicy(t.Context(), w.Steward, p.ID, rules); err != nil {
				t.Fatal(err)
			}
			for _, m := range members {
				w.Join(m, p, lantern.Both)
			}
			w.Program = p
			r := rand.New(rand.NewPCG(seed, 1))
			var signals []lantern.ID
			for n := range 3 {
				signals = append(signals, w.MustShare(owner.Service, w.Draft(int(seed)*10+n)))
			}
			for _, m := range members {
				w.Drain(m.Service, "")
			}
			randomLedger(t, w, r, members, signals, delay)
		}
	})
}

func randomLedger(t *testing.T, w *exchangetest.World, r *rand.Rand, members []exchangetest.Company, signals []lantern.ID, delay lantern.Days) {
	t.Helper()
	var l ledger
	corrected := 0
	for step := range 45 {
		w.Clock.Add(time.Duration(r.IntN(30)) * time.Hour)
		m := members[r.IntN(len(members)-1)] // not the owner: nobody is sent its own signals
		o := lantern.Outcome{Program: w.Program.ID, Kind: lantern.AccountsActioned, Count: 1 + r.IntN(6), Signals: pick(r, signals), Attestation: attest(m, 3, step+1)}
		if r.IntN(3) == 0 {
			o.Kind = lantern.ReviewedNoViolation
		}
		var tokens []string
		if r.IntN(3) > 0 {
			for _, n := range r.Perm(8)[:o.Count] {
				tokens = append(tokens, token(n))
			}
		}
		var mine []*entered
		for _, e := range l {
			if e.o.Member == m.ID && e.o.Count > 0 && e.left > 0 {
				mine = append(mine, e)
			}
		}
		if len(mine) > 0 && r.IntN(2) == 0 {
			e := mine[r.IntN(len(mine))]
			n := 1 + r.IntN(e.left)
			o.Corrects, o.Kind, o.Signals = e.o.ID, e.o.Kind, e.o.Signals
			tokens = nil
			if e.o.Kind == lantern.AccountsActioned && r.IntN(3) == 0 {
				o.Kind, o.Count = lantern.Reversed, n
			} else {
				o.Count = -n
				if len(e.standing) > 0 && r.IntN(2) == 0 {
					tokens = slices.Sorted(maps.Keys(e.standing))[len(e.standing)-n:]
				}
			}
			corrected++
		}
		o.Tokens = tokens
		got, err := w.RecordOutcome(t.Context(), m.Investigator, o)
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		l.add(got, tokens)
		if want := l[len(l)-1].o.Counted; got.Counted != want {
			t.Fatalf("step %d: %+v counted %d, want %d", step, o, got.Counted, want)
		}
		compare(t, w, l, members, signals, delay)
	}
	if corrected < 5 {
		t.Errorf("only %d corrections: the test tests little", corrected)
	}
}

// pick chooses some of a list, at least one.
func pick(r *rand.Rand, list []lantern.ID) []lantern.ID {
	return slices.Clone(list[:1+r.IntN(len(list))])
}

// compare looks at every figure through every reader's eyes.
func compare(t *testing.T, w *exchangetest.World, l ledger, members []exchangetest.Company, signals []lantern.ID, delay lantern.Days) {
	t.Helper()
	owner := members[len(members)-1]
	for _, s := range signals {
		got, err := w.OutcomeTotals(t.Context(), owner.Submitter, s)
		same(t, got.Sums, err, l.sums(s, w.Program.ID, owner.ID, w.Clock.Now(), delay))
	}
	for _, m := range members {
		got, err := w.ProgramOutcomes(t.Context(), m.Investigator, w.Program.ID)
		same(t, got.Sums, err, l.sums(0, w.Program.ID, m.ID, w.Clock.Now(), delay))
	}
}

func same(t *testing.T, got lantern.Sums, err error, sums []policy.OutcomeSum) {
	t.Helper()
	for _, s := range sums {
		if s.Count < 0 {
			t.Fatalf("a sum below zero: %+v", s)
		}
	}
	want := policy.Publish(sums, got.Through)
	if err != nil || got.Members != want.Members || !maps.Equal(got.Counts, want.Counts) {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	for k, c := range got.Counts {
		if c.AtMost-c.AtLeast < 3 || strings.Contains(c.String(), "1–4") {
			t.Fatalf("%s shows %+v", k, c)
		}
	}
}

// TestOutcomesAreDelayed reads through the day after an outcome: sums move at midnight only.
func TestOutcomesAreDelayed(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		rules := w.Program.Policy
		rules.OutcomeDelay = 2
		if _, err := w.SetPolicy(t.Context(), w.Steward, w.Program.ID, rules); err != nil {
			t.Fatal(err)
		}
		id := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		o := lantern.Outcome{Program: w.Program.ID, Kind: lantern.AccountsActioned, Count: 12, Signals: []lantern.ID{id}, Attestation: attest(face, 12, 1)}
		first, err := w.RecordOutcome(t.Context(), face.Investigator, o)
		if err != nil {
			t.Fatal(err)
		}
		shown := func() string {
			o, err := w.OutcomeTotals(t.Context(), cloud.Submitter, id)
			if err != nil {
				t.Fatal(err)
			}
			return o.Counts[lantern.AccountsActioned].String()
		}
		moved := 0
		for hour, last := 0, shown(); hour < 96; hour++ { // from 9 o'clock on
			w.Clock.Add(time.Hour)
			if got := shown(); got != last {
				if moved++; w.Clock.Now().Hour() != 0 || got != "10–14" || hour < 48 {
					t.Errorf("after %d hours the sum went from %s to %s", hour, last, got)
				}
				last = got
			}
		}
		o.Count, o.Corrects, o.Attestation = -9, first.ID, attest(face, 9, 2)
		if _, err := w.RecordOutcome(t.Context(), face.Investigator, o); err != nil {
			t.Fatal(err)
		}
		if got := shown(); got != "10–14" || moved != 1 {
			t.Errorf("right after a correction: %s, after %d moves; want the sum of midnight", got, moved)
		}
		w.Clock.Add(24 * time.Hour)
		if got := shown(); got != "<5" {
			t.Errorf("after the next midnight: %s; want the correction, without a delay of its own", got)
		}
	})
}

// An outcome goes to a program in which its signals are, or were: another one may tell its sums
// sooner than theirs does.
func TestOutcomeOfAnotherProgram(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w, ctx := newAudience(t, url), t.Context()
		here, both := w.MustShare(w.red.Service, w.Draft(1)), w.MustShare(w.red.Service, w.both(2))
		w.Drain(w.blue.Service, "")
		record := func(program lantern.ID, list int, signals ...lantern.ID) (lantern.Outcome, error) {
			return w.RecordOutcome(ctx, w.blue.Investigator, lantern.Outcome{Program: program, Kind: lantern.ContentRemoved, Count: 1,
				Signals: signals, Attestation: attest(w.blue, 1, list)})
		}
		_, err := record(w.other.ID, 1, both, here)
		var e *lantern.Error
		if !errors.As(err, &e) || e.Kind != lantern.Conflict || e.Field != "/signals/0" || e.Reason == "" || e.Fix == "" {
			t.Errorf("a signal that was never in the program: %+v", err)
		}
		if _, err := record(w.other.ID, 2, both); err != nil {
			t.Errorf("a signal of the program: %v", err)
		}
		if _, err := w.Narrow(ctx, w.red.Submitter, both, lantern.Narrowing{Program: w.Program.ID}); err != nil {
			t.Fatal(err)
		}
		first, err := record(w.Program.ID, 3, both, here)
		if err != nil {
			t.Errorf("a signal that was taken out of the program: %v", err)
		}
		if _, err := w.Withdraw(ctx, w.red.Submitter, here, lantern.Withdrawal{Reason: lantern.WithdrawnInError, Erase: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := record(w.Program.ID, 4, here); err != nil {
			t.Errorf("a signal that was erased: %v", err)
		}
		// What is no more than a correction of what was taken stays possible.
		w.Clock.Add(policy.TombstoneLife + time.Hour)
		if err := w.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = w.RecordOutcome(ctx, w.blue.Investigator, lantern.Outcome{Program: w.Program.ID, Kind: lantern.Reversed, Count: 1, Corrects: first.ID,
			Signals: []lantern.ID{both}, Attestation: attest(w.blue, 1, 5)})
		if err != nil {
			t.Errorf("reversing an outcome whose signal's tombstone is purged: %v", err)
		}
	})
}

// TestFourEyes holds outcomes of a program that asks for two persons to a second one.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face := w.AddCompany("Cloudbin"), w.AddCompany("Facegram")
		strict := w.Program.Policy
		strict.FourEyes = true
		if _, err := w.SetPolicy(t.Context(), w.Steward, w.Program.ID, strict); err != nil {
			t.Fatal(err)
		}
		signal := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		record := func(second lantern.ID, kind lantern.OutcomeKind, list int) error {
			a := attest(face, 1, list)
			a.Second = second
			_, err := w.RecordOutcome(t.Context(), face.Investigator, lantern.Outcome{Program: w.Program.ID, Kind: kind, Count: 1, Signals: []lantern.ID{signal}, Attestation: a})
			return err
		}
		colleague := func(roles ...lantern.PersonRole) lantern.ID {
			p, err := w.CreatePerson(t.Context(), w.Steward, lantern.Person{Member: face.ID, Label: "colleague", Roles: roles})
			if err != nil {
				t.Fatal(err)
			}
			return p.ID
		}
		second, untrained, submitter := colleague(lantern.Investigator), colleague(lantern.Investigator), colleague(lantern.Submitter)
		for _, id := range []lantern.ID{second, submitter} {
			if _, err := w.TrainPerson(t.Context(), w.Steward, id, w.Clock.Now().AddDate(0, 6, 0)); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			second lantern.ID
			kind   lantern.Kind
		}{
			"nobody": {0, lantern.Forbidden}, "the same person": {face.Investigator.Person, lantern.Invalid}, "another member's": {cloud.Investigator.Person, lantern.Forbidden},
			"an untrained one": {untrained, lantern.Forbidden}, "no investigator": {submitter, lantern.Forbidden}, "no such person": {4711, lantern.Forbidden},
		} {
			if err := record(c.second, lantern.AccountsActioned, 1); lantern.KindOf(err) != c.kind {
				t.Errorf("%s: got %v, want %s", name, err, c.kind)
			}
		}
		if err := record(0, lantern.ReviewedNoViolation, 2); err != nil {
			t.Errorf("an outcome that tells of no act: got %v", err)
		}
		if err := record(second, lantern.AccountsActioned, 3); err != nil {
			t.Errorf("with a second person: got %v", err)
		}
		all, err := w.Outcomes(t.Context(), face.Investigator, 0, 0)
		if err != nil || !slices.ContainsFunc(all, func(o lantern.Outcome) bool { return o.Attestation.Second == second }) {
			t.Errorf("got %+v, %v; want the second person in the ledger", all, err)
		}
	})
}

// TestOutcomePages reads a ledger two entries at a time: together the pages are the whole of it,
// and no other member's.
func TestOutcomePages(t *testing.T) {
	t.Parallel()
	sqldbtest.Each(t, func(t *testing.T, url string) {
		w := exchangetest.New(t, url)
		cloud, face, game := w.AddCompany("Cloudbin"), w.AddCompany("Facegram"), w.AddCompany("Pixelplay")
		signal := w.MustShare(cloud.Service, w.Draft(1))
		w.Drain(face.Service, "")
		w.Drain(game.Service, "")
		var want []lantern.ID
		for i := range 7 {
			for _, c := range []exchangetest.Company{face, game} {
				o, err := w.RecordOutcome(t.Context(), c.Investigator, lantern.Outcome{Program: w.Program.ID, Kind: lantern.ContentRemoved, Count: 1 + i,
					Signals: []lantern.ID{signal}, Attestation: attest(c, 1+i, 1+i)})
				if err != nil {
					t.Fatal(err)
				}
				if c.ID == face.ID {
					want = append(want, o.ID)
				}
			}
		}
		var got []lantern.ID
		var last lantern.Outcome
		for {
			page, err := w.Outcomes(t.Context(), face.Service, last.ID, 2)
			if err != nil || len(page) > 2 {
				t.Fatalf("got %d, %v; want at most 2", len(page), err)
			}
			for _, o := range page {
				if o.At.Before(last.At) || !slices.Equal(o.Signals, []lantern.ID{signal}) {
					t.Errorf("got %+v after %+v", o, last)
				}
				got, last = append(got, o.ID), o
			}
			if len(page) < 2 {
				break
			}
		}
		slices.Sort(want)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("the pages hold %d, want the %d of the ledger", len(got), len(want))
		}
	})
}
