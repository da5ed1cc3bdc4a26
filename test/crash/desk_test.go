package crash_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"lantern"
	"lantern/client"
)

// verdict is what a hit says of its decision; the zero verdict is none.
type verdict struct {
	decision lantern.HitDecision
	reason   lantern.DecisionReason
	bulk     bool
	act      lantern.ID
}

// act is one that was answered, or seen after its answer was lost.
type act struct {
	before map[lantern.ID]verdict // of the hits it decided
	at     time.Time
	undone bool
}

// desk is a person who decides hits, one call at a time.
type desk struct {
	*office
	random *rand.Rand
	person *client.Agent
	looked int
	known  map[lantern.ID]verdict // every hit with what is known to be decided on it
	acts   map[lantern.ID]*act
}

// session looks a few records up and decides what is found.
func (d *desk) session() {
	d.busy.RLock()
	defer d.busy.RUnlock()
	deed := d.ledger.pick(d.random, func(x *deed) bool {
		return x.withdrawn == never && x.erased == never && x.challenged == never && !x.kept
	})
	if deed == nil {
		pause(d.random, 10)
		return
	}
	n := 1 + d.random.IntN(3)
	if d.random.IntN(3) == 0 {
		n = 8 + d.random.IntN(10)
	}
	hits := d.look(deed, n)
	if len(hits) >= 8 {
		d.inBulk(hits)
		return
	}
	for _, hit := range hits {
		made := d.single(deed, hit)
		switch d.random.IntN(4) {
		case 0:
			d.undo(made)
		case 1: // a second thought
			again := d.single(deed, hit)
			d.undo(made) // refused, for it was decided again
			d.undo(again)
		}
	}
}

// look looks a value up in records of one account and returns the hits, of which each record
// has one, however often it is looked up. The signal may fall meanwhile: then there are none.
func (d *desk) look(deed *deed, n int) (ids []lantern.ID) {
	d.looked++
	account := fmt.Sprintf("account-%d", d.looked)
	records := make([]lantern.Record, n)
	for i := range records {
		records[i] = lantern.Record{Ref: fmt.Sprintf("%s/post-%d", account, i), Account: account, URLs: []string{deed.value}}
	}
	err := d.answered(func(ctx context.Context) error {
		_, err := d.agent.client.Match(ctx, records, false)
		return err
	})
	if err != nil {
		d.ledger.complain("a lookup is refused: %v", err)
	}
	var page []lantern.Hit
	err = d.answered(func(ctx context.Context) (err error) {
		page, err = d.person.Hits(ctx, client.HitFilter{Account: account, Limit: 100})
		return err
	})
	refs := map[string]bool{}
	for _, h := range page {
		if refs[h.Ref] || h.Match.Signal != deed.id {
			d.ledger.complain("a record has two hits, or one of another signal")
		}
		refs[h.Ref] = true
		ids = append(ids, h.ID)
		d.known[h.ID] = verdict{}
	}
	if err != nil || len(ids) != 0 && len(ids) != n {
		d.ledger.complain("%d records have %d hits, %v", n, len(ids), err)
	}
	return ids
}

// decisions are what is decided, with a reason of each.
var decisions = []struct {
	decision lantern.HitDecision
	reason   lantern.DecisionReason
}{{lantern.Confirmed, "trading"}, {lantern.NotHere, "nothing-found"}, {lantern.Unsure, "too-little"}, {lantern.Escalate, "legal"}}

// single decides one hit and returns the act, 0 if there is none.
func (d *desk) single(deed *deed, hit lantern.ID) lantern.ID {
	said := decisions[d.random.IntN(len(decisions))]
	r := lantern.HitRuling{Hit: hit, Decision: said.decision, Reason: said.reason}
	if d.random.IntN(20) == 0 && d.ledger.claim(&deed.challenged) {
		r.Decision, r.Reason = lantern.WrongSignal, lantern.DecisionReason(lantern.NotAbusive)
	}
	return d.rule(deed, r)
}

// rule asks for one decision, and finds out what became of it if no answer comes.
func (d *desk) rule(deed *deed, r lantern.HitRuling) lantern.ID {
	results, err := d.person.DecideHits(d.t.Context(), []lantern.HitRuling{r})
	if learned(err) == unsure {
		made := d.settle([]lantern.ID{r.Hit}, verdict{decision: r.Decision, reason: r.Reason})
		if made != 0 && r.Decision == lantern.WrongSignal {
			d.ledger.set(&deed.challenged, done)
		}
		return made
	}
	if err != nil || len(results) != 1 || results[0].Hit != r.Hit {
		d.ledger.complain("a decision is answered %v, %v", results, err)
		return 0
	}
	d.ledger.note(func() {})
	if r.Decision == lantern.WrongSignal && results[0].Recorded {
		d.ledger.set(&deed.challenged, done)
	}
	if !results[0].Recorded {
		d.refused.Add(1)
		return 0
	}
	return d.made(results[0].Act, []lantern.ID{r.Hit}, verdict{r.Decision, r.Reason, false, results[0].Act})
}

// made enters an act.
func (d *desk) made(id lantern.ID, hits []lantern.ID, v verdict) lantern.ID {
	a := &act{before: map[lantern.ID]verdict{}, at: time.Now()}
	for _, h := range hits {
		a.before[h], d.known[h] = d.known[h], v
	}
	if id == 0 || d.acts[id] != nil {
		d.ledger.complain("two acts have one id")
	}
	d.acts[id] = a
	d.decided.Add(1)
	if v.bulk {
		d.bulks.Add(1)
	}
	return id
}

// read returns what a hit says. One that cannot be seen, for its signal is suspended or
// fell before anybody decided, says nothing.
func (d *desk) read(hit lantern.ID) verdict {
	var h lantern.Hit
	err := d.answered(func(ctx context.Context) (err error) {
		h, err = d.person.Hit(ctx, hit)
		return err
	})
	if err != nil && lantern.KindOf(err) != lantern.NotFound {
		d.ledger.complain("a hit cannot be read: %v", err)
	}
	return verdict{h.Decision, h.Reason, h.Bulk, h.Act}
}

// settle finds out what became of an act that nobody answered: all of it is there or
// nothing. It returns the act, 0 if there is none.
func (d *desk) settle(hits []lantern.ID, want verdict) (id lantern.ID) {
	d.unanswered.Add(1)
	var as, before int
	for _, h := range hits {
		got := d.read(h)
		if got == d.known[h] {
			before++
			continue
		}
		if want.act = got.act; got == want && got.act != 0 && (id == 0 || id == got.act) {
			as++
			id = got.act
		}
	}
	if as != len(hits) && before != len(hits) {
		d.ledger.complain("of an act without an answer on %d hits %d are decided so, %d are as before", len(hits), as, before)
	}
	if as != len(hits) {
		return 0
	}
	d.doneUnsaid.Add(1)
	return d.made(id, hits, want)
}

// inBulk decides like hits together: a preview, its sample, the rest, and sometimes back.
func (d *desk) inBulk(hits []lantern.ID) {
	said := decisions[1+d.random.IntN(len(decisions)-1)]
	var b lantern.Bulk
	err := d.answered(func(ctx context.Context) (err error) {
		b, err = d.person.PreviewBulk(ctx, lantern.BulkDraft{Hit: hits[0], Decision: said.decision, Reason: said.reason})
		return err
	})
	if err != nil {
		d.refused.Add(1) // its signal is suspended, or fell
		return
	}
	var rest []lantern.ID
	if rest = d.rest(&b); rest == nil {
		return
	}
	for _, s := range b.Sample {
		if d.rule(nil, lantern.HitRuling{Hit: s.Hit, Decision: said.decision, Reason: said.reason}) == 0 {
			// Refused, or lost: then again.
			if d.read(s.Hit).decision != said.decision && d.rule(nil, lantern.HitRuling{Hit: s.Hit, Decision: said.decision, Reason: said.reason}) == 0 {
				return
			}
		}
	}
	want := verdict{said.decision, said.reason, true, 0}
	made, err := d.person.CommitBulk(d.t.Context(), b.ID, lantern.BulkCommit{Digest: b.Digest, Count: b.Count})
	var id lantern.ID
	switch learned(err) {
	case done:
		d.ledger.note(func() {})
		want.act = made.ID
		id = d.made(made.ID, rest, want)
	case unsure:
		id = d.settle(rest, want)
		d.sameBulk(b.ID, id)
	default:
		d.refused.Add(1)
		return
	}
	if d.random.IntN(2) == 0 {
		d.undo(id)
	}
}

// rest lists the open hits that a preview would decide: all that wait of its signal but the
// sample. It is nil if that is not what the preview counts, as when the signal fell meanwhile.
func (d *desk) rest(b *lantern.Bulk) (rest []lantern.ID) {
	f := client.HitFilter{Limit: 500}
	for {
		var page []lantern.Hit
		err := d.answered(func(ctx context.Context) (err error) {
			page, err = d.person.Hits(ctx, f)
			return err
		})
		if err != nil {
			d.ledger.complain("the queue cannot be read: %v", err)
			return nil
		}
		for _, h := range page {
			f.After = h.ID
			if h.Match.Signal == b.Evidence.Signal && !slices.ContainsFunc(b.Sample, func(s lantern.Sampled) bool { return s.Hit == h.ID }) {
				rest = append(rest, h.ID)
			}
		}
		if len(page) < f.Limit {
			break
		}
	}
	if len(rest) != b.Count {
		return nil
	}
	return rest
}

// sameBulk wants a preview to name the act that its hits show.
func (d *desk) sameBulk(preview, id lantern.ID) {
	var b lantern.Bulk
	err := d.answered(func(ctx context.Context) (err error) {
		b, err = d.person.Bulk(ctx, preview)
		return err
	})
	if err != nil || b.Act != id {
		d.ledger.complain("a preview names act %s, its hits %s; %v", b.Act, id, err)
	}
}

// undo takes an act back, and finds out what became of that if no answer comes.
func (d *desk) undo(id lantern.ID) {
	a := d.acts[id]
	if a == nil || a.undone {
		return
	}
	latest := true
	for h := range a.before {
		latest = latest && d.known[h].act == id
	}
	_, err := d.person.Undo(d.t.Context(), id)
	did := learned(err) == done
	switch learned(err) {
	case done:
		d.ledger.note(func() {})
	case unsure:
		d.unanswered.Add(1)
		if did = d.isUndone(id); did {
			d.doneUnsaid.Add(1)
		}
	default:
		d.refused.Add(1)
	}
	if !did {
		return
	}
	if !latest {
		d.ledger.complain("an act was undone although its hits were decided again")
	}
	a.undone = true
	d.undone.Add(1)
	for h, was := range a.before {
		d.known[h] = was
	}
}

// isUndone asks the list of acts.
func (d *desk) isUndone(id lantern.ID) bool {
	var list []lantern.Act
	err := d.answered(func(ctx context.Context) (err error) {
		list, err = d.person.Acts(ctx)
		return err
	})
	i := slices.IndexFunc(list, func(a lantern.Act) bool { return a.ID == id })
	if err != nil || i < 0 {
		d.ledger.complain("an act is not in the list: %v", err)
		return false
	}
	return !list[i].Undone.IsZero()
}

// compare wants every hit to be as it was left. Nobody is at work.
func (d *desk) compare() {
	d.t.Helper()
	got := map[lantern.ID]lantern.Hit{}
	for _, state := range []lantern.HitState{lantern.HitOpen, lantern.HitDecided, lantern.HitVoid} {
		f := client.HitFilter{State: state, Limit: 500}
		for {
			var page []lantern.Hit
			err := d.answered(func(ctx context.Context) (err error) {
				page, err = d.person.Hits(ctx, f)
				return err
			})
			if err != nil {
				d.t.Fatal(err)
			}
			for _, h := range page {
				if had, twice := got[h.ID]; twice && had.State == state {
					d.t.Errorf("hit %s is twice in the queue", h.ID)
				}
				got[h.ID], f.After = h, h.ID
			}
			if len(page) < f.Limit {
				break
			}
		}
	}
	for id, want := range d.known {
		h, seen := got[id]
		switch v := (verdict{h.Decision, h.Reason, h.Bulk, h.Act}); {
		case v != want:
			d.t.Errorf("hit %s (%s) says %+v, want %+v", id, h.State, v, want)
		case seen && h.State != lantern.HitVoid && (h.State == lantern.HitOpen) != (want == verdict{}):
			d.t.Errorf("hit %s is %s, and says %+v", id, h.State, v)
		}
	}
}
