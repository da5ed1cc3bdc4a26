package drill

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/stage"
)

// TestDay is a day of five companies with processes of their own: they share, two are cut
// off, a phrase floods one of them, a signal turns out to be wrong and is challenged and
// withdrawn while two cannot hear of it. One of those comes back after a day, the other
// after its lease ended. In the end everybody has purged what was wrong, what was right
// matches everywhere, each company has the list of what it did itself and of nothing else,
// decisions are as people made them, and the log verifies offline.
func TestDay(t *testing.T) {
	t.Parallel()
	types := map[lantern.SignalType]lantern.TypePolicy{"url": {}, "username": {}, "phrase": {}}
	all := []string{stage.Cloudbin, stage.Facegram, stage.Chatter, stage.Pixelplay, stage.PayRail}
	d := &day{scene: newScene(t, stage.Plan{Members: all, Program: lantern.Program{Name: "Everyone", Purpose: "find what was removed",
		Policy: lantern.Policy{Types: types, Tags: lantern.Taxonomy(), TrainingNeeded: true}}})}
	d.program = d.Program("Everyone").ID
	d.cloud, d.social, d.chat, d.game, d.pay = d.Company(all[0]), d.Company(all[1]), d.Company(all[2]), d.Company(all[3]), d.Company(all[4])
	for _, part := range []struct {
		hours int // after the part before
		name  string
		tell  func()
	}{
		{0, "they share and find", d.morning},
		{2, "one acts, one finds nothing", d.reviews},
		{1, "two are cut off", d.partition},
		{1, "a phrase floods one", d.flood},
		{1, "one objects", d.challenge},
		{2, "its owner agrees", d.uphold},
		{1, "two do not hear of it", d.late},
		{20, "a day later one comes back", d.returns},
		{49, "the lease of the other ends", d.leaseEnds},
		{1, "it comes back too", d.whole},
		{1, "everyone looks again", d.tasks},
		{0, "the log is verified", d.log},
	} {
		if err := d.clock.forward(time.Duration(part.hours) * time.Hour); err != nil {
			t.Fatal(err)
		}
		d.part = part.name
		part.tell()
		if t.Failed() {
			t.FailNow() // what follows builds on it
		}
	}
}

// day is what is told, and what of it is remembered.
type day struct {
	*scene
	program                        lantern.ID
	cloud, social, chat, game, pay *stage.Company
	part                           string // what is being told

	wrong, right, flooding lantern.ID // signals
	shared                 int
	found                  map[string]lantern.ID // the hit of the wrong signal at each company
	caseID, outcome        lantern.ID            // of the one that acted
	opened, correction     lantern.ID            // the challenge, and what follows
	bulkDecided            int
}

const (
	wrongName  = "quillmarrow"
	rightURL   = "https://files.example.com/removed/1"
	floodWords = "zorbly plim trade"
)

func (d *day) errorf(format string, args ...any) {
	d.t.Helper()
	d.t.Errorf(d.part+": "+format, args...)
}

// must ends the day if something failed that has to work.
func (d *day) must(what string, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("%s: %s: %v", d.part, what, err)
	}
}

// until waits for what has to come.
func (d *day) until(what string, ok func(ctx context.Context) (bool, error)) {
	d.t.Helper()
	d.must(what, stage.Until(d.t.Context(), func() (bool, error) { return ok(d.t.Context()) }))
}

// share shares something of a company's submitter.
func (d *day) share(c *stage.Company, kind lantern.SignalType, value string) lantern.ID {
	d.t.Helper()
	draft := lantern.Draft{Programs: []lantern.ID{d.program}, Type: kind, Value: value, Status: lantern.Violating, Tags: []lantern.Tag{"trade"},
		Basis: lantern.Basis{Policy: "Rule 4", ReviewedBy: lantern.ByHuman, At: d.clock.now().Add(-time.Hour).UTC().Truncate(time.Second)}}
	if kind == "username" {
		draft.Role = lantern.SuspectedOffender
	}
	r, err := c.People[stage.Submitter].Share(d.t.Context(), draft)
	d.must("sharing", err)
	return r.Signal
}

// post is a record of a company's own that holds everything.
func post(ref string) lantern.Record {
	return lantern.Record{Ref: ref, Account: "account-" + ref, URLs: []string{rightURL},
		Values: []lantern.TypedValue{{Type: "username", Value: "example:" + wrongName}}}
}

// look looks a record up.
func (d *day) look(c *stage.Company, r lantern.Record, dry bool) (lantern.AnswerState, []lantern.ID) {
	d.t.Helper()
	answers, err := c.Desk[""].Match(d.t.Context(), []lantern.Record{r}, dry)
	d.must("matching at "+c.Name, err)
	var ids []lantern.ID
	for _, m := range answers[0].Matches {
		if !m.RequiresReview {
			d.errorf("a match at %s does not require review", c.Name)
		}
		ids = append(ids, m.Signal)
	}
	slices.Sort(ids)
	return answers[0].State, slices.Compact(ids)
}

// matches wants an agent to answer so.
func (d *day) matches(c *stage.Company, state lantern.AnswerState, want ...lantern.ID) {
	d.t.Helper()
	slices.Sort(want)
	if got, ids := d.look(c, post("probe"), true); got != state || !slices.Equal(ids, want) {
		d.errorf("%s answers %s and %v, want %s and %v", c.Name, got, ids, state, want)
	}
}

// hear shares something and waits until agents have it: they are in contact, and heard of
// all that was before.
func (d *day) hear(of ...*stage.Company) {
	d.t.Helper()
	d.shared++
	value := fmt.Sprintf("https://files.example.com/news/%d", d.shared)
	id := d.share(d.cloud, "url", value)
	for _, c := range of {
		d.until(c.Name+" hears", func(context.Context) (bool, error) {
			state, ids := d.look(c, lantern.Record{Ref: "news", URLs: []string{value}}, true)
			return state == lantern.AnswerOK && slices.Contains(ids, id), nil
		})
	}
}

// hits lists the hits of a company in a state, of one signal.
func (d *day) hits(c *stage.Company, state lantern.HitState, signal lantern.ID) (list []lantern.Hit) {
	d.t.Helper()
	f := client.HitFilter{State: state, Limit: 500}
	page, err := c.Desk[""].Hits(d.t.Context(), f)
	d.must("listing hits at "+c.Name, err)
	if len(page) == f.Limit {
		d.errorf("%s has more hits than are looked at", c.Name)
	}
	for _, h := range page {
		if h.Match.Signal == signal {
			list = append(list, h)
		}
	}
	return list
}

func (d *day) status(c *stage.Company) lantern.AgentStatus {
	d.t.Helper()
	s, err := c.Desk[""].Status(d.t.Context())
	d.must("the status of "+c.Name, err)
	return s
}

// morning: one member shares a name, an address and a phrase; all others find the first two
// among what is their own.
func (d *day) morning() {
	d.remember()
	d.wrong, d.right = d.share(d.cloud, "username", "example:"+wrongName), d.share(d.cloud, "url", rightURL)
	d.flooding = d.share(d.cloud, "phrase", floodWords)
	d.hear(d.social, d.chat, d.game, d.pay)
	d.found = map[string]lantern.ID{}
	for _, c := range []*stage.Company{d.social, d.chat, d.game, d.pay} {
		if state, ids := d.look(c, post("first"), false); state != lantern.AnswerOK || len(ids) != 2 {
			d.errorf("%s answers %s and %d signals", c.Name, state, len(ids))
		}
		hits := d.hits(c, lantern.HitOpen, d.wrong)
		if len(hits) != 1 || hits[0].Ref != "first" {
			d.errorf("%s has %d hits of one record", c.Name, len(hits))
			return
		}
		d.found[c.Name] = hits[0].ID
	}
}

// decide decides a hit, and wants it recorded.
func (d *day) decide(c *stage.Company, hit lantern.ID, what lantern.HitDecision, why lantern.DecisionReason) lantern.HitResult {
	d.t.Helper()
	results, err := c.Desk[stage.Investigator].DecideHits(d.t.Context(), []lantern.HitRuling{{Hit: hit, Decision: what, Reason: why}})
	if d.must("deciding at "+c.Name, err); !results[0].Recorded || results[0].Problem != nil {
		d.errorf("a decision at %s is answered %+v", c.Name, results[0])
	}
	return results[0]
}

// reviews: one member confirms the hit of what will turn out to be wrong and acts; another
// finds nothing. The other two have not looked yet.
func (d *day) reviews() {
	ctx, desk := d.t.Context(), d.social.Desk[stage.Investigator]
	d.decide(d.social, d.found[d.social.Name], lantern.Confirmed, "child-contact")
	d.decide(d.chat, d.found[d.chat.Name], lantern.NotHere, "nothing-found")
	c, err := desk.OpenCase(ctx, lantern.CaseDraft{Title: "a name", Program: d.program, Signals: []lantern.ID{d.wrong}})
	d.must("opening a case", err)
	d.caseID = c.ID
	rulings := client.Lines(slices.Values([]lantern.Ruling{{Account: "account-first", Decision: lantern.Confirmed, Reason: "child-contact"}}))
	defer rulings.Close()
	_, err = desk.Rule(ctx, c.ID, rulings)
	d.must("ruling", err)
	out, err := desk.SendOutcome(ctx, c.ID, lantern.CaseOutcome{Kind: lantern.AccountsActioned, Ground: "Rule 4"})
	if d.must("sending an outcome", err); out.Count != 1 {
		d.errorf("the outcome counts %d", out.Count)
	}
	d.outcome = out.ID
}

// partition: two agents lose their line. They answer as before, for hours are no matter.
func (d *day) partition() {
	for _, c := range []*stage.Company{d.game, d.pay} {
		d.cut(c, true)
		d.matches(c, lantern.AnswerOK, d.wrong, d.right)
	}
	d.hear(d.social, d.chat)
	for _, c := range []*stage.Company{d.game, d.pay} {
		value := lantern.Record{Ref: "news", URLs: []string{fmt.Sprintf("https://files.example.com/news/%d", d.shared)}}
		if _, ids := d.look(c, value, true); len(ids) != 0 {
			d.errorf("%s has what was shared after its line was cut", c.Name)
		}
	}
}

// flood: a phrase is everyday speech at one member. Its hits are put aside, a person looks,
// releases it, and decides them in bulk. At another member it hits as it did.
func (d *day) flood() {
	ctx, desk := d.t.Context(), d.social.Desk[stage.Investigator]
	const posts = 300
	var records []lantern.Record
	for i := range posts {
		ref := fmt.Sprintf("talk-%d", i)
		records = append(records, lantern.Record{Ref: ref, Account: "account-" + ref, Text: "they said " + floodWords + " again"})
	}
	for part := range slices.Chunk(records, 100) {
		_, err := d.social.Desk[""].Match(ctx, part, false)
		d.must("matching", err)
	}
	list, err := desk.Quarantine(ctx)
	d.must("listing what is in quarantine", err)
	if len(list) != 1 || list[0].Signal != d.flooding || list[0].Cause != lantern.CauseFlood || list[0].References != posts || len(list[0].Sample) != lantern.QuarantineSample {
		d.errorf("in quarantine there are %d signals: %+v", len(list), list)
		return
	}
	if open := d.hits(d.social, lantern.HitOpen, d.flooding); len(open) != 0 {
		d.errorf("%d hits of the flood are in the queue", len(open))
	}
	_, _ = d.look(d.chat, records[0], false)
	if s := d.status(d.chat); s.Quarantined != 0 || len(d.hits(d.chat, lantern.HitOpen, d.flooding)) != 1 {
		d.errorf("what floods one is in quarantine at another, or hits there no more")
	}
	d.must("releasing", desk.Release(ctx, d.flooding, lantern.QuarantineRelease{Hits: lantern.OpenHits, Reason: "looked at the sample"}))
	open := d.hits(d.social, lantern.HitOpen, d.flooding)
	if s := d.status(d.social); len(open) != posts || s.Quarantined != 0 {
		d.errorf("after the release %d hits wait, %d signals are in quarantine", len(open), s.Quarantined)
		return
	}
	b, err := desk.PreviewBulk(ctx, lantern.BulkDraft{Hit: open[0].ID, Decision: lantern.Unsure, Reason: "too-little"})
	d.must("previewing", err)
	for _, one := range b.Sample {
		d.decide(d.social, one.Hit, lantern.Unsure, "too-little")
	}
	made, err := desk.CommitBulk(ctx, b.ID, lantern.BulkCommit{Digest: b.Digest, Count: b.Count})
	if d.must("deciding in bulk", err); made.Count+len(b.Sample) != posts {
		d.errorf("%d and %d are decided, want %d", made.Count, len(b.Sample), posts)
	}
	d.bulkDecided = posts
}

// challenge: a user appeals where somebody acted. Whoever can be reached stops matching at
// once, and what would match is held where nobody sees it. Who cannot be reached goes on.
func (d *day) challenge() {
	d.opened = d.decide(d.social, d.found[d.social.Name], lantern.WrongSignal, lantern.DecisionReason(lantern.IdentifierReused)).Challenge
	if d.opened == 0 {
		d.errorf("no challenge was opened")
	}
	for _, c := range []*stage.Company{d.social, d.chat} {
		d.until(c.Name+" masks", func(context.Context) (bool, error) {
			_, ids := d.look(c, post("probe"), true)
			return !slices.Contains(ids, d.wrong), nil
		})
		d.matches(c, lantern.AnswerOK, d.right)
		_, _ = d.look(c, post("later"), false)
		if s := d.status(c); s.Held != 1 || len(d.hits(c, lantern.HitOpen, d.wrong)) > 0 {
			d.errorf("%s holds %d matches, and shows some of a suspended signal", c.Name, s.Held)
		}
	}
	d.matches(d.game, lantern.AnswerOK, d.wrong, d.right)
	d.matches(d.pay, lantern.AnswerOK, d.wrong, d.right)
	_, _ = d.look(d.game, post("later"), false) // it finds more, as it must until it hears
}

// uphold: the sharer's officer agrees. What was held is gone, hits are void.
func (d *day) uphold() {
	ctx := d.t.Context()
	_, err := d.cloud.People[stage.Officer].Decide(ctx, d.opened, lantern.Decision{Verdict: lantern.Uphold, Reason: "the name passed to somebody else"})
	d.must("deciding the challenge", err)
	list, err := d.Steward.Corrections(ctx)
	if d.must("listing corrections", err); len(list) != 1 || list[0].Signal != d.wrong || list[0].Kind != lantern.CorrectionUpheld {
		d.errorf("the corrections are %+v", list)
		return
	}
	d.correction = list[0].ID
	for _, c := range []*stage.Company{d.social, d.chat} {
		d.purged(c)
		d.fell(c)
	}
}

// purged waits until the map says that a company has purged.
func (d *day) purged(c *stage.Company) {
	d.t.Helper()
	d.until(c.Name+" purges", func(ctx context.Context) (bool, error) {
		cor, err := d.Steward.Correction(ctx, d.correction)
		i := slices.IndexFunc(cor.Recipients, func(r lantern.Receivership) bool { return r.Member == c.Member.ID })
		return i >= 0 && !cor.Recipients[i].Masked.IsZero() && !cor.Recipients[i].Purged.IsZero() && cor.Recipients[i].PurgedHow == lantern.AckByAgent, err
	})
}

// fell wants nothing of the wrong signal to be left at a company.
func (d *day) fell(c *stage.Company) {
	d.t.Helper()
	d.matches(c, lantern.AnswerOK, d.right)
	d.until(c.Name+" owes nothing", func(context.Context) (bool, error) { return d.status(c).Acks == 0, nil })
	if s := d.status(c); s.Held != 0 {
		d.errorf("%s still holds %d matches", c.Name, s.Held)
	}
	for _, state := range []lantern.HitState{lantern.HitOpen, lantern.HitDecided} {
		if left := d.hits(c, state, d.wrong); len(left) != 0 {
			d.errorf("%s has %d %s hits of what fell", c.Name, len(left), state)
		}
	}
	if sig, err := c.Desk[stage.Investigator].Reveal(d.t.Context(), d.wrong); err == nil {
		d.errorf("%s reveals what fell: it is %s", c.Name, sig.State)
	}
}

// lateNow lists who is late, as the steward sees it.
func (d *day) lateNow() (names []string) {
	d.t.Helper()
	list, err := d.Steward.OverdueCorrections(d.t.Context())
	d.must("listing who is late", err)
	for _, cor := range list {
		for _, r := range cor.Recipients {
			if r.Overdue {
				i := slices.IndexFunc(d.Companies, func(c *stage.Company) bool { return c.Member.ID == r.Member })
				names = append(names, d.Companies[i].Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (d *day) wantLate(want ...string) {
	d.t.Helper()
	if got := d.lateNow(); !slices.Equal(got, want) {
		d.errorf("%v are late, want %v", got, want)
	}
}

// late: the map shows who does not know yet.
func (d *day) late() {
	d.wantLate(stage.PayRail, stage.Pixelplay)
	cor, err := d.Steward.Correction(d.t.Context(), d.correction)
	d.must("reading the map", err)
	if p := cor.Progress; p == nil || p.Recipients != 4 || p.Masked != 2 || p.Purged != 2 || p.Overdue != 2 {
		d.errorf("the map says %+v", p)
	}
}

// returns: out of contact for a day both say so with every answer, and still tell what they
// have. One comes back and does at once what it owes.
func (d *day) returns() {
	d.hear(d.social, d.chat)
	for _, c := range []*stage.Company{d.game, d.pay} {
		d.matches(c, lantern.AnswerStale, d.wrong, d.right)
		if s := d.status(c); s.Answers != lantern.AnswerStale || !strings.Contains(strings.Join(s.Reasons, " "), "no contact with the exchange for 2") {
			d.errorf("%s says %s, %v", c.Name, s.Answers, s.Reasons)
		}
	}
	d.cut(d.game, false)
	d.purged(d.game)
	d.hear(d.game)
	d.fell(d.game)
	d.wantLate(stage.PayRail)
}

// leaseEnds: after three days the other looks up no names any more, and says that it did
// not. An address it still finds.
func (d *day) leaseEnds() {
	d.hear(d.social, d.chat, d.game)
	names := lantern.Record{Ref: "name", Values: []lantern.TypedValue{{Type: "username", Value: "example:" + wrongName}}}
	if state, ids := d.look(d.pay, names, false); state != lantern.CouldNotLook || len(ids) != 0 {
		d.errorf("after the lease a name is answered %s and %v", state, ids)
	}
	if state, ids := d.look(d.pay, lantern.Record{Ref: "address", URLs: []string{rightURL}}, true); state != lantern.AnswerStale || !slices.Equal(ids, []lantern.ID{d.right}) {
		d.errorf("after the lease an address is answered %s and %v", state, ids)
	}
	d.wantLate(stage.PayRail)
}

// whole: it comes back too, and the map is complete.
func (d *day) whole() {
	d.cut(d.pay, false)
	d.purged(d.pay)
	d.hear(d.pay)
	d.fell(d.pay)
	d.wantLate()
	cor, err := d.Steward.Correction(d.t.Context(), d.correction)
	d.must("reading the map", err)
	if p := cor.Progress; p == nil || p.Recipients != 4 || p.Masked != 4 || p.Purged != 4 || p.Attested != 0 || p.Overdue != 0 {
		d.errorf("the map says %+v", p)
	}
}

// tasks: each company looks at its own list. Nobody learns of another's.
func (d *day) tasks() {
	ctx := d.t.Context()
	for _, c := range d.Companies {
		list, err := c.Desk[stage.Investigator].ReviewTasks(ctx)
		d.must("listing tasks at "+c.Name, err)
		list = slices.DeleteFunc(list, func(r lantern.ReviewTask) bool { return r.Hits == 0 && len(r.Cases) == 0 && len(r.Outcomes) == 0 })
		want := lantern.ReviewTask{Hits: 1, Accounts: []string{"account-first"}}
		switch c {
		case d.cloud: // it shared, and did nothing because of it
			if len(list) != 0 {
				d.errorf("the sharer has tasks: %+v", list)
			}
			continue
		case d.social:
			want.Cases, want.Outcomes = []lantern.ID{d.caseID}, []lantern.ID{d.outcome}
		case d.game: // it looked once more while it was cut off
			want.Hits, want.Accounts = 2, []string{"account-first", "account-later"}
		}
		if len(list) != 1 || list[0].Correction != d.correction || list[0].Hits != want.Hits || !slices.Equal(list[0].Accounts, want.Accounts) ||
			!slices.Equal(list[0].Cases, want.Cases) || !slices.Equal(list[0].Outcomes, want.Outcomes) {
			d.errorf("the tasks of %s are %+v", c.Name, list)
		}
		result := "stands"
		if c == d.social {
			result = "reversed"
		}
		if _, err := c.Desk[stage.Investigator].RuleTask(ctx, d.correction, lantern.TaskRuling{Result: result, Ground: "Rule 4"}); err != nil {
			d.errorf("settling the task of %s: %v", c.Name, err)
		}
		if s := d.status(c); s.Tasks != 0 {
			d.errorf("%s still has %d tasks", c.Name, s.Tasks)
		}
	}
	d.asDecided()
	d.ownOnly()
}

// asDecided wants hits and decisions to be as people made them.
func (d *day) asDecided() {
	for c, want := range map[*stage.Company]lantern.HitDecision{d.social: lantern.WrongSignal, d.chat: lantern.NotHere, d.game: "", d.pay: ""} {
		h, err := c.Desk[""].Hit(d.t.Context(), d.found[c.Name])
		if err != nil || h.State != lantern.HitVoid || h.Decision != want {
			d.errorf("the hit at %s is %s and says %q, %v; want void and %q", c.Name, h.State, h.Decision, err, want)
		}
		if open := d.hits(c, lantern.HitOpen, d.right); len(open) == 0 {
			d.errorf("%s lost the hits of what was right", c.Name)
		}
	}
	unsure := 0
	for _, h := range d.hits(d.social, lantern.HitDecided, d.flooding) {
		if h.Decision == lantern.Unsure {
			unsure++
		}
	}
	if unsure != d.bulkDecided {
		d.errorf("%d hits of the flood are decided, want %d", unsure, d.bulkDecided)
	}
}

// ownOnly wants nobody to see what another did.
func (d *day) ownOnly() {
	ctx := d.t.Context()
	for _, c := range d.Companies {
		person := c.People[stage.Investigator]
		outcomes, err := person.Outcomes(ctx)
		d.must("listing outcomes", err)
		if want := map[bool]int{true: 2}[c == d.social]; len(outcomes) != want {
			d.errorf("%s sees %d outcomes, want %d", c.Name, len(outcomes), want)
		}
		cor, err := person.Correction(ctx, d.correction)
		d.must("reading the correction", err)
		others := slices.ContainsFunc(cor.Recipients, func(r lantern.Receivership) bool { return r.Member != c.Member.ID })
		if c != d.cloud && (others || len(cor.Recipients) != 1 || cor.Progress != nil) || c == d.cloud && len(cor.Recipients) != 4 {
			d.errorf("%s sees %d recipients of the correction, %+v", c.Name, len(cor.Recipients), cor.Progress)
		}
	}
}

// remember keeps the log's key and its newest checkpoint, as an outsider would who was there
// in the morning.
func (d *day) remember() {
	key, err := d.Steward.LogKey(d.t.Context())
	d.must("reading the log's key", err)
	seen, err := d.Steward.Checkpoint(d.t.Context())
	d.must("reading a checkpoint", err)
	d.must("keeping the log's key", os.WriteFile(filepath.Join(d.dir, "log.key"), []byte(key), 0o600))
	d.must("keeping a checkpoint", os.WriteFile(filepath.Join(d.dir, "seen"), seen, 0o600))
}

// log: it is downloaded, everything ends, and it verifies with nobody there. It continues
// what was seen in the morning and tells what happened.
func (d *day) log() {
	dir, steward := filepath.Join(d.dir, "log"), d.Exchange.Credential
	_, err := d.run("audit", "download", dir, "--exchange", d.Exchange.URL, "--key-file", steward)
	d.must("downloading the log", err)
	for _, c := range d.Companies {
		if s := d.status(c); s.Log.Fault != "" || s.Log.Size == 0 || s.Answers != lantern.AnswerOK {
			d.errorf("%s says in the end: %s, %+v", c.Name, s.Answers, s.Log)
		}
		d.must("ending", d.Stop(d.t.Context(), c))
	}
	d.must("ending the exchange", d.Exchange.Stop(d.t.Context()))
	d.Exchange.Stop = nil
	said, err := d.run("audit", "verify", dir, "--log-key", filepath.Join(d.dir, "log.key"), "--seen", filepath.Join(d.dir, "seen"), "-o", "json")
	d.must("verifying the log", err)
	var report struct{ Leaves map[string]int }
	d.must("reading what was verified", json.Unmarshal(said, &report))
	for kind, want := range map[string]int{
		"share": 3 + d.shared, "challenge": 1, "suspend": 1, "decide": 1, "withdraw": 1, // the signal
		"acknowledge": 8,               // four recipients, two steps
		"outcome":     2,               // the act, and that it was taken back
		"feedback":    2, "restore": 0, // of the one that confirmed and the one that found nothing
	} {
		if report.Leaves[kind] != want {
			d.errorf("the log tells of %d %s, want %d", report.Leaves[kind], kind, want)
		}
	}
}
