package world

import (
	"strings"
	"time"
)

// Contact is a world in which one person pressed others for payments, on several
// platforms, and one of those reported it at the chat service.
type Contact struct {
	Offender *Account // of the chat service, as its people know it after the report
	Phrase   string   // words this person used
	Chat     *Platform
	Social   *Platform
	Game     *Platform
	Pay      *Platform

	// What the chat service also has, and what must never leave it.
	Reporter string // handle of who reported
	Messages string // what was written

	// Pressed is how many users of the social network the same person was pressing, which
	// its people find out when they look.
	Pressed int
}

// NewContact draws such a world. The same seed, size and day give the same one; of the
// size only the bystanders count.
func NewContact(seed uint64, size Size, now time.Time) *Contact {
	g := newGenerator(seed, size, now)
	g.begin(11)
	w := &Contact{Phrase: strings.Join([]string{g.word(), g.word(), g.word(), "menu"}, " ")}
	handle, email, paytag, device := g.name(), g.email(), g.paytag(), "device-"+g.code(8)
	w.Reporter = "chatter.test/" + g.name()
	w.Messages = g.chatter() + "\n" + w.Phrase + "\n" + g.chatter() + "\n" + g.chatter()

	var chat []*Account
	w.Offender = g.user(&chat, Demands)
	w.Offender.Handle, w.Offender.Email, w.Offender.Paytag, w.Offender.Violating = handle, email, paytag, true
	g.crowd(&chat, g.size.small())
	w.Chat = &Platform{Domain: "chatter.test", Accounts: g.publish("ch", chat)}

	g.begin(12)
	var social []*Account
	for _, f := range []Finding{Demands, Demands, Household} { // two of that person's, and one of the same home
		a := g.user(&social, f)
		a.Device, a.Violating = device, f == Demands
		a.Posts = []Post{{Text: g.chatter(), At: a.Seen}}
	}
	social[0].Email = strings.ToUpper(email[:1]) + email[1:]
	social[0].Posts = append(social[0].Posts, Post{Text: g.word() + ", " + w.Phrase + "!", At: social[0].Seen})
	w.Pressed = 2 + g.IntN(3)
	g.crowd(&social, g.size.small())
	w.Social = &Platform{Domain: "facegram.test", Accounts: g.publish("fg", social)}

	g.begin(13)
	var game []*Account
	a := g.user(&game, Demands)
	a.Violating = true
	a.Posts = []Post{{Text: "also at chatter.test/" + handle, At: a.Seen}}
	for range 4 + g.IntN(6) { // a guild of players uses the same words for something else
		p := g.user(&game, Ordinary)
		p.Posts = []Post{{Text: "our guild's " + w.Phrase + " is at eight, " + g.chatter(), At: p.Seen}}
	}
	g.crowd(&game, g.size.small())
	w.Game = &Platform{Domain: "pixelplay.test", Accounts: g.publish("px", game)}

	g.begin(14)
	var pay []*Account
	g.user(&pay, Demands).Paytag = paytag
	g.crowd(&pay, g.size.small())
	w.Pay = &Platform{Domain: "payrail.test", Accounts: g.publish("pr", pay)}
	return w
}
