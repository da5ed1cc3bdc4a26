package demo

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"lantern"
	"lantern/audit"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// story is one telling: the stage, the world behind it, and what was counted so far.
type story struct {
	stage.Stage
	plot  *plot
	o     Options
	n     *tell.Narrator
	f     *tally.Figures
	clock *stage.Clock
	day   time.Time // when the world was drawn

	// What each company knows of its own users, by its name; none of the file host.
	platforms map[string]*world.Platform
	trade     *world.World   // of the stories of the trade
	contact   *world.Contact // of sextortion
	clues     *world.Clues   // of payments

	logKey string            // pinned before anything happened
	seen   *audit.Checkpoint // the log's head at that time

	passedOn []lantern.ID          // handles that the chat service derived
	signals  map[string]lantern.ID // canonical spelling as its sharer wrote it → signal
	began    time.Time             // the chapter
}

func newStory(p *plot, o Options, n *tell.Narrator) *story {
	if o.Size == (world.Size{}) {
		o.Size = p.size
	}
	s := &story{plot: p, o: o, n: n, clock: stage.NewClock(o.Clock), signals: map[string]lantern.ID{}, platforms: map[string]*world.Platform{},
		f: &tally.Figures{Story: p.name, Seed: o.Seed, Others: map[string]*tally.OtherReview{}}}
	s.day = s.clock.Now()
	s.f.TimesAndLog.Masked = map[string]time.Duration{}
	return s
}

// program is the id of a program by its name.
func (s *story) program(name string) lantern.ID { return s.Program(name).ID }

// drawTrade draws the world of removed addresses and of those who pass them on.
func (s *story) drawTrade() {
	s.trade = world.New(s.o.Seed, s.o.Size, s.day)
	s.f.World.Rows = len(s.trade.Removed)
	s.platforms = map[string]*world.Platform{stage.Facegram: s.trade.Social, stage.Chatter: s.trade.Chat, stage.Pixelplay: s.trade.Game, stage.PayRail: s.trade.Pay}
}

// countWorld notes how large the world is.
func (s *story) countWorld() {
	f := &s.f.World
	f.Accounts = map[string]int{}
	for _, p := range s.platforms {
		f.Accounts[p.Domain] = len(p.Accounts)
		for _, a := range p.Accounts {
			f.Posts += len(a.Posts)
		}
	}
}

// chapter begins a step of the story and closes the time of the one before.
func (s *story) chapter(title, why string) {
	s.lap()
	s.n.Chapter(sinceStart(s.clock.Moved()), title, why)
}

// lap notes how long the chapter took.
func (s *story) lap() {
	now := s.o.Clock()
	if !s.began.IsZero() {
		s.f.TimesAndLog.Chapters = append(s.f.TimesAndLog.Chapters, now.Sub(s.began))
	}
	s.began = now
}

// later moves the clock of everything that runs on.
func (s *story) later(ctx context.Context, d time.Duration) error {
	bar := s.n.Bar("some time passes", -1)
	defer bar.Stop()
	return s.Later(ctx, d)
}

// day is a day of the story.
const day = 24 * time.Hour

// sinceStart is how far the clock was moved on since the beginning, as T+4 h or T+2 d. What
// takes seconds is told in seconds, as it was measured.
func sinceStart(d time.Duration) string {
	switch {
	case d == 0:
		return "T+0"
	case d < day:
		return fmt.Sprintf("T+%d h", d/time.Hour)
	}
	return fmt.Sprintf("T+%d d", d/day)
}

// introduce says what runs where.
func (s *story) introduce() {
	n := s.n
	n.Printf("\n%s\n\n", n.Strong("The story: "+s.plot.about+"."))
	n.Printf("Everything runs in this process and lives in %s,\neach in a folder of its own:\n\n", s.Dir)
	row := func(name, what, url, dir string) {
		n.Printf("   %s%s%s%s\n", tell.Pad(name, tell.NameWidth), tell.Pad(what, 30), tell.Pad(url, 25), dir)
	}
	row("exchange", "of the coalition", s.Exchange.URL, "exchange")
	for _, c := range s.Companies {
		users := ""
		if p := s.platforms[c.Name]; p != nil {
			users = ", " + tell.Some(len(p.Accounts), "user", "users")
		}
		row(c.Name, c.Trade+users, c.Agent.URL, filepath.Base(c.Dir))
	}
	n.Printf("\n")
	for i, plan := range s.plot.programs {
		who := "program"
		if i > 0 {
			who = ""
		}
		n.Says(who, "%q, joined by %s.", plan.Name, tell.List(plan.Members))
	}
	n.Says("people", "each company has an admin, a submitter, an investigator and a dispute officer, whose keys lie in its folder keys.")
	n.Says("clock", "all of it runs by one clock, which the demo moves on where people take hours or days: T+2 d is two days after the beginning. The agents are off meanwhile.")
	n.Says("world", "drawn from seed %d. Ready after %.1f s.", s.o.Seed, s.f.TimesAndLog.Ready.Seconds())
}

// desk begins a company's review of its own users.
func (s *story) desk(name string, f *tally.CaseFigures) *desk.Work {
	return desk.New(s.Company(name), s.platforms[name], f, s.n, s.clock.Now, s.signals)
}
