package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/world"
)

// urls is the story of a file host's removed addresses: one company shares them, another
// follows them to the accounts that pass them on, and three more act on what that brings.
func (s *story) urls(ctx context.Context) error {
	if err := s.shareRemoved(ctx); err != nil {
		return err
	}
	social, err := s.campaign(ctx)
	if err != nil {
		return err
	}
	if err := s.later(ctx, 2*day); err != nil {
		return err
	}
	s.chapter("Facegram acts, and says what it rests on",
		"The decisions took two days. What was done is told as numbers, under the word of a person; the accounts stay at Facegram.")
	if err := social.act(ctx); err != nil {
		return err
	}
	if err := s.later(ctx, day); err != nil {
		return err
	}
	if err := s.shareBack(ctx, social); err != nil {
		return err
	}
	if err := s.hostLearns(ctx); err != nil {
		return err
	}
	if err := s.later(ctx, day); err != nil {
		return err
	}
	others, err := s.othersAct(ctx)
	if err != nil {
		return err
	}
	if err := s.later(ctx, 26*day); err != nil {
		return err
	}
	if err := s.transparency(ctx); err != nil {
		return err
	}
	if err := s.verifyLog(ctx); err != nil {
		return err
	}
	s.compare(social, others)
	return nil
}

// postsOf are a social network's posts and profiles as records for its agent.
func postsOf(p *world.Platform) (records []lantern.Record) {
	for _, a := range p.Accounts {
		for _, post := range a.Posts {
			records = append(records, lantern.Record{Ref: post.ID, Account: a.ID, At: post.At, Text: post.Text})
		}
	}
	return records
}

// campaign is the second chapter: the social network looks for the addresses among its
// own posts, widens from what it confirms, and acts.
func (s *story) campaign(ctx context.Context) (*work, error) {
	c := s.Company(stage.Facegram)
	s.chapter("Facegram looks for them among its own posts, and follows the links",
		"A match is a clue. People at Facegram decide about each account, on what Facegram itself can see; its users' data never leaves its own agent.")
	s.f.Review = newCaseFigures()
	w := s.newWork(c, &s.f.Review)
	if err := w.match(ctx, postsOf(s.platforms[c.Name])); err != nil {
		return nil, err
	}
	f := &s.f.Review
	s.n.says(c.Name, "its agent reads %s: %s of the addresses occur, passed on by %s.", some(f.Records, "post", "posts"), count(f.Signals),
		some(len(w.matched), "account", "accounts"))
	if err := w.open(ctx, "Removed folders passed on", s.program(hosting)); err != nil {
		return nil, err
	}
	tools := world.NewTools(s.platforms[c.Name])
	s.n.adds("It opens a case on them. The case widens in rounds, each from what people confirmed and by kinds of link that it names.")
	for round, links := range [][]string{{"hit"}, {world.SameDevice}, {world.SamePayment, world.PostedURL}, {world.RepliedTo, world.SameDevice}} {
		if round > 0 {
			if err := w.widen(ctx, tools, links); err != nil {
				return nil, err
			}
		}
		if err := w.review(ctx, round); err != nil {
			return nil, err
		}
		w.tell(round)
	}
	return w, nil
}

// widen adds a round of accounts that the company's own tools link to confirmed ones.
func (w *work) widen(ctx context.Context, t *world.Tools, links []string) error {
	found, broad := t.Widen(w.decided[lantern.Confirmed], w.known, links...)
	for _, c := range found {
		w.via[c.Account] = c.Via
	}
	bar := w.s.n.bar("adding candidates", len(found))
	defer bar.Stop()
	lines := client.Lines(func(yield func(lantern.Candidate) bool) {
		for _, c := range found {
			bar.Add(1)
			if !yield(c) {
				return
			}
		}
	})
	defer lines.Close() //nolint:errcheck // a pipe
	r, err := w.c.Desk[stage.Investigator].AddRound(ctx, w.case_.ID, lines)
	if err != nil {
		return fmt.Errorf("widening a case: %w", err)
	}
	w.round(r, broad)
	return nil
}

// tell says what a round brought.
func (w *work) tell(round int) {
	r := &w.figures.Rounds[round]
	var links []string
	for _, link := range sortedKeys(r.Links) {
		links = append(links, fmt.Sprintf("%s %s", count(r.Links[link]), link))
	}
	title, came := fmt.Sprintf("round %d", round), fmt.Sprintf("%s more (%s), %s in the case", some(r.Added, "account", "accounts"), strings.Join(links, ", "), count(r.Total))
	if round == 0 {
		title, came = "case", fmt.Sprintf("opened on %s with a hit", some(r.Added, "account", "accounts"))
	}
	w.s.n.says(title, "%s. Reviewers: %s confirmed, %s no violation, %s cannot tell.", came,
		count(r.Decided[lantern.Confirmed]), count(r.Decided[lantern.NotHere]), count(r.Decided[lantern.Unsure]))
	if r.TooBroad > 0 {
		w.s.n.adds("%s left out: too many people share them to mean anything.", some(r.TooBroad, "device was", "devices were"))
	}
	if r.Warning != "" {
		w.s.n.adds("The agent warns: %s.", r.Warning)
	}
}

// act records what the company did.
func (w *work) act(ctx context.Context) error {
	confirmed := w.decided[lantern.Confirmed]
	posts, complete, urls := 0, 0, map[string]bool{}
	for _, id := range confirmed {
		a := w.reviewer.Accounts[id]
		posts += len(a.Posts)
		if a.Complete {
			complete++
		}
		for _, p := range a.Posts {
			if p.URL != "" {
				urls[p.URL] = true
			}
		}
	}
	w.figures.Incomplete = len(confirmed) - complete
	const ground = "Facegram community rules, child safety"
	for _, o := range []struct {
		kind lantern.OutcomeKind
		n    int
	}{{lantern.AccountsActioned, 0}, {lantern.ReviewedNoViolation, 0}, {lantern.ContentRemoved, posts}, {lantern.URLsBlocked, len(urls)}, {lantern.ReportsFiled, complete}} {
		if _, err := w.outcome(ctx, o.kind, ground, o.n); err != nil {
			return err
		}
	}
	f := w.figures
	w.s.n.says(w.c.Name, "disables %s, removes %s, blocks %s. %s are complete and would be filed by Facegram's own process with the authorities; "+
		"Lantern files nothing and takes Facegram's word for the number. %s wait for data.",
		some(f.Outcomes[lantern.AccountsActioned], "account", "accounts"), some(f.Outcomes[lantern.ContentRemoved], "post", "posts"),
		some(f.Outcomes[lantern.URLsBlocked], "address", "addresses"), some(f.Outcomes[lantern.ReportsFiled], "report", "reports"), count(f.Incomplete))
	w.s.n.adds("Its investigator attests to %s decisions made one by one and %s made together on identical copies of one text, with a digest of the list. "+
		"Without that statement the exchange takes no outcome.", count(f.Singly), count(f.InBulk))
	return nil
}

// finding is something several confirmed accounts have in common.
type finding struct {
	draft    lantern.Draft
	accounts []*world.Account
	roots    []lantern.ID
}

// paid reports whether one of the accounts shows a payment handle.
func (f *finding) paid() bool {
	return slices.ContainsFunc(f.accounts, func(a *world.Account) bool { return a.Paytag != "" })
}

// commonFrom is how many confirmed accounts must have something in common before it is
// worth sharing.
const commonFrom = 3

// findings gathers what confirmed accounts have in common: addresses, mail addresses,
// handles elsewhere, payment handles. Only what enough of them share counts.
func (w *work) findings() []*finding {
	all := map[lantern.TypedValue]*finding{}
	add := func(t lantern.SignalType, value string, a *world.Account) {
		if value == "" {
			return
		}
		k := lantern.TypedValue{Type: t, Value: value}
		if all[k] == nil {
			all[k] = &finding{}
		}
		f := all[k]
		f.accounts = append(f.accounts, a)
		for _, id := range w.roots(a.ID) {
			if !slices.Contains(f.roots, id) {
				f.roots = append(f.roots, id)
			}
		}
	}
	for _, id := range w.decided[lantern.Confirmed] {
		a := w.reviewer.Accounts[id]
		add("email", a.Email, a)
		add("payment", a.Paytag, a)
		for _, h := range a.Elsewhere {
			add("username", h, a)
		}
		for _, p := range a.Posts {
			if !strings.Contains(p.URL, "//cloudbin.test/") {
				add("url", p.URL, a)
			}
		}
	}
	var list []*finding
	for _, k := range slices.SortedFunc(maps.Keys(all), func(a, b lantern.TypedValue) int {
		return strings.Compare(string(a.Type)+a.Value, string(b.Type)+b.Value)
	}) {
		if f := all[k]; len(f.accounts) >= commonFrom {
			f.draft = w.draft(k, f)
			list = append(list, f)
		}
	}
	return list
}

// draft writes a finding down as a draft, with the note its investigator made.
func (w *work) draft(k lantern.TypedValue, f *finding) lantern.Draft {
	d := lantern.Draft{Type: k.Type, Value: k.Value, Status: lantern.Violating, Severity: lantern.High, Tags: []lantern.Tag{"trade"}, Confidence: 85,
		Role:  lantern.SuspectedOffender,
		Basis: lantern.Basis{Policy: w.c.Name + " community rules, child safety", ReviewedBy: lantern.ByHuman, Action: "accounts disabled", At: w.s.clock.Now().UTC()},
		Note:  fmt.Sprintf("seen on %s", some(len(f.accounts), "confirmed account", "confirmed accounts"))}
	if k.Type == "url" {
		d.Role = lantern.Infrastructure
	}
	d.LastSeen = world.LastSeen(f.accounts)
	for _, a := range f.accounts {
		if a.Remark != "" {
			d.Note = a.Remark
		}
	}
	slices.Sort(f.roots)
	for _, id := range f.roots[:min(len(f.roots), 8)] {
		d.Links = append(d.Links, lantern.Link{Kind: lantern.DerivedFrom, Signal: id})
	}
	return d
}

// shareBack is the third chapter: the social network shares what its confirmed accounts
// have in common.
func (s *story) shareBack(ctx context.Context, w *work) error {
	s.chapter("Facegram shares back what the accounts had in common",
		"Accounts are thrown away; mail addresses, payment handles and names elsewhere are kept. They lead others to people who moved on.")
	var wide, narrow []lantern.Draft
	for _, f := range w.findings() {
		if f.draft.Type != "payment" {
			wide = append(wide, f.draft)
		}
		if f.draft.Type == "payment" || f.draft.Type == "email" && f.paid() {
			narrow = append(narrow, f.draft)
		}
	}
	s.f.SharedBack = newShareFigures()
	if err := w.share(ctx, &s.f.SharedBack, wide); err != nil {
		return err
	}
	s.f.Payments = newShareFigures()
	if err := s.shareToPayments(ctx, w.c, narrow); err != nil {
		return err
	}
	f := &s.f.SharedBack
	var types []string
	for _, t := range sortedKeys(f.Types) {
		types = append(types, fmt.Sprintf("%s %s", count(f.Types[t]), t))
	}
	s.n.says(w.c.Name, "its submitter shares %s from the case (%s), each linked to the addresses it was derived from, and only what at least %d confirmed accounts share.",
		some(f.stand(), "signal", "signals"), strings.Join(types, ", "), commonFrom)
	if n := f.Results[lantern.Refused]; n > 0 {
		s.n.says("agent", "%s refused before they left: a note %s. Somebody had jotted down what could lead to a victim.", some(n, "draft", "drafts"),
			strings.Join(sortedKeys(f.Refused), "; a note "))
	}
	s.n.says(w.c.Name, "shares %s with PayRail in the program %q, which takes nothing but mail addresses and payment handles.",
		some(s.f.Payments.stand(), "signal", "signals"), payments)
	return nil
}

// share shares drafts from the case.
func (w *work) share(ctx context.Context, f *ShareFigures, drafts []lantern.Draft) error {
	bar := w.s.n.bar("sharing back", len(drafts))
	defer bar.Stop()
	lines := client.Lines(slices.Values(drafts))
	defer lines.Close() //nolint:errcheck // a pipe
	i := 0
	err := w.c.Desk[stage.Submitter].ShareBack(ctx, w.case_.ID, lines, func(r lantern.ShareResult) error {
		if i == len(drafts) {
			return errors.New("more results than drafts")
		}
		f.add(drafts[i], r)
		if r.Signal != 0 {
			w.s.signals[drafts[i].Value] = r.Signal
		}
		i++
		bar.Add(1)
		return nil
	})
	if err != nil {
		return fmt.Errorf("sharing back: %w", err)
	}
	return nil
}

// shareToPayments shares outside the case, which belongs to one program: what may have to
// do with money goes to the payment service too.
func (s *story) shareToPayments(ctx context.Context, c *stage.Company, drafts []lantern.Draft) error {
	for batch := range slices.Chunk(slices.Clone(drafts), lantern.MaxBatch) {
		for i := range batch {
			batch[i].Programs = []lantern.ID{s.program(payments)}
		}
		if err := s.shareAs(ctx, c, &s.f.Payments, batch); err != nil {
			return err
		}
	}
	return nil
}

// sortedKeys are a map's keys in order.
func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
