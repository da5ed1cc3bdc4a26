package world

import (
	"slices"
	"time"
)

// The shape of the published pilot with a payment service: many clues, few investigations.
const (
	socialClues = 9 // payment handles that the social network met
	chatClues   = 5 // and the chat service
	knownClues  = 6 // of them all, those with a customer at the payment service
)

// Clues is a world in which accounts of two platforms take payments, and few of the
// handles they name lead to a customer of the payment service.
type Clues struct {
	Social *Platform
	Chat   *Platform
	Pay    *Platform

	// The accounts that the two platforms' people confirmed before the story begins. Each
	// names a payment handle.
	SocialFound, ChatFound []*Account
}

// NewClues draws such a world. The same seed, size and day give the same one; of the size
// only the bystanders count.
func NewClues(seed uint64, size Size, now time.Time) *Clues {
	g := newGenerator(seed, size, now)
	g.begin(21)
	var social, chat, pay []*Account
	var tags []string
	for i := range socialClues + chatClues {
		all := &social
		if i >= socialClues {
			all = &chat
		}
		a := g.user(all, Offers)
		a.Paytag, a.Violating = g.paytag(), true
		tags = append(tags, a.Paytag)
	}
	g.Shuffle(len(tags), func(i, k int) { tags[i], tags[k] = tags[k], tags[i] })

	w := &Clues{SocialFound: slices.Clone(social), ChatFound: slices.Clone(chat)}

	g.begin(22)
	for i, tag := range tags[:knownClues] {
		a := g.user(&pay, Offers)
		a.Paytag = tag
		if i > 1 {
			continue
		}
		// Two of them have a second account, which users of the chat service name.
		other := g.user(&pay, Offers)
		other.Device, other.Paytag = a.Device, g.paytag()
		for range 1 + g.IntN(2) {
			c := g.user(&chat, Offers)
			c.Paytag, c.Violating = other.Paytag, true
		}
	}
	g.begin(23)
	for _, all := range []*[]*Account{&social, &chat, &pay} {
		g.crowd(all, g.size.small())
	}
	w.Social = &Platform{Domain: "facegram.test", Accounts: g.publish("fg", social)}
	w.Chat = &Platform{Domain: "chatter.test", Accounts: g.publish("ch", chat)}
	w.Pay = &Platform{Domain: "payrail.test", Accounts: g.publish("pr", pay)}
	return w
}
