package crash_test

import (
	"slices"
	"testing/fstest"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/client"
)

// verify compares what callers were told, what the API says, what the log says and what
// the agents match.
func (w *world) verify() {
	t := w.t
	for _, wrong := range w.ledger.wrong {
		t.Error(wrong)
	}
	head := w.last()
	signals := w.signals()
	w.compareSignals(signals)
	outcomes := w.compareOutcomes()
	challenges := w.compareChallenges()
	w.compareFeed(signals, head)
	w.converge(signals, head)

	leaves := w.readLog().Leaves
	states := map[lantern.SignalState]int64{}
	reactions := int64(0)
	for _, s := range signals {
		states[s.State]++
		for _, n := range s.Reactions {
			reactions += int64(n)
		}
	}
	for _, c := range []struct {
		what string
		kind audit.Kind
		api  int64
	}{
		{"signals shared", audit.Share, int64(len(signals))},
		{"signals amended", audit.Amend, 0},
		{"signals withdrawn", audit.Withdraw, states[lantern.Withdrawn]},
		{"signals erased", audit.Erase, states[lantern.Erased]},
		{"challenges", audit.Challenge, challenges},
		{"signals suspended", audit.Suspend, challenges},
		{"reactions", audit.Feedback, reactions},
		{"outcomes", audit.Outcome, outcomes},
	} {
		if leaves[c.kind] != c.api {
			t.Errorf("%s: the log has %d entries, the API shows %d", c.what, leaves[c.kind], c.api)
		}
	}
	if least, most := w.acknowledgements(); leaves[audit.Acknowledge] < least || leaves[audit.Acknowledge] > most {
		t.Errorf("acknowledgements: the log has %d entries, the API shows %d to %d", leaves[audit.Acknowledge], least, most)
	}
	// Every place of the feed was given to one of these acts.
	if moves := leaves[audit.Share] + leaves[audit.Feedback] + leaves[audit.Suspend] + leaves[audit.Withdraw] + leaves[audit.Erase]; moves != head {
		t.Errorf("the feed ends at %d after %d acts: it has a gap, or gave a place twice", head, moves)
	}
}

// last shares one more signal and returns its place in the feed, which is the last.
func (w *world) last() int64 {
	w.t.Helper()
	me := w.sharers[0]
	d := w.ledger.add(&deed{owner: me, value: "https://files.example.com/last"})
	var err error
	for late := time.Now().Add(patience); time.Now().Before(late); {
		var r lantern.ShareResult
		if r, err = me.client.Share(w.t.Context(), w.draft(d.value)); err == nil {
			d.shared, d.id = done, r.Signal
			break
		}
	}
	if err != nil {
		w.t.Fatalf("nothing can be shared in the end: %v", err)
	}
	for _, c := range w.feed(me) {
		if c.Signal.ID == d.id {
			return c.Seq
		}
	}
	w.t.Fatal("the last signal is not in the feed")
	return 0
}

// feed reads the whole feed.
func (w *world) feed(m *member) (all []lantern.Change) {
	w.t.Helper()
	var cursor lantern.Cursor
	for {
		page, err := m.client.Feed(w.t.Context(), w.program, cursor, 0, 0)
		if err != nil {
			w.t.Fatal(err)
		}
		all, cursor = append(all, page.Changes...), page.Next
		if !page.More {
			return all
		}
	}
}

// signals reads all signals there are.
func (w *world) signals() map[lantern.ID]lantern.Signal {
	w.t.Helper()
	all := map[lantern.ID]lantern.Signal{}
	for _, m := range w.sharers {
		f := client.SignalFilter{Limit: lantern.MaxPage}
		for {
			page, err := m.client.Signals(w.t.Context(), f)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, s := range page {
				all[s.ID] = s
				f.After = s.ID
			}
			if len(page) < f.Limit {
				break
			}
		}
	}
	return all
}

// compareSignals finds signals that are lost, doubled, in a wrong state or nobody's.
func (w *world) compareSignals(signals map[lantern.ID]lantern.Signal) {
	byValue := map[string][]lantern.Signal{}
	for _, s := range signals {
		if s.Value != "" {
			byValue[s.Value] = append(byValue[s.Value], s)
		}
	}
	explained := 0
	for _, d := range w.ledger.deeds {
		same := byValue[d.value]
		if len(same) > 1 {
			w.t.Errorf("one value has %d signals", len(same))
		}
		if d.shared != done {
			if d.shared == never && len(same) > 0 {
				w.t.Error("a share that was refused is there")
			}
			explained += len(same)
			continue
		}
		s, ok := signals[d.id]
		if !ok {
			w.t.Errorf("signal %s was acknowledged and is lost", d.id)
			continue
		}
		explained++
		if s.Value != "" && s.Value != d.value {
			w.t.Errorf("signal %s has another value", d.id)
		}
		if may := d.states(); !slices.Contains(may, s.State) {
			w.t.Errorf("signal %s is %s, and must be one of %v", d.id, s.State, may)
		}
	}
	if explained != len(signals) {
		w.t.Errorf("there are %d signals, and only %d of them were ever shared", len(signals), explained)
	}
}

// states lists the states a signal may be in after what was asked for.
func (d *deed) states() []lantern.SignalState {
	switch {
	case d.erased == done:
		return []lantern.SignalState{lantern.Erased}
	case d.withdrawn == done:
		return []lantern.SignalState{lantern.Withdrawn}
	}
	alive := []lantern.SignalState{lantern.Active}
	switch d.challenged {
	case done:
		alive = []lantern.SignalState{lantern.Suspended}
	case unsure:
		alive = append(alive, lantern.Suspended)
	}
	if d.erased == unsure {
		alive = append(alive, lantern.Erased)
	}
	if d.withdrawn == unsure {
		alive = append(alive, lantern.Withdrawn)
	}
	return alive
}

// compareOutcomes finds outcomes that are lost or doubled, and counts them.
func (w *world) compareOutcomes() int64 {
	w.t.Helper()
	list, err := w.agents[0].member.client.Outcomes(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[int]int{}
	for _, o := range list {
		found[o.Count]++
	}
	for count, k := range w.ledger.outcomes {
		if n := found[count]; n > 1 || k == done && n == 0 || k == never && n > 0 {
			w.t.Errorf("an outcome is there %d times; how it was answered: %d", n, k)
		}
	}
	return int64(len(list))
}

// compareChallenges finds challenges that are lost or doubled, and counts them.
func (w *world) compareChallenges() int64 {
	w.t.Helper()
	list, err := w.agents[0].member.client.Challenges(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	found := map[lantern.ID]int{}
	for _, c := range list {
		found[c.Signal]++
	}
	for _, d := range w.ledger.deeds {
		if n := found[d.id]; d.shared == done && (n > 1 || d.challenged == done && n == 0 || d.challenged == never && n > 0) {
			w.t.Errorf("signal %s has %d challenges; how the challenge was answered: %d", d.id, n, d.challenged)
		}
	}
	return int64(len(list))
}

// compareFeed wants every active signal in the feed once, places rising to the last.
func (w *world) compareFeed(signals map[lantern.ID]lantern.Signal, head int64) {
	w.t.Helper()
	var last int64
	seen := map[lantern.ID]bool{}
	for _, c := range w.feed(w.agents[0].member) {
		if c.Seq <= last {
			w.t.Errorf("place %d of the feed follows %d", c.Seq, last)
		}
		if seen[c.Signal.ID] {
			w.t.Errorf("signal %s is twice in the feed", c.Signal.ID)
		}
		if s := signals[c.Signal.ID]; s.State != c.Signal.State {
			w.t.Errorf("signal %s is %s in the feed and %s to its owner", s.ID, c.Signal.State, s.State)
		}
		last, seen[c.Signal.ID] = c.Seq, true
	}
	if last != head {
		w.t.Errorf("the feed ends at %d, want %d", last, head)
	}
	for id, s := range signals {
		if s.State == lantern.Active && !seen[id] {
			w.t.Errorf("active signal %s is not in the feed", id)
		}
	}
}

// converge waits until the agents followed to the end and compares what they match.
func (w *world) converge(signals map[lantern.ID]lantern.Signal, head int64) {
	w.t.Helper()
	ctx := w.t.Context()
	for _, a := range w.agents {
		late, seq, acks := time.Now().Add(patience), int64(-1), -1
		for {
			s, err := a.client.Status(ctx)
			if err == nil && len(s.Programs) == 1 && (s.Programs[0].Seq != seq || s.Acks != acks) { // long rounds leave much to do
				late, seq, acks = time.Now().Add(patience), s.Programs[0].Seq, s.Acks
			}
			if err == nil && len(s.Programs) == 1 && s.Programs[0].Seq >= head && s.Acks == 0 && s.Answers == lantern.AnswerOK {
				if s.Log.Fault != "" {
					w.t.Errorf("the agent finds a fault with the log: %s", s.Log.Fault)
				}
				break
			}
			if time.Now().After(late) {
				w.t.Fatalf("the agent does not reach the end of the feed: %+v, %v", s, err)
			}
			time.Sleep(5 * time.Millisecond)
		}
		found := w.matched(a)
		for id, s := range signals {
			if want := s.State == lantern.Active; found[id] != want {
				w.t.Errorf("signal %s is %s; it matches in the agent: %v", id, s.State, found[id])
			}
		}
	}
}

// matched looks every value up that was ever shared.
func (w *world) matched(a *running) map[lantern.ID]bool {
	w.t.Helper()
	found := map[lantern.ID]bool{}
	for part := range slices.Chunk(w.ledger.deeds, lantern.MaxMatchBatch) {
		var records []lantern.Record
		for _, d := range part {
			records = append(records, record(d.value))
		}
		answers, err := a.client.Match(w.t.Context(), records, true)
		if err != nil {
			w.t.Fatal(err)
		}
		for i, answer := range answers {
			if answer.State != lantern.AnswerOK {
				w.t.Fatalf("the agent answers %s", answer.State)
			}
			for _, m := range answer.Matches {
				if d := part[i]; d.shared == done && m.Signal != d.id {
					w.t.Errorf("the value of signal %s matches signal %s", d.id, m.Signal)
				}
				found[m.Signal] = true
			}
		}
	}
	return found
}

// acknowledgements counts the steps that members acknowledged, as the steward sees them.
// Two steps of one time are one act, for who purges has masked, or two acts of one
// transaction: then the log has between least and most entries.
func (w *world) acknowledgements() (least, most int64) {
	w.t.Helper()
	list, err := w.steward.Corrections(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range list {
		for _, r := range c.Recipients {
			if !r.Masked.IsZero() {
				least++
				most++
			}
			if !r.Purged.IsZero() {
				most++
			}
			if !r.Purged.IsZero() && !r.Purged.Equal(r.Masked) {
				least++
			}
		}
	}
	return least, most
}

// readLog downloads the log and verifies it against the newest checkpoint that was seen
// before the last kill.
func (w *world) readLog() audit.Report {
	w.t.Helper()
	ctx, c := w.t.Context(), w.steward
	key, err := c.LogKey(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	note, err := c.Checkpoint(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	head, err := audit.OpenCheckpoint(note, key)
	if err != nil {
		w.t.Fatal(err)
	}
	seen, err := audit.OpenCheckpoint(w.seen, key)
	if err != nil {
		w.t.Fatal(err)
	}
	download := fstest.MapFS{audit.CheckpointPath: {Data: note}}
	for id := range audit.Tiles(0, head.Size) {
		paths := []string{id.Path()}
		if id.Level == 0 {
			paths = append(paths, audit.EntriesPath(id.N, id.Width))
		}
		for _, path := range paths {
			b, err := c.Tile(ctx, path)
			if err != nil {
				w.t.Fatal(err)
			}
			download[path] = &fstest.MapFile{Data: b}
		}
	}
	report, err := audit.VerifyLog(download, key, &seen)
	if err != nil {
		w.t.Fatal(err)
	}
	return report
}
