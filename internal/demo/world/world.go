package world

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Size says how large a world is.
type Size struct {
	Removed    int // rows of the file host's table of removed addresses
	Traders    int // people who run many accounts of the social network for the trade
	Bystanders int // accounts of the social network that have no part in it
}

// Full is the world of the story as it is told.
func Full() Size { return Size{Removed: 412, Traders: 380, Bystanders: 24000} }

// World is what the companies would know of their own platforms, and one file host's
// table of what it removed.
type World struct {
	Removed []Removed
	Social  *Platform // where the addresses are passed on
	Chat    *Platform
	Game    *Platform
	Pay     *Platform

	reused string // mail address that passed from somebody of the trade to somebody else
}

// Removed is a row of the file host's table.
type Removed struct {
	URL      string
	Severity string
	Reviewed time.Time
}

// Platform is one company's own users.
type Platform struct {
	Domain   string
	Accounts []*Account
}

// Account is a user as the platform itself knows it. None of this ever leaves the
// platform, but what its people choose to share.
type Account struct {
	ID        string // the platform's own
	Handle    string
	Email     string
	Device    string
	Paytag    string   // payment handle its profile shows
	Elsewhere []string // handles on other platforms its profile names, as platform/handle
	Joined    time.Time
	Seen      time.Time // last
	Archive   string    // address in an old room that was opened under its mail address
	Posts     []Post
	Answered  []*Account // whose posts it replied to
	Finding   Finding    // what the platform's own reviewers find when they look
	Remark    string     // what an investigator jotted down while looking
	Complete  bool       // the platform holds what a report to the authorities needs

	Violating bool // the truth, which no person of the story knows
}

// Post is something public an account wrote.
type Post struct {
	ID   string
	Text string
	URL  string // the address it passes on, if any
	At   time.Time
}

// Finding is what a Reviewer sees of an account on the own platform.
type Finding string

// The findings. Only the first three are evidence on their own.
const (
	Offers    Finding = "offers access to removed files"
	Asks      Finding = "asks for access to removed files"
	Demands   Finding = "presses others and demands payment"
	Leaning   Finding = "met the same people, nothing of its own" // looks bad beside a signal, is nothing without it
	Warns     Finding = "warns others of the address"
	Objects   Finding = "objects under a post"
	Household Finding = "shares a device, ordinary otherwise"
	Sale      Finding = "paid the same handle for something ordinary"
	Emptied   Finding = "was emptied before anyone could look"
	Ordinary  Finding = "nothing of the kind"
)

// small is by how many people without any part in it each platform of a smaller story is
// peopled.
func (s Size) small() int { return s.Bystanders / 10 }

// New draws a world. The same seed, size and day give the same world.
func New(seed uint64, size Size, now time.Time) *World {
	g := newGenerator(seed, size, now)
	w := &World{}
	g.begin(1)
	w.Removed, g.live = g.removed()
	g.begin(2)
	w.Social = &Platform{Domain: "facegram.test"}
	g.drawTraders()
	g.ring()
	g.begin(3)
	g.bystanders()
	w.Social.Accounts = g.publish("fg", g.social)
	g.begin(4)
	w.reused = g.traders[0].emails[0]
	w.Chat, w.Game, w.Pay = g.chat(), g.game(), g.pay()
	return w
}

// generator draws the parts of a world.
type generator struct {
	*rand.Rand
	seed  uint64
	size  Size
	now   time.Time
	taken map[string]bool // names in use

	live    []string // removed addresses that are passed on at the social network
	traders []*trader
	social  []*Account
	players []*Account // users of the chat service that name a handle of the game
}

func newGenerator(seed uint64, size Size, now time.Time) *generator {
	return &generator{size: size, now: now.UTC().Truncate(24 * time.Hour), seed: seed, taken: map[string]bool{}}
}

// begin starts a part with randomness of its own, so that one part can change without
// changing the others.
func (g *generator) begin(part uint64) { g.Rand = rand.New(rand.NewPCG(g.seed, part)) }

// chance is true with probability p.
func (g *generator) chance(p float64) bool { return g.Float64() < p }

// ago draws a time between the two numbers of days before now.
func (g *generator) ago(from, to int) time.Time {
	minutes := to*24*60 + g.IntN((from-to)*24*60+1)
	return g.now.Add(-time.Duration(minutes) * time.Minute)
}

// publish gives accounts and posts their platform's ids, in an order that tells nothing.
func (g *generator) publish(prefix string, accounts []*Account) []*Account {
	g.Shuffle(len(accounts), func(i, k int) { accounts[i], accounts[k] = accounts[k], accounts[i] })
	for i, a := range accounts {
		a.ID = fmt.Sprintf("%s-%05d", prefix, i+1)
		for k := range a.Posts {
			a.Posts[k].ID = fmt.Sprintf("post/%05d-%d", i+1, k+1)
		}
	}
	return accounts
}
