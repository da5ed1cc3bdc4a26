package agent_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lantern"
	"lantern/internal/agent"
	"lantern/internal/corpus"
	"lantern/internal/guard"
)

// pastText is a text file of a member's past activity.
func pastText(name, text string) lantern.Piece {
	d := corpus.NewDigester(corpus.AllSums)
	_, _ = d.Write([]byte(text)) // a digest takes everything
	sum := sha256.Sum256([]byte(text))
	return lantern.Piece{
		Ref: name, Kind: lantern.PieceText, Bytes: len(text), To: int64(len(text)), Digests: d.Sum(),
		Hunted: &lantern.HuntedFile{Path: "/past/" + name, Size: int64(len(text)), Modified: 1, SHA256: hex.EncodeToString(sum[:]), Last: true},
	}
}

// planOne asks whether a hunt must look at a file.
func planOne(t *testing.T, a *agent.Agent, p lantern.Piece) lantern.HuntResult {
	t.Helper()
	f := *p.Hunted
	f.Last = false
	got, err := a.PlanHunt(t.Context(), "past", []lantern.HuntedFile{f}, false)
	if err != nil {
		t.Fatal(err)
	}
	return got[0]
}

// lookAt has one piece looked at.
func lookAt(t *testing.T, a *agent.Agent, p lantern.Piece, text, hunt string) (answers []lantern.Answer, kept bool, err error) {
	t.Helper()
	err = a.LookAt(t.Context(), &p, strings.NewReader(text), agent.PieceOptions{Hunt: hunt}, func(l lantern.PieceAnswer) error {
		if l.Answer != nil {
			answers = append(answers, *l.Answer)
		}
		kept = l.Kept
		return nil
	})
	return answers, kept, err
}

// huntOne hunts over one file that is due.
func huntOne(t *testing.T, a *agent.Agent, name, text string) []lantern.Answer {
	t.Helper()
	p := pastText(name, text)
	if got := planOne(t, a, p); got.Verdict != lantern.HuntDue {
		t.Fatalf("%s is %s, want due", name, got.Verdict)
	}
	answers, kept, err := lookAt(t, a, p, text, "past")
	if err != nil || !kept {
		t.Fatalf("%s: kept %v, %v", name, kept, err)
	}
	return answers
}

// What a hunt finds of a suspended signal is held, shows in nothing, and is a hit when the
// signal is restored; then every file is due for it.
func TestHuntHoldsWhatIsSuspended(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	g.MustShare(g.host.Submitter, g.Draft(2)) // so that something has arrived
	g.Reaches(g.r, g.social)
	text := "see " + g.Draft(1).Value + " there"
	huntOne(t, g.r.Agent, "early.txt", "nothing")
	c := g.challenge()
	if answers := huntOne(t, g.r.Agent, "a.txt", text); len(answers) != 0 {
		t.Errorf("an answer tells of a suspended signal: %+v", answers)
	}
	if got := planOne(t, g.r.Agent, pastText("a.txt", text)); got.Verdict != lantern.HuntUnchanged {
		t.Errorf("the file is %s", got.Verdict)
	}

	// A piece from the middle of a file: what stands before it is another piece's.
	long := g.Draft(1).Value + "\n" + strings.Repeat("words ", 20) + "\n"
	middle := lantern.Piece{Ref: "b.txt", Kind: lantern.PieceText, Bytes: len(long), Offset: 1000, From: 1000 + int64(len(long)-1), To: 1000 + int64(len(long)), Line: 7, Column: 1}
	if answers, _, err := lookAt(t, g.r.Agent, middle, long, ""); err != nil || len(answers) != 0 {
		t.Errorf("got %+v, %v", answers, err)
	}
	if n := g.status().Held; n != 1 {
		t.Errorf("%d matches are held, want that of the file alone", n)
	}
	middle.From = 1000
	if answers, _, err := lookAt(t, g.r.Agent, middle, long, ""); err != nil || len(answers) != 0 {
		t.Errorf("got %+v, %v", answers, err)
	}

	g.decide(c, lantern.Reject)
	places := map[string]string{}
	for _, h := range g.r.HitsIn("") {
		places[h.Ref] = fmt.Sprintf("%d %d:%d", h.Match.Offset, h.Match.Line, h.Match.Column)
	}
	if len(places) != 2 || places["a.txt"] != "4 1:5" || places["b.txt"] != "1000 7:1" {
		t.Errorf("restored: got %v", places)
	}
	for name, want := range map[string]int{"a.txt": 1, "early.txt": 0} {
		body := map[string]string{"a.txt": text, "early.txt": "nothing"}[name]
		found := 0
		for _, a := range huntOne(t, g.r.Agent, name, body) {
			found += len(a.Matches)
		}
		if found != want {
			t.Errorf("%s: %d matches, want %d", name, found, want)
		}
	}
	if n := len(g.r.HitsIn("")); n != 2 {
		t.Errorf("%d hits, want the same 2", n)
	}
}

// Of what a quarantine could not keep, a hunt finds everything again once a person lets the
// signal hit.
func TestHuntFindsWhatAQuarantineMissed(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Hourly: 1, Kept: 1} })
	var names []string
	for i := range 4 {
		name := fmt.Sprintf("%d.txt", i)
		names = append(names, name)
		huntOne(t, g.r.Agent, name, g.Draft(1).Value)
	}
	if q, err := g.r.Quarantine(t.Context()); err != nil || len(q) != 1 || q[0].Missed != 2 {
		t.Fatalf("got %+v, %v", q, err)
	}
	if err := g.r.Release(t.Context(), g.person(), g.id, lantern.QuarantineRelease{Hits: lantern.OpenHits, Reason: "a campaign"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		huntOne(t, g.r.Agent, name, g.Draft(1).Value)
	}
	var refs []string
	for _, h := range g.r.HitsIn("") {
		refs = append(refs, h.Ref)
	}
	if slices.Sort(refs); !slices.Equal(refs, names) {
		t.Errorf("got hits in %q", refs)
	}
}

// What an agent that is being introduced leaves out does not count as looked at.
func TestHuntLeavesNothingToShadowAndSampling(t *testing.T) {
	t.Parallel()
	none := 0.0
	shadow, sampling := true, guard.Sampling{Rest: &none}
	g := newGuarded(t, nil)
	g.r.Stop()
	g.config = func(c *agent.Config) { c.Shadow, c.Sampling = shadow, sampling }
	g.start()
	p := pastText("a.txt", g.Draft(1).Value)
	if _, err := g.r.PlanHunt(t.Context(), "past", []lantern.HuntedFile{*p.Hunted}, false); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("a hunt in shadow mode: got %v", err)
	}
	if _, _, err := lookAt(t, g.r.Agent, p, g.Draft(1).Value, "past"); lantern.KindOf(err) != lantern.Conflict {
		t.Errorf("a piece of a hunt in shadow mode: got %v", err)
	}
	outside := p
	outside.Hunted, outside.Source = nil, "uploads"
	sampling.Sources = map[string]float64{"uploads": 100}
	g.restart()
	answers, _, err := lookAt(t, g.r.Agent, outside, g.Draft(1).Value, "")
	if err != nil || len(answers) != 1 || answers[0].State != lantern.AnswerShadow || len(answers[0].Matches) != 0 {
		t.Errorf("a piece in shadow mode: got %+v, %v", answers, err)
	}
	if v, err := g.r.Volume(t.Context(), g.Clock.Now().AddDate(0, 0, -1)); err != nil || len(v.Items) != 1 {
		t.Errorf("volume: got %+v, %v", v, err)
	}

	shadow = false
	g.restart()
	answers = huntOne(t, g.r.Agent, "a.txt", g.Draft(1).Value)
	if len(answers) != 1 || answers[0].State != lantern.NotSampled || len(answers[0].Matches) != 0 {
		t.Fatalf("got %+v", answers)
	}
	if got := planOne(t, g.r.Agent, p); got.Verdict != lantern.HuntUnchanged || len(got.Trouble) != 1 {
		t.Errorf("what is left out: got %+v, want that it is said again", got)
	}
	sampling = guard.Sampling{}
	g.restart()
	if answers = huntOne(t, g.r.Agent, "a.txt", g.Draft(1).Value); len(answers) != 1 || len(answers[0].Matches) != 1 {
		t.Errorf("when all takes part: got %+v", answers)
	}
}

// A file whose matches cannot be kept counts as one that nobody looked at.
func TestHuntOnAFullDisk(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, nil)
	huntOne(t, g.r.Agent, "first.txt", "nothing")
	if err := g.r.Fill(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	text := g.Draft(1).Value
	long := strings.Repeat("a", 150)
	var lost []string
	for i := 0; i < 300 && len(lost) == 0; i++ {
		name := fmt.Sprint(long, i)
		p := pastText(name, text)
		p.Account = long
		answers, kept, err := lookAt(t, g.r.Agent, p, text, "past")
		switch {
		case err != nil && lantern.KindOf(err) != lantern.Unavailable:
			t.Fatal(err)
		case err == nil && !kept && (len(answers) != 1 || answers[0].State != lantern.CouldNotLook):
			t.Errorf("got %+v", answers)
		}
		if err != nil || !kept {
			lost = append(lost, name)
		}
	}
	if len(lost) == 0 {
		t.Fatal("300 files were noted on a full disk: nothing is shown")
	}
	if err := g.r.Fill(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	g.r.Until("it can write again", func(s lantern.AgentStatus) bool { return s.Answers == lantern.AnswerOK })
	if answers := huntOne(t, g.r.Agent, lost[0], text); len(answers) != 1 || len(answers[0].Matches) != 1 {
		t.Errorf("got %+v", answers)
	}
}

// Whoever follows is told of a signal that goes into quarantine, by a burst or at a restore,
// and of what comes out of it.
func TestNoticesOfQuarantine(t *testing.T) {
	t.Parallel()
	g := newGuarded(t, func(c *agent.Config) { c.Flood = &guard.Flood{Hourly: 1, Kept: 10} })
	_, place := notices(t, g.r.Agent, "")
	told := func(what string, want ...string) {
		t.Helper()
		list, next := notices(t, g.r.Agent, place)
		if got := kinds(list); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
		place = next
	}
	release := func() {
		t.Helper()
		woken := g.r.Told()
		if err := g.r.Release(t.Context(), g.person(), g.id, lantern.QuarantineRelease{Hits: lantern.OpenHits, Reason: "a campaign"}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-woken:
		default:
			t.Error("nobody is woken")
		}
	}
	g.see("post-0", "")
	told("one hit", "hit.opened post-0 open")
	g.see("post-1", "")
	told("the burst", "signal.quarantined")
	g.see("post-2", "")
	told("what joins it")
	release()
	told("released", "hit.opened post-0 open", "hit.opened post-1 open", "hit.opened post-2 open")

	c := g.challenge()
	for i := range 10 {
		g.see(fmt.Sprintf("held-%d", i), "")
	}
	told("suspended", "signal.masked")
	g.decide(c, lantern.Reject)
	list, _ := notices(t, g.r.Agent, place)
	got := kinds(list)
	if n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s != "signal.quarantined" })); n != 1 || slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "held-") }) {
		t.Errorf("restored with a burst: got %q", got)
	}
}
