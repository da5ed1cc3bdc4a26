package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lantern"
	"lantern/client"
	"lantern/internal/demo/desk"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/tally"
	"lantern/internal/demo/tell"
	"lantern/internal/demo/world"
)

// urgentPlan is for what cannot wait: who presses somebody now.
func urgentPlan() stage.Plan {
	return stage.Plan{Program: lantern.Program{Name: urgent, Purpose: "Stop somebody who puts a child at risk now",
		Policy: policyOf("username", "account", "email", "payment", "phrase")},
		Members: []string{stage.Facegram, stage.Chatter, stage.Pixelplay, stage.PayRail}}
}

// methodsPlan is for what names nobody: words and patterns.
func methodsPlan() stage.Plan {
	return stage.Plan{Program: lantern.Program{Name: methods, Purpose: "Know how contact starts, and what comes then", Policy: policyOf("phrase", lantern.TacticType)},
		Members: []string{stage.Cloudbin, stage.Facegram, stage.Chatter, stage.Pixelplay}}
}

// drawContact draws the world of somebody who presses others, on several platforms.
func (s *story) drawContact() {
	s.contact = world.NewContact(s.o.Seed, s.o.Size, s.day)
	s.platforms = map[string]*world.Platform{stage.Chatter: s.contact.Chat, stage.Facegram: s.contact.Social, stage.Pixelplay: s.contact.Game, stage.PayRail: s.contact.Pay}
}

// sextortion is the story of a report that cannot wait: one company warns the others of
// who is behind it, and says nothing of who reported.
func (s *story) sextortion(ctx context.Context) (err error) {
	pagers := map[string]*stage.Pager{}
	defer func() {
		for _, p := range pagers {
			_ = p.Close() // nothing is owed to it
		}
	}()
	for _, name := range []string{stage.Facegram, stage.Pixelplay, stage.PayRail} {
		if pagers[name], err = s.Page(ctx, s.Company(name), lantern.SignalImminent); err != nil {
			delete(pagers, name)
			return err
		}
	}
	signals, err := s.warn(ctx)
	if err != nil {
		return err
	}
	if err := s.paged(ctx, pagers); err != nil {
		return err
	}
	if err := s.actAtOnce(ctx); err != nil {
		return err
	}
	if err := s.counts(ctx, signals); err != nil {
		return err
	}
	if err := s.later(ctx, 2*day); err != nil {
		return err
	}
	if err := s.method(ctx); err != nil {
		return err
	}
	return s.verifyLog(ctx)
}

// warn shares the incident. The first draft holds what must not leave; nothing of it does.
func (s *story) warn(ctx context.Context) ([]lantern.ShareResult, error) {
	c := s.Company(stage.Chatter)
	s.chapter("A report reaches Chatter, and Chatter warns the others",
		"Somebody is being pressed for money by a stranger, who is on other platforms too. What helps the others is who presses, never who is pressed.")
	s.n.Says(c.Name, "looks, disables the account and keeps the report. Its own process files with the authorities and shows who reported how to have pictures taken down; Lantern has no part in either.")
	s.f.Incident = tally.IncidentFigures{Refused: map[string]int{}, Paged: map[string]int{}, Reviews: map[string]*tally.CaseFigures{}, Tactics: map[string]int{}}
	draft := s.incident()
	if err := s.refused(ctx, c, draft); err != nil {
		return nil, err
	}
	r, err := c.People[stage.Submitter].ShareIncident(ctx, draft)
	if err != nil {
		return nil, fmt.Errorf("sharing an incident: %w", err)
	}
	s.f.Incident.Signals, s.f.Incident.ID = len(r.Results), r.Incident
	for i, res := range r.Results {
		s.signals[draft.Signals[i].Value] = res.Signal
	}
	var types []string
	for _, d := range draft.Signals {
		types = append(types, string(d.Type))
	}
	s.n.Says(c.Name, "shares what is the offender's alone, as one incident, marked imminent, with the program %q: %s.", urgent, tell.List(types))
	return r.Results, nil
}

// refused is what is written down in haste. A role for a victim does not exist; an age and
// what was written are found out. That a handle is somebody's who reported, no machine can
// know: it is left out because a person reads the faults.
func (s *story) refused(ctx context.Context, c *stage.Company, draft lantern.IncidentDraft) error {
	s.n.Says(c.Name, "its submitter writes everything down in haste: also the handle of who reported, how old somebody is, and what was written. Each time the whole is refused; nothing is stored.")
	named, careless := draft, draft
	named.Signals = append(slices.Clone(draft.Signals), s.offender("username", s.contact.Reporter, "victim"))
	careless.Signals = slices.Clone(draft.Signals)
	careless.Signals[0].Note = "wrote to somebody who is 14"
	careless.Signals[3].Value = s.contact.Messages
	var lines []string
	for _, d := range []lantern.IncidentDraft{named, careless} {
		_, err := c.People[stage.Submitter].ShareIncident(ctx, d)
		found := desk.Faults(err)
		if len(found) == 0 {
			return fmt.Errorf("sharing what must not be shared: %w", err)
		}
		for _, e := range found {
			s.f.Incident.Refused[e.Reason]++
			lines = append(lines, tell.Pad(e.Field, 26)+tell.Pad(e.Reason, 20)+e.Fix)
		}
	}
	s.n.Screen("Chatter: refused, with every fault and what mends it", lines...)
	return nil
}

// incident is what Chatter may say: four things of one account, and how they belong together.
func (s *story) incident() lantern.IncidentDraft {
	o := s.contact.Offender
	return lantern.IncidentDraft{Programs: []lantern.ID{s.program(urgent)}, Signals: []lantern.Draft{
		s.offender("username", "chatter.test/"+o.Handle, lantern.SuspectedOffender),
		s.offender("payment", o.Paytag, lantern.SuspectedOffender),
		s.offender("email", o.Email, lantern.SuspectedOffender),
		s.offender("phrase", s.contact.Phrase, lantern.UnknownRole),
	}, Links: []lantern.IncidentLink{{Kind: lantern.SameAccount, From: 1, To: 0}, {Kind: lantern.SameAccount, From: 2, To: 0}, {Kind: lantern.PostedAt, From: 3, To: 0}}}
}

// offender is one signal of the incident.
func (s *story) offender(t lantern.SignalType, value string, role lantern.SubjectRole) lantern.Draft {
	return lantern.Draft{Type: t, Value: value, Status: lantern.Violating, Tags: []lantern.Tag{"sextortion"}, Severity: lantern.Critical, Imminent: true, Confidence: 95,
		Role: role, Basis: lantern.Basis{Policy: "Chatter rules, child safety", ReviewedBy: lantern.ByHuman, Action: "account disabled", At: s.clock.Now().UTC()}}
}

// paged waits until everybody who asked for it was called.
func (s *story) paged(ctx context.Context, pagers map[string]*stage.Pager) error {
	s.chapter("The others are paged",
		"What is imminent goes ahead of everything else: a webhook calls whoever is on duty, and the agents have it by a lane of their own.")
	shared, err := s.Company(stage.Chatter).People[stage.Submitter].Incident(ctx, s.f.Incident.ID)
	if err != nil {
		return fmt.Errorf("reading an incident: %w", err)
	}
	var lines []string
	for _, name := range desk.SortedKeys(pagers) {
		rang, err := pagers[name].Rang(ctx, s.f.Incident.Signals)
		if err != nil {
			return fmt.Errorf("waiting for the pager of %s: %w", name, err)
		}
		first := slices.MinFunc(rang, func(a, b stage.Ringing) int { return a.At.Compare(b.At) })
		s.f.Incident.Paged[name] = len(rang)
		if err := s.Company(name).CaughtUp(ctx, s.program(urgent), s.f.Incident.Signals); err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%s%d calls, the first %d ms after it was shared", tell.Pad(name, tell.NameWidth), len(rang), max(0, first.At.Sub(shared.Created).Milliseconds())))
	}
	s.n.Screen("on call", lines...)
	s.n.Says("pager", "a call says that something is imminent and which signal, never what it says: that is read with a key, and the reading is logged. Each call was signed, and the signature was checked.")
	return nil
}

// actAtOnce has each company look among its own users, and do what its own rules say.
func (s *story) actAtOnce(ctx context.Context) error {
	s.chapter("Each finds an account of its own, and acts",
		"A warning is no verdict either. Whoever is called looks at the own platform, and decides on what is seen there.")
	for _, name := range []string{stage.Facegram, stage.Pixelplay, stage.PayRail} {
		figures := tally.NewCaseFigures()
		s.f.Incident.Reviews[name] = &figures
		w := s.desk(name, &figures)
		w.Silent = name == stage.PayRail
		if err := w.Match(ctx, append(desk.UsersOf(s.platforms[name]), desk.PostsOf(s.platforms[name])...)); err != nil {
			return err
		}
		if err := s.top(ctx, w); err != nil {
			return err
		}
		if err := w.Open(ctx, "At risk now", s.program(urgent)); err != nil {
			return err
		}
		if err := w.Review(ctx, 0); err != nil {
			return err
		}
		if err := s.respond(ctx, w); err != nil {
			return err
		}
	}
	return nil
}

// top shows what stands first in the company's queue.
func (s *story) top(ctx context.Context, w *desk.Work) error {
	hits, err := w.Company.Desk[stage.Investigator].Hits(ctx, client.HitFilter{State: lantern.HitOpen})
	if err != nil {
		return fmt.Errorf("listing hits: %w", err)
	}
	lines := []string{}
	for _, h := range hits[:min(len(hits), 4)] {
		mark := ""
		if h.Match.Imminent {
			mark = "IMMINENT"
		}
		if h.Match.Weak {
			mark += ", weak"
		}
		lines = append(lines, tell.Pad(h.Account, 12)+tell.Pad(string(h.Match.Type), 12)+tell.Pad(string(h.Match.How), 10)+mark)
	}
	if more := len(hits) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d more", more))
	}
	w.N.Screen(fmt.Sprintf("%s: queue of %s, the value masked", w.Company.Name, tell.Some(len(hits), "hit", "hits")), lines...)
	return nil
}

// respond is what a company does about what it confirmed: the social network also follows
// the device, and looks whom else the same person was pressing.
func (s *story) respond(ctx context.Context, w *desk.Work) error {
	f := w.Figures
	ground := w.Company.Name + " rules, child safety"
	if w.Silent {
		_, err := w.Outcome(ctx, lantern.ReviewedUndisclosed, ground, 0)
		f.Decided, f.Rounds[0].Decided = nil, nil
		w.N.Says(w.Company.Name, "looks too. What a payment service does then, it may not say: its outcome is reviewed, cannot disclose.")
		return err
	}
	looked := "looked at"
	if w.Company.Name == stage.Facegram {
		looked = "looked at, with those that share a device"
		if err := w.Widen(ctx, world.NewTools(s.platforms[w.Company.Name]), []string{world.SameDevice}); err != nil {
			return err
		}
		if err := w.Review(ctx, 1); err != nil {
			return err
		}
	}
	if _, err := w.Outcome(ctx, lantern.AccountsActioned, ground, 0); err != nil {
		return err
	}
	if f.Decided[lantern.NotHere] > 0 {
		if _, err := w.Outcome(ctx, lantern.ReviewedNoViolation, ground, 0); err != nil {
			return err
		}
	}
	w.N.Says(w.Company.Name, "%s %s: %s confirmed and disabled, %s no violation.", tell.Some(f.Accounts, "account", "accounts"), looked,
		tell.Count(f.Decided[lantern.Confirmed]), tell.None(f.Decided[lantern.NotHere]))
	if w.Company.Name != stage.Facegram {
		return nil
	}
	n := s.contact.Pressed
	if _, err := w.Outcome(ctx, lantern.ReportsFiled, ground, n); err != nil {
		return err
	}
	w.N.Adds("It finds %s on its own platform whom the same person was pressing, and offers help to each. %s would be filed by Facegram's own process; what leaves Facegram is the number.",
		tell.Some(n, "further user", "further users"), tell.Some(n, "report", "reports"))
	return nil
}

// counts is what comes back to who warned.
func (s *story) counts(ctx context.Context, signals []lantern.ShareResult) error {
	s.chapter("What comes back to Chatter is a count",
		"Chatter should know that it helped. It need not know whom.")
	f := &s.f.Incident
	f.Returned = map[lantern.OutcomeKind]lantern.Cell{}
	own := s.Company(stage.Chatter).People[stage.Submitter]
	for _, r := range signals {
		totals, err := own.OutcomeTotals(ctx, r.Signal)
		if err != nil {
			return fmt.Errorf("reading totals: %w", err)
		}
		if totals.Members.AtLeast > f.Members.AtLeast {
			f.Members = totals.Members
		}
		for kind, n := range totals.Counts {
			if n.AtLeast > f.Returned[kind].AtLeast {
				f.Returned[kind] = n
			}
		}
		sig, err := own.Signal(ctx, r.Signal)
		if err != nil {
			return fmt.Errorf("reading a signal: %w", err)
		}
		f.Helpful += sig.Reactions[lantern.Helpful]
	}
	s.n.Screen(fmt.Sprintf("Chatter: outcomes of its incident, %s other members", f.Members), append(desk.Cells(f.Returned), tell.Pad(tell.Count(f.Helpful), 16)+"reactions that say helpful")...)
	s.n.Says(stage.Chatter, "reads that others acted and that there were more to protect. Of what was done, a number under five is never shown: it could be somebody one knows.")
	return nil
}

// method is two days later: the words become words to look for, with a warning, and what
// was learned is shared as a tactic, which names nobody.
func (s *story) method(ctx context.Context) error {
	c := s.Company(stage.Chatter)
	s.chapter("The words become words to look for, and the method is told",
		"The account is gone, the script is not: it is copied. How it goes names nobody, and is told to more members than the names were.")
	basis := lantern.Basis{Policy: "Chatter rules, child safety", ReviewedBy: lantern.ByHuman, Action: "added to own rules", At: s.clock.Now().UTC()}
	f := tally.NewShareFigures()
	words := lantern.Draft{Programs: []lantern.ID{s.program(urgent)}, Type: "phrase", Value: s.contact.Phrase, Status: lantern.Lead, Severity: lantern.Medium,
		Tags: []lantern.Tag{"sextortion"}, Confidence: 60, Language: "en", Basis: basis,
		Note: "said when payment is demanded; game guilds say the same words for a meal, look at what surrounds them"}
	tactic := lantern.Draft{Programs: []lantern.ID{s.program(methods)}, Type: lantern.TacticType, Status: lantern.Violating, Severity: lantern.High, Tags: []lantern.Tag{"sextortion"}, Confidence: 80, Basis: basis,
		Tactic: &lantern.Tactic{Contact: []lantern.ContactWay{lantern.GameChat}, MovesTo: []lantern.Channel{lantern.Messenger}, Demands: []lantern.Demand{lantern.GiftCards}, Words: []string{s.contact.Phrase}}}
	before, err := c.People[stage.Submitter].Signal(ctx, s.signals[s.contact.Phrase])
	if err != nil {
		return fmt.Errorf("reading a signal: %w", err)
	}
	s.n.Says(c.Name, "reads on its words: %s said helpful, %s not violating here. The same words mean something else to others.",
		tell.Some(before.Reactions[lantern.Helpful], "member", "members"), tell.Some(before.Reactions[lantern.NotViolating], "member", "members"))
	if err := s.shareAs(ctx, c, &f, []lantern.Draft{words, tactic}); err != nil {
		return err
	}
	if f.Stand() != 2 {
		return fmt.Errorf("the words and the tactic were not taken: %v", f.Refused)
	}
	s.n.Adds("It shares them anew as a lead, in English, no longer imminent, with a warning; and with the program %q a tactic.", methods)
	for _, name := range []string{stage.Facegram, stage.Pixelplay} {
		if err := s.Company(name).CaughtUp(ctx, s.program(methods), 1); err != nil {
			return err
		}
		tactics, err := s.Company(name).Desk[stage.Investigator].Tactics(ctx)
		if err != nil {
			return fmt.Errorf("reading tactics: %w", err)
		}
		s.f.Incident.Tactics[name] = len(tactics)
		if name == stage.Facegram {
			for _, t := range tactics {
				s.n.Screen(name+": tactics, to be read by people", "contact by "+joined(t.Tactic.Contact), "moves to "+joined(t.Tactic.MovesTo),
					"demands "+joined(t.Tactic.Demands))
			}
		}
	}
	return s.falseFriends(ctx)
}

// falseFriends shows what a later match of the words says, at the game, whose people know
// them from something else.
func (s *story) falseFriends(ctx context.Context) error {
	c := s.Company(stage.Pixelplay)
	id := s.signals[s.contact.Phrase]
	shared, err := s.Company(stage.Chatter).People[stage.Submitter].Signal(ctx, id)
	if err != nil {
		return fmt.Errorf("reading a signal: %w", err)
	}
	var m lantern.Match
	err = stage.Until(ctx, func() (bool, error) { // what others said comes by the feed as well
		answers, err := c.Desk[""].Match(ctx, []lantern.Record{{Ref: "message/new", Text: "the " + s.contact.Phrase + " tonight?"}}, true)
		if err != nil || len(answers[0].Matches) == 0 {
			return false, err
		}
		m = answers[0].Matches[0]
		return m.Signal == id && maps.Equal(m.Reactions, shared.Reactions) && m.Status == shared.Status, nil
	})
	if err != nil {
		return fmt.Errorf("looking up a message: %w", err)
	}
	sig, err := c.Desk[stage.Investigator].Reveal(ctx, id)
	if err != nil {
		return fmt.Errorf("revealing a signal: %w", err)
	}
	f := &s.f.Incident.Phrase
	f.Status, f.Weak, f.Imminent, f.Reactions = m.Status, m.Weak, m.Imminent, m.Reactions
	lines := []string{"match: " + string(m.How) + ", weak, a " + string(m.Status) + ", requires review"}
	for _, r := range desk.SortedKeys(m.Reactions) {
		lines = append(lines, tell.Pad(tell.Count(m.Reactions[r]), 4)+string(r))
	}
	s.n.Screen(c.Name+": the words in another message", append(lines, "note ("+sig.Language+"): "+sig.Note)...)
	s.n.Says(c.Name, "has what its own people said two days ago beside the match, and the warning that came of it. Words alone are never enough.")
	return nil
}

// joined are words of a closed set, with commas.
func joined[T ~string](words []T) string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return strings.Join(all, ", ")
}
