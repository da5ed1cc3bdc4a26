package demo

import (
	"context"

	"lantern"
	"lantern/internal/demo/stage"
	"lantern/internal/demo/world"
)

// plot is what one story is made of. A story that needs more (a queue to be looked at, a
// task to be settled) gets one more step in its tell; stage, clock, narrator and work are
// shared by all.
type plot struct {
	name     string
	about    string // in one line
	size     world.Size
	programs []stage.Plan
	draw     func(s *story) // the world, from seed and day
	tell     func(s *story, ctx context.Context) error
	try      func(s *story) []hint // what to do while everything stays up
}

// plots are the stories, the one that is told unasked first.
var plots = []plot{
	{name: "urls", about: "a file host shares the addresses it removed, and others find who passes them on", size: world.Full(),
		programs: []stage.Plan{hostingPlan(), moneyPlan()}, draw: (*story).drawTrade, tell: (*story).urls, try: (*story).tryUrls},
	{name: "sextortion", about: "a chat service warns others of somebody who puts a child at risk now", size: world.Full(),
		programs: []stage.Plan{urgentPlan(), methodsPlan()}, draw: (*story).drawContact, tell: (*story).sextortion, try: (*story).trySextortion},
	{name: "payments", about: "a payment service takes part and never lets on what it does", size: world.Full(),
		programs: []stage.Plan{purposePlan()}, draw: (*story).drawClues, tell: (*story).payments, try: (*story).tryPayments},
	{name: "correction", about: "a signal that is wrong is taken back everywhere, with what rested on it", size: world.Size{Removed: 103, Traders: 40, Bystanders: 4000},
		programs: []stage.Plan{hostingPlan(), moneyPlan()}, draw: (*story).drawTrade, tell: (*story).correction, try: (*story).tryCorrection},
}

// Stories are the names of the stories with what each is about, in the order to be told.
func Stories() (list [][2]string) {
	for _, p := range plots {
		list = append(list, [2]string{p.name, p.about})
	}
	return list
}

// The programs' names. A program is its members, its purpose and its rules; whoever is
// not in it sees nothing of it.
const (
	hosting  = "Hosting and social"
	payments = "Payments"
	urgent   = "Social and payments"
	methods  = "Methods"
	purpose  = "Payments, child safety only"
)

// policyOf is a policy that takes some types and all tags, from trained people.
func policyOf(names ...lantern.SignalType) lantern.Policy {
	types := map[lantern.SignalType]lantern.TypePolicy{}
	for _, n := range names {
		types[n] = lantern.TypePolicy{}
	}
	return lantern.Policy{Types: types, Tags: lantern.Taxonomy(), TrainingNeeded: true}
}

// hostingPlan is what hosts and social services share with each other.
func hostingPlan() stage.Plan {
	return stage.Plan{Program: lantern.Program{Name: hosting, Purpose: "Find accounts and addresses that pass on removed material",
		Policy: policyOf("url", "domain", "email", "username", "phone", "phrase", "pdq", "sha256")},
		Members: []string{stage.Cloudbin, stage.Facegram, stage.Chatter, stage.Pixelplay}}
}

// moneyPlan is narrower: fewer members, fewer types.
func moneyPlan() stage.Plan {
	return stage.Plan{Program: lantern.Program{Name: payments, Purpose: "Find payments for access to removed material", Policy: policyOf("payment", "email")},
		Members: []string{stage.Facegram, stage.PayRail}}
}
