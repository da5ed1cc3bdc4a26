package world

import (
	"fmt"
	"time"
)

// trader is somebody who runs accounts for the trade.
type trader struct {
	emails, chat, game []string
	paytag             string
	texts              []string // copied from account to account
	urls               []string // removed addresses it passes on
	mirrors            []string // addresses elsewhere, which nobody shared yet
	devices            []string
	accounts           []*Account
	known              bool // passes on addresses for certain, because the story needs it
}

// removed draws the file host's table, and which of its addresses are passed on at the
// social network. One row in 45 names an address again in another spelling, and one holds
// a mail address, as tables kept by people do.
func (g *generator) removed() (rows []Removed, live []string) {
	again := g.size.Removed * 9 / 412
	named := g.size.Removed / 2 // the row that holds a mail address
	twice := map[int]bool{}
	for len(twice) < again {
		if i := 11 + g.IntN(g.size.Removed-11); i != named {
			twice[i] = true
		}
	}
	var distinct []Removed
	for i := range g.size.Removed {
		row := Removed{Reviewed: g.ago(60, 2), Severity: pick(g, []string{"high", "high", "critical", "medium"})}
		switch {
		case i == named:
			row.URL = "https://cloudbin.test/f/" + g.code(10) + "?invited=" + g.email()
		case twice[i]:
			row = pick(g, distinct)
			row.URL = g.respelled(row.URL)
		default:
			row.URL = "https://cloudbin.test/f/" + g.code(10)
			distinct = append(distinct, row)
			if g.chance(0.09) || len(distinct) <= 2 {
				live = append(live, row.URL)
			}
		}
		rows = append(rows, row)
	}
	return rows, live
}

// respelled writes an address in another of its spellings.
func (g *generator) respelled(url string) string {
	const host = "https://cloudbin.test"
	path := url[len(host):]
	return pick(g, []string{
		"HTTPS://CloudBin.test" + path,
		"hxxps://cloudbin[.]test" + path,
		url + "?utm_source=newsletter",
		url + "#top",
		"https://cloudbin.test:443" + path,
	})
}

func (g *generator) drawTraders() {
	for i := range g.size.Traders {
		o := &trader{texts: []string{g.offer()}, emails: []string{g.email()}, known: i < 3}
		for range 2 {
			if g.chance(0.5) {
				o.texts = append(o.texts, g.offer())
			}
		}
		if g.chance(0.5) {
			o.emails = append(o.emails, g.email())
		}
		for range 2 {
			if g.chance(0.5) {
				o.chat = append(o.chat, "chatter.test/"+g.name())
			}
		}
		if g.chance(0.2) || o.known {
			o.game = append(o.game, "pixelplay.test/"+g.name())
		}
		if g.chance(0.7) || o.known {
			o.paytag = g.paytag()
		}
		for range 1 + g.IntN(2) {
			o.urls = append(o.urls, pick(g, g.live))
		}
		if g.chance(0.19) || o.known {
			o.mirrors = append(o.mirrors, "https://driftbox.example/s/"+g.code(9))
		}
		for range 3 {
			o.devices = append(o.devices, "device-"+g.code(8))
		}
		g.traders = append(g.traders, o)
	}
}

// ring draws the traders' accounts and everybody who had to do with them.
func (g *generator) ring() {
	for _, o := range g.traders {
		g.accountsOf(o)
		g.neighbors(o)
	}
	var trade []*Account
	for _, o := range g.traders {
		trade = append(trade, o.accounts...)
	}
	for range g.size.Traders * 15 / 2 {
		a := g.person(Asks)
		a.Violating = true
		a.Posts = []Post{{Text: g.request(), At: a.Seen}}
		g.answers(a, trade)
	}
	for range g.size.Traders * 16 / 3 {
		a := g.person(Objects)
		a.Posts = []Post{{Text: "this does not belong here, " + g.chatter(), At: a.Seen}}
		g.answers(a, trade)
	}
	for range g.size.Traders/10 + 1 {
		a := g.person(Warns)
		u := pick(g, g.live)
		a.Posts = []Post{{Text: "reported this, do not open it: " + u, URL: u, At: a.Seen}}
	}
}

// accountsOf draws the accounts one trader runs: some pass on removed addresses from
// the first device, the others advertise.
func (g *generator) accountsOf(o *trader) {
	distributors := []int{1, 1, 2, 2, 3}[g.IntN(5)]
	if g.chance(0.03) && !o.known {
		distributors = 0 // known only through others
	}
	n := 20 + g.IntN(16)
	for i := range n {
		a := g.person(Offers)
		a.Violating = true
		a.Email = o.emails[i%len(o.emails)]
		a.Device = o.devices[0]
		if i > distributors+6+g.IntN(4) {
			a.Device = o.devices[1+g.IntN(len(o.devices)-1)]
		}
		if o.paytag != "" && (i%10 < 6) {
			a.Paytag = o.paytag
		}
		for _, handles := range [][]string{o.chat, o.game} {
			if len(handles) > 0 && i%2 == 0 {
				a.Elsewhere = append(a.Elsewhere, handles[i/2%len(handles)])
			}
		}
		text := pick(g, o.texts)
		p := Post{Text: text, At: a.Seen}
		switch {
		case i < distributors:
			p.URL = pick(g, o.urls)
			p.Text = text + " " + g.spread(p.URL)
		case len(o.mirrors) > 0 && i%4 == 1:
			p.URL = o.mirrors[0]
			p.Text = text + " " + p.URL
		}
		a.Posts = []Post{p}
		for range g.IntN(3) {
			a.Posts = append(a.Posts, p)
		}
		if g.chance(0.015) && i >= distributors {
			a.Finding, a.Posts = Emptied, nil
		}
		if len(o.accounts) > 0 && g.chance(0.5) {
			a.Answered = []*Account{pick(g, o.accounts)}
		}
		o.accounts = append(o.accounts, a)
	}
	if g.chance(0.02) || o == g.traders[2] {
		o.accounts[0].Remark = pick(g, remarks)
	}
}

// remarks are what must not leave a company: they could lead to a victim.
var remarks = []string{
	"writes to somebody who says she is 13",
	"asks others which school they go to",
	"knows the other one's little sister by name",
}

// spread is how an address is passed on: as it is, or with something hanging on.
func (g *generator) spread(url string) string {
	return pick(g, []string{url, url, url, "(" + url + ")", url + "?utm_source=share", url + "/part/2", url + "."})
}

// neighbors draws people who only share a device or a payment handle with a trader.
func (g *generator) neighbors(o *trader) {
	for _, d := range o.devices {
		if !g.chance(0.3) {
			continue
		}
		for range 1 + g.IntN(3) {
			a := g.person(Household)
			a.Device = d
			a.Posts = []Post{{Text: g.chatter(), At: a.Seen}}
		}
	}
	if o.paytag != "" && g.chance(0.1) {
		for range 1 + g.IntN(5) {
			a := g.person(Sale)
			a.Paytag = o.paytag
			a.Posts = []Post{{Text: g.chatter(), At: a.Seen}}
		}
	}
}

// person draws one account of the social network.
func (g *generator) person(f Finding) *Account {
	a := &Account{
		Handle: g.name(), Email: g.email(), Device: "device-" + g.code(8),
		Joined: g.ago(900, 200), Seen: g.ago(90, 31), Finding: f, Complete: g.chance(0.978),
	}
	g.social = append(g.social, a)
	return a
}

// answers has a reply to one or two accounts.
func (g *generator) answers(a *Account, to []*Account) {
	for range 1 + g.IntN(2) {
		a.Answered = append(a.Answered, pick(g, to))
	}
}

// bystanders draws everybody else, and devices that so many people share that they say
// nothing: those of a library.
func (g *generator) bystanders() {
	for i := range g.size.Bystanders {
		a := g.person(Ordinary)
		text, url := g.chatter(), ""
		if g.chance(0.05) {
			url = "https://cloudbin.test/f/" + g.code(10)
			text += " " + url
		}
		a.Posts = []Post{{Text: text, URL: url, At: a.Seen}}
		if i < g.size.Bystanders/80 {
			a.Device = fmt.Sprintf("device-library-%d", i%5)
		}
	}
	for i := range min(5, len(g.traders)) {
		last := len(g.traders[i].accounts) - 1
		g.traders[i].accounts[last].Device = fmt.Sprintf("device-library-%d", i)
	}
}

// LastSeen is the newest of the times accounts were seen.
func LastSeen(accounts []*Account) (t time.Time) {
	for _, a := range accounts {
		if a.Seen.After(t) {
			t = a.Seen
		}
	}
	return t
}
