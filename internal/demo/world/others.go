package world

// chat draws the users of the chat service: some are known there under what the social
// network will find.
func (g *generator) chat() *Platform {
	var all []*Account
	for _, o := range g.traders {
		for _, h := range o.chat {
			if g.chance(0.55) {
				a := g.member(&all, Offers, h)
				if g.chance(0.3) {
					g.plays(a)
				}
			}
		}
		for _, e := range o.emails {
			if g.chance(0.08) && e != g.reused() {
				g.member(&all, Offers, "").Email = e
			}
		}
	}
	newcomer := g.newcomer(&all)
	g.plays(newcomer)
	newcomer.Archive = "https://driftbox.example/s/" + g.code(9)
	g.crowd(&all, g.size.Bystanders/4)
	return &Platform{Domain: "chatter.test", Accounts: g.publish("ch", all)}
}

// plays has an account of the chat service name a handle of the game.
func (g *generator) plays(a *Account) {
	a.Elsewhere = []string{"pixelplay.test/" + g.name()}
	g.players = append(g.players, a)
}

// game draws the players of the game.
func (g *generator) game() *Platform {
	var all []*Account
	for _, o := range g.traders {
		for _, h := range o.game {
			if g.chance(0.7) {
				g.member(&all, Offers, h)
			}
		}
		for _, e := range o.emails {
			if g.chance(0.03) && e != g.reused() {
				g.member(&all, Offers, "").Email = e
			}
		}
	}
	for _, a := range g.players {
		if a.Finding == Leaning {
			// The same newcomer plays under that handle too.
			g.member(&all, Leaning, a.Elsewhere[0])
		} else if g.chance(0.5) {
			g.member(&all, a.Finding, a.Elsewhere[0])
		}
	}
	g.newcomer(&all)
	g.crowd(&all, g.size.Bystanders/6)
	return &Platform{Domain: "pixelplay.test", Accounts: g.publish("px", all)}
}

// pay draws the customers of the payment service. Most of the trade's handles there are
// long closed.
func (g *generator) pay() *Platform {
	var all []*Account
	for i, o := range g.traders {
		if o.paytag != "" && (g.chance(0.03) || i == 1) {
			g.member(&all, Offers, "").Paytag = o.paytag
		}
	}
	g.newcomer(&all)
	g.crowd(&all, g.size.Bystanders/8)
	return &Platform{Domain: "payrail.test", Accounts: g.publish("pr", all)}
}

// reused is the address that passed to somebody else.
func (g *generator) reused() string { return g.traders[0].emails[0] }

// member adds an account of somebody of the trade under the handle, given as
// platform/handle, or under one of its own. Now and then the handle is another person's.
func (g *generator) member(all *[]*Account, f Finding, handle string) *Account {
	a := g.user(all, f)
	if handle != "" {
		a.Handle = handle[len(platformOf(handle))+1:]
	}
	a.Violating = f == Offers
	if f == Offers && g.chance(0.05) {
		a.Finding, a.Violating = Ordinary, false
	}
	return a
}

// newcomer adds the person whom the reused address belongs to today. The people who
// wrote to the address before write to it still.
func (g *generator) newcomer(all *[]*Account) *Account {
	a := g.user(all, Leaning)
	a.Email, a.Joined = g.reused(), g.ago(20, 10)
	return a
}

// crowd adds n people who have no part in it.
func (g *generator) crowd(all *[]*Account, n int) {
	for range n {
		g.user(all, Ordinary)
	}
}

func (g *generator) user(all *[]*Account, f Finding) *Account {
	a := &Account{Handle: g.name(), Email: g.email(), Device: "device-" + g.code(8),
		Joined: g.ago(900, 200), Seen: g.ago(30, 1), Finding: f, Complete: g.chance(0.978)}
	*all = append(*all, a)
	return a
}

// platformOf is the part of platform/handle before the slash.
func platformOf(handle string) string {
	for i := range len(handle) {
		if handle[i] == '/' {
			return handle[:i]
		}
	}
	return ""
}
